"""The stage of the demo: a database of its own that begins empty each time, and the samples it plays with."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from registry.cli.running import settings as own_settings
from registry.errors import BadInput
from registry.flows import adapters
from registry.settings import Settings
from registry.store import embedded, scratch

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
    HandOver(source="almara-dhis2", display=" ... again, corrected", country="XAL",
             adapter="dhis2", file="almara-dhis2-resend.json"),
    HandOver(source="bektar-iis", display=" ... again, a dose cancelled", country="XBK",
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
    return base.model_copy(update={"state": state, "keyring": state / "keyring.json", "database_name": DATABASE})


def require_played(chosen: Settings) -> None:
    """Raise BadInput when the demo has not been run yet."""
    if not (chosen.state / _MARK).exists() and not chosen.database_url:
        raise BadInput("there is no data of the demo yet", remedy="run it first: make demo (or: continuity demo)")


@contextmanager
def emptied(chosen: Settings) -> Generator[Settings]:
    """The demo's settings on an empty database. Only what the demo made itself is ever emptied."""
    folder = chosen.state
    if folder.exists() and not (folder / _MARK).exists():
        raise BadInput("this folder was not made by the demo", where=str(folder), remedy="name another REGISTRY_STATE")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    if chosen.database_url:
        scratch.require_empty(chosen.database_url)
        (folder / "keyring.json").unlink(missing_ok=True)
        yield chosen
        return
    server = embedded.start(folder / "postgres")
    try:
        scratch.renew(server.url, folder / "postgres", name=DATABASE)
        (folder / "keyring.json").unlink(missing_ok=True)
        yield chosen.model_copy(update={"database_url": embedded.database(server, DATABASE)})
    finally:
        server.stop()


def fresh_folder(folder: Path) -> Path:
    """The folder of the artefacts, emptied if the demo made it."""
    if folder.exists() and not (folder / _MARK).exists() and any(folder.iterdir()):
        raise BadInput("this folder holds other files", where=str(folder), remedy="choose another with --out")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    return folder
