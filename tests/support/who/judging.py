"""A row of a decision table, held against what our engine says of children who are as the row says."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import orjson

from registry.continuity import spans
from registry.continuity.immunization import authored, engine
from registry.continuity.immunization.outcome import GroupForecast, SeriesForecast, SeriesStatus
from registry.continuity.immunization.person import Dose, Observation, Person
from registry.continuity.immunization.schedule import Schedule
from registry.library import FOLDER
from tests.support.who import children, settings, wording
from tests.support.who.children import BIRTH, Child
from tests.support.who.settings import Setting
from tests.support.who.workbook import Row

FILE = FOLDER / "schedules" / "who" / "2023.json"

DUE, NOT_DUE, COMPLETE = "Due", "Not due", "Complete"
CONTRAINDICATED, JUDGE = "Contraindicated", "Further evaluation needed"
_STATUS = re.compile(
    r"(?:Immunization recommendation status|\))\"? ?=? ?[\"']"
    r"(Due|Not due|Complete|Contraindicated|Further evaluation needed)"
)
_TYPES = re.compile(r"\"Type of poliovirus dose\" = \"(bOPV|IPV)\"")
_SAYS: Mapping[SeriesStatus, str] = {
    SeriesStatus.COMPLETE: COMPLETE,
    SeriesStatus.IMMUNE: COMPLETE,
    SeriesStatus.CONTRAINDICATED: CONTRAINDICATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a row: why it was not exercised, or how many children agreed, and what the others were told."""

    row: Row
    expected: str
    """The status (of the vaccine) we disagree about, or the first."""
    why_not: str = ""
    children: int = 0
    agreed: int = 0
    told: tuple[str, ...] = ()

    @property
    def is_exercised(self) -> bool:
        return not self.why_not

    @property
    def agrees(self) -> bool:
        """Of every child made up for it."""
        return self.is_exercised and self.agreed == self.children


def judge(rows: Sequence[Row], children_each: int, raw: bytes = FILE.read_bytes()) -> list[Judged]:
    """Every row, with at most so many children made up for each; `raw` is a schedule file like ours."""
    completes = {row.table for row in rows if COMPLETE in [status for status, _ in expected(row)]}
    return [_judge(row, children_each, raw, may_be_complete=row.table in completes) for row in rows]


def expected(row: Row) -> list[tuple[str, str]]:
    """Every status of an output, with the words after it that say of which vaccine it is."""
    text = wording.plain(row.output)
    found = list(_STATUS.finditer(text))
    ends = [*(each.start() for each in found[1:]), len(text)]
    return [(one[1], text[one.start() : end]) for one, end in zip(found, ends, strict=True)]


def _judge(row: Row, most: int, raw: bytes, *, may_be_complete: bool) -> Judged:
    judged = [_one(row, status, about, most, raw, may_be_complete=may_be_complete) for status, about in expected(row)]
    return next((each for each in judged if not each.is_exercised or each.agreed < each.children), judged[0])


def _one(row: Row, wanted: str, about: str, most: int, raw: bytes, *, may_be_complete: bool) -> Judged:
    setting = settings.of(row, about)
    if setting is None:
        return Judged(row=row, expected=wanted, why_not="our schedule has no such vaccine")
    try:
        conditions = [one for cell in row.inputs for one in wording.conditions(cell)]
    except wording.NotUnderstood:
        return Judged(row=row, expected=wanted, why_not="the condition is not understood")
    found = children.like(conditions, setting, most)
    if not found:
        return Judged(row=row, expected=wanted, why_not="no child can be so")
    same = {wanted}
    if (
        wanted == NOT_DUE
    ):  # nothing is to be given: not yet, no more, must not, or (where a table knows no such word) done
        same |= {CONTRAINDICATED} | (set() if may_be_complete else {COMPLETE})
    told = tuple(_compare(row, about, same, setting, each, raw) for each in found)
    return Judged(row=row, expected=wanted, children=len(found), agreed=told.count(""), told=told)


