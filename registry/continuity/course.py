"""How far a course of doses has come when dates may be only partly known.

Every possible order of the doses is walked with intervals instead of days, so whatever the true dates are, the true
number of counted doses lies between `sure` and `possible`, and a verdict that is not UNCERTAIN is the true one.
Doses count greedily, the earliest that may; with lower bounds only, a further dose can never lower the count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import islice, pairwise

from registry.continuity import spans
from registry.continuity.reasons import Reason, because
from registry.continuity.schedule import Plan, Rule
from registry.continuity.spans import Days

MOST_ORDERS = 400
"""With more possible orders than this nothing is claimed: between no dose and all of them may count."""

_UNKNOWN = Days(date.min, date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A dose by its id and the days it can have been given on."""

    id: str
    days: Days


class Counts(Enum):
    YES = "yes"
    NO = "no"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the dose `id` counts, and why."""

    id: str
    counts: Counts
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where a child stands in a plan. `ends` gives per possible count the day of the last counted dose."""

    plan: Plan
    ends: dict[int, Days | None]
    verdicts: tuple[Verdict, ...]

    @property
    def sure(self) -> int:
        return min(self.ends)

    @property
    def possible(self) -> int:
        return max(self.ends)

    @property
    def needed(self) -> int:
        return len(self.plan.rules)


def walk(plan: Plan, given: Sequence[Given], birth: Days) -> Course:
    """Walk the doses through the plan, in every order their dates allow."""
    orders = list(islice(_orders(tuple(given)), MOST_ORDERS + 1))
    if len(orders) > MOST_ORDERS:
        return _nothing_claimed(plan, given)
    ends: dict[int, Days | None] = {}
    said: dict[str, set[Reason]] = {each.id: set() for each in given}
    for order in orders:
        for count, last in _walk_one(plan, order, birth, said).items():
            _join(ends, count, last)
    return Course(plan=plan, ends=ends, verdicts=tuple(_verdict(each.id, said[each.id]) for each in given))


def _nothing_claimed(plan: Plan, given: Sequence[Given]) -> Course:
    most = min(len(given), len(plan.rules))
    ends: dict[int, Days | None] = {count: _UNKNOWN if count else None for count in range(most + 1)}
    return Course(plan=plan, ends=ends, verdicts=tuple(_verdict(each.id, set()) for each in given))


def _orders(given: tuple[Given, ...]) -> Iterator[tuple[Given, ...]]:
    """Every order the dates allow, with the days narrowed to it; doses of one known day keep their order."""
    yield from (narrow for order in _sequences(given) if (narrow := _narrowed(order)) is not None)


def _sequences(given: tuple[Given, ...]) -> Iterator[tuple[Given, ...]]:
    if not given:
        yield ()
    for place, first in enumerate(given):
        rest = given[:place] + given[place + 1 :]
        if not any(_surely_before(other, first, known_first=at < place) for at, other in enumerate(rest)):
            yield from ((first, *tail) for tail in _sequences(rest))


def _surely_before(one: Given, other: Given, *, known_first: bool) -> bool:
    same_day = one.days == other.days and one.days.first == one.days.last
    return one.days.last < other.days.first or (same_day and known_first)


def _narrowed(order: Sequence[Given]) -> tuple[Given, ...] | None:
    firsts = [each.days.first for each in order]
    lasts = [each.days.last for each in order]
    for place, _ in pairwise(range(len(order))):
        firsts[place + 1] = max(firsts[place], firsts[place + 1])
        back = len(order) - 1 - place
        lasts[back - 1] = min(lasts[back], lasts[back - 1])
    if any(first > last for first, last in zip(firsts, lasts, strict=True)):
        return None
    return tuple(
        Given(id=each.id, days=Days(first, last)) for each, first, last in zip(order, firsts, lasts, strict=True)
    )


def _walk_one(plan: Plan, order: Iterable[Given], birth: Days, said: dict[str, set[Reason]]) -> dict[int, Days | None]:
    ends: dict[int, Days | None] = {0: None}
    for dose in order:
        after: dict[int, Days | None] = {}
        for count, last in ends.items():
            for reason, now, end in _steps(plan, dose, birth, count, last):
                said[dose.id].add(reason)
                _join(after, now, end)
        ends = after
    return ends


def _steps(
    plan: Plan, dose: Given, birth: Days, count: int, last: Days | None
) -> Iterator[tuple[Reason, int, Days | None]]:
    """What can become of a dose when `count` doses counted before it, the last of them on `last`."""
    if count == len(plan.rules):
        yield because("extra"), count, last
        return
    rule = plan.rules[count]
    from_day = allowed(rule, birth, last)
    if dose.days.last >= from_day.first:
        yield (
            because("counts", dose=rule.dose),
            count + 1,
            Days(max(dose.days.first, from_day.first), dose.days.last),
        )
    if dose.days.first < from_day.last:
        yield _why_not(rule, dose, birth), count, last


def allowed(rule: Rule, birth: Days, last: Days | None) -> Days:
    """The day from which a dose satisfies the rule."""
    of_age = birth.plus(rule.minimum_age)
    if last is None or rule.minimum_interval is None:
        return of_age
    return spans.later(of_age, last.plus(rule.minimum_interval))


def _why_not(rule: Rule, dose: Given, birth: Days) -> Reason:
    if dose.days.last < birth.first:
        return because("before-birth")
    if dose.days.first < birth.plus(rule.minimum_age).last or rule.minimum_interval is None:
        return because("too-young", age=rule.minimum_age.text)
    return because("too-soon", interval=rule.minimum_interval.text)


def _join(ends: dict[int, Days | None], count: int, last: Days | None) -> None:
    known = ends.get(count)
    ends[count] = last if known is None or last is None else known.hull(last)


def _verdict(id: str, said: set[Reason]) -> Verdict:
    counts = {each.code == "counts" for each in said}
    if len(counts) != 1:
        return Verdict(id=id, counts=Counts.UNCERTAIN, reason=because("depends-on-dates"))
    return Verdict(id=id, counts=Counts.YES if counts.pop() else Counts.NO, reason=min(said))
