"""Which records are one dose, worked out the slow way from the rules as a physician would say them.

Written apart from registry/continuity/history: no groups with lots and notes, only sets of rows and rules over all of
them. It reads vaccine codes through the same tables, for those have tests of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from registry import library
from registry.continuity.history import Record
from registry.fhir import dates

Key = tuple[str, str]
IsPossible = Callable[[date], bool]


@dataclass(frozen=True)
class Row:
    key: Key
    kinds: frozenset[frozenset[str]]
    first: date
    last: date
    lot: str
    number: str
    system: str
    names: frozenset[tuple[str, str]]

    @property
    def full(self) -> bool:
        return self.first == self.last


Block = frozenset[Row]


def partition(records: Iterable[Record], is_possible: IsPossible) -> set[frozenset[Key]]:
    """The keys (dossier, reference) of the records that are one dose, for each dose."""
    rows = {_row(each) for each in records if each.resource.content["status"] == "completed"}
    blocks = _natural({row for row in rows if row.full})
    blocks = _vague(blocks)
    blocks = _parts(blocks)
    vague = {row for row in rows if not row.full}
    blocks = _named(_exchanged(blocks, vague, is_possible))
    blocks = _partial(blocks, vague)
    return {frozenset(row.key for row in block) for block in blocks}


def _row(record: Record) -> Row:
    content = record.resource.content
    meaning = library.load().meaning(content["vaccineCode"])
    when = dates.parse(content.get("occurrenceDateTime", ""))
    applied = content.get("protocolApplied", [{}])[0]
    unknown = frozenset({frozenset({str(content["vaccineCode"])})})
    return Row(
        key=(record.dossier, record.resource.reference),
        kinds=meaning.kinds if meaning.antigens else unknown,
        first=when.first if when else date.min,
        last=when.last if when else date.max,
        lot=re.sub("[^A-Z0-9]", "", content.get("lotNumber", "").upper()),
        number=str(applied.get("doseNumberPositiveInt", "")),
        system=record.dossier,
        names=frozenset((each["system"], each["value"]) for each in content.get("identifier", [])),
    )


def _against(kind: frozenset[str]) -> set[str]:
    return {"PCV" if each == "PPSV" else each for each in kind} - {"oral", "injected"}


def _only_one_a_day(one: frozenset[str], two: frozenset[str]) -> bool:
    """Two vaccines against one disease are not given on a day, but oral and injected polio vaccine are."""
    common = _against(one) & _against(two)
    if common == {"POLIO"} and {"oral"} <= one | two and {"injected"} <= one | two:
        return bool({"oral", "injected"} <= one or {"oral", "injected"} <= two)
    return bool(common)


def _one_a_day(kinds: frozenset[frozenset[str]]) -> bool:
    return all(_only_one_a_day(one, two) for one in kinds for two in kinds)


def _natural(rows: set[Row]) -> set[Block]:
    found: set[Block] = set()
    for kinds in {row.kinds for row in rows}:
        alike = {row for row in rows if row.kinds == kinds}
        runs = _runs({row for row in alike if row.lot})
        bare = {row for row in alike if not row.lot}
        for day in {row.first for row in bare}:
            of_day = {row for row in bare if row.first == day}
            hosts = [run for run in runs if any(row.first == day for row in run)]
            if not _one_a_day(kinds):
                found |= {frozenset({row}) for row in of_day}
            elif len(hosts) == 1:
                runs = [run | of_day if run == hosts[0] else run for run in runs]
            else:
                found.add(frozenset(of_day))
        found |= set(runs)
    return found


def _runs(rows: set[Row]) -> list[Block]:
    """Rows of one lot on a day, or on two days side by side of which neither has another neighbour."""
    found: set[Block] = set()
    for row in rows:
        of_lot = {each for each in rows if each.lot == row.lot}
        beside = {each for each in of_lot if abs((each.first - row.first).days) <= 1}
        further = {each for one in beside for each in of_lot if abs((each.first - one.first).days) <= 1}
        days = {each.first for each in further}
        crowded = (max(days) - min(days)).days > 1
        found.add(frozenset(each for each in beside if each.first == row.first or not crowded))
    return [*found]


def _kinds(block: Block) -> frozenset[frozenset[str]]:
    """Of the vaccine as a whole: the rows that say least can be ignored, and so can parts."""
    return min(
        (row.kinds for row in block),
        key=lambda kinds: (len(kinds), -max(map(len, kinds)), str(sorted(map(sorted, kinds)))),
    )


def _days(block: Block) -> set[date]:
    return {row.first for row in block if row.full}


def _lots(block: Iterable[Row]) -> set[str]:
    return {row.lot for row in block} - {""}


def _systems(block: Iterable[Row]) -> set[str]:
    return {row.system for row in block}


def _vague(blocks: set[Block]) -> set[Block]:
    known = {block for block in blocks if len(_kinds(block)) == 1}
    joins: dict[Block, set[Block]] = {block: set() for block in known}
    found: set[Block] = set()
    for guest in blocks - known:
        hosts = [host for host in known if _must_be(guest, host)]
        if len(hosts) == 1:
            joins[hosts[0]].add(guest)
        else:
            found.add(guest)
    return found | {host.union(*guests) for host, guests in joins.items()}


def _must_be(guest: Block, host: Block) -> bool:
    (kind,) = _kinds(host)
    clash = _lots(guest) and _lots(host) and not _lots(guest) & _lots(host)
    if clash or kind not in _kinds(guest) or not _days(guest) & _days(host):
        return False
    others = _kinds(guest) - {kind}
    return bool(_lots(guest) & _lots(host)) or all(_only_one_a_day(other, kind) for other in others)


def _parts(blocks: set[Block]) -> set[Block]:
    found, used = set(blocks), set[Block]()
    for host in sorted(blocks, key=_first_key):
        if host in used or len(_kinds(host)) != 1:
            continue
        (whole,) = _kinds(host)
        for system in sorted({row.system for block in blocks for row in block} - _systems(host)):
            parts = {
                block
                for block in blocks
                if block not in used
                and system in _systems(block)
                and _days(block) == _days(host)
                and any(kind < whole for kind in _kinds(block))
            }
            flat = [
                antigen for block in parts for kind in _kinds(block) for antigen in sorted(kind - {"oral", "injected"})
            ]
            lots = _lots(chain(host, *parts))
            apart = all(not _systems(block) & _systems(host) for block in parts)
            if parts and sorted(flat) == sorted(whole - {"oral", "injected"}) and len(lots) < 2 and apart:
                found = (found - parts - {host}) | {host.union(*parts)}
                used |= parts
                break
    return found


def _first_key(block: Block) -> tuple[object, ...]:
    return min((row.first, row.last, str(sorted(map(sorted, row.kinds))), row.lot or "~", row.key) for row in block)


def _exchanged(blocks: set[Block], vague: set[Row], is_possible: IsPossible) -> set[Block]:
    wrong = {block for block in blocks if not any(map(is_possible, _days(block)))}
    joins: dict[Block, set[Block]] = {}
    for guest in wrong:
        hosts = [host for host in blocks if _is_right_of(guest, host)]
        own = {row for row in vague if row.system in _systems(guest)}
        if len(hosts) == 1 and hosts[0] not in wrong and not any(_may_be_this(row, hosts[0]) for row in own):
            joins.setdefault(hosts[0], set()).add(guest)
    gone = set(chain.from_iterable(joins.values()))
    return {host.union(*joins.get(host, ())) for host in blocks - gone}


def _is_right_of(wrong: Block, right: Block) -> bool:
    turned = {date(day.year, day.day, day.month) for day in _days(wrong) if day.day <= 12 and day.day != day.month}
    numbers = [{row.number for row in block} - {""} for block in (wrong, right)]
    lots_agree, lots_told = _lots(wrong) & _lots(right), _lots(wrong) and _lots(right)
    if not _one_a_day(_kinds(wrong)):
        return False
    if _kinds(wrong) != _kinds(right) or _systems(wrong) & _systems(right) or not turned & _days(right):
        return False
    if (lots_told and not lots_agree) or numbers[0] != numbers[1]:
        return False
    return bool(lots_agree or numbers[0] or _names(wrong) & _names(right))


def _has_rival(row: Row, rows: set[Row], block: Block) -> bool:
    """Another vague row of that system that may be the same dose."""
    others = {each for each in rows if each.system == row.system and each != row}
    return any(
        _only_one_a_day(one, two) and any(each.first <= day <= each.last for day in _days(block))
        for each in others
        for one in each.kinds
        for two in _kinds(block)
    )


_SOON = {"RABIES", "TYPHOID", "CHOLERA", "JE", "TBE", "oral"}


def _partial(blocks: set[Block], rows: set[Row]) -> set[Block]:
    meant: dict[Row, Block] = {}
    for row in rows:
        hosts = [block for block in blocks if _may_be_this(row, block)]
        if len(hosts) == 1 and _only_this(row, hosts[0]):
            meant[row] = hosts[0]
    joins: dict[Block, set[Row]] = {block: set() for block in blocks}
    for row, host in meant.items():
        strangers = {each for each in rows if meant.get(each) != host}
        if not _has_rival(row, rows, host) and not any(_may_be_one_day(row, each) for each in strangers):
            joins[host].add(row)
    found: set[Block] = set()
    for block, guests in joins.items():
        if all(_may_be_told_twice(one, two) for one in guests for two in guests if one != two):
            found.add(block | guests)
        else:
            found |= {block, *(frozenset({row}) for row in guests)}
    told = {row for block in found for row in block}
    return found | {frozenset({row}) for row in rows - told}


def _may_be_one_day(one: Row, two: Row) -> bool:
    """Two vague rows of two systems that may turn out to be of one day or of two side by side."""
    if one.system == two.system or date.min in (one.first, two.first):
        return False
    if one.lot and two.lot and one.lot != two.lot and not one.names & two.names:
        return False
    touch = one.first <= two.last + timedelta(days=1) and two.first <= one.last + timedelta(days=1)
    return touch and any(_only_one_a_day(a, b) for a in one.kinds for b in two.kinds)


def _may_be_this(row: Row, block: Block) -> bool:
    """A day it can mean is one of the other's days, or beside one; two lots speak against it, a common number for."""
    if row.system in _systems(block):
        return False
    if row.lot and _lots(block) and row.lot not in _lots(block) and not row.names & _names(block):
        return False
    if row.first == date.min:
        return any(_only_one_a_day(a, b) for a in row.kinds for b in _kinds(block))
    days = {row.first + timedelta(days=each) for each in range(-1, (row.last - row.first).days + 2)}
    return bool(days & _days(block)) and any(_only_one_a_day(a, b) for a in row.kinds for b in _kinds(block))


