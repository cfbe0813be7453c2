"""A record in the making: the names before they are written, the texts after, the birth date as it will stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.support.families.cultures import Culture
from tests.support.families.desk import Visit
from tests.support.families.kin import Person
from tests.support.families.naming import Fields

Birth = tuple[int, int, int] | tuple[int, int] | tuple[int] | tuple[()]
"""A birth date as far as it is known: year, month, day."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """One record on its way from the truth to the paper."""

    person: Person
    visit: Visit
    names: Fields
    birth: Birth
    texts: dict[str, str] = field(default_factory=dict[str, str])
    quality: str = "day"
    drifts: list[str] = field(default_factory=list[str])

    @property
    def culture(self) -> Culture:
        return self.person.culture

    @property
    def age(self) -> int:
        """Full years at the visit."""
        born, on = self.person.born, self.visit.on
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


Change = Callable[[Draft, Random], bool]
"""What a rule does to a draft; False if there was nothing to do it to."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which records drift: its name, how often it happens where it can, what it does.

    `quality` is what it makes of the birth date, if it is about that.
    """

    name: str
    rate: float
    change: Change
    quality: str = ""
