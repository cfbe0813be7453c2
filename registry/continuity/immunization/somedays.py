"""Days that are not known to the day, as a computation over days meets them.

A `Someday` is a day reckoned from one unknown day (`birth + 6 weeks`). It compares with other days like a `date`. Where
the answer depends on what the unknown days are, the computation takes one answer, keeps it as a constraint on the
unknown days, and is run again for the other: `courses` gives every course it can take, each with the days that lead
to it. Nothing is sampled and no day is invented.

Why this is exact: reckoning never reverses the order of days (`spans`), so every constraint is `f(x) < g(y)` or
`f(x) <= g(y)` with f and g monotone. The solutions of such constraints are closed under taking the smaller, and the
larger, day of each unknown; hence once the bounds of the unknowns are consistent with each constraint by itself, all
the first days together are a solution, and all the last days are another (Jeavons and Cooper, Tractable constraints
on ordered domains, Artificial Intelligence 79, 1995). So a course is given only if some days lead to it, and a day
reckoned in it spans exactly what it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from math import inf
from typing import Any, TypeVar, cast

from registry.continuity import spans
from registry.continuity.spans import Days, Span

Found = TypeVar("Found")


class _Impossible(Exception):
    """No day is left for some unknown: this answer cannot be."""


# No span of whole months is further from so many mean months, rolls to the first of the next month included.
_MEAN_MONTH = 30.436875
_MOST_OFF = 5


@dataclass(frozen=True, slots=True, eq=False)
class Someday:
    """A day that `steps` lead to from an unknown day, in one course of a computation."""

    course: Course
    unknown: int
    steps: tuple[Span, ...] = ()

    def plus(self, span: Span) -> Someday:
        return Someday(self.course, self.unknown, (*self.steps, span))

    def at(self, day: date) -> date:
        """The day it is if the unknown is `day`."""
        for each in self.steps:
            day = spans.add(day, each)
        return day

    @property
    def least(self) -> float:
        """At least so many days after the unknown."""
        return sum(each.days + each.months * _MEAN_MONTH - _MOST_OFF * (each.months != 0) for each in self.steps)

    @property
    def most(self) -> float:
        """At most so many days after the unknown."""
        return sum(each.days + each.months * _MEAN_MONTH + _MOST_OFF * (each.months != 0) for each in self.steps)

    def __sub__(self, length: timedelta) -> Someday:
        return self.plus(Span(text="", days=-length.days))

    def __add__(self, length: timedelta) -> Someday:
        return self.plus(Span(text="", days=length.days))

    def __lt__(self, other: date | Someday) -> bool:
        return self.course.holds(self, other, is_strict=True)

    def __le__(self, other: date | Someday) -> bool:
        return self.course.holds(self, other, is_strict=False)

    def __gt__(self, other: date | Someday) -> bool:
        return self.course.holds(other, self, is_strict=True)

    def __ge__(self, other: date | Someday) -> bool:
        return self.course.holds(other, self, is_strict=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, date | Someday):
            return NotImplemented
        return self is other or (self <= other and self >= other)

    __hash__ = object.__hash__


_Reckoned = date | Someday
_Name = date | tuple[int, tuple[Span, ...]]
"""What tells reckoned days apart, whatever they can be."""


def _name(day: _Reckoned) -> _Name:
    return (day.unknown, day.steps) if isinstance(day, Someday) else day


@dataclass(frozen=True, slots=True, eq=False)
class _Before:
    """`left` lies before `right`, or on it unless `is_strict`."""

    left: _Reckoned
    right: _Reckoned
    is_strict: bool

    @property
    def is_of_two(self) -> bool:
        return isinstance(self.left, Someday) and isinstance(self.right, Someday)

    @property
    def unknowns(self) -> frozenset[int]:
        return frozenset(each.unknown for each in (self.left, self.right) if isinstance(each, Someday))

    @property
    def denied(self) -> _Before:
        return _Before(self.right, self.left, not self.is_strict)

    def between(self, left: date, right: date) -> bool:
        return left < right if self.is_strict else left <= right


@dataclass(slots=True)
class _Choice:
    """One answer a course rests on; `is_open` while the other has not been tried. `left` are the first and the last
    days of the unknowns that it leaves, so that a course that shares it need not narrow them again."""

    answer: bool
    is_open: bool
    left: tuple[list[date], list[date]] | None = None


class Course:
    """One run of a computation: what the unknown days can be in it, given the answers it rests on."""

    def __init__(self, unknowns: Sequence[Days], choices: list[_Choice]) -> None:
        self._first = [each.first for each in unknowns]
        self._last = [each.last for each in unknowns]
        self._kept: list[_Before] = []
        self._distances: dict[tuple[int, int], float] = {}
        self._said: dict[tuple[_Name, _Name, bool], bool] = {}
        self._choices, self._made = choices, 0

    def somedays(self) -> list[date]:
        """The unknown days, to compute with; one that is known is a plain date."""
        pairs = enumerate(zip(self._first, self._last, strict=True))
        return [first if first == last else cast(date, Someday(self, place)) for place, (first, last) in pairs]

    def days(self, day: date) -> Days:
        """The first and the last day it can be."""
        return Days(self._lowest(day), self._highest(day))

    def holds(self, left: _Reckoned, right: _Reckoned, *, is_strict: bool) -> bool:
        claim = _Before(left, right, is_strict)
        known = self._by_distance(claim)
        if known is not None:
            return known
        if isinstance(left, Someday) and isinstance(right, Someday) and left.unknown == right.unknown:
            return self._holds_of_one(claim, left, right)
        return self._decide(claim)

    def _by_distance(self, claim: _Before) -> bool | None:
        """What follows from how far the unknowns are apart."""
        if not isinstance(claim.left, Someday) or not isinstance(claim.right, Someday):
            return None
        if claim.left.unknown == claim.right.unknown and claim.left.steps == claim.right.steps:
            return not claim.is_strict
        if self._surely(claim):
            return True
        return False if self._surely(claim.denied) else None

    def _surely(self, claim: _Before) -> bool:
        left, right = cast(Someday, claim.left), cast(Someday, claim.right)
        return self._ahead(left.unknown, right.unknown) <= right.least - left.most - claim.is_strict

    def _ahead(self, one: int, other: int) -> float:
        """The most days that one unknown can lie after another."""
        return 0 if one == other else self._distances.get((one, other), inf)

    def _keep_distance(self, claim: _Before) -> None:
        """What the claim says of all distances. Raises _Impossible where an unknown would lie before itself."""
        left, right = cast(Someday, claim.left), cast(Someday, claim.right)
        most = right.most - left.least - claim.is_strict
        places = range(len(self._first))
        for one, other in product(places, places):
            ahead = self._ahead(one, left.unknown) + most + self._ahead(right.unknown, other)
            if one == other and ahead < 0:
                raise _Impossible
            if ahead < self._ahead(one, other):
                self._distances[one, other] = ahead

    def _lowest(self, day: _Reckoned) -> date:
        return day.at(self._first[day.unknown]) if isinstance(day, Someday) else day

    def _highest(self, day: _Reckoned) -> date:
        return day.at(self._last[day.unknown]) if isinstance(day, Someday) else day

    def _decide(self, claim: _Before) -> bool:
        if claim.between(self._highest(claim.left), self._lowest(claim.right)):
            return True
        if not claim.between(self._lowest(claim.left), self._highest(claim.right)):
            return False
        said = self._said.get((_name(claim.left), _name(claim.right), claim.is_strict))
        return self._open(claim) if said is None else said

    def _open(self, claim: _Before) -> bool:
        """Answer what the days leave open: as the run before did, or anew."""
        self._made += 1
        if self._made > len(self._choices):
            return self._choose(claim)
        choice = self._choices[self._made - 1]
        kept = claim if choice.answer else claim.denied
        choice.left = self._again(kept, choice.left) if choice.left else self._keep(kept)
        return choice.answer

    def _choose(self, claim: _Before) -> bool:
        """Take it as true if it can be."""
        try:
            choice = _Choice(answer=True, is_open=True, left=self._keep(claim))
        except _Impossible:
            choice = _Choice(answer=False, is_open=False, left=self._keep(claim.denied))
        self._choices.append(choice)
        return choice.answer

    def _holds_of_one(self, claim: _Before, left: Someday, right: Someday) -> bool:
        """Two days of one unknown: known, or decided by which side of some day the unknown lies on."""
        known = None
        while known is None:
            first, last = self._first[left.unknown], self._last[left.unknown]
            answer = claim.between(left.at(first), right.at(first))
            turn = _turn(claim, left, right, Days(first, last), answer=answer)
            if turn is None or self._decide(_Before(Someday(self, left.unknown), turn, True)):
                known = answer
        return known

    def _keep(self, claim: _Before) -> tuple[list[date], list[date]]:
        """Narrow the unknowns to what the claim, and those before it, leave. Raises _Impossible, changing nothing."""
        before = self._first, self._last, self._distances
        self._first, self._last, self._distances = list(self._first), list(self._last), dict(self._distances)
        try:
            if claim.is_of_two:
                self._keep_distance(claim)
            self._narrow_all(claim)
        except _Impossible:
            self._first, self._last, self._distances = before
            raise
        self._note(claim)
        return self._first, self._last

    def _again(self, claim: _Before, left: tuple[list[date], list[date]]) -> tuple[list[date], list[date]]:
        """Keep a claim of which it is known what it leaves."""
        self._first, self._last = left
        if claim.is_of_two:
            self._keep_distance(claim)
        self._note(claim)
        return left

    def _note(self, claim: _Before) -> None:
        if claim.is_of_two:
            self._kept.append(claim)
            self._remember(_name(claim.left), _name(claim.right), claim.is_strict)

    def _remember(self, left: _Name, right: _Name, is_strict: bool) -> None:
        """What follows at once: of two days asked about again, in whatever way."""
        self._said[left, right, False] = True
        self._said[right, left, True] = False
        if is_strict:
            self._said[left, right, True] = True
            self._said[right, left, False] = False

    def _narrow_all(self, claim: _Before) -> None:
        """Until nothing changes: whatever a narrowed unknown is in is looked at again."""
        waiting = {claim: True}
        while waiting:
            each = next(iter(waiting))
            del waiting[each]
            changed = self._narrow(each)
            waiting |= {one: True for one in (*self._kept, claim) if not one.unknowns.isdisjoint(changed)}

    def _narrow(self, claim: _Before) -> set[int]:
        """The unknowns that the claim by itself narrowed."""
        left, right = claim.left, claim.right
        changed: set[int] = set()
        if isinstance(left, Someday):
            changed |= self._narrow_last(left, claim)
        if isinstance(right, Someday):
            changed |= self._narrow_first(right, claim)
        return changed

    def _narrow_last(self, left: Someday, claim: _Before) -> set[int]:
        place, limit = left.unknown, self._highest(claim.right)
        before = self._last[place]
        self._last[place] = _last(self._first[place], before, lambda day: claim.between(left.at(day), limit))
        return {place} if self._last[place] != before else set()

    def _narrow_first(self, right: Someday, claim: _Before) -> set[int]:
        place, floor = right.unknown, self._lowest(claim.left)
        before = self._first[place]
        self._first[place] = _first(before, self._last[place], lambda day: claim.between(floor, right.at(day)))
        return {place} if self._first[place] != before else set()


def _last(first: date, last: date, fits: Callable[[date], bool]) -> date:
    """The last day that fits, when every day before one that fits does."""
    if fits(last):
        return last
    if not fits(first):
        raise _Impossible
    low, high = first.toordinal(), last.toordinal()
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(date.fromordinal(middle)) else (low, middle)
    return date.fromordinal(low)


def _first(first: date, last: date, fits: Callable[[date], bool]) -> date:
    """The first day that fits, when every day after one that fits does."""
    if fits(first):
        return first
    if not fits(last):
        raise _Impossible
    low, high = first.toordinal(), last.toordinal()
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(date.fromordinal(middle)) else (middle, high)
    return date.fromordinal(high)


def _turn(claim: _Before, left: Someday, right: Someday, within: Days, *, answer: bool) -> date | None:
    """The first day of the unknown for which the claim is no longer `answer`; None if there is none."""
    days = map(date.fromordinal, range(within.first.toordinal(), within.last.toordinal() + 1))
    return next((day for day in days if claim.between(left.at(day), right.at(day)) is not answer), None)


def courses(unknowns: Sequence[Days], compute: Callable[[Sequence[date]], Found]) -> Iterator[tuple[Found, Course]]:
    """Every course `compute` can take over the unknown days, with what it found. `Course.days` reads the days in it.

    `compute` may compare the days it is given, add spans (`calendar.after`) and subtract timedeltas; it must do
    the same whenever it gets the same answers. Together the courses hold every completion of the unknown days.
    """
    choices: list[_Choice] = []
    while True:
        course = Course(unknowns, choices)
        try:
            found: Any = compute(course.somedays())
        except _Impossible:
            pass
        else:
            yield found, course
        if not _turn_back(choices):
            return


def _turn_back(choices: list[_Choice]) -> bool:
    """Take the other answer of the last open choice; False when none is open."""
    while choices and not choices[-1].is_open:
        choices.pop()
    if choices:
        choices[-1] = _Choice(answer=False, is_open=False)
    return bool(choices)
