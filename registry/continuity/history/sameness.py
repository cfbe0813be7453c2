"""When several records are one dose.

The natural key of a dose (UZ Core Immunization profile; Swiss CH VACD for the doubtful cases): the same kind of vaccine
and day, unless two lots say otherwise; a day apart with one lot, and no third day beside them. Beyond it, records are
one dose only where nothing else can be meant: a vaguely named vaccine that could not have been given beside the one of
its day; the components of a combination told apart by another system; an impossible date that, day and month exchanged,
is the day another system tells; partial dates of one lot and dose number, all of whose days lie too close for a second
dose, beside one full date only; one business identifier. Everything else stays apart, for `doubt` to mark. The order of
records never matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import combinations, groupby

from registry.continuity.history import written
from registry.continuity.history.codes import ROUTES
from registry.continuity.history.dose import Dose, Kind, order_of
from registry.fhir.dates import PartialDate

A_DAY = timedelta(days=1)
_POLIO = frozenset(("POLIO",))
# No schedule repeats a vaccine within 20 days, but these: rabies (days 0, 3, 7), typhoid (oral), cholera (one week),
# Japanese encephalitis (days 0 and 7), tick-borne encephalitis (two weeks), hepatitis A and B (days 0, 7, 21) and oral
# polio vaccine in campaigns (WHO position papers; CDSi supporting data 4.64, minimum intervals).
TOO_CLOSE = timedelta(days=20)
_REPEATED_SOON = frozenset(("RABIES", "TYPHOID", "CHOLERA", "JE", "TBE", "oral"))
_HEPATITIS = frozenset(("HEPA", "HEPB"))


@dataclass(frozen=True, slots=True)
class Group:
    """The records of one dose. `kinds`: what it can be. `notes`: how records came together that differ."""

    doses: tuple[Dose, ...]
    kinds: frozenset[Kind]
    notes: frozenset[str] = frozenset()

    @property
    def dossiers(self) -> set[str]:
        return {each.dossier for each in self.doses}

    @property
    def lots(self) -> set[str]:
        return {each.lot for each in self.doses if each.lot}

    @property
    def days(self) -> set[PartialDate]:
        return {each.when for each in self.doses if each.when and each.when.is_day}

    @property
    def identifiers(self) -> set[tuple[str, str]]:
        return {each for dose in self.doses for each in dose.identifiers}

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """What names this dose among those of its vaccine: a business identifier, or lot and number together."""
        numbers = self.numbers if len(self.numbers) == 1 else ()
        return frozenset((lot, number) for lot in self.lots for number in numbers) | self.identifiers

    @property
    def numbers(self) -> set[str]:
        return {each.number for each in self.doses if each.number}


IsPossible = Callable[[PartialDate], bool]
"""Whether a dose can have been given on a date: after birth, before today."""


def groups(doses: Iterable[Dose], is_possible: IsPossible) -> list[Group]:
    """Every dose in exactly one group; a group is one dose event."""
    several = sorted(doses, key=order_of)
    full = [each for each in several if each.is_full]
    found = [
        group
        for alike in _by_key(full, lambda each: each.kinds)
        for group in map(_of, _full_groups(alike))
    ]  # fmt: skip
    found = _join_parts(_sorted(_name_vague(_sorted(found))))
    partial = [each for each in several if not each.is_full]
    found = _join_exchanged(_sorted(found), partial, is_possible)
    return _sorted(_join_partial(partial, _identified(found)))


@cache
def excludes(one: Kind, two: Kind) -> bool:
    """Whether doses of two kinds are never given on one day: they are against one disease.

    Oral and injected polio vaccine may be given together (WHO position paper on polio vaccines, 2022: IPV with bOPV).
    """
    shared, routes = _diseases(one) & _diseases(two), (one & ROUTES, two & ROUTES)
    together = shared == _POLIO and all(routes) and routes[0] != routes[1]
    return bool(shared) and not together


def _diseases(kind: Kind) -> frozenset[str]:
    """Conjugate and polysaccharide pneumococcal vaccine are given weeks apart (CDSi supporting data 4.64)."""
    return frozenset("PCV" if each == "PPSV" else each for each in kind - ROUTES)


def _of(doses: Iterable[Dose]) -> Group:
    held = tuple(sorted(doses, key=order_of))
    return Group(held, held[0].kinds)


def _sorted(found: Iterable[Group]) -> list[Group]:
    return sorted(found, key=_order)


def _order(group: Group) -> tuple[object, ...]:
    return order_of(group.doses[0])


def _joined(host: Group, guests: Iterable[Group], note: str) -> Group:
    doses = (*host.doses, *(each for guest in guests for each in guest.doses))
    notes = host.notes.union(*(each.notes for each in guests), (note,) if note else ())
    return Group(tuple(sorted(doses, key=order_of)), host.kinds, notes)


def _by_key(doses: Iterable[Dose], key: Callable[[Dose], Hashable]) -> list[list[Dose]]:
    found: defaultdict[Hashable, list[Dose]] = defaultdict(list)
    for dose in doses:
        found[key(dose)].append(dose)
    return list(found.values())


def _full_groups(alike: Sequence[Dose]) -> Iterator[Sequence[Dose]]:
    """Doses of like kinds with full dates: by lot over neighbouring days, then the ones without a lot."""
    lots = [run for same in _by_key((d for d in alike if d.lot), lambda d: d.lot) for run in _runs(same)]
    for same_day in _by_key((d for d in alike if not d.lot), lambda d: d.when):
        hosts = [run for run in lots if any(each.when == same_day[0].when for each in run)]
        if not _is_one_a_day(alike[0].kinds):
            yield from ([each] for each in same_day)
        elif len(hosts) == 1:
            hosts[0].extend(same_day)
        else:  # no lot to join, or two different ones: it stays by itself
            yield same_day
    yield from lots


def _is_one_a_day(kinds: frozenset[Kind]) -> bool:
    """Whether only one dose of these kinds is given on a day; "polio" alone may be the oral and the injected one."""
    return all(excludes(one, two) for one in kinds for two in kinds)


def _are_alike(one: frozenset[Kind], two: frozenset[Kind]) -> bool:
    return one == two and _is_one_a_day(one)


def _runs(same_lot: Sequence[Dose]) -> Iterator[list[Dose]]:
    """Cut doses of one lot into neighbouring days; where that is more than two, a day each: nobody knows which two."""
    run: list[Dose] = []
    for dose in same_lot:  # already in order of dates
        if run and first_day(dose) - first_day(run[-1]) > A_DAY:
            yield from _of_a_day_or_two(run)
            run = []
        run.append(dose)
    yield from _of_a_day_or_two(run)


def _of_a_day_or_two(run: list[Dose]) -> list[list[Dose]]:
    if not run or first_day(run[-1]) - first_day(run[0]) <= A_DAY:
        return [run] if run else []
    return _by_key(run, first_day)


def _name_vague(found: list[Group]) -> list[Group]:
    """Put a group whose vaccine is vaguely named with the only one of its day it can be."""
    hosts, wanted = [each for each in found if len(each.kinds) == 1], defaultdict[int, list[Group]](list)
    left: list[Group] = []
    for guest in (each for each in found if len(each.kinds) > 1):
        fitting = [place for place, host in enumerate(hosts) if _can_only_be(guest, host)]
        (wanted[fitting[0]] if len(fitting) == 1 else left).append(guest)
    return [_joined(host, wanted[place], "") for place, host in enumerate(hosts)] + left


def _can_only_be(guest: Group, host: Group) -> bool:
    (kind,) = host.kinds
    if (
        not guest.days & host.days
        or kind not in guest.kinds
        or (guest.lots and host.lots and not guest.lots & host.lots)
    ):
        return False
    return bool(guest.lots & host.lots) or all(each == kind or excludes(each, kind) for each in guest.kinds)


def _join_parts(found: list[Group]) -> list[Group]:
    """Put the components of a combination, told apart by another system, with the combination of that day."""
    gone: set[int] = set()
    joined = dict(enumerate(found))
    for _, places in groupby(
        sorted(joined, key=lambda each: str(sorted(found[each].days))), lambda each: found[each].days
    ):
        day = list(places)
        for place in day:
            parts = _parts(found, place, [each for each in day if each not in gone])
            if parts and place not in gone:
                joined[place] = _joined(joined[place], [found[each] for each in parts], "told-in-parts")
                gone.update(parts)
    return [joined[place] for place in joined if place not in gone]


def _parts(found: Sequence[Group], place: int, day: Sequence[int]) -> list[int]:
    """The groups that together are exactly the combination at `place`, all told by one system that does not tell it."""
    host = found[place]
    smaller = [each for each in day if all(one < host_kind for one in found[each].kinds for host_kind in host.kinds)]
    for dossier in sorted({name for each in smaller for name in found[each].dossiers} - host.dossiers):
        parts = [each for each in smaller if dossier in found[each].dossiers]
        if _are_whole(host, [found[each] for each in parts]):
            return parts
    return []


def _are_whole(host: Group, parts: Sequence[Group]) -> bool:
    kinds = [kind - ROUTES for part in parts for kind in part.kinds]
    whole = {antigen for kind in host.kinds for antigen in kind - ROUTES}
    lots = host.lots.union(*(each.lots for each in parts))
    apart = not any(each.dossiers & host.dossiers for each in parts)
    disjoint = sum(len(each) for each in kinds) == len(whole) and set[str]().union(*kinds) == whole
    return len(host.kinds) == 1 and len(kinds) == len(parts) and disjoint and apart and len(lots) <= 1


def _join_exchanged(found: list[Group], partial: Sequence[Dose], is_possible: IsPossible) -> list[Group]:
    """Put an impossible day with the only one it is with day and month exchanged, where lot or dose number agree."""
    wrong = [place for place, group in enumerate(found) if not any(map(is_possible, group.days))]
    host = {each: [place for place, other in enumerate(found) if _heals(found[each], other)] for each in wrong}
    healed = {
        each: places[0]
        for each, places in host.items()
        if len(places) == 1 and places[0] not in wrong and not _is_told_else(found[each], found[places[0]], partial)
    }
    guests = defaultdict[int, list[Group]](list)
    for each, place in healed.items():
        guests[place].append(found[each])
    left = ((place, group) for place, group in enumerate(found) if place not in healed)
    return [_joined(group, guests[place], "day-month-exchanged") if place in guests else group for place, group in left]


def _heals(wrong: Group, right: Group) -> bool:
    agree = wrong.lots & right.lots or wrong.numbers & right.numbers or wrong.identifiers & right.identifiers
    clash = (wrong.lots and right.lots and not wrong.lots & right.lots) or wrong.numbers ^ right.numbers
    apart = _are_alike(wrong.kinds, right.kinds) and not wrong.dossiers & right.dossiers
    return bool(agree) and not clash and apart and are_exchanged(wrong.days, right.days)


def _is_told_else(wrong: Group, right: Group, partial: Sequence[Dose]) -> bool:
    """Whether a system of the wrong day may mean the right one by a partial date."""
    return any(each.dossier in wrong.dossiers and _may_be(each, right) for each in partial)


def are_exchanged(one: set[PartialDate], two: set[PartialDate]) -> bool:
    """Whether one group tells a day that is the other's with day and month exchanged."""
    return any(written.exchanged(each) in two for each in one)


