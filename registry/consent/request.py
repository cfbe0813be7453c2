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
from registry.consent.period import Period
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
    STATE = "state"
    UNSTATED = "unstated"  # a foreign question that does not say: only the consents decide


UNSTATED: Final = "unstated"
"""The jurisdiction of a foreign question that names none: places stay closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Break-glass as it was declared: why, whether somebody's safety is at stake, and when."""

    reason: str = field(repr=False)
    safety: bool
    declared: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question. `jurisdiction` is ISO 3166-1 alpha-3, a subdivision may follow (`XAL` or `XAL-01`).

    `parties`: references of who asks beside the organisation, the practitioner and the groups it belongs to.
    """

    organisation: str
    kind: OrganisationKind
    jurisdiction: str
    purpose: Coding
    at: datetime
    parties: frozenset[str] = frozenset()
    role: str = ""
    action: str = "access"
    emergency: Emergency | None = None

    @property
    def askers(self) -> frozenset[str]:
        """Every reference the asker answers to."""
        return self.parties | {f"Organization/{self.organisation}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record that might leave. `classes` and `labels` were set when it was written; without any it never leaves.

    `labels`: confidentiality, sensitivity and handling; a class is never told here. `kind`: of resource. `authors` and
    `written`: None and empty mean unknown, for every record has both; `related` is empty when it belongs to nothing.
    """

    ref: str = field(repr=False)
    classes: frozenset[ContentClass]
    recorded_in: str | None
    labels: frozenset[Coding] = frozenset()
    kind: str = ""
    authors: frozenset[str] = field(default=frozenset(), repr=False)
    written: Period | None = None
    related: frozenset[str] = field(default=frozenset(), repr=False)
    person: str | None = field(default=None, repr=False)

    @property
    def marks(self) -> frozenset[Coding]:
        """Classes and labels together, as codes."""
        return self.labels | {texts.CODES[each] for each in self.classes if each in texts.CODES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about the person.

    `person`: the references by which consents of this person name their patient; others are not theirs.
    `protected_from`: the countries named as fled; None when nobody has said. An empty set means that it was
    asked and there are none: never pass it for "no source mentions any".
    `heard`: those of `person` whose yes counts; the no of every one does. None: all of them.
    `birth`: None when unknown. `assent_age`: from which age the child is asked itself where it lives.
    `unaccompanied`: None when unknown.
    """

    person: frozenset[str] = field(repr=False)
    protected_from: frozenset[str] | None = field(repr=False)
    birth: PartialDate | None = field(repr=False)
    heard: frozenset[str] | None = field(default=None, repr=False)
    assent_age: int | None = None
    unaccompanied: bool | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """The one class a kind of organisation may receive, its own purpose, and the others it may receive it for.

    `only` and `never` bound what may be asked; what is granted, a consent must name.
    """

    content: ContentClass
    purpose: Coding
    only: frozenset[Coding] | None = None
    never: frozenset[Coding] = frozenset()

    def allows(self, purpose: Coding) -> bool:
        return purpose not in self.never and (self.only is None or purpose in self.only)


DOMAINS: Final[Mapping[OrganisationKind, Domain]] = {
    OrganisationKind.CLINIC: Domain(ContentClass.DOSES, texts.TREATMENT, never=texts.EDUCATION),
    OrganisationKind.SCHOOL: Domain(
        ContentClass.SCHOOLING,
        texts.EDUCATION_CONTINUITY,
        only=frozenset({texts.EDUCATION_CONTINUITY, texts.CREDENTIAL_CHECK}),
    ),
}