def _may_be_told_twice(one: Row, two: Row) -> bool:
    """Two vague rows of one dose: of two systems, with a name of their own in common, and never three weeks apart."""
    own = [{(row.lot, row.number)} if row.lot and row.number else set[tuple[str, str]]() for row in (one, two)]
    common = (own[0] | one.names) & (own[1] | two.names)
    is_near = max((one.last - two.first).days, (two.last - one.first).days) <= 20
    return one.system != two.system and bool(common) and is_near


def _only_this(row: Row, block: Block) -> bool:
    soon = any(kind & _SOON or kind <= {"HEPA", "HEPB"} for kind in row.kinds) or not _one_a_day(row.kinds)
    numbered = row.number != "" and {each.number for each in block} - {""} == {row.number}
    named = (row.lot != "" and row.lot in _lots(block) and numbered) or row.names & _names(block)
    if soon or not named or row.kinds != _kinds(block) or row.system in _systems(block) or row.first == date.min:
        return False
    return all(max((row.last - day).days, (day - row.first).days) <= 20 for day in _days(block))


def _named(blocks: set[Block]) -> set[Block]:
    """One record that went through two systems keeps its identifier."""
    for one in sorted(blocks, key=_first_key):
        for two in sorted(blocks, key=_first_key):
            if one != two and _is_same_record(one, two):
                return _named((blocks - {one, two}) | {one | two})
    return blocks


def _is_same_record(one: Block, two: Block) -> bool:
    if not _names(one) & _names(two) or _kinds(one) != _kinds(two) or _systems(one) & _systems(two):
        return False
    return _one_a_day(_kinds(one)) and any(abs((a - b).days) <= 1 for a in _days(one) for b in _days(two))


def _names(block: Iterable[Row]) -> set[tuple[str, str]]:
    return {name for row in block for name in row.names}
