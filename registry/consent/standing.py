"""Which consents count now: gate 2, and what one consent does to another of the same grantor.

Invariant: a consent that does not count says nothing, neither yes nor no. One that was superseded or
withdrawn in any of its versions never permits again, whatever becomes of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from registry.consent.agreement import ENDED, Agreement, Refused, Status
from registry.consent.request import Facts
from registry.fhir.dates import PartialDate

# Convention on the Rights of the Child (1989), Article 1: below eighteen, unless majority is attained
# earlier. Ages at which a child may consent alone differ by country and are not assumed here.
MAJORITY_YEARS: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An agreement in force, and which of its words still count."""

    agreement: Agreement
    permits: bool
    denies: bool


def blocks(consent: Agreement | Refused) -> bool:
    """Whether it could be in force but cannot be read, so that nothing may be permitted."""
    return isinstance(consent, Refused) and (consent.status is None or consent.status is Status.ACTIVE)


def standing(consents: Sequence[Agreement | Refused], facts: Facts, now: datetime) -> Iterator[Standing]:
    """Every agreement of this person in force at `now`."""
    theirs = [each for each in consents if isinstance(each, Agreement) and each.patient in facts.person]
    ended = {each.id for each in consents if each.status in ENDED}
    for agreement in (each for each in theirs if is_in_force(each, facts, now)):
        successors = [each for each in theirs if _replaces(each, agreement)]
        replaced = any(_is_later(each, agreement) and is_in_force(each, facts, now) for each in successors)
        permits = agreement.id not in ended and not successors and _is_heard(agreement, facts)
        yield Standing(agreement=agreement, permits=permits, denies=not replaced)


def is_in_force(agreement: Agreement, facts: Facts, now: datetime) -> bool:
    """Active, verified, not given in the future, by someone who has authority now."""
    return (
        agreement.status is Status.ACTIVE
        and agreement.verified
        and agreement.given_at.start <= now
        and agreement.grantor.authority.covers(now)
        and _may_answer(agreement, facts.birth, now)
    )


def _may_answer(agreement: Agreement, birth: PartialDate | None, now: datetime) -> bool:
    """A guardian until the person may be of age, then the person; either where the birth is unknown."""
    if birth is None:
        return True
    may_be_of_age = now.astimezone(UTC).date() >= _first_day_of_age(birth)
    return may_be_of_age is not agreement.grantor.is_guardian


def _first_day_of_age(birth: PartialDate) -> date:
    first = birth.first
    try:
        return first.replace(year=first.year + MAJORITY_YEARS)
    except ValueError:  # born on 29 February: the year is complete when 28 February ends
        return date(first.year + MAJORITY_YEARS, 3, 1)


def _is_heard(agreement: Agreement, facts: Facts) -> bool:
    return facts.heard is None or agreement.patient in facts.heard


def _replaces(successor: Agreement, agreement: Agreement) -> bool:
    same_grantor = successor.grantor.reference == agreement.grantor.reference
    return same_grantor and successor.supersedes == agreement.id


def _is_later(successor: Agreement, agreement: Agreement) -> bool:
    """Strictly, so that two consents that name each other do not both fall silent."""
    return successor.given_at.start > agreement.given_at.start
