"""A dose event: one dose, with everybody who told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from registry.continuity.history.dose import Kind
from registry.continuity.history.record import Provenance, Told
from registry.continuity.reasons import Reason, because
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content
from registry.fhir.terminology import Relation


class Certainty(Enum):
    CONFIRMED = "confirmed"
    RECORDED = "recorded"
    STATED = "stated"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseEvent:
    """One dose. `id` (d1, d2, ...) counts through one history.

    `cvx`: it is one of these vaccines, and `relation` says how they relate to what was written; empty and None when
    no CVX code says it. `antigens`: against which all of them protect. `days`: it was given on one of these, both ends
    included, whichever system is right; None when no date is known. `kinds` and `names` are what doubt is judged by.
    """

    id: str
    antigens: frozenset[str]
    vaccine: Content
    when: PartialDate | None
    when_text: str
    lot: str | None
    dose_number: str | None
    provenances: tuple[Provenance, ...]
    certainty: Certainty
    why: Reason
    possible_duplicate_of: str | None = None
    findings: tuple[Reason, ...] = ()
    cvx: frozenset[str] = frozenset()
    relation: Relation | None = None
    days: tuple[date, date] | None = None
    kinds: frozenset[Kind] = field(default=frozenset(), repr=False)
    names: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)

    @property
    def is_possible(self) -> bool:
        """Whether its date and vaccine can be as written."""
        return not _IMPOSSIBLE & {each.code for each in self.findings}

    @property
    def is_recalled(self) -> bool:
        """Whether nobody has it in writing."""
        return all(each.told is Told.RECALL for each in self.provenances)


_IMPOSSIBLE = frozenset(("before-birth", "in-the-future", "before-vaccine"))


def certainty(told: Sequence[Provenance], *, is_disputed: bool, is_possible: bool) -> tuple[Certainty, Reason]:
    """How far to believe a dose, and why.

    Disputed is never hidden, however many others confirm it: the family has a word of its own. What cannot be as
    written is not confirmed by being written twice.
    """
    if is_disputed:
        return Certainty.DISPUTED, because("disputed")
    written = {each.source or each.dossier for each in told if each.told is not Told.RECALL}
    if not written:
        return Certainty.STATED, because("told-only")
    if not is_possible:
        return Certainty.RECORDED, because("implausible")
    if any(each.told is Told.PRIMARY for each in told):
        return Certainty.CONFIRMED, because("primary-source")
    if len(written) > 1:
        return Certainty.CONFIRMED, because("health-authority")
    return Certainty.RECORDED, because("one-secondary-record")
