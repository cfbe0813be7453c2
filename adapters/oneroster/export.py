"""A country's OneRoster export as typed tables: the role of each file and column, what words mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.sdk import mapping, when
from adapters.sdk.manifest import Manifest
from adapters.sdk.mapping import Rule
from registry.fhir.dates import Calendar

_ROLES = {
    "orgs": ("id", "status", "name", "type"),
    "sessions": ("id", "status", "title", "type", "start", "end", "parent", "school-year"),
    "classes": ("id", "status", "grade", "school", "terms"),
    "users": (
        *("id", "status", "role", "schools", "grade", "given", "middle", "family", "mother", "father"),
        *("grandfather", "city", "phone", "identifier", "user-ids", "birth-calendar"),
    ),
    "demographics": ("id", "status", "birth-date", "sex"),
    "enrolments": (
        *("id", "status", "class", "school", "user", "role", "begin", "end", "grade", "language"),
        *("outcome", "outcome-date", "days-present", "days-possible", "modified"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Everything the code must be told about one country's export."""

    manifest: Manifest
    country: str
    notations: tuple[str, ...]
    label_language: str
    files: Mapping[str, Rule]
    columns: Mapping[str, Mapping[str, Rule]]  # by role of the file
    user_ids: Mapping[str, Mapping[str, str]]  # kind and use of an identifier by its type
    sexes: Mapping[str, str]
    calendars: Mapping[str, Calendar]
    outcomes: Mapping[str, str]
    grades: Mapping[str, int]

    @classmethod
    def of(cls, mapped: mapping.Mapping) -> Export:
        """Read the tables. Raises ValueError or KeyError when the mapping is wrong."""
        source = mapped.table("source")
        when.check_notations(source["dates"])
        return cls(
            manifest=mapped.manifest,
            country=str(source["country"]),
            notations=tuple(source["dates"]),
            label_language=str(source["label-language"]),
            files={name.casefold(): rule for name, rule in mapped.rules("files", roles=_ROLES).items()},
            columns={name: mapped.rules(name, roles=roles) for name, roles in _ROLES.items()},
            user_ids=mapped.table("user-ids"),
            sexes=mapped.words("sexes"),
            calendars={word: Calendar(name) for word, name in mapped.words("calendars").items()},
            outcomes=mapped.words("outcomes"),
            grades={label: int(year) for label, year in mapped.table("grades").items()},
        )
