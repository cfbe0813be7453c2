"""Villages and towns of the three countries, and what stands in them: a health centre and a school."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from adapters.sdk.world import names

ALMARA, BEKTAR, CORVIA = "XAL", "XBK", "XCV"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A village. `name` is what its own country's files call it, `home` its name in Arabic script, if any."""

    country: str
    number: int
    name: str
    home: str
    district: str

    @property
    def clinic(self) -> str:
        return _CLINICS[self.country].format(self.name)

    @property
    def school(self) -> str:
        return _SCHOOLS[self.country].format(self.name, self.number)


@cache
def of_country(country: str) -> tuple[Place, ...]:
    """The places of a country in the order of the table."""
    rows = [row for row in names.rows("villages") if row["country"] == country]
    return tuple(
        Place(
            country=country,
            number=number,
            name=row[_OWN_NAME[country]],
            home=row["name"],
            district=row["district"],
        )
        for number, row in enumerate(rows, 1)
    )


_OWN_NAME: Mapping[str, str] = {ALMARA: "french", BEKTAR: "english", CORVIA: "cyrillic"}
_CLINICS: Mapping[str, str] = {
    ALMARA: "CS {0}",
    BEKTAR: "{0} Health Centre",
    CORVIA: "Поликлиника {0}",
}
_SCHOOLS: Mapping[str, str] = {
    ALMARA: "École {0}",
    BEKTAR: "{0} Community School",
    CORVIA: "Школа № {1} ({0})",
}
