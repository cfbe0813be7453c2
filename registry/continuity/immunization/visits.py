"""The visits that catch a person up: what can be given today, and on which days to come back, as rarely as possible.

Doses given count and are never repeated; a course is resumed. A group whose recommended day has passed is caught up
at minimum ages and intervals, one that is on time gets its doses when they are recommended. Everything that can be
given at a visit is given then, live vaccines together or as far apart as the schedule's conflicts say. An infant
waits no longer than eight weeks for a dose that can be given, however many visits that would spare: whooping cough and
measles kill in the first year. The order of aims: no dose owed is lost by waiting; fewest returns; the last of them
soonest; each dose soonest.

Sources of the aims: UK Health Security Agency, Vaccination of individuals with uncertain or incomplete immunisation
status, 1 July 2025 (fewest visits, shortest time, a course begun is not begun again); World Health Organization,
Recommendations for routine immunization, table 3: interrupted or delayed (resume without repeating), and table 2: 4 to
8 weeks between the primary doses of an infant.

The engine is asked at every step and a planned dose is one given (`supply.Desk`), so a plan cannot contradict the
schedule; with partly known days it holds for every completion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, islice, product

from registry.continuity import spans
from registry.continuity.immunization import supply
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.outcome import SeriesStatus
from registry.continuity.immunization.person import Observation
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.supply import Desk, Shot
from registry.continuity.spans import Days

_ONE_DAY = timedelta(days=1)
_INFANCY = spans.read("1 year")

PATIENCE = timedelta(weeks=8)
"""How long an infant waits at most for a dose that can be given; WHO asks for 4 to 8 weeks between primary doses."""
MOST_TRIED = 600
"""Visits tried for one number of returns; beyond it one more return is tried, and no plan is called proven."""
MOST_SEARCHES = 60
"""Numbers of losses and returns tried; beyond them the plan is to come back whenever anything can be given."""
MOST_OWED = 12
"""Doses of one group in one plan; more would be a course without an end."""


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    day: date
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Visits in order; the first may be today's. `lost` counts doses that waiting makes impossible, by group.

    `unplanned` are groups that are due and of which no vaccine of the schedule would surely count, or whose dates are
    too uncertain to plan all their doses. `is_proven` says that no plan has fewer returns in which no infant waits too
    long or goes home today with nothing that could be given, and each return is on a day that makes a dose possible.
    """

    visits: tuple[Visit, ...]
    lost: Mapping[str, int]
    unplanned: tuple[str, ...]
    is_proven: bool