def _join_partial(partial: Sequence[Dose], days: Sequence[Group]) -> list[Group]:
    """Give each partial dose to the one full dose it can only be; what is left stays by itself."""
    meant = [(each, _host(each, days)) for each in partial]
    wanted: defaultdict[int, list[Dose]] = defaultdict(list)
    left: list[Dose] = []
    for dose, host in meant:
        if host is None or not _is_alone(dose, host, meant, days):
            left.append(dose)
        else:
            wanted[host].append(dose)
    joined = list(days)
    for place, guests in wanted.items():
        if _are_of_one(guests):
            joined[place] = _joined(joined[place], [_of(guests)], "")
        else:
            left.extend(guests)
    return joined + [_of((each,)) for each in left]


def _is_alone(dose: Dose, host: int, meant: Sequence[tuple[Dose, int | None]], days: Sequence[Group]) -> bool:
    """Whether no other partial dose can be its host as well, or could be of its day without being the host."""
    return not any(
        _rivals(dose, other, days[host]) or (place != host and _may_meet(dose, other)) for other, place in meant
    )


def _host(dose: Dose, days: Sequence[Group]) -> int | None:
    """The place of the one full dose a partial one can only be."""
    may = [place for place, group in enumerate(days) if _may_be(dose, group)]
    return may[0] if len(may) == 1 and _can_join(dose, days[may[0]]) else None