def _compare(row: Row, about: str, same: Container[str], setting: Setting, child: Child, raw: bytes) -> str:
    """Empty where we say the same; else what we say, and to whom."""
    asked = set(_TYPES.findall(about))
    rules = _schedule(tuple(setting.options.items()), setting.antigens, raw)
    said, types = answer(rules, row, setting, child, asked)
    if said in same and (said != DUE or not asked or asked == types):
        return ""
    doses = ", ".join(f"{each.vaccine}@{(each.day - BIRTH).days}d" for each in child.doses)
    live = f"; live {(child.on - child.live).days}d ago" if child.live else ""
    return f"{said}{sorted(types) if asked else ''} at {(child.on - BIRTH).days}d, doses {doses or 'none'}{live}"


def answer(rules: Schedule, row: Row, setting: Setting, child: Child, asked: set[str]) -> tuple[str, set[str]]:
    """What we say of the antigens the row is about, and the kinds of polio vaccine that are due."""
    doses = [Dose(id=str(place), day=each.day, vaccine=each.vaccine) for place, each in enumerate(child.doses)]
    if child.live:
        doses.append(Dose(id="live", day=child.live, vaccine=child.other_live))
    observed = [Observation(code=each) for each in sorted(child.observations)]
    outcome = engine.forecast(rules, Person(birth=BIRTH, sex=child.sex), doses, observed, child.on)
    group = next(
        (each for each in outcome.groups if set(setting.antigens) & {one.series.antigen for one in each.parts}), None
    )
    if group is None:
        return "no answer", set()
    parts = [each for each in group.parts if each.series.antigen in setting.antigens]
    if setting.only_dose:
        parts = [each if each.next_dose == setting.only_dose else replace(each, recommended=None) for each in parts]
    if ".D5." in row.table and asked:
        parts = [each for each in parts if _kinds(each) & asked]
    return _said(row, group, parts, child), {kind for each in parts if _is_due(each, child) for kind in _kinds(each)}


def _said(row: Row, group: GroupForecast, parts: Sequence[SeriesForecast], child: Child) -> str:
    said = {_part(each, child) for each in parts}
    if CONTRAINDICATED in said:
        return CONTRAINDICATED
    if group.precautions and (".D5." in row.table or not said <= {NOT_DUE} or _is_over(parts, child)):
        return JUDGE
    return next(each for each in (DUE, NOT_DUE, COMPLETE) if each in said)


def _is_over(parts: Iterable[SeriesForecast], child: Child) -> bool:
    """Whether the age for it is past."""
    ends = [each.maximum for part in parts for dose in part.series.doses for each in dose.ages]
    return all(end is not None and spans.add(BIRTH, end) <= child.on for end in ends)


def _part(part: SeriesForecast, child: Child) -> str:
    return DUE if _is_due(part, child) else _SAYS.get(part.status, NOT_DUE)


def _is_due(part: SeriesForecast, child: Child) -> bool:
    return part.status is SeriesStatus.NOT_COMPLETE and part.recommended is not None and part.recommended <= child.on


def _kinds(part: SeriesForecast) -> set[str]:
    doses = part.series.doses
    number = min(part.next_dose or 1, len(doses))
    return {kind for each in doses[number - 1].preferable if (kind := {"178": "bOPV", "10": "IPV"}.get(each.vaccine))}


@lru_cache(maxsize=256)
def _schedule(options: tuple[tuple[str, str], ...], antigens: tuple[str, ...], raw: bytes) -> Schedule:
    """The part of our file that is about these antigens, with the options the table is about.

    Vaccine groups are forecast one by one, and conflicts look at the doses given: the rest would change nothing.
    """
    content: dict[str, Any] = orjson.loads(raw)
    blocks = [each for each in content["antigens"] if not {each.get("name", ""), *each["of"]}.isdisjoint(antigens)]
    kept = {each.get("name") or one for each in blocks for one in each["of"]}
    taken = {name: option for name, option in (content["options"] | dict(options)).items() if name in kept}
    content |= {"options": taken, "variants": [], "antigens": blocks}
    return authored.read(content, _known(), file=FILE.name, raw=raw)[0]


@cache
def _known() -> authored.Known:
    return authored.known(orjson.loads((FOLDER / "maps" / "vaccine-to-antigen.json").read_bytes()))
