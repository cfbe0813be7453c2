"""The command `continuity`, run in this process where that is enough and as a process of its own where it is not."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from registry import cli
from registry.flows import opening
from registry.settings import Settings
from tests.support import builders, reused
from tests.support.builders import Clock, World
from tests.support.postgres import Cluster

COMMAND = str(Path(sys.executable).with_name("continuity"))


@pytest.fixture(scope="session")
def reused_settings(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with reused.database(cluster, tmp_path_factory.mktemp("cli")) as settings:
        yield settings


@pytest.fixture
def settings(reused_settings: Settings, cluster: Cluster, tmp_path: Path) -> Settings:
    return reused.for_one_test(reused_settings, cluster, tmp_path)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def failed(self, *words: str, code: int | None = None) -> None:
        """One clear message on the standard error, nothing on the standard output, no traceback."""
        assert self.code != 0, self.out
        if code is not None:
            assert self.code == code, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        assert self.err.count("error") == 1, self.err
        assert len(self.err.splitlines()) <= 5, self.err
        for each in words:
            assert each in self.err, self.err


@dataclass(frozen=True, kw_only=True)
class Commands:
    """Runs commands on the database of the test; `key` of an organisation is given by its name."""

    settings: Settings
    folder: Path
    monkeypatch: pytest.MonkeyPatch = field(repr=False)
    read: Callable[[], tuple[str, str]] = field(repr=False)
    keys: dict[str, str] = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "REGISTRY_DATABASE_URL": str(self.settings.database_url),
            "REGISTRY_KEYRING": str(self.settings.keyring),
            "REGISTRY_STATE": str(self.folder / "state"),
            "CONTINUITY_USER": "desk-1",
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }

    def __call__(self, *arguments: object, key: str = "", **environment: str) -> Ran:
        """Run a command in this process."""
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["continuity", *map(str, arguments)])
            for name, value in {**self.environment, "CONTINUITY_KEY": self.keys.get(key, key), **environment}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            self.read()
            try:
                cli.main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
            finally:
                structlog.reset_defaults()
                logging.getLogger().handlers.clear()
        return Ran(code=code, **dict(zip(("out", "err"), self.read(), strict=True)))

    def process(self, *arguments: object, key: str = "", **more: Any) -> Ran:
        """Run a command as a process of its own."""
        environment = {**os.environ, **self.environment, **more.pop("env", {})}
        environment["CONTINUITY_KEY"] = self.keys.get(key, key)
        ended = subprocess.run(
            [COMMAND, *map(str, arguments)],
            env=environment,
            cwd=self.folder,
            timeout=120,
            check=False,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
        )
        return Ran(code=ended.returncode, out=(ended.stdout or b"").decode(), err=(ended.stderr or b"").decode())

    def file(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def asking(self, work: Callable[[World], Any]) -> Any:
        """Do some work with the registry itself, beside the commands."""

        async def opened_work() -> Any:
            async with opening.opened(self.settings, clock=Clock(opening.wall_clock())) as registry:
                async with registry.database.transaction() as tx:
                    named = [await builders.organisations.named(tx, name) for name in self.keys]
                callers = {each.name: replace(each, user="desk-1") for each in named}
                world = World(registry=registry, clock=Clock(opening.wall_clock()), callers=callers, keys=self.keys)
                return await work(world)

        return asyncio.run(opened_work())


@pytest.fixture
def bare(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Commands:
    """A registry nobody is known to yet, with a key file of the test's own."""
    keyring = tmp_path / "keyring.json"
    shutil.copy(settings.keyring_path, keyring)
    own = settings.model_copy(update={"keyring": keyring})

    def read() -> tuple[str, str]:
        return tuple(capfd.readouterr())  # type: ignore[return-value]

    return Commands(settings=own, folder=tmp_path, monkeypatch=monkeypatch, read=read, keys={})


@pytest.fixture
def continuity(bare: Commands) -> Commands:
    """The commands on a registry to which everybody is known."""

    async def prepare() -> dict[str, str]:
        async with opening.opened(bare.settings) as registry:
            return (await builders.populated(registry, Clock(opening.wall_clock()))).keys

    bare.keys.update(asyncio.run(prepare()))
    return bare
