"""Which vaccine a group's next dose can be given with; the engine itself is asked whether it would count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from registry.continuity.immunization import calendar, concern, uncertain
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.outcome import DoseStatus, SeriesStatus
from registry.continuity.immunization.person import Observation
from registry.continuity.immunization.schedule import Schedule, Window
from registry.continuity.immunization.uncertain import GroupAnswer
from registry.continuity.spans import Days, Span

MOST_COURSES = 1500
"""Courses of partly known days looked at for one plan, beyond the first of each question: about two seconds."""
_FEWEST = 20
"""Courses every group may take for its first question, whatever the others took."""

_HARMLESS = {DoseStatus.VALID, DoseStatus.EXTRANEOUS}


@dataclass(frozen=True, slots=True)
class Stock:
    """What a group's doses can be given with, the fittest first, with the ages each is preferable at; and the ages at
    which some of it begins to be."""

    windows: Mapping[str, tuple[Window, ...]]
    begins: tuple[Span, ...]

    def fitting(self, birth: Days, day: date) -> list[str]:
        """What is preferable at the person's age on the day, whenever the birth was."""
        return [
            vaccine
            for vaccine, windows in self.windows.items()
            if any(all(calendar.within(each, born, day) for born in (birth.first, birth.last)) for each in windows)
        ]


@lru_cache(maxsize=1 << 12)
def stock(schedule: Schedule, group: str, followed: tuple[str, ...] = ()) -> Stock:
    """What is preferable in the series followed, or in any: vaccines for most of the group's antigens first, then those
    named in forecasts, then those for least besides."""
    antigens = schedule.groups[group].antigens
    products = [
        product
        for antigen in antigens
        for series in schedule.antigens[antigen].series
        if not followed or series.name in followed
        for rule in series.doses
        for product in rule.preferable
        if product.vaccine in schedule.vaccines
    ]
    named = {each.vaccine for each in products if each.is_named}

    def order(vaccine: str) -> tuple[int, bool, int]:
        held = {each.antigen for each in schedule.vaccines[vaccine].associations}
        return -len(held.intersection(antigens)), vaccine not in named, len(held.difference(antigens))

    vaccines = sorted(dict.fromkeys(each.vaccine for each in products), key=order)
    return Stock(
        windows={vaccine: tuple({each.window for each in products if each.vaccine == vaccine}) for vaccine in vaccines},
        begins=tuple(dict.fromkeys(each.window.begins for each in products if each.window.begins is not None)),
    )


@lru_cache(maxsize=1 << 12)
def delays(schedule: Schedule, group: str, other: str) -> bool:
    """Whether a dose for one group can make another group wait (live vaccines)."""
    given, waiting = stock(schedule, group).windows, stock(schedule, other).windows
    return any(each.previous in given for vaccine in waiting for each in schedule.conflicts.get(vaccine, ()))


@lru_cache(maxsize=16)
def touched(schedule: Schedule) -> Mapping[str, tuple[str, ...]]:
    """By vaccine type: the groups whose antigens it holds."""
    return {
        each.type: tuple(
            name
            for name, group in schedule.groups.items()
            if any(one.antigen in group.antigens for one in each.associations)
        )
        for each in schedule.vaccines.values()
    }


@dataclass(frozen=True, slots=True, order=True)
class Shot:
    """One injection (or oral dose) and the groups it counts for."""

    vaccine: str
    groups: tuple[str, ...]


