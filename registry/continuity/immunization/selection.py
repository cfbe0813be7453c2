"""Which series of a series group a person follows (8.1 to 8.7), and which groups matter (8.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from registry.continuity.immunization.forecasting import Prospect
from registry.continuity.immunization.outcome import DoseStatus, SeriesStatus
from registry.continuity.immunization.schedule import LAST_DAY, SeriesType

_Test = Callable[[Prospect, Sequence[Prospect]], bool]


def best(prospects: Sequence[Prospect]) -> tuple[Prospect, ...]:
    """The best series of one antigen: at most one for each series group."""
    groups: dict[str, list[Prospect]] = {}
    for each in prospects:
        groups.setdefault(each.progress.series.group, []).append(each)
    chosen = {group: found for group, members in groups.items() if (found := prioritized(members)) is not None}
    return tuple(each for each in chosen.values() if _is_best(each, chosen))


def _is_best(each: Prospect, chosen: Mapping[str, Prospect]) -> bool:
    """Table 8-14."""
    if is_complete(each):
        return True
    series = each.progress.series
    equivalent = [chosen[group] for group in series.equivalent_groups if group in chosen]
    if any(is_complete(other) for other in equivalent) or series.type is SeriesType.EVALUATION_ONLY:
        return False
    is_risk = series.type is SeriesType.RISK
    return is_risk or all(other.progress.series.type is not SeriesType.RISK for other in equivalent)


def is_complete(each: Prospect) -> bool:
    """SELECTB-6."""
    return each.forecast.status is SeriesStatus.COMPLETE


def _is_in_process(each: Prospect) -> bool:
    """SELECTB-16."""
    return each.progress.valid_doses > 0 and each.forecast.status is SeriesStatus.NOT_COMPLETE


def prioritized(members: Sequence[Prospect]) -> Prospect | None:
    """Table 8-3, and scoring where it does not decide."""
    candidates = scorable(members)
    # Where the data name several defaults, the first choice among them is the default.
    defaults = sorted((each for each in members if each.progress.series.is_default), key=_preference)
    defaults = [each for each in defaults if may_start(each)]
    if len(candidates) <= 1:
        return next(iter([*candidates, *defaults]), None)
    complete = [each for each in candidates if is_complete(each)]
    in_process = [each for each in candidates if _is_in_process(each)]
    for finalists, table in ((complete, _COMPLETE), (in_process, _IN_PROCESS)):
        if finalists:
            return _winner(finalists, table)
    return defaults[0] if defaults else _winner(candidates, _NO_VALID_DOSES)


def scorable(members: Sequence[Prospect]) -> list[Prospect]:
    """SELECTB-24 and SELECTSCORE-2."""
    open_ = [each for each in members if each.forecast.status is not SeriesStatus.CONTRAINDICATED]
    candidates = [each for each in open_ or members if may_start(each)]
    first = min(each.progress.series.priority for each in members)
    untouched = not any(each.progress.valid_doses for each in members)
    has_default = any(each.progress.series.is_default for each in members)
    tests: Mapping[SeriesType, Callable[[Prospect], bool]] = {
        SeriesType.RISK: lambda each: each.progress.series.priority <= first,
        SeriesType.STANDARD: lambda each: _began_in_time(each) or (untouched and not has_default),
        SeriesType.EVALUATION_ONLY: is_complete,
    }
    return [each for each in candidates if tests[each.progress.series.type](each)]


def may_start(each: Prospect) -> bool:
    """Nobody follows a series before its minimum age to start (attribute of Select Series) unless a dose counts."""
    first = each.progress.series.minimum_age_to_start
    return first is None or each.progress.valid_doses > 0 or each.progress.case.on >= each.progress.case.age(first)


def _began_in_time(each: Prospect) -> bool:
    """Whether the first valid dose came before the maximum age to start."""
    first = min((one.dose.day for one in each.progress.records if one.status is DoseStatus.VALID), default=None)
    latest_age = each.progress.series.maximum_age_to_start
    return first is not None and (latest_age is None or first < each.progress.case.age(latest_age))


def _winner(finalists: Sequence[Prospect], table: Iterable[tuple[_Test, int, int, int]]) -> Prospect:
    """SELECTBEST-1 and SELECTBEST-2."""
    points = dict.fromkeys(range(len(finalists)), 0)
    for test, alone, shared, otherwise in table:
        holds = [test(each, finalists) for each in finalists]
        reward = shared if sum(holds) > 1 else alone
        for place, held in enumerate(holds):
            points[place] += reward if held else otherwise
    return finalists[min(points, key=lambda place: (-points[place], _preference(finalists[place])))]


def _preference(each: Prospect) -> int:
    preference = each.progress.series.preference
    return preference if preference is not None else len(each.progress.case.schedule.antigens) ** 3


def _most_valid(each: Prospect, others: Sequence[Prospect]) -> bool:
    """SELECTB-19."""
    return each.progress.valid_doses == max(other.progress.valid_doses for other in others)


def _is_product(each: Prospect, others: Sequence[Prospect]) -> bool:
    """SELECTB-23."""
    del others
    return each.progress.series.is_product_path


def _is_valid_product(each: Prospect, others: Sequence[Prospect]) -> bool:
    """SELECTB-2 with SELECTB-23."""
    judged = (one for one in each.progress.records if one.target is not None)
    return _is_product(each, others) and all(one.status is DoseStatus.VALID for one in judged)


def _is_completable(each: Prospect, others: Sequence[Prospect]) -> bool:
    """SELECTB-3."""
    del others
    return each.is_completable


def _left(each: Prospect) -> int:
    return sum(target.is_open for target in each.progress.targets)


def _closest(each: Prospect, others: Sequence[Prospect]) -> bool:
    """SELECTB-5."""
    return _left(each) == min(_left(other) for other in others)


def _finishes_earliest(each: Prospect, others: Sequence[Prospect]) -> bool:
    """SELECTB-11."""
    finishes = [_day(other.finish) for other in others if other.is_completable]
    return each.is_completable and _day(each.finish) == min(finishes)


def _starts_earliest(each: Prospect, others: Sequence[Prospect]) -> bool:
    """SELECTB-14."""
    start = each.forecast.earliest
    return start is not None and start == min(_day(other.forecast.earliest) for other in others)


def _day(day: date | None) -> date:
    return day or LAST_DAY


# Points: true of this one alone, true of several, not true (tables 8-7, 8-9, 8-11).
_COMPLETE = ((_most_valid, 1, 0, -1),)
_IN_PROCESS = (
    (_is_valid_product, 2, 2, -2),
    (_is_completable, 3, 3, -3),
    (_most_valid, 2, 0, -2),
    (_closest, 2, 0, -2),
    (_finishes_earliest, 1, 0, -1),
)
_NO_VALID_DOSES = (
    (_starts_earliest, 1, 0, -1),
    (_is_completable, 1, 1, -1),
    (_is_product, -1, -1, 1),
)
