"""A register's mapping as typed tables: which code plays which role, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.sdk import mapping, when
from adapters.sdk.manifest import Manifest
from adapters.sdk.mapping import Rule, Vaccine
from registry.fhir.dates import Calendar

_PERSON_ROLES = (
    ("given", "father", "grandfather", "family", "mother"),
    ("sex", "birth-date", "birth-calendar", "birth-precision"),
    ("city", "district", "phone", "identifier"),
)
_DOSE_ROLES = (
    ("vaccine", "dose-date", "dose-number", "lot", "expiry", "manufacturer"),
    ("dose-source", "not-given-reason"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Everything the code must be told about one country's register."""

    manifest: Manifest
    country: str
    notations: tuple[str, ...]
    default_form: str
    name_forms: Mapping[str, str]
    programs: Mapping[str, Rule]
    attributes: Mapping[str, Rule]
    data_elements: Mapping[str, Rule]
    vaccines: Mapping[str, Vaccine]
    sexes: Mapping[str, str]
    calendars: Mapping[str, Calendar]
    event_status: Mapping[str, str]
    dose_sources: Mapping[str, str]
    not_given_reasons: Mapping[str, str]
    ignored: Mapping[str, str]

    @classmethod
    def of(cls, mapped: mapping.Mapping) -> Register:
        """Read the tables. Raises ValueError or KeyError when the mapping is wrong."""
        source = mapped.table("source")
        when.check_notations(source["dates"])
        return cls(
            manifest=mapped.manifest,
            country=str(source["country"]),
            notations=tuple(source["dates"]),
            default_form=str(source["default-form"]),
            name_forms=mapped.words("name-forms"),
            programs=mapped.rules("programs", roles=("immunization",)),
            attributes=mapped.rules("attributes", roles=sum(_PERSON_ROLES, ())),
            data_elements=mapped.rules("data-elements", roles=sum(_DOSE_ROLES, ())),
            vaccines=mapped.vaccines(),
            sexes=mapped.words("sexes"),
            calendars={word: Calendar(name) for word, name in mapped.words("calendars").items()},
            event_status=mapped.words("event-status"),
            dose_sources=mapped.words("dose-sources"),
            not_given_reasons=mapped.words("not-given-reasons"),
            ignored=mapped.words("ignored"),
        )
