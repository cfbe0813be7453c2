"""What is told of a person and their doses, when days may be known only partly and doses may be doubted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from registry.continuity.immunization.person import Dose, Person, Sex
from registry.continuity.spans import Days


class Doubt(Enum):
    """Why a dose may not be one; each is reason enough to ask what holds without it."""

    TOLD = "told-only"
    DISPUTED = "disputed"
    DUPLICATE = "possible-duplicate"
    IMPLAUSIBLE = "implausible"
    UNDATED = "undated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """A person born on one of the days of `birth`; else as `person.Person`."""

    birth: Days
    sex: Sex = Sex.UNKNOWN
    country_of_birth: str = ""

    def born(self, day: date) -> Person:
        return Person(birth=day, sex=self.sex, country_of_birth=self.country_of_birth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A dose given on one of `days`; else as `person.Dose`."""

    id: str
    days: Days
    vaccine: str
    manufacturer: str = ""
    trade_name: str = ""
    flagged: bool = False
    expires: date | None = None
    doubts: frozenset[Doubt] = frozenset()

    def on(self, day: date) -> Dose:
        return Dose(
            id=self.id,
            day=day,
            vaccine=self.vaccine,
            manufacturer=self.manufacturer,
            trade_name=self.trade_name,
            flagged=self.flagged,
            expires=self.expires,
        )


def digest(doses: Sequence[Given]) -> str:
    """SHA-256, in hex, of what the doses are: neither their ids nor their order nor whose they are."""
    told = sorted(
        "\t".join(
            (
                each.days.first.isoformat(),
                each.days.last.isoformat(),
                each.vaccine,
                each.manufacturer,
                each.trade_name,
                str(each.flagged),
                each.expires.isoformat() if each.expires else "",
            )
        )
        for each in doses
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
