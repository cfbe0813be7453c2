"""The stage of the demo: a database of its own that begins empty each time, and the samples it plays with."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg

from registry.cli.running import settings as own_settings
from registry.errors import BadInput, Unavailable
from registry.flows import adapters
from registry.settings import Settings
from registry.store import embedded

DATABASE = "demo"
_MARK = "made-by-continuity-demo"
_TRUTH = "sdk/world/examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """A sample file and who hands it over."""

    source: str
    display: str
    country: str
    adapter: str
    file: str


HAND_OVERS = (
    HandOver(source="almara-dhis2", display="Almara immunization register", country="XAL", adapter="dhis2",
             file="almara-dhis2.json"),
    HandOver(source="bektar-iis", display="Bektar immunization system", country="XBK", adapter="hl7v2",
             file="bektar-iis.hl7"),
    HandOver(source="bektar-schools", display="Schools of Bektar", country="XBK", adapter="oneroster",
             file="bektar-schools.zip"),
    HandOver(source="corvia-schools", display="Schools of Corvia", country="XCV", adapter="edfi",
             file="corvia-schools.xml"),
    HandOver(source="almara-dhis2", display="the same, sent again with corrections", country="XAL",
             adapter="dhis2", file="almara-dhis2-resend.json"),
    HandOver(source="bektar-iis", display="the same, sent again with a cancelled dose", country="XBK",
             adapter="hl7v2", file="bektar-iis-resend.hl7"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The files of one world, who its people are, and its protagonists."""

    folder: Path | None

    def file(self, hand_over: HandOver) -> Path:
        return (self.folder or adapters.folder(hand_over.adapter) / "examples") / hand_over.file

    def story(self) -> dict[str, Any]:
        return orjson.loads((self._truth() / "story.json").read_bytes())

    def truth(self) -> dict[tuple[str, str], str]:
        """Which child each person of each source really is."""
        with (self._truth() / "truth.csv").open(newline="", encoding="utf-8") as file:
            return {(row["source"], row["person_id"]): row["child"] for row in csv.DictReader(file)}

    def _truth(self) -> Path:
        return self.folder or adapters.folder("dhis2").parent / _TRUTH


def settings() -> Settings:
    """The settings of the demo: its own folder under the state folder, its own database and key file."""
    base = own_settings()
    state = base.state / "demo"
    return base.model_copy(update={"state": state, "keyring": state / "keyring.json"})


@contextmanager
def emptied(chosen: Settings) -> Iterator[Settings]:
    """The demo's settings on an empty database. Only what the demo made itself is ever emptied."""
    if chosen.database_url:
        _require_empty(chosen.database_url)
        (chosen.state / "keyring.json").unlink(missing_ok=True)
        yield chosen
        return
    folder = chosen.state
    if folder.exists() and not (folder / _MARK).exists():
        raise BadInput("this folder was not made by the demo", where=str(folder), remedy="name another REGISTRY_STATE")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    server = embedded.start(folder / "postgres")
    try:
        _renew(server.url, folder / "postgres")
        (folder / "keyring.json").unlink(missing_ok=True)
        yield chosen.model_copy(update={"database_url": database(server.url)})
    finally:
        server.stop()


def database(url: str) -> str:
    """The demo's database on the embedded server."""
    return url.replace("/postgres?", f"/{DATABASE}?")


def _renew(url: str, data: Path) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        if row is None or Path(row[0]).resolve() != data.resolve():
            raise Unavailable("this is not the demo's own server; nothing was touched")
        used = connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", (DATABASE,)).fetchone()
        if used:
            raise Unavailable("the demo's data is in use", remedy="stop `make serve` first, then run the demo again")
        connection.execute("DROP DATABASE IF EXISTS demo")
        connection.execute("CREATE DATABASE demo")


def _require_empty(url: str) -> None:
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'registry'").fetchone():
            raise BadInput(
                "this database holds a registry already; the demo begins on an empty one only",
                where="REGISTRY_DATABASE_URL",
                remedy="create an empty database for the demo, or unset the variable",
            )


def fresh_folder(folder: Path) -> Path:
    """The folder of the artefacts, emptied if the demo made it."""
    if folder.exists() and not (folder / _MARK).exists() and any(folder.iterdir()):
        raise BadInput("this folder holds other files", where=str(folder), remedy="choose another with --out")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    return folder
