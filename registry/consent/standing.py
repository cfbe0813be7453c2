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
        speaks = _is_heard(agreement, facts) and _may_permit(agreement, facts, now)
        permits = speaks and agreement.id not in ended and not successors
        yield Standing(agreement=agreement, permits=permits, denies=not replaced)


def unexamined(consents: Sequence[Agreement | Refused], facts: Facts) -> Iterator[Standing]:
    """Every active agreement of this person, whoever gave it: for the walk alone, without our gates."""
    for each in consents:
        if isinstance(each, Agreement) and each.patient in facts.person and each.status is Status.ACTIVE:
            yield Standing(agreement=each, permits=True, denies=True)


def is_in_force(agreement: Agreement, facts: Facts, now: datetime) -> bool:
    """Active, verified, not given in the future, by someone who has authority now."""
    grantor = agreement.grantor
    return (
        agreement.status is Status.ACTIVE
        and agreement.verified
        and agreement.given_at.start <= now
        and (grantor is None or grantor.authority.covers(now))
        and _may_answer(agreement, facts.birth, now)
    )


def _may_answer(agreement: Agreement, birth: PartialDate | None, now: datetime) -> bool:
    """A guardian until the person may be of age, then the person; either where the birth is unknown."""
    if birth is None or agreement.grantor is None:
        return True
    return _may_have_reached(MAJORITY_YEARS, birth, now) is not agreement.grantor.is_guardian


def _may_permit(agreement: Agreement, facts: Facts, now: datetime) -> bool:
    """Whether a yes counts: from somebody known, for a child in that situation, and not over the child's own no."""
    grantor = agreement.grantor
    if grantor is None:
        return False
    if not grantor.is_guardian:
        return True
    speaks = facts.unaccompanied is None or facts.unaccompanied is grantor.is_officer
    return speaks and agreement.assent is not False and (agreement.assent is True or not _is_asked(facts, now))


def _is_asked(facts: Facts, now: datetime) -> bool:
    """Whether the child may be old enough to be asked itself, where that age is known."""
    if facts.assent_age is None:
        return False
    return facts.birth is None or _may_have_reached(facts.assent_age, facts.birth, now)


def _may_have_reached(years: int, birth: PartialDate, now: datetime) -> bool:
    """Of an inexact birth date the earliest day it can mean counts."""
    return now.astimezone(UTC).date() >= _birthday(years, birth.first)


def _birthday(years: int, born: date) -> date:
    try:
        return born.replace(year=born.year + years)
    except ValueError:  # born on 29 February: the year is complete when 28 February ends
        return date(born.year + years, 3, 1)


def _is_heard(agreement: Agreement, facts: Facts) -> bool:
    return facts.heard is None or agreement.patient in facts.heard


def _replaces(successor: Agreement, agreement: Agreement) -> bool:
    ours, theirs = agreement.grantor, successor.grantor
    same_grantor = ours is not None and theirs is not None and ours.reference == theirs.reference
    return same_grantor and successor.supersedes == agreement.id


def _is_later(successor: Agreement, agreement: Agreement) -> bool:
    """Strictly, so that two consents that name each other do not both fall silent."""
    return successor.given_at.start > agreement.given_at.start