@dataclass(frozen=True, slots=True)
class _State:
    """Doses planned so far, and how many of each group are still owed."""

    planned: tuple[Given, ...]
    owed: Mapping[str, int]
    visits: tuple[Visit, ...] = ()

    def after(self, visit: Visit) -> _State:
        given = Counter(group for each in visit.shots for group in each.groups)
        return _State(
            (*self.planned, *(supply.shot(each.vaccine, visit.day) for each in visit.shots)),
            {group: number - given[group] for group, number in self.owed.items()},
            (*self.visits, visit),
        )


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How many returns are left, and how many doses may be lost."""

    returns: int
    lost: int


@dataclass(frozen=True, slots=True, order=True)
class _Worth:
    """Of plans with the same returns and losses: the last day, then the days all doses wait together."""

    last: date
    waits: int
    visits: tuple[Visit, ...]


def plan(
    schedule: Schedule,
    someone: Someone,
    doses: Sequence[Given],
    observations: Sequence[Observation],
    on: date,
    *,
    until: date,
    most_shots: int | None = None,
    patience: timedelta = PATIENCE,
) -> Plan:
    """Plan every dose that is recommended by `until`, at most `most_shots` injections a visit. See the module."""
    told = [each for each in doses if each.days.first <= on]
    desk = Desk(schedule, someone, told, observations, on)
    behind = frozenset(each for each in schedule.groups if _is_behind(desk, each))
    owed = {each: _owed(desk, each, until, is_behind=each in behind) for each in schedule.groups}
    search = _Search(desk, behind, most_shots, patience, _first_birthday(someone))
    best = search.best({group: number for group, number in owed.items() if number})
    left = {group: number for group, number in best.owed.items() if number}
    return Plan(
        visits=best.visits,
        lost={} if search.is_cut else left,
        unplanned=tuple(
            each
            for each, number in owed.items()
            if (not number and _is_due(desk, each, until)) or (search.is_cut and each in left)
        ),
        is_proven=search.is_proven,
    )


def _first_birthday(someone: Someone) -> date:
    """The latest it may be."""
    return spans.add(someone.birth.last, _INFANCY)


def _is_behind(desk: Desk, group: str) -> bool:
    recommended = desk.answer(group, (), desk.on).recommended.days
    return recommended is not None and recommended.first < desk.on


def _is_due(desk: Desk, group: str, until: date) -> bool:
    answer = desk.answer(group, (), desk.on)
    return SeriesStatus.NOT_COMPLETE in answer.statuses and _by(answer.recommended.days, until)


def _by(days: Days | None, until: date) -> bool:
    return days is None or days.first <= until


def _owed(desk: Desk, group: str, until: date, *, is_behind: bool) -> int:
    """How many doses fall due by `until` if this group were given alone, each as soon as it can be.

    None is planned where partly known days mean too much to find out.
    """
    planned: list[Given] = []
    day = desk.on
    while len(planned) < MOST_OWED:
        ready = desk.ready(group, planned, day, is_behind=is_behind)
        if ready is None or not _by(desk.answer(group, planned, day).recommended.days, until):
            break
        vaccine = desk.first_product(group, planned, ready)
        assert vaccine is not None  # noqa: S101  that is what ready means
        planned.append(supply.shot(vaccine, ready))
        day = ready
        if desk.left <= 0 and desk.answer(group, planned, day).courses > 1:
            return 0
    return len(planned)


@dataclass(slots=True)
class _Search:
    """Tries plans with ever more returns; the first number of returns that has a plan is the fewest."""

    desk: Desk
    behind: frozenset[str]
    most_shots: int | None
    patience: timedelta
    infant_until: date
    tried: int = 0
    is_proven: bool = True
    is_cut: bool = False
    found: tuple[_Worth, _State] | None = None

    def best(self, owed: Mapping[str, int]) -> _State:
        """The best plan. A loss is allowed only where no number of returns avoids it."""
        start, doses = _State((), owed), sum(owed.values())
        for lost, returns in islice(product(range(doses + 1), range(doses + 1)), MOST_SEARCHES):
            self.tried = 0
            self._today(start, _Bounds(returns, lost))
            self.is_proven &= self.tried <= MOST_TRIED and self.desk.left > 0
            if self.found is not None:
                return self.found[1]
            if self.desk.left <= 0:
                break
        self.is_proven = False
        return self._as_soon_as_possible(start)

    def _as_soon_as_possible(self, state: _State) -> _State:
        """The plan of somebody who comes back whenever anything can be given."""
        day = self.desk.on
        while ready := self._ready(state, day):
            if self.is_cut:
                break
            self.is_cut = self.desk.left <= 0
            day = min(ready.values())
            visits = self._visits(state, ready, day, frozenset())
            if not visits:
                break
            state, day = state.after(visits[0]), day + _ONE_DAY
        return state

    def _today(self, state: _State, bounds: _Bounds) -> None:
        """Today is no return: the person is here. To give less, or nothing, can only pay where others would wait."""
        ready = self._ready(state, self.desk.on)
        due = frozenset(_due(ready, self.desk.on))
        for visit in self._visits(state, ready, self.desk.on, frozenset()):
            self._go_on(state.after(visit), self.desk.on, bounds)
        if self._delaying(due, ready) == due or self.most_shots is not None:
            self._go_on(state, self.desk.on, bounds)

    def _go_on(self, state: _State, day: date, bounds: _Bounds) -> None:
        """Try every day to come back on, while nobody waits too long: each makes some dose possible."""
        self.tried += 1
        ready = self._ready(state, day + _ONE_DAY)
        late = {each: max(0, state.owed[each] - self._most(each, bounds.returns)) for each in ready}
        lost = sum(number for each, number in state.owed.items() if each not in ready)
        if lost + sum(late.values()) > bounds.lost or self.tried > MOST_TRIED or self.desk.left <= 0:
            return
        if not ready:
            self._offer(state)
            return
        fewer = bounds.returns - 1
        needed = frozenset(each for each in ready if lost == bounds.lost and state.owed[each] > self._most(each, fewer))
        first = max((ready[each] for each in needed), default=min(ready.values()))
        latest = self._latest(min(ready.values()))
        for coming in sorted({first, *(each for each in ready.values() if each > first)}):
            if coming > latest or (self.found is not None and coming > self.found[0].last):
                return
            for visit in self._visits(state, ready, coming, needed):
                self._go_on(state.after(visit), coming, _Bounds(bounds.returns - 1, bounds.lost))

    def _latest(self, ready: date) -> date:
        """Until when a dose waits that can be given from a day on: an infant not for long."""
        return ready + self.patience if ready < self.infant_until else date.max

    def _most(self, group: str, returns: int) -> int:
        """Doses of a group that so many returns have room for, at the most."""
        return returns * self.desk.at_once(group)

    def _offer(self, state: _State) -> None:
        worth = _worth(state, self.desk.on)
        if self.found is None or worth < self.found[0]:
            self.found = worth, state

    def _ready(self, state: _State, day: date) -> dict[str, date]:
        """From `day` on, when each group that is owed doses can have the next; without those that never can."""
        days = {each: self._ready_day(each, state, day) for each, number in state.owed.items() if number}
        return {group: ready for group, ready in days.items() if ready is not None}

    def _ready_day(self, group: str, state: _State, day: date) -> date | None:
        return self.desk.ready(group, state.planned, day, is_behind=group in self.behind)

    def _visits(self, state: _State, ready: Mapping[str, date], day: date, needed: frozenset[str]) -> list[Visit]:
        """What can be given on the day: all that is due and fits in a visit, or less where others would wait for it."""
        again = self._ready(state, day)
        due = sorted((each for each in _due(ready, day) if again.get(each) == day), key=lambda each: -state.owed[each])
        found: dict[tuple[Shot, ...], Visit] = {}
        for chosen in self._choices(state, day, due, needed):
            for left_out in _subsets(sorted(self._delaying(chosen, ready) - needed)):
                shots = self.desk.shots(sorted(chosen - left_out), state.planned, day)
                if shots:
                    visit = self._completed(state, Visit(day, shots))
                    found[visit.shots] = visit
        return list(found.values())

    def _completed(self, state: _State, visit: Visit) -> Visit:
        """With another dose for a group of which one more can be given that day (oral and injected polio vaccine)."""
        after, day = state.after(visit), visit.day
        given = {group for each in visit.shots for group in each.groups if after.owed[group]}
        again = [each for each in sorted(given) if self._ready_day(each, after, day) == day]
        more = self.desk.shots(again, after.planned, day)
        number = len(visit.shots) + len(more or ())
        if not more or number > (self.most_shots or number):
            return visit
        return self._completed(state, Visit(day, tuple(sorted((*visit.shots, *more)))))

    def _choices(self, state: _State, day: date, due: Sequence[str], needed: frozenset[str]) -> list[frozenset[str]]:
        """Every largest choice of groups that fits in a visit."""
        found: list[frozenset[str]] = []
        for chosen in _largest_first(due):
            if needed <= chosen and not any(chosen < each for each in found):
                shots = self.desk.shots(sorted(chosen), state.planned, day)
                if shots is not None and len(shots) <= (self.most_shots or len(shots)):
                    found.append(chosen)
            if len(chosen) == len(due) and found:
                break
        return found

    def _delaying(self, given: frozenset[str], ready: Mapping[str, date]) -> frozenset[str]:
        """Groups that another one, not given on that day, would have to wait for."""
        others = [each for each in ready if each not in given]
        schedule = self.desk.schedule
        return frozenset(each for each in given if any(supply.delays(schedule, each, other) for other in others))


def _due(ready: Mapping[str, date], day: date) -> list[str]:
    return [group for group, each in ready.items() if each <= day]


def _subsets(groups: Sequence[str]) -> Iterator[frozenset[str]]:
    return (frozenset(each) for size in range(len(groups) + 1) for each in combinations(groups, size))


def _largest_first(groups: Sequence[str]) -> Iterator[frozenset[str]]:
    return (frozenset(each) for size in range(len(groups), 0, -1) for each in combinations(groups, size))


def _worth(state: _State, on: date) -> _Worth:
    waits = sum((visit.day - on).days * len(each.groups) for visit in state.visits for each in visit.shots)
    return _Worth(max((each.day for each in state.visits), default=on), waits, state.visits)
