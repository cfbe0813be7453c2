"""The declarative mapping of one national system, read from the TOML file beside its adapter.

A national peculiarity is a line of data. Every group (`[attributes]`, `[columns]`, ...) maps a code of the
source to a rule: a role the adapter knows, or a reason for leaving it out. The same rule may be reached by
several spellings (`also`), for systems where codes and UIDs stand for one thing.

    [attributes]
    GIVEN_NAME = { role = "given", also = ["w75KJ2mc4zz"] }
    RELIGION = { prohibited = true }
    INTERNAL_ID = { ignored = "internal to the source" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from importlib import resources
from typing import Any

from adapters.sdk import manifest
from adapters.sdk.build import Json, coding

PROHIBITED = "prohibited"
"""The reason given for what must never be stored (special needs, religion, nationality, ...)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What becomes of one field: a role, or a reason for leaving it out."""

    code: str  # the name the group gives it
    role: str = ""
    reason: str = ""
    options: ReadOnly[str, Any]

    def option(self, name: str) -> str:
        """A further word of the rule, such as `use`; empty when not stated."""
        return str(self.options.get(name, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccine:
    """A vaccine code of the source in the code systems everybody reads."""

    code: str
    text: str
    codings: tuple[Json, ...]
    dose_number: int | str | None = None  # a text where FHIR has no number, as for a dose at birth


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """The whole file: the manifest, and tables by name."""

    manifest: manifest.Manifest
    tables: ReadOnly[str, Any]

    def rules(self, group: str, *, roles: Iterable[str] = ()) -> dict[str, Rule]:
        """The rules of a group by every spelling. Raises ValueError on a role the adapter does not know."""
        known, found = set(roles), dict[str, Rule]()
        for code, line in self.table(group).items():
            rule = _rule(code, line)
            if known and rule.role and rule.role not in known:
                raise ValueError(f"[{group}] {code}: unknown role {rule.role!r}")
            for spelling in (code, *line.get("also", ())):
                if found.setdefault(spelling, rule) is not rule:
                    raise ValueError(f"[{group}] {spelling} stands twice")
        return found

    def vaccines(self, group: str = "vaccines") -> dict[str, Vaccine]:
        """The vaccine codes by every spelling; keys `cvx`, `atc`, `ndc` and `text`, `dose` and `also`."""
        return {
            spelling: _vaccine(code, line)
            for code, line in self.table(group).items()
            for spelling in (code, *line.get("also", ()))
        }

    def table(self, name: str) -> dict[str, Any]:
        """A table as it stands; empty when the file has none of that name."""
        return dict(self.tables.get(name, {}))

    def words(self, table: str) -> dict[str, str]:
        """A table of plain words to words, such as the codes of the sexes."""
        return {key: str(value) for key, value in self.table(table).items()}


def _rule(code: str, line: dict[str, Any]) -> Rule:
    reason = PROHIBITED if line.get("prohibited") else str(line.get("ignored", ""))
    role = str(line.get("role", ""))
    if bool(role) == bool(reason):
        raise ValueError(f"{code}: state either a role or why it is left out")
    return Rule(code=code, role=role, reason=reason, options=line)


_SYSTEMS = {
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "atc": "http://www.whocc.no/atc",
    "ndc": "http://hl7.org/fhir/sid/ndc",
}


def _vaccine(code: str, line: dict[str, Any]) -> Vaccine:
    codings = tuple(coding(system, str(line[name])) for name, system in _SYSTEMS.items() if name in line)
    return Vaccine(code=code, text=str(line["text"]), codings=codings, dose_number=line.get("dose"))


def read(body: bytes) -> Mapping:
    """Read a mapping file. A wrong one is a defect of the adapter and raises ValueError or KeyError."""
    tables = tomllib.loads(body.decode("utf-8"))
    return Mapping(manifest=manifest.read(tables["manifest"]), tables=tables)


def beside(package: str) -> Mapping:
    """The mapping in the folder of an adapter: `mapping.beside(__name__)` in its `__init__`."""
    return read(resources.files(package).joinpath("mapping.toml").read_bytes())
