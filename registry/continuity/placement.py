"""Where a returning child fits: candidates in the destination's ladder, each with its reasons.

Advice only: the receiving school decides. Never below the year that comes next by default, never a refusal, and
where records or the birth date leave it open, every possible grade is named.
Source: UNESCO IIEP, Certification counts (2009), and the three candidates of the placement rule: years of
schooling, level, age; over-age as in the IMPACT rule (limit age = starting age + 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from registry.continuity import education, ladder, spans
from registry.continuity.education import Basis, Completed, SchoolYear, Timeline
from registry.continuity.ladder import Grade, Ladder
from registry.continuity.reasons import Reason, because
from registry.continuity.spans import Span
from registry.fhir.dates import PartialDate

ADVISORY = "Advisory: the receiving school decides."
_SCHOOL_YEAR = Span(text="9 months", months=9)
_ONE_YEAR = Span(text="1 year", months=12)


class Kind(Enum):
    """Why a grade is a candidate."""

    YEARS = "A"
    LEVEL = "B"
    AGE = "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A grade of the destination, or None when the reason says why there is none."""

    kind: Kind
    grade: Grade | None
    proposed: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Candidates, proposed ones first. `answer` stands only when all readings agree on one grade.

    `origin_ladders` names the ladders used inside; it betrays the country, so it leaves only where places may.
    """

    to_country: str
    ladder: str
    ladder_version: str
    rule_version: str
    starts: date | None
    completed: Completed
    candidates: tuple[Candidate, ...]
    answer: Grade | None
    flags: tuple[Reason, ...]
    origin_ladders: tuple[str, ...]
    advisory: str = ADVISORY


def place(
    timeline: Timeline, birth: PartialDate | None, ladders: Sequence[Ladder], to_country: str, on: date
) -> Placement:
    """Propose where the child fits in `to_country` in the school year that `on` belongs to."""
    completed = education.completed_year(timeline, ladders, on)
    here = ladder.in_force(ladders, to_country, on.year)
    if here is None:
        return _no_ladder(to_country, completed)
    starts = _school_year_start(here, on)
    here = ladder.in_force(ladders, to_country, starts.year) or here
    ages = _ages(birth, starts)
    every = (*_by_years(here, completed), *_by_level(here, completed), *_by_age(here, ages, completed))
    found = list(dict.fromkeys(every))
    return Placement(
        to_country=to_country,
        ladder=here.id,
        ladder_version=here.version,
        rule_version=education.RULE_VERSION,
        starts=starts,
        completed=completed,
        candidates=tuple(sorted(found, key=lambda each: (not each.proposed, each.kind.value, _year(each)))),
        answer=_answer(found),
        flags=tuple(_flags(timeline, completed, here, starts, ages, found)),
        origin_ladders=tuple(sorted({each.ladder.id for each in completed.bases if each.ladder})),
    )


def _no_ladder(to_country: str, completed: Completed) -> Placement:
    return Placement(
        to_country=to_country,
        ladder="",
        ladder_version="",
        rule_version=education.RULE_VERSION,
        starts=None,
        completed=completed,
        candidates=(),
        answer=None,
        flags=(because("no-ladder"),),
        origin_ladders=(),
    )


def _school_year_start(here: Ladder, on: date) -> date:
    """The start of the running school year for nine months, then that of the next one."""
    past = date(on.year - (on.month < here.starts_in), here.starts_in, 1)
    return past if on < spans.add(past, _SCHOOL_YEAR) else spans.add(past, _ONE_YEAR)


def _ages(birth: PartialDate | None, starts: date) -> range:
    """The ages in whole years the child can have at the start; empty when the birth date is not known."""
    if birth is None or birth.first > starts:
        return range(0)
    youngest = _age(min(birth.last, starts), starts)
    return range(youngest, _age(birth.first, starts) + 1)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _by_years(here: Ladder, completed: Completed) -> Iterator[Candidate]:
    for year in completed.years:
        grade = here.grade(year + 1)
        reason = because("years-parity", completed=year, year=year + 1)
        beyond = () if grade else (because("beyond-ladder", year=year + 1),)
        yield Candidate(kind=Kind.YEARS, grade=grade, proposed=True, reasons=(reason, *beyond))


def _by_level(here: Ladder, completed: Completed) -> Iterator[Candidate]:
    for basis in completed.bases:
        following = basis.ladder.grade(basis.completed + 1) if basis.ladder else None
        if following:
            yield _weigh(_same_place(here, following), basis.completed + 1)


def _same_place(here: Ladder, following: Grade) -> Candidate:
    reason = because("level-parity", position=following.position, level=following.isced)
    grade = here.at(following.isced, following.position)
    if grade:
        return Candidate(kind=Kind.LEVEL, grade=grade, proposed=True, reasons=(reason,))
    reasons = (reason, because("level-shorter-here", level=following.isced))
    return Candidate(kind=Kind.LEVEL, grade=here.at(following.isced + 1, 1), proposed=True, reasons=reasons)


def _by_age(here: Ladder, ages: range, completed: Completed) -> Iterator[Candidate]:
    least = min(completed.years, default=0) + 1
    for age in ages:
        year = age - here.entry_age + 1
        grade = here.grade(year)
        reason = because("age-parity", age=age) if year > 0 else because("age-before-school", age=age)
        beyond = (because("beyond-ladder", year=year),) if year > 0 and grade is None else ()
        candidate = Candidate(kind=Kind.AGE, grade=grade, proposed=True, reasons=(reason, *beyond))
        yield _weigh(candidate, least)


def _weigh(candidate: Candidate, least: int) -> Candidate:
    """Below the year that comes next nothing is proposed by default; it is still shown."""
    if candidate.grade is None or candidate.grade.year >= least:
        return candidate
    reasons = (*candidate.reasons, because("below-next-year"))
    return Candidate(kind=candidate.kind, grade=candidate.grade, proposed=False, reasons=reasons)


def _year(candidate: Candidate) -> int:
    return candidate.grade.year if candidate.grade else 99


def _answer(candidates: Sequence[Candidate]) -> Grade | None:
    """The one grade that all three ways lead to."""
    grades = {each.grade for each in candidates}
    kinds = {each.kind for each in candidates}
    return next(iter(grades)) if len(grades) == 1 and kinds == set(Kind) else None


def _flags(
    timeline: Timeline,
    completed: Completed,
    here: Ladder,
    starts: date,
    ages: range,
    candidates: Sequence[Candidate],
) -> Iterator[Reason]:
    yield from _over_age(here, ages, candidates)
    last = timeline.years[-1] if timeline.years else None
    if last and (end := _last_day(last)) and spans.add(end, _ONE_YEAR) < starts:
        yield because("gap")
    if last and last.languages and not set(last.languages) & set(here.languages):
        yield because("language-change")
    if completed.bases and all(_is_declared(each) for each in completed.bases):
        yield because("self-declared")
    if any(basis.told.verification == education.DISPUTED for basis in completed.bases):
        yield because("disputed-record")


def _over_age(here: Ladder, ages: range, candidates: Sequence[Candidate]) -> Iterator[Reason]:
    years = [each.grade.year for each in candidates if each.kind is Kind.YEARS and each.grade]
    if not ages or not years:
        return
    limits = [here.entry_age + year - 1 + 2 for year in years]
    if ages[0] >= max(limits):
        yield because("over-age")
    elif ages[-1] >= min(limits):
        yield because("perhaps-over-age")


def _last_day(told: SchoolYear) -> date | None:
    if told.ends:
        return told.ends.last
    return date(told.year + 1, 8, 31) if told.year else None


def _is_declared(basis: Basis) -> bool:
    return basis.told.verification in ("self-declared", "unknown")
