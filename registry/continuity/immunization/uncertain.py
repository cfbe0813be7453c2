"""The forecast when days are known only partly: what holds whatever they are, and else everything that may hold.

The engine is run once for every course that the unknown days allow (`somedays`), per vaccine group and with the doses
that concern it. So an answer with one value is true of every completion, and one with several gives exactly the
values that some completion gives. A day proposed as `safe_from` is late enough for all of them. With more than
`MOST_COURSES` courses, or `MOST_UNKNOWN` unknown days, nothing is claimed about that group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from registry.continuity.immunization import case as cases
from registry.continuity.immunization import concern, engine, given, somedays
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.outcome import GroupForecast, Problem, SeriesStatus, Verdict
from registry.continuity.immunization.person import Observation
from registry.continuity.immunization.schedule import Precaution, Schedule
from registry.continuity.immunization.somedays import Course
from registry.continuity.spans import Days

MOST_COURSES = 400
MOST_UNKNOWN = 12
"""Days known only partly in one group. Beyond either nothing is claimed: nobody waits for an answer for minutes."""


@dataclass(frozen=True, slots=True)
class Range:
    """A date of a forecast: it lies in `days` wherever there is one; `always` if there is one whatever the days are."""

    days: Days | None
    always: bool

    @property
    def exact(self) -> date | None:
        """The date, if it is one and the same whatever the days are."""
        if self.days is None or not self.always or self.days.first != self.days.last:
            return None
        return self.days.first


_DUE = SeriesStatus.NOT_COMPLETE
NEVER = Range(None, False)
ANY = Range(Days(date.min, date.max), False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseAnswer:
    """Every verdict a dose may have in its group, None where it would not be looked at; empty: nothing is claimed."""

    dose: str
    verdicts: tuple[Verdict | None, ...]

    @property
    def is_certain(self) -> bool:
        """Whether it surely counts or surely does not; the reasons may still differ."""
        return len({each and each.status for each in self.verdicts}) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAnswer:
    """One vaccine group. `statuses` holds all that may be, None where no series concerns the person.

    `next_doses`, `vaccines`, `series` and the dates are those of the courses in which a dose is due. `courses` is
    how many there were; 0 says that they were too many and that nothing is claimed.
    """

    group: str
    statuses: tuple[SeriesStatus | None, ...]
    next_doses: tuple[int, ...]
    earliest: Range
    recommended: Range
    past_due: Range
    latest: Range
    vaccines: tuple[str, ...]
    series: tuple[str, ...]
    guidance: tuple[str, ...]
    verdicts: tuple[DoseAnswer, ...]
    courses: int
    precautions: tuple[Precaution, ...] = ()
    """What a clinician must weigh first, whatever the days are or in some courses only."""

    @property
    def status(self) -> SeriesStatus | None:
        """The status, if it is certain."""
        return self.statuses[0] if len(self.statuses) == 1 else None

    @property
    def is_certain(self) -> bool:
        return len(self.statuses) == 1

    @property
    def safe_from(self) -> date | None:
        """From when the next dose may be given whatever the days are; None where it may be due in no course, or where
        nothing is claimed."""
        return self.earliest.days.last if self.courses and self.earliest.days else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagAnswer:
    """What the reader must know of a dose or an observation code; not `is_certain` where it depends on the days."""

    about: str
    problem: Problem
    is_certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole answer; the same doses, schedule, engine, person, observations and day give it again."""

    on: date
    groups: tuple[GroupAnswer, ...]
    flags: tuple[FlagAnswer, ...]
    doses_digest: str
    schedule_digest: str
    engine_version: str


def forecast(
    schedule: Schedule, someone: Someone, doses: Sequence[Given], observations: Sequence[Observation], on: date
) -> Answer:
    """What counts and what is due `on` the assessment date, for every completion of the days. See `engine.forecast`."""
    found = [of_group(schedule, name, someone, doses, observations, on) for name in schedule.groups]
    groups = tuple(each for each in found if each.statuses != (None,))
    return Answer(
        on=on,
        groups=groups,
        flags=tuple(_flags(schedule, someone, doses, observations, on, groups)),
        doses_digest=given.digest(doses),
        schedule_digest=schedule.digest,
        engine_version=engine.VERSION,
    )


