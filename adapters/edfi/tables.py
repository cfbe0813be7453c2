"""The tables of `mapping.toml`, read once into typed values. Codes are compared without case."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from adapters.sdk import mapping

RULES = mapping.beside("adapters.edfi")
VERSIONS = frozenset[str](RULES.table("versions")["known"])
LABEL_LANGUAGES = RULES.words("label_languages")
SEX = RULES.words("sex")
RELATIONS = RULES.words("relations")
NUMBERS: dict[str, dict[str, Any]] = RULES.table("numbers")
ADDRESS_TYPES = RULES.words("address_types")
LANGUAGE_USES = RULES.words("language_uses")
LANGUAGES = RULES.words("languages")
EXITS: dict[str, dict[str, Any]] = RULES.table("exits")
ENROLLMENT_TYPES = RULES.words("enrollment_types")
VACCINES = {code.casefold(): vaccine for code, vaccine in RULES.vaccines().items()}
_MAPPED = frozenset[str](RULES.table("mapped")["paths"])
_IGNORED = RULES.words("ignored")
_IGNORED_RECORDS = RULES.words("ignored_records")


def country(source: str) -> str:
    """The country of a source of this registry; empty when the mapping does not know it."""
    return RULES.table("sources").get(source, {}).get("country", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A code of a sender: `uri://corvia.example/GradeLevelDescriptor#5-й класс`."""

    namespace: str
    code: str

    @property
    def key(self) -> str:
        return self.code.casefold()

    @property
    def authority(self) -> str:
        return self.namespace.removeprefix("uri://").split("/")[0]

    @property
    def language(self) -> str:
        """The language the sender words its codes in; `und` when the mapping does not say."""
        return LABEL_LANGUAGES.get(self.authority, "und")


def descriptor(text: str) -> Descriptor:
    """Read a descriptor; a bare word is one without a namespace."""
    namespace, mark, code = text.partition("#")
    return Descriptor(namespace=namespace, code=code.strip()) if mark else Descriptor(namespace="", code=text.strip())


@lru_cache(maxsize=4096)
def record_reason(entity: str) -> str:
    """Why records of this name are left out as a whole; empty when they are not."""
    patterns = _IGNORED_RECORDS.items()
    return next((reason for pattern, reason in patterns if fnmatchcase(entity, pattern)), "")


@lru_cache(maxsize=4096)
def fate(path: str) -> str | None:
    """What becomes of a value: empty for mapped, a reason, None when no rule knows it. The longest wins."""
    entity, _, below = path.partition(".")
    anywhere = f"*.{below}" if below else ""
    if path in _MAPPED or (anywhere in _MAPPED and path not in _IGNORED and entity not in _OWN_RULES):
        return ""
    steps = below.split(".") if below else []
    for length in range(len(steps), -1, -1):
        for start in (entity, "*"):
            reason = _IGNORED.get(".".join((start, *steps[:length])))
            if reason:
                return reason
    return None


_OWN_RULES = frozenset(("Contact",))  # a contact's sex and address are nobody's business
