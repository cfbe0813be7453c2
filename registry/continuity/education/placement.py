"""Where a returning child fits: candidates in the destination's ladder, each with its reasons.

Advice only: the receiving school decides. Never below the year that comes next by default, never a refusal, and
where records, sources or the birth date leave it open, every possible grade is named.
Source: UNESCO IIEP, Certification counts (2009), and the three candidates of the placement rule: years of
schooling, level, age; over-age as in the IMPACT rule (limit age = starting age + 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from registry.continuity import spans
from registry.continuity.education import completed as completing
from registry.continuity.education import gaps, ladder, notes
from registry.continuity.education.completed import Completed
from registry.continuity.education.gaps import Gap
from registry.continuity.education.ladder import Grade, Ladder
from registry.continuity.education.notes import Disagreement, Note
from registry.continuity.education.record import DISPUTED, SchoolYear, Timeline
from registry.continuity.reasons import Reason, because
from registry.continuity.spans import Span
from registry.fhir.dates import PartialDate

RULE_VERSION = "placement-2.0.0"
ADVISORY = "Advisory: the receiving school decides."
ASSESSED = frozenset({"gap", "language-change", "self-declared", "disputed-record", "setting"})
"""The flags with which an assessment is advised."""

_SCHOOL_YEAR = Span(text="9 months", months=9)
_BEFORE_THE_NEXT = Span(text="3 months", months=3)
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

    `origin_ladders`, `notes`, `disagreements` and `gaps` name countries or days: they leave only where places may.
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
    ladders: tuple[Ladder, ...] = ()
    notes: tuple[Note, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    gaps: tuple[Gap, ...] = ()
    advisory: str = ADVISORY

    @property
    def proposed(self) -> tuple[Grade, ...]:
        """The grades proposed, once each, in the order of preference: by years, by level, by age."""
        found = {each.grade.year: each.grade for each in self.candidates if each.proposed and each.grade}
        return tuple(found.values())

    @property
    def is_assessment_advised(self) -> bool:
        return any(each.code in ASSESSED for each in self.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """The destination: what each source says of the school year the child would join; `named` gives names too."""

    ladders: tuple[Ladder, ...]
    named: tuple[Ladder, ...]
    starts: date | None
    year: int

    @property
    def entry_ages(self) -> list[int]:
        return sorted({each.entry_age for each in self.ladders})

    def grade(self, year: int) -> Grade | None:
        exists = any(each.grade(year) for each in self.ladders)
        return ladder.shown((*self.ladders, *self.named), year) if exists else None


def place(
    timeline: Timeline, birth: PartialDate | None, ladders: Sequence[Ladder], to_country: str, on: date
) -> Placement:
    """Propose where the child fits in `to_country` in the school year that `on` belongs to."""
    completed = completing.completed_year(timeline, ladders, on)
    here = _here(ladders, to_country, on)
    ages = _ages(birth, here.starts, on)
    every = (*_by_years(here, completed), *_by_level(here, completed), *_by_age(here, ages, completed))
    found = list(dict.fromkeys(every))
    origins = {each.id: each for basis in completed.bases for each in basis.ladders}
    lead = here.ladders[0] if here.ladders else None
    return Placement(
        to_country=to_country,
        ladder=lead.id if lead else "",
        ladder_version=lead.version if lead else "",
        rule_version=RULE_VERSION,
        starts=here.starts,
        completed=completed,
        candidates=tuple(sorted(found, key=lambda each: (not each.proposed, each.kind.value, _year(each)))),
        answer=_answer(found),
        flags=tuple(_flags(timeline, completed, here, on, ages, found)),
        origin_ladders=tuple(sorted(origins)),
        ladders=tuple({each.id: each for each in (*origins.values(), *here.ladders)}.values()),
        notes=_notes(here, completed),
        disagreements=_disagreements(here, completed, found),
        gaps=gaps.gaps(timeline, here.starts or on),
    )


def _here(ladders: Sequence[Ladder], country: str, on: date) -> _Here:
    of_country = [each for each in ladders if each.country == country]
    running = ladder.every_in_force(of_country, country, on.year) or tuple(of_country)
    starts = _school_year_start(running, on)
    year = starts.year if starts else on.year
    found = ladder.every_in_force(of_country, country, year) or ladder.every_in_force(of_country, country, on.year)
    return _Here(ladders=ladder.structures(found), named=found, starts=starts if found else None, year=year)


def _school_year_start(ladders: Sequence[Ladder], on: date) -> date | None:
    """The start of the running school year for nine months, then that of the next one."""
    month = next((start[1] for each in ladders if (start := each.start(on.year))), None)
    if month is None:
        return None
    past = date(on.year - (on.month < month), month, 1)
    return past if on < spans.add(past, _SCHOOL_YEAR) else spans.add(past, _ONE_YEAR)


def _ages(birth: PartialDate | None, starts: date | None, on: date) -> range:
    """The ages in whole years the child can have at the start; empty when the birth date is not known.

    Where the month of the start is not known, it lies in the nine months before the day or the three after it.
    """
    since = starts or date(*_month(on, -_SCHOOL_YEAR.months), 1)
    until = starts or date(*_month(on, _BEFORE_THE_NEXT.months), 1)
    if birth is None or birth.first > until:
        return range(0)
    youngest = _age(min(birth.last, since), since)
    return range(youngest, _age(birth.first, until) + 1)


def _month(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _by_years(here: _Here, completed: Completed) -> Iterator[Candidate]:
    for year in completed.years if here.ladders else ():
        grade = here.grade(year + 1)
        reason = because("years-parity", completed=year, year=year + 1)
        beyond = () if grade else (_beyond(here, year + 1),)
        yield Candidate(kind=Kind.YEARS, grade=grade, proposed=True, reasons=(reason, *beyond))


def _beyond(here: _Here, year: int) -> Reason:
    """Why there is no grade of that number: school ends before, or nobody says what follows."""
    is_known = all(each.is_whole for each in here.ladders)
    return because("beyond-ladder", year=year) if is_known else because("beyond-known")


def _by_level(here: _Here, completed: Completed) -> Iterator[Candidate]:
    """The same place as the year that comes next where the child was, by every source there and every source here."""
    for basis in completed.bases:
        for there in basis.ladders:
            following = there.grade(basis.completed + 1)
            if following:
                found = (_same_place(here, one, following) for one in here.ladders)
                yield from (_weigh(each, basis.completed + 1) for each in found)


def _same_place(here: _Here, one: Ladder, following: Grade) -> Candidate:
    reason = because("level-parity", position=following.position, level=following.isced)
    found = one.at(following.isced, following.position)
    if found:
        return Candidate(kind=Kind.LEVEL, grade=here.grade(found.year), proposed=True, reasons=(reason,))
    after = one.at(following.isced + 1, 1) if one.is_whole else None
    missing = because("level-shorter-here", level=following.isced) if one.is_whole else because("beyond-known")
    grade = here.grade(after.year) if after else None
    return Candidate(kind=Kind.LEVEL, grade=grade, proposed=True, reasons=(reason, missing))


def _by_age(here: _Here, ages: range, completed: Completed) -> Iterator[Candidate]:
    least = min(completed.years, default=0) + 1
    for entry in here.entry_ages:
        for age in ages:
            year = age - entry + 1
            grade = here.grade(year)
            reason = because("age-parity", age=age) if year > 0 else because("age-before-school", age=age)
            beyond = (_beyond(here, year),) if year > 0 and grade is None else ()
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
    here: _Here,
    on: date,
    ages: range,
    candidates: Sequence[Candidate],
) -> Iterator[Reason]:
    if not here.ladders:
        yield because("no-ladder")
        return
    yield from _over_age(here, ages, candidates)
    last = timeline.years[-1] if timeline.years else None
    if last and (end := gaps.last_day(last)) and spans.add(end, _ONE_YEAR) < (here.starts or on):
        yield because("gap")
    languages = {each for one in here.ladders for each in one.languages}
    if last and last.languages and languages and not set(last.languages) & languages:
        yield because("language-change")
    yield from _doubts(completed)
    if _disagreeing_here(here, candidates):
        yield because("ladders-disagree")


def _doubts(completed: Completed) -> Iterator[Reason]:
    """What the records behind the completed year are worth."""
    told = [each.told for each in completed.bases]
    if told and all(_is_declared(each) for each in told):
        yield because("self-declared")
    if any(each.verification == DISPUTED for each in told):
        yield because("disputed-record")
    if any(each.setting not in ("", "formal") for each in told):
        yield because("setting")


def _over_age(here: _Here, ages: range, candidates: Sequence[Candidate]) -> Iterator[Reason]:
    years = [each.grade.year for each in candidates if each.kind is Kind.YEARS and each.grade]
    if not ages or not years:
        return
    limits = [entry + year - 1 + 2 for entry in here.entry_ages for year in years]
    if ages[0] >= max(limits):
        yield because("over-age")
    elif ages[-1] >= min(limits):
        yield because("perhaps-over-age")


def _is_declared(told: SchoolYear) -> bool:
    return told.verification in ("self-declared", "unknown")


def _notes(here: _Here, completed: Completed) -> tuple[Note, ...]:
    there = [note for each in completed.bases for note in notes.of(each.ladders, each.told.year or 0)]
    kept = [each for each in there if not each.code.startswith(("no-start", "start-"))]
    return tuple(dict.fromkeys((*kept, *notes.of(here.ladders, here.year))))


def _disagreements(here: _Here, completed: Completed, candidates: Sequence[Candidate]) -> tuple[Disagreement, ...]:
    """Where sources disagree about a year that this placement rests on or names."""
    there = [
        each
        for basis in completed.bases
        for each in notes.disagreements(basis.ladders)
        if each.year in (basis.completed, basis.completed + 1)
    ]
    return tuple(dict.fromkeys((*there, *_disagreeing_here(here, candidates))))


def _disagreeing_here(here: _Here, candidates: Sequence[Candidate]) -> list[Disagreement]:
    named = {each.grade.year for each in candidates if each.grade}
    return [each for each in notes.disagreements(here.ladders) if each.year in named]
