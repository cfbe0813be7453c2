"""What adapters build is valid FHIR of the agreed shape, and says nothing that was not known."""

import re
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.sdk import build
from adapters.sdk.build import Grade, School, Year
from adapters.sdk.when import When
from registry.fhir import CANONICAL
from registry.fhir.dates import PartialDate


def day(year: int, month: int | None = None, number: int | None = None, original: str = "") -> When:
    return When(date=PartialDate(year, month, number), original=original)


def is_valid(content: build.Json) -> bool:
    model: Any = get_fhir_model_class(content["resourceType"])
    return bool(model.model_validate(content))


@given(st.text(min_size=0, max_size=80), st.text(max_size=80))
@example("0\n", "0")
def test_ids_are_well_formed_and_differ_where_the_texts_do(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", build.safe_id(one))
    assert (build.safe_id(one) == build.safe_id(other)) == (one == other)


def test_an_id_that_looks_like_a_hashed_one_cannot_pass_for_it() -> None:
    hashed = build.safe_id("a/b")
    assert build.safe_id(hashed) != hashed


def test_an_id_that_fhir_allows_stays_as_it_is() -> None:
    assert build.safe_id("Kj6vYde4LHh") == "Kj6vYde4LHh"


def test_a_patient_says_what_is_known_and_nothing_else() -> None:
    content = build.patient(
        source="s",
        country="XAL",
        person="p1",
        names=[
            build.human_name(given=["ليلى", ""], family="حداد", use="official"),
            build.human_name(use="usual"),
        ],
        birth=day(2024, 1, 7, original="1445-06-25 hijri"),
        relatives=[build.relative("MTH", build.one_field_name("Fatima")), build.relative("FTH", {})],
        telecom=[build.phone("")],
        addresses=[build.address(country="XAL")],
    )
    assert is_valid(content)
    assert content["name"] == [{"use": "official", "family": "حداد", "given": ["ليلى"]}]
    assert content["_birthDate"]["extension"] == [
        {"url": f"{CANONICAL}/StructureDefinition/original-date", "valueString": "1445-06-25 hijri"}
    ]
    assert [contact["relationship"][0]["coding"][0]["code"] for contact in content["contact"]] == ["MTH"]
    assert {"telecom", "address", "gender", "active"}.isdisjoint(content)


def test_a_mothers_name_in_one_field_is_not_cut_into_parts() -> None:
    assert build.one_field_name("Fatima Zahra  Benali") == {"text": "Fatima Zahra Benali"}


def test_a_dose_of_unknown_date_says_so_and_a_dose_at_birth_has_number_zero() -> None:
    content = build.immunization(
        source="s",
        country="XAL",
        person="p 1",
        event="e1",
        codings=[build.coding(build.CVX, "178")],
        dose_number="0",
        expiry=day(2020, 5),
    )
    assert is_valid(content)
    assert content["occurrenceString"] == "unknown"
    assert content["protocolApplied"] == [{"doseNumberString": "0"}]
    assert content["patient"]["reference"] == f"Patient/{build.safe_id('p 1')}"
    assert "doseQuantity" not in content
    assert "expirationDate" not in content  # half a date expires nothing


def test_a_school_enrolment_has_the_extensions_of_the_profile() -> None:
    content = build.enrolment(
        source="s",
        country="XBK",
        person="p1",
        number="e1",
        status="promoted",
        school=School(number="7", name="School 7"),
        year=Year(label="2022-2023", start=day(2022, 9, 1), end=day(2023, 6, 20)),
        grade=Grade(label="Grade 3", language="en", year_of_schooling=3, mapping="exact"),
        outcome="promoted",
        outcome_as_of=day(2023, 6, 20),
        days_present=0,
        created=day(2022, 9, 1),
    )
    assert is_valid(content)
    names = [each["url"].rsplit("enrolment-", 1)[1] for each in content["extension"]]
    assert names == [
        *("status", "school", "country", "period", "academic-year", "grade", "instruction-language"),
        *("outcome", "attendance", "verification"),
    ]
    values = dict(zip(names, content["extension"], strict=True))
    assert values["instruction-language"]["valueCode"] == "und"
    assert values["period"]["valuePeriod"] == {"start": "2022-09-01"}
    assert values["attendance"]["extension"] == [{"url": "daysPresent", "valueUnsignedInt": 0}]


def test_control_characters_are_removed_and_joiners_are_kept() -> None:
    assert build.clean("  a\x00b\n c ") == "a b c"
    assert build.clean("می\u200cشود") == "می\u200cشود"
