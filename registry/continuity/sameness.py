"""When two records are one dose, and when they may be.

The natural key of a dose (UZ Core Immunization profile; Swiss CH VACD for the doubtful cases):
hard, the same vaccine, day and lot; soft, the same antigens and day when a lot is missing on either side; a day
apart with equal lots. A partial date joins a full one only through an equal lot, from another dossier, and only
when there is exactly one it could be. Everything else stays two doses, marked for somebody to judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from registry.fhir.dates import PartialDate

if TYPE_CHECKING:
    from registry.continuity.history import Record

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """What one record says of a dose, read once. `what` is its antigens, or its codes when they are not known."""

    what: frozenset[str]
    recognised: bool
    when: PartialDate | None
    when_text: str
    lot: str | None
    number: str | None
    recalled: bool
    dossier: str
    source: str
    reference: str
    record: Record = field(repr=False)


Group = tuple[Dose, ...]


def order_of(dose: Dose) -> tuple[Any, ...]:
    """A total order that does not depend on the order of arrival; full dates first, unknown ones last."""
    when = dose.when
    return (
        (0, when.first, when.last) if when else (1,),
        sorted(dose.what),
        dose.lot or "~",
        (dose.source, dose.dossier, dose.reference),
        dose.record.resource.body,
    )


def groups(doses: Sequence[Dose]) -> list[Group]:
    """Every dose in exactly one group; a group is one dose event."""
    full = [each for each in doses if each.when and each.when.is_day]
    partial = [each for each in doses if not (each.when and each.when.is_day)]
    days = [group for alike in _by_key(full, lambda each: each.what) for group in _full_groups(alike)]
    joined, left = _attach(partial, days)
    return joined + [group for alike in _by_key(left, _written_key) for group in _apart_if_one_system(alike)]


def _by_key(doses: Iterable[Dose], key: Callable[[Dose], Hashable]) -> list[Group]:
    found: defaultdict[Hashable, list[Dose]] = defaultdict(list)
    for dose in doses:
        found[key(dose)].append(dose)
    return [tuple(each) for each in found.values()]


def _full_groups(alike: Sequence[Dose]) -> Iterator[Group]:
    """Doses of the same antigens with full dates: by lot over neighbouring days, then the ones without a lot."""
    lots = [run for same in _by_key((d for d in alike if d.lot), lambda d: d.lot) for run in _runs(same)]
    for same_day in _by_key((d for d in alike if not d.lot), lambda d: d.when):
        hosts = [run for run in lots if any(each.when == same_day[0].when for each in run)]
        if len(hosts) == 1:
            lots[lots.index(hosts[0])] = hosts[0] + same_day
        else:  # no lot to join, or two different ones: it stays by itself
            yield same_day
    yield from (_sorted(run) for run in lots)


def _runs(same_lot: Sequence[Dose]) -> Iterator[Group]:
    """Cut doses of one lot into runs that span at most one day more than their first."""
    run: list[Dose] = []
    for dose in same_lot:  # already in order of dates
        if run and _first(dose) - _first(run[0]) > _A_DAY:
            yield tuple(run)
            run = []
        run.append(dose)
    if run:
        yield tuple(run)


def _attach(partial: Sequence[Dose], days: list[Group]) -> tuple[list[Group], list[Dose]]:
    """Give each partial dose with a lot to the one full dose it can be; hand back the groups and what is left."""
    wanted: defaultdict[int, list[Dose]] = defaultdict(list)
    left: list[Dose] = []
    for dose in partial:
        hosts = [place for place, group in enumerate(days) if _can_join(dose, group)]
        if len(hosts) == 1:
            wanted[hosts[0]].append(dose)
        else:
            left.append(dose)
    joined = list(days)
    for place, guests in wanted.items():
        if _one_per_system(guests):
            joined[place] = joined[place] + _sorted(guests)
        else:
            left.extend(guests)
    return joined, sorted(left, key=order_of)


def _can_join(dose: Dose, group: Group) -> bool:
    return (
        dose.lot is not None
        and dose.when is not None
        and dose.what == group[0].what
        and all(dose.dossier != each.dossier for each in group)
        and any(each.lot == dose.lot and each.when and each.when.may_be(dose.when) for each in group)
        and not _numbers_clash((dose, *group))
    )


def _written_key(dose: Dose) -> tuple[Any, ...]:
    if dose.lot is None or dose.when is None:
        return (dose.dossier, dose.reference)  # without a lot a partial date is never joined
    return (dose.what, str(dose.when), dose.lot)


def _apart_if_one_system(alike: Group) -> Iterator[Group]:
    if len(alike) == 1 or (_one_per_system(alike) and not _numbers_clash(alike)):
        yield alike
    else:
        yield from ((each,) for each in alike)


def _one_per_system(doses: Sequence[Dose]) -> bool:
    """Two partial records of one dossier are two doses as far as that system says."""
    return len({each.dossier for each in doses}) == len(doses)


def _numbers_clash(doses: Iterable[Dose]) -> bool:
    return len({each.number for each in doses if each.number}) > 1


def _sorted(doses: Iterable[Dose]) -> Group:
    return tuple(sorted(doses, key=order_of))


def _first(dose: Dose) -> Any:
    assert dose.when is not None  # noqa: S101 - only full dates come here
    return dose.when.first


def agreed_date(group: Sequence[Dose]) -> tuple[PartialDate | None, str]:
    """The date most of the group tell, the earlier on a tie; a full date before a partial one."""
    told = [(each.when, each.when_text) for each in group if each.when]
    if not told:
        return None, group[0].when_text
    best = min(told, key=lambda one: (not one[0].is_day, -told.count(one), one[0].first, one[1]))
    return best[0], best[1]


def partners(found: Sequence[Group]) -> list[int | None]:
    """For each group the better-known, undoubted group it may be the same as, by place; None for most.

    Groups without a partner are doses that are surely different from one another.
    """
    by_rank = sorted(range(len(found)), key=lambda place: (*_vagueness(found[place]), place))
    undoubted: list[int] = []
    partner: list[int | None] = [None] * len(found)
    for place in by_rank:
        partner[place] = next((other for other in undoubted if _may_be_one(found[place], found[other])), None)
        if partner[place] is None:
            undoubted.append(place)
    return partner


def _vagueness(group: Group) -> tuple[bool, int, int]:
    when, _ = agreed_date(group)
    vague = 3 if when is None else 0 if when.is_day else 1 if when.month else 2
    return all(each.recalled for each in group), vague, -len({each.source for each in group})


def _may_be_one(one: Group, two: Group) -> bool:
    if not one[0].what & two[0].what:
        return False
    first, _ = agreed_date(one)
    second, _ = agreed_date(two)
    both_full = bool(first and second and first.is_day and second.is_day)
    if not both_full and {each.dossier for each in one} & {each.dossier for each in two}:
        return False  # one system telling two doses with vague dates means two doses
    return _near(first, second)


def _near(first: PartialDate | None, second: PartialDate | None) -> bool:
    if first is None or second is None:
        return True
    return first.first - _A_DAY <= second.last and second.first - _A_DAY <= first.last