def _may_meet(one: Dose, two: Dose) -> bool:
    """Whether days known later could make one dose of two partial ones."""
    if one.when is None or two.when is None or one.dossier == two.dossier:
        return False
    clash = one.lot and two.lot and one.lot != two.lot and not one.identifiers & two.identifiers
    is_near = max(one.when.first - two.when.last, two.when.first - one.when.last) <= A_DAY
    return not clash and is_near and any(excludes(a, b) for a in one.kinds for b in two.kinds)


def _may_be(dose: Dose, group: Group) -> bool:
    """Whether some day it can mean would make the partial dose the full one; two lots of two records are two."""
    if dose.dossier in group.dossiers:
        return False
    clash = dose.lot and group.lots and dose.lot not in group.lots and not dose.identifiers & group.identifiers
    alike = any(excludes(one, two) for one in dose.kinds for two in group.kinds)
    return not clash and alike and any(_may_be_beside(dose.when, day) for day in group.days)


def _may_be_beside(when: PartialDate | None, day: PartialDate) -> bool:
    """Whether a date, which may be unknown, can turn out to be this day or one next to it."""
    return when is None or when.first - A_DAY <= day.first <= when.last + A_DAY


def _can_join(dose: Dose, group: Group) -> bool:
    """One name for both, and no day it can mean is far enough for another dose: then there is no other dose."""
    named = _of((dose,)).names & group.names
    apart = _are_alike(dose.kinds, group.kinds) and dose.dossier not in group.dossiers
    if not named or not apart or dose.when is None:
        return False
    return all(are_too_close(dose.when, day, dose.kinds) for day in group.days)


