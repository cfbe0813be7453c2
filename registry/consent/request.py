"""What is asked, by whom, about which items, and the facts about the person that decide with the consents.

Invariant: these are claims already checked by the caller (who the organisation is, which kind, which
country); `decision` still refuses whatever is missing or not of the type it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from registry.consent import texts
from registry.consent.texts import ContentClass
from registry.fhir.dates import PartialDate
from registry.fhir.terminology import Coding


class OrganisationKind(Enum):
    """Who can ask. Only clinics and schools receive anything by consent."""

    CLINIC = "clinic"
    SCHOOL = "school"
    SYSTEM = "system"  # a national system; its receipts and updates are not decided here
    STEWARD = "steward"
    OMBUDSPERSON = "ombudsperson"
    OPERATOR = "operator"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question. `jurisdiction` is ISO 3166-1 alpha-3, a subdivision may follow (`XAL` or `XAL-01`)."""

    organisation: str
    kind: OrganisationKind
    jurisdiction: str
    purpose: Coding
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record that might leave. `classes` were set when it was written; without any it never leaves."""

    ref: str = field(repr=False)
    classes: frozenset[ContentClass]
    recorded_in: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about the person.

    `person`: the references by which consents of this person name their patient; others are not theirs.
    `protected_from`: the countries named as fled; None when nobody has said. An empty set means that it was
    asked and there are none: never pass it for "no source mentions any".
    `birth`: None when unknown.
    `heard`: those of `person` whose yes counts; the no of every one does. None: all of them.
    """

    person: frozenset[str] = field(repr=False)
    protected_from: frozenset[str] | None = field(repr=False)
    birth: PartialDate | None = field(repr=False)
    heard: frozenset[str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Domain:
    """The one class a kind of organisation may receive, and the one purpose it may receive it for."""

    content: ContentClass
    purpose: Coding


DOMAINS: Final[Mapping[OrganisationKind, Domain]] = {
    OrganisationKind.CLINIC: Domain(ContentClass.DOSES, texts.TREATMENT),
    OrganisationKind.SCHOOL: Domain(ContentClass.SCHOOLING, texts.EDUCATION_CONTINUITY),
}
