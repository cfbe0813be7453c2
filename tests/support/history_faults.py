"""Faults planted in the matching of dose records, one at a time: tests that see none of them prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from registry.continuity.history import codes, dose, doubt, plausibility, sameness
from registry.continuity.history.sameness import Group


def _first_host(guest: Any, host: Group) -> bool:
    return bool(guest.days & host.days)


def _any_parts(host: Group, parts: list[Group]) -> bool:
    return bool(parts) and len(host.kinds) == 1


def _by_lot_alone(one: Any, group: Group) -> bool:
    return one.lot is not None and one.lot in group.lots and one.kinds == group.kinds


def _shared_name(one: Group, two: Group) -> bool:
    return one.kinds == two.kinds and bool(one.identifiers & two.identifiers)


def _without_lots(of: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *told: replace(of(*told), lot=None)


def _one_route(of: Callable[..., Any]) -> Callable[..., Any]:
    def told(*given: Any) -> Any:
        found = of(*given)
        return replace(found, kinds=frozenset(kind - codes.ROUTES for kind in found.kinds))

    return told


def _always(*_: Any, **__: Any) -> bool:
    return True


def _never(*_: Any, **__: Any) -> bool:
    return False


FAULTS: Mapping[str, tuple[Any, str, Any]] = {
    "a day apart is three days": (sameness, "A_DAY", timedelta(days=3)),
    "a day apart is the same day": (sameness, "A_DAY", timedelta(days=0)),
    "too close is five weeks": (sameness, "TOO_CLOSE", timedelta(days=35)),
    "oral and injected polio vaccine are one": (dose, "of", _one_route(dose.of)),
    "lots are not read": (dose, "of", _without_lots(dose.of)),
    "any vaccine is given once a day": (sameness, "_is_one_a_day", _always),
    "a vague name is the first of its day": (sameness, "_can_only_be", _first_host),
    "a vague name is never understood": (sameness, "_can_only_be", _never),
    "any doses of a day are parts": (sameness, "_are_whole", _any_parts),
    "parts are never seen": (sameness, "_are_whole", _never),
    "a partial date joins by its lot alone": (sameness, "_can_join", _by_lot_alone),
    "a partial date never joins": (sameness, "_can_join", _never),
    "guests of one host are always one": (sameness, "_are_of_one", _always),
    "a number makes one of all its doses": (sameness, "_is_identified", _shared_name),
    "a number is never understood": (sameness, "_is_identified", _never),
    "an exchanged date always heals": (sameness, "_heals", lambda a, b: a.kinds == b.kinds),
    "an exchanged date never heals": (sameness, "_heals", _never),
    "every date is possible": (plausibility.Life, "holds", _always),
    "doses are kept in the order of arrival": (sameness, "order_of", lambda dose: id(dose)),
    "nothing is in doubt": (doubt, "may_be_one", _never),
    "who tells one of two days means no other": (doubt, "_is_on_two_days", _never),
    "doubt ignores vague dates": (doubt, "_gap", lambda one, two: abs(one[0] - two[0])),
}


@contextmanager
def planted(fault: str) -> Iterator[None]:
    where, name, wrong = FAULTS[fault]
    with patch.object(where, name, wrong):
        yield
