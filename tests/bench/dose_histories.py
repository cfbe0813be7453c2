"""Dose histories by the thousand: two doses never one, no certain answer contradicted, and every planted fault seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

from tests.support import history_faults, history_laws, retold, weighed
from tests.support.history_laws import CHEAP, LAWS
from tests.support.weighed import Weighed

A_FULL_LOOK = 10  # every tenth life answers to all laws, the slow way among them


def looked_at(count: int, seed: int) -> tuple[Weighed, Counter[str], list[str]]:
    """What became of `count` lives; laws broken, with examples."""
    whole, broken, examples, dice = Weighed(), Counter[str](), list[str](), Random(seed)
    for number, life in enumerate(retold.lives(count, seed)):
        whole.add(weighed.judged(life, weighed.events(life)))
        for each in history_laws.broken(life, dice, CHEAP if number % A_FULL_LOOK else LAWS):
            broken[each.law] += 1
            examples.append(f"{each.law}: {each.what}")
    return whole, broken, [*whole.examples, *examples][:20]


def unseen_faults(count: int, seed: int) -> list[str]:
    """The planted faults that no law notices in `count` lives."""
    return unseen_faults_among(history_faults.FAULTS, count, seed)


def unseen_faults_among(faults: Iterable[str], count: int, seed: int) -> list[str]:
    return [fault for fault in faults if not _is_seen(fault, count, seed)]


def _is_seen(fault: str, count: int, seed: int) -> bool:
    dice = Random(seed)
    with history_faults.planted(fault):
        return any(_is_broken(life, dice) for life in retold.lives(count, seed))


def _is_broken(life: retold.Life, dice: Random) -> bool:
    return bool(history_laws.broken(life, dice))


def figures(whole: Weighed, broken: Counter[str], unseen: list[str]) -> dict[str, Any]:
    return {
        "holds": not whole.wrong and not broken and not unseen,
        "histories": whole.histories,
        "records": whole.records,
        "doses": whole.doses,
        "told_again": whole.repeats,
        "wrongly_one": whole.wrong,
        "left_apart_and_marked": whole.marked,
        "left_apart_unmarked": whole.missed,
        "marked_though_two": whole.doubted,
        "laws_broken": dict(broken),
        "faults_planted": len(history_faults.FAULTS),
        "faults_unseen": unseen,
    }
