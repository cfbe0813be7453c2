"""The tables of `mapping.toml`, read once into typed values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from adapters.sdk import build, mapping
from adapters.sdk.build import Json

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_NATIONAL = re.compile(r"NN[A-Z]{3}")  # table 0203: NNxxx, the national number of country xxx
_LOCAL = re.compile(r"L|99.*")  # table 0396: L and 99zzz are the sender's own

RULES = mapping.beside("adapters.hl7v2")


def _section(*names: str) -> dict[str, Any]:
    found: Any = RULES.table(names[0])
    for name in names[1:]:
        found = found[name]
    return cast(dict[str, Any], found)


def _words(*names: str) -> dict[str, str]:
    return {key: value for key, value in _section(*names).items() if isinstance(value, str)}


ACCEPTS = frozenset[str](_section("message")["accepts"])
PRODUCTION = frozenset[str](_section("message")["production"])
OWN_NUMBERS: list[str] = _section("identifiers")["own"]
STRONG_NUMBERS = _words("identifiers", "strong")
REFUSED_NUMBERS = _words("identifiers", "refused")
NAME_USE = _words("name_use")
SEX = _words("sex")
RELATIONS = _words("relations")
ADDRESS_IGNORED = _words("address_ignored")
PHONES = _words("phones")
CODE_SYSTEMS = _words("code_systems")
UNKNOWN_AMOUNT = frozenset(float(each) for each in _section("amount")["unknown"])
NO_DOSE = frozenset[str](_section("no_dose")["cvx"])
NO_ORDER = frozenset[str](_section("no_order")["numbers"])
ORIGIN: dict[str, dict[str, Any]] = _section("origin")
COMPLETION = _words("completion")
ACTION = _words("action")
REFUSAL: dict[str, dict[str, str]] = _section("refusal")
OBSERVATIONS = _words("observations")
OBSERVATIONS_IGNORED = _words("observations", "ignored")
MAPPED: dict[str, list[int]] = _section("mapped")
IGNORED = _words("ignored")
IGNORED_SEGMENTS = _words("ignored_segments")
READ_SEGMENTS = frozenset(field.split("-")[0] for field in MAPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A source of this registry, and which assigning authorities speak for it."""

    source: str
    country: str = ""
    home: frozenset[str] = frozenset()

    def key(self, value: str, authority: str) -> str:
        """The sender's id of something: bare when the sender numbered it itself, else with the authority."""
        return value if not authority or authority in self.home else f"{authority}:{value}"

    def system(self, name: str) -> str:
        """The URI of a code system as table 0396 abbreviates it; the sender's own when it says nothing."""
        if not name or _LOCAL.fullmatch(name):
            return build.system(self.source, "vaccine")
        return CODE_SYSTEMS.get(name.upper()) or build.system(self.source, slug(name))


def sender(source: str) -> Sender:
    known: dict[str, Any] = RULES.table("sources").get(source, {})
    return Sender(source=source, country=known.get("country", ""), home=frozenset[str](known.get("home", ())))


def slug(name: str) -> str:
    """A name as it may stand in a URN: lower case letters, digits and single hyphens."""
    return _NOT_A_WORD.sub("-", name.lower()).strip("-") or "unnamed"


def number_kind(type_code: str) -> str:
    """The kind of a strong number (table 0203), or nothing when the number is only the sender's."""
    return STRONG_NUMBERS.get("NN" if _NATIONAL.fullmatch(type_code) else type_code, "")


def concept(codings: list[Json], text: str = "") -> Json:
    return {"coding": codings, "text": text}