def of_group(
    schedule: Schedule,
    name: str,
    someone: Someone,
    doses: Sequence[Given],
    observations: Sequence[Observation],
    on: date,
    *,
    most_courses: int | None = None,
) -> GroupAnswer:
    """The answer for one vaccine group; nothing is claimed beyond `most_courses`, or else `MOST_COURSES`."""
    most = MOST_COURSES if most_courses is None else most_courses
    alone, vaccines = concern.of(schedule)[name]
    concerned = [each for each in doses if each.vaccine in vaccines]

    def run(days: Sequence[date]) -> GroupForecast | None:
        person = someone.born(days[0])
        known = [each.on(day) for each, day in zip(concerned, days[1:], strict=True)]
        return next(iter(engine.forecast(alone, person, known, observations, on).groups), None)

    unknowns = [someone.birth, *(each.days for each in concerned)]
    if sum(each.first != each.last for each in unknowns) > MOST_UNKNOWN:
        return _nothing_claimed(name, concerned)
    courses = list(islice(somedays.courses(unknowns, run), most + 1))
    if len(courses) > most:
        return _nothing_claimed(name, concerned)
    return _joined(name, concerned, courses)


def _nothing_claimed(name: str, doses: Iterable[Given]) -> GroupAnswer:
    return GroupAnswer(
        group=name,
        statuses=(*SeriesStatus, None),
        next_doses=(),
        earliest=ANY,
        recommended=ANY,
        past_due=ANY,
        latest=ANY,
        vaccines=(),
        series=(),
        guidance=(),
        verdicts=tuple(DoseAnswer(dose=each.id, verdicts=()) for each in doses),
        courses=0,
    )


_Found = Sequence[tuple[GroupForecast | None, Course]]


def _joined(name: str, doses: Iterable[Given], courses: _Found) -> GroupAnswer:
    due = [(each, course) for each, course in courses if each and each.status is _DUE]
    named = [each.vaccines for each, _ in due]
    statuses = {each and each.status for each, _ in courses}
    return GroupAnswer(
        group=name,
        statuses=tuple(each for each in (*SeriesStatus, None) if each in statuses),
        next_doses=tuple(sorted({each.next_dose for each, _ in due if each.next_dose is not None})),
        earliest=_range(courses, lambda each: each.earliest),
        recommended=_range(courses, lambda each: each.recommended),
        past_due=_range(courses, lambda each: each.past_due),
        latest=_range(courses, lambda each: each.latest),
        vaccines=tuple(each for each in named[0] if all(each in other for other in named)) if named else (),
        series=tuple(sorted({one.series.name for each, _ in due for one in each.parts if one.status is _DUE})),
        guidance=tuple(dict.fromkeys(text for each, _ in courses if each for text in each.guidance)),
        verdicts=tuple(_verdicts(each.id, courses) for each in doses),
        courses=len(courses),
        precautions=tuple(dict.fromkeys(one for each, _ in courses if each for one in each.precautions)),
    )


def _range(courses: _Found, of: Callable[[GroupForecast], date | None]) -> Range:
    """A day that each course reckons from one unknown spans exactly its first to its last day there."""
    dated = [(of(each), course) for each, course in courses if each is not None]
    found = [course.days(day) for day, course in dated if day is not None]
    if not found:
        return NEVER
    hull = Days(min(each.first for each in found), max(each.last for each in found))
    return Range(hull, len(found) == len(courses))


def _verdicts(dose: str, courses: _Found) -> DoseAnswer:
    found = {_verdict(dose, each) for each, _ in courses}
    return DoseAnswer(dose=dose, verdicts=tuple(sorted(found, key=repr)))


def _verdict(dose: str, group: GroupForecast | None) -> Verdict | None:
    return next((each for each in group.verdicts if each.dose == dose), None) if group else None


def _flags(
    schedule: Schedule,
    someone: Someone,
    doses: Sequence[Given],
    observations: Sequence[Observation],
    on: date,
    groups: Sequence[GroupAnswer],
) -> Iterable[FlagAnswer]:
    for each in observations:
        if each.code not in schedule.observations:
            yield FlagAnswer(about=each.code, problem=Problem.UNKNOWN_OBSERVATION, is_certain=True)
    heard = {each.dose for group in groups for each in group.verdicts if each.verdicts != (None,)}
    for each in doses:
        found = list(_problems(schedule, someone, each, on))
        yield from found
        if not found and each.id not in heard:
            yield FlagAnswer(about=each.id, problem=Problem.NOT_IN_SCHEDULE, is_certain=True)


def _problems(schedule: Schedule, someone: Someone, dose: Given, on: date) -> Iterable[FlagAnswer]:
    def run(days: Sequence[date]) -> frozenset[Problem]:
        _, flags = cases.prepare(schedule, someone.born(days[0]), [dose.on(days[1])], (), on)
        return frozenset(each.problem for each in flags)

    found = [problems for problems, _ in somedays.courses((someone.birth, dose.days), run)]
    for problem in Problem:
        if any(problem in each for each in found):
            yield FlagAnswer(about=dose.id, problem=problem, is_certain=all(problem in each for each in found))
