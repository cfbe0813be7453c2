"""Who is asked about: what the engine is told of a person, their doses and what was observed of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Sex(Enum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A birth date, known to the day; sex unknown fits only series that are for everybody or say so."""

    birth: date
    sex: Sex = Sex.UNKNOWN
    country_of_birth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One dose given. `vaccine` is a type of the schedule's code system; `flagged` if it must be repeated.

    A dose after its lot's `expires` day, or flagged (cold chain, recall, wrong site), is sub-standard.
    """

    id: str
    day: date
    vaccine: str
    manufacturer: str = ""
    trade_name: str = ""
    flagged: bool = False
    expires: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something true of the person, by the schedule's own code; `day` is when it was, or began."""

    code: str
    day: date | None = None
