"""What systems say of a person's doses, before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from registry.continuity import elements
from registry.continuity.history.codes import Meaning
from registry.fhir.resource import Content, Resource

Reading = Callable[[Content], Meaning] | Callable[[Content], frozenset[str]]
"""What a vaccineCode CodeableConcept means: in full, or only the antigens where no products are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The latest version of one resource of one dossier. `source` and `country` are compared, never printed.

    `disputed`: the family says that it is wrong.
    """

    dossier: str
    source: str
    country: str | None
    resource: Resource
    disputed: bool = False


class Told(Enum):
    """How a system came to know of a dose."""

    PRIMARY = "primary"  # it gave the dose or has it from the giver
    COPY = "copy"  # from a card or another system
    RECALL = "recall"  # from memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """One system's word for a dose. `content` is the (redacted) resource it stands in."""

    source: str
    country: str | None
    dossier: str
    reference: str
    told: Told
    content: Content = field(repr=False, compare=False)


def told(content: Content) -> Told:
    """By `primarySource`, else by `reportOrigin`; a copy where neither says."""
    if content.get("primarySource") is True:
        return Told.PRIMARY
    origin = {
        elements.text(each.get("code")) for each in elements.codings(elements.mapping(content.get("reportOrigin")))
    }
    return Told.RECALL if "recall" in origin else Told.COPY


def provenance(record: Record) -> Provenance:
    return Provenance(
        source=record.source,
        country=record.country,
        dossier=record.dossier,
        reference=record.resource.reference,
        told=told(record.resource.content),
        content=record.resource.content,
    )