def _rivals(dose: Dose, other: Dose, host: Group) -> bool:
    """Whether another partial dose of the same system can be the host as well."""
    if other is dose or other.dossier != dose.dossier:
        return False
    alike = any(excludes(one, two) for one in other.kinds for two in host.kinds)
    return alike and (other.when is None or any(other.when.may_be(day) for day in host.days))


def are_too_close(one: PartialDate, two: PartialDate, kinds: Iterable[Kind]) -> bool:
    """Whether all days two dates can mean lie too close for two doses of a vaccine."""
    apart = max(one.last - two.first, two.last - one.first)
    return apart <= TOO_CLOSE and not any(is_repeated_soon(each) for each in kinds)


def is_repeated_soon(kind: Kind) -> bool:
    """Whether some schedule repeats the vaccine within `TOO_CLOSE`."""
    return bool(kind & _REPEATED_SOON) or kind <= _HEPATITIS


def _are_of_one(guests: Sequence[Dose]) -> bool:
    """Whether partial doses that can only be one full dose can only be one with each other, too.

    Two of one dossier are two doses as far as that system says. And of two that share no name, or may lie far apart,
    a day known later could tell that they are not one: then neither was surely the host.
    """
    return all(_can_be_one_partial(one, two) for one, two in combinations(guests, 2))


def _can_be_one_partial(one: Dose, two: Dose) -> bool:
    named = _of((one,)).names & _of((two,)).names
    is_near = one.when is not None and two.when is not None and are_too_close(one.when, two.when, one.kinds)
    return one.dossier != two.dossier and bool(named) and is_near


def _identified(found: Sequence[Group]) -> list[Group]:
    """Put together groups that share a business identifier, a kind and a day or neighbouring days.

    Without the days a card number, written on every dose, would make one of all.
    """
    merged: list[Group] = []
    for group in _sorted(found):
        place = next((place for place, other in enumerate(merged) if _is_identified(group, other)), None)
        if place is None:
            merged.append(group)
        else:
            merged[place] = _joined(merged[place], [group], "")
    return merged if len(merged) == len(found) else _identified(merged)  # what is together may meet a third


def _is_identified(one: Group, two: Group) -> bool:
    if not _are_alike(one.kinds, two.kinds) or one.dossiers & two.dossiers or not one.identifiers & two.identifiers:
        return False
    return any(abs(a.first - b.first) <= A_DAY for a in one.days for b in two.days)


def first_day(dose: Dose) -> date:
    assert dose.when is not None  # noqa: S101 - only full dates come here
    return dose.when.first


def agreed_date(group: Group, is_possible: IsPossible) -> tuple[PartialDate | None, str]:
    """The date most of the group tell, possible and full ones first, the earlier on a tie."""
    told = [(each.when, each.when_text) for each in group.doses if each.when]
    if not told:
        return None, group.doses[0].when_text
    best = min(
        told, key=lambda one: (not one[0].is_day, not is_possible(one[0]), -told.count(one), one[0].first, one[1])
    )
    return best[0], best[1]
