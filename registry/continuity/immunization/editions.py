"""The editions of one schedule: which of them a day goes by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from registry.continuity.immunization.schedule import Schedule
from registry.errors import BadInput


@dataclass(frozen=True, slots=True)
class Editions:
    """The editions of a schedule in the order of their validity, which do not overlap."""

    schedules: tuple[Schedule, ...]

    def covers(self, day: date) -> bool:
        """Whether there is an edition to go by on that day."""
        return any(each.validity.covers(day) for each in self.schedules)

    def on(self, day: date) -> Schedule:
        """The edition to go by on a day; doses given before it are held against it too.

        Raises BadInput where none is: a rule that is not yet, or no longer, in force would be an invented one.
        """
        found = next((each for each in self.schedules if each.validity.covers(day)), None)
        if found is None:
            spans = ", ".join(f"{each.validity.first} to {each.validity.last}" for each in self.schedules)
            raise BadInput(
                f"no edition of this schedule holds on {day}; there is {spans}",
                where=self.schedules[0].id,
                remedy="add the edition of that day under schemas/schedules",
            )
        return found


def collect(schedules: Iterable[Schedule]) -> Mapping[str, Editions]:
    """Editions by the id of their schedule. Raises BadInput when two of one schedule hold on the same day."""
    by_id: dict[str, list[Schedule]] = {}
    for each in schedules:
        by_id.setdefault(each.id, []).append(each)
    for id_, held in by_id.items():
        held.sort(key=lambda each: each.validity.first)
        if any(one.validity.last >= other.validity.first for one, other in pairwise(held)):
            raise BadInput("two editions of one schedule hold on the same day", where=id_, remedy="end the older one")
    return {id_: Editions(tuple(held)) for id_, held in by_id.items()}
