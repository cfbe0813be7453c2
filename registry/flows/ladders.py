"""The ladders a registry knows: those it ships, those loaded into its folder, and files named for one question.

Loaded files lie in the folder as they came; what they mean together is worked out anew at every reading. So a file
that is corrected and loaded again replaces the one of its name, and one that is removed is forgotten.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson

from registry.continuity.education import ladder, sheet, shelf
from registry.continuity.education.ladder import Ladder
from registry.continuity.education.sheet import Problem, Sheet
from registry.errors import BadInput, RegistryError, Unavailable
from registry.settings import Settings

_READ = (".csv", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Ladders with the files behind them; `odd` are places in files that are set aside or read both ways."""

    ladders: tuple[Ladder, ...]
    sheets: tuple[Sheet, ...]
    odd: tuple[tuple[str, Problem], ...]

    @property
    def set_aside(self) -> int:
        """How many places could not be read at all."""
        return sum(len(each.problems) for each in self.sheets)


def folder(settings: Settings) -> Path:
    """Where loaded ladders lie."""
    return settings.state / "ladders"


def read(files: Iterable[Path]) -> Held:
    """Read ladders from files, and from all CSV and JSON files of folders. Raises BadInput naming what is none."""
    sheets: dict[str, Sheet] = {}
    own: list[Ladder] = []
    for path in _files(files):
        if path.suffix.lower() == ".json":
            own += _own(path)
        else:
            told = _sheet(path)
            sheets.setdefault(told.digest, told)  # the same file named twice says nothing twice
    made = shelf.assembled([*sheets.values()])
    return Held(ladders=(*own, *made.ladders), sheets=tuple(sheets.values()), odd=made.problems)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = sorted(each for each in path.glob("*") if each.suffix.lower() in _READ) if path.is_dir() else [path]
        found += [each for each in inside if not each.name.startswith(".")]
    return found


def _sheet(path: Path) -> Sheet:
    body = _bytes(path)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        row = body[: error.start].count(b"\n") + 1
        raise BadInput(
            "the file is not UTF-8", where=f"{path}, row {row}", remedy="save it as UTF-8, then load it again"
        ) from None
    return sheet.read(path.name, text, hashlib.sha256(body).hexdigest())


def _own(path: Path) -> list[Ladder]:
    """One ladder, or a list of them, in the project's own form."""
    try:
        content: Any = orjson.loads(_bytes(path))
        listed = cast("list[Any]", content) if isinstance(content, list) else [content]
        return [ladder.read(each) for each in listed]
    except orjson.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise BadInput("this is not valid JSON", where=where, remedy="correct the file") from None
    except RegistryError as error:
        raise BadInput(error.what, where=f"{path}: {error.where}", remedy="see schemas/ladders for one") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"this is no ladder ({type(error).__name__})"
        raise BadInput(what, where=str(path), remedy="see schemas/ladders for one") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=str(path), remedy="check its name") from None


def known(shipped: Sequence[Ladder], settings: Settings, *more: Path) -> tuple[Ladder, ...]:
    """Every ladder for a question: where one source speaks twice `more` counts, then the loaded, then the shipped.

    Files named and files loaded make ladders together: names of one, start months of another.
    """
    loaded = [folder(settings)] if folder(settings).is_dir() else []
    found: dict[str, Ladder] = {}
    said: dict[tuple[str, str, int], str] = {}
    for each in (*read([*more, *loaded]).ladders, *shipped):
        # All readings of one file stay; those of an older edition of it give way, whatever their ids.
        if said.setdefault((each.country, each.source, each.valid_from), each.version) == each.version:
            found.setdefault(each.id, each)
    return tuple(found.values())


def keep(files: Sequence[Path], into: Path) -> list[tuple[Path, bool]]:
    """Keep files as they are in a folder; tells of each whether it replaced one of its name with another content."""
    return [_kept(each, into / each.name) for each in _files(files)]


def _kept(path: Path, target: Path) -> tuple[Path, bool]:
    body = _bytes(path)
    before = target.read_bytes() if target.exists() else None
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise Unavailable(
            f"the ladders cannot be kept ({error.strerror})", where=str(target), remedy="make room, then load again"
        ) from None
    return target, before is not None and before != body
