"""The law of partly known days, tried on generated cases: the answer against the engine, completion by completion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from random import Random

from registry.continuity.immunization import uncertain
from registry.continuity.immunization.schedule import Schedule
from tests.support import completions, small_schedules
from tests.support.small_schedules import Asked


@dataclass(slots=True)
class Count:
    """What was tried and found; `faults` says of which case what was wrong."""

    cases: int = 0
    exhaustive: int = 0
    completions: int = 0
    groups: int = 0
    uncertain: int = 0
    unclaimed: int = 0
    faults: list[str] | None = None

    def __str__(self) -> str:
        return (
            f"{self.cases} histories ({self.exhaustive} with every completion), {self.completions} completions, "
            f"{self.groups} groups, {self.uncertain} uncertain, {self.unclaimed} without a claim, "
            f"{len(self.faults or [])} faults"
        )


def case(seed: int) -> tuple[Schedule, Asked]:
    rng = Random(seed)
    schedule = small_schedules.schedule(rng)
    longest, every = rng.choice((9, 31, 120, 365)), rng.choice((0.2, 0.5, 0.9))
    return schedule, small_schedules.asked(rng, longest=longest, every=every)


def tried(seeds: range, *, exhaustive: int = 600, drawn: int = 12) -> Count:
    """Every case of these seeds; stops after ten faults. Up to so many completions are tried all; of more, some."""
    count = Count(faults=[])
    for seed in seeds:
        faults = list(_faults(seed, count, exhaustive, drawn))
        assert count.faults is not None
        count.faults += [f"seed {seed}: {each}" for each in faults]
        if len(count.faults) > 10:
            break
    return count


def _faults(seed: int, count: Count, exhaustive: int, drawn: int) -> Iterator[str]:
    schedule, asked = case(seed)
    answer = uncertain.forecast(schedule, asked.someone, asked.doses, (), asked.on)
    unknowns = [asked.someone.birth, *(each.days for each in asked.doses)]
    is_exhaustive = prod((each.last - each.first).days + 1 for each in unknowns) <= exhaustive
    days = completions.every(asked) if is_exhaustive else completions.drawn(Random(seed), asked, drawn)
    outcomes = [completions.ask(schedule, asked, each) for each in days]
    count.cases += 1
    count.exhaustive += is_exhaustive
    count.completions += len(outcomes)
    count.groups += len(answer.groups)
    count.uncertain += sum(not each.is_certain for each in answer.groups)
    count.unclaimed += sum(not each.courses for each in answer.groups)
    for outcome in outcomes:
        yield from completions.contradictions(answer, outcome)
    if is_exhaustive and all(each.courses for each in answer.groups):
        yield from completions.needless(answer, outcomes)