@dataclass(slots=True)
class Desk:
    """Asks the engine about one person, and remembers its answers: plans that differ share most of them.

    `told` are the doses on record; `planned` ones are added to them, and count as given.
    """

    schedule: Schedule
    someone: Someone
    told: Sequence[Given]
    observations: Sequence[Observation]
    on: date
    _answers: dict[tuple[str, frozenset[tuple[date, str]], date], GroupAnswer] = field(default_factory=dict)
    _spent: int = 0
    _at_once: dict[str, int] = field(default_factory=dict)

    def answer(self, group: str, planned: Sequence[Given], day: date) -> GroupAnswer:
        """What the engine says of the group on `day`."""
        concerned = [each for each in planned if each.vaccine in concern.of(self.schedule)[group][1]]
        key = group, frozenset((each.days.first, each.vaccine) for each in concerned), day
        if key not in self._answers:
            doses = [*self.told, *concerned]
            most = uncertain.MOST_COURSES if planned else max(_FEWEST, min(uncertain.MOST_COURSES, self.left))
            found = uncertain.of_group(
                self.schedule, group, self.someone, doses, self.observations, day, most_courses=most
            )
            self._spent += (found.courses or most) - 1
            self._answers[key] = found
        return self._answers[key]

    @property
    def left(self) -> int:
        """Courses that may still be looked at; none with partly known days that mean too much."""
        return MOST_COURSES - self._spent

    def ready(self, group: str, planned: Sequence[Given], day: date, *, is_behind: bool) -> date | None:
        """The first day, from `day` on, on which the next dose can be given and would count; None if there is none."""
        answer = self.answer(group, planned, day)
        when = answer.earliest if is_behind else answer.recommended
        if not answer.courses or SeriesStatus.NOT_COMPLETE not in answer.statuses:
            return None
        first = max(day, when.days.last if when.days else day)
        opens = {calendar.after(self.someone.birth.last, each) for each in self._stock(group, planned, day).begins}
        days = sorted({first, *(each for each in opens if each > first)})
        return next((each for each in days if self._is_possible(group, planned, each)), None)

    def at_once(self, group: str) -> int:
        """How many doses of a group one day can take: of each antigen one for every series that is needed."""
        if group not in self._at_once:
            followed = self.answer(group, (), self.on).series
            found = [
                sum(one.name in followed for one in self.schedule.antigens[each].series)
                for each in self.schedule.groups[group].antigens
            ]
            self._at_once[group] = max(1, *found)
        return self._at_once[group]

    def _stock(self, group: str, planned: Sequence[Given], day: date) -> Stock:
        return stock(self.schedule, group, self.answer(group, planned, day).series)

    def _is_possible(self, group: str, planned: Sequence[Given], day: date) -> bool:
        """Whether the engine still asks for a dose when that day has come, and some vaccine fits."""
        safe = self.answer(group, planned, day).safe_from
        return (safe is None or safe <= day) and self.first_product(group, planned, day) is not None

    def first_product(self, group: str, planned: Sequence[Given], day: date) -> str | None:
        """The fittest vaccine that can be given for the group on the day, if one is asked for and fits."""
        if SeriesStatus.NOT_COMPLETE not in self.answer(group, planned, day).statuses:
            return None
        fitting = self._stock(group, planned, day).fitting(self.someone.birth, day)
        return next((each for each in fitting if self.counts(each, (group,), planned, day)), None)

    def counts(self, vaccine: str, groups: Sequence[str], planned: Sequence[Given], day: date) -> bool:
        """Whether a dose would count for each of the groups, and spoil nothing for the others it touches.

        Where days are known only partly it counts for some completions, and is at worst not needed for the others.
        """
        dose = shot(vaccine, day)
        if dose in planned:
            return False
        for group in touched(self.schedule)[vaccine]:
            answer = self.answer(group, (*planned, dose), day)
            found = _statuses(answer, dose)
            is_good = (
                found <= _HARMLESS and DoseStatus.VALID in found if group in groups else found <= {None, *_HARMLESS}
            )
            if not answer.courses or not is_good or self._spoils(answer, planned, day):
                return False
        return True

    def _spoils(self, answer: GroupAnswer, planned: Sequence[Given], day: date) -> bool:
        """Whether a dose takes from another of the day what that one was given for."""
        same = [each for each in planned if each.days.first == day]
        before = self.answer(answer.group, planned, day) if same else answer
        return any(_statuses(before, each) != _statuses(answer, each) for each in same)

    def shots(self, groups: Sequence[str], planned: Sequence[Given], day: date) -> tuple[Shot, ...] | None:
        """The fewest injections that give every group one dose, none twice; None where a group has none."""
        options: dict[tuple[str, ...], Shot] = {}
        fitting = {each: self._stock(each, planned, day).fitting(self.someone.birth, day) for each in groups}
        for vaccine in dict.fromkeys(each for group in groups for each in fitting[group]):
            held = tuple(each for each in touched(self.schedule)[vaccine] if each in groups)
            is_preferable = all(vaccine in fitting[each] for each in held)
            if is_preferable and held not in options and self.counts(vaccine, held, planned, day):
                options[held] = Shot(vaccine, held)
        return _fewest(frozenset(groups), list(options.values()))


def _statuses(answer: GroupAnswer, dose: Given) -> set[DoseStatus | None]:
    """All that the dose may be in the group; empty where it is not looked at."""
    verdicts = next((each.verdicts for each in answer.verdicts if each.dose == dose.id), ())
    return {each and each.status for each in verdicts}


def _fewest(groups: frozenset[str], options: Sequence[Shot]) -> tuple[Shot, ...] | None:
    if not groups:
        return ()
    first = min(groups)
    fitting = [each for each in options if first in each.groups and groups.issuperset(each.groups)]
    found = [
        tuple(sorted((each, *rest)))
        for each in fitting
        if (rest := _fewest(groups.difference(each.groups), options)) is not None
    ]
    return min(found, key=lambda each: (len(each), each), default=None)


def shot(vaccine: str, day: date) -> Given:
    """A dose that is planned."""
    return Given(id=f"planned {day} {vaccine}", days=Days(day, day), vaccine=vaccine)
