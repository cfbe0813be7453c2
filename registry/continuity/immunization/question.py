"""A history whose days are all known, as the engine takes it; `told` reads what is known only partly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.continuity.immunization import told
from registry.continuity.immunization.outcome import Flag, Problem
from registry.continuity.immunization.person import Dose, Observation, Person
from registry.continuity.immunization.schedule import Schedule
from registry.errors import BadInput

MOST_DOSES = told.MOST_DOSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was read; `flags` tells of every dose that could not be used."""

    person: Person
    doses: tuple[Dose, ...]
    observations: tuple[Observation, ...]
    flags: tuple[Flag, ...]


def read(content: Any, schedule: Schedule) -> Question:
    """Read a history. Raises BadInput where nobody, or more than one person, is asked about, or a birth date is not
    known to the day."""
    found = told.read(content, schedule, date.max)
    birth = found.someone.birth
    if birth.first != birth.last:
        raise BadInput("the birth date is not known to the day", where="history", remedy="give its day")
    unknown = {each.id for each in found.doses if each.days.first != each.days.last}
    return Question(
        person=found.someone.born(birth.first),
        doses=tuple(each.on(each.days.first) for each in found.doses if each.id not in unknown),
        observations=found.observations,
        flags=(*found.flags, *(Flag(about=each, problem=Problem.DAY_UNKNOWN) for each in sorted(unknown))),
    )
