"""Bundles: references rewritten, nothing of the source left in the names, the same again for the same input."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.fhir import bundle
from tests.support.accepted import ENROLMENT_RECORD, IMMUNIZATION, PATIENT

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
COMPOSITION = {
    "resourceType": "Composition",
    "id": "s-1",
    "subject": {"reference": "Patient/p-1"},
    "section": [{"entry": [{"reference": "Immunization/d-3/_history/4"}, {"reference": "Organization/else"}]}],
}
ENTRIES = [COMPOSITION, PATIENT, IMMUNIZATION, ENROLMENT_RECORD]


def _document(id: str = "b-1") -> Any:
    return bundle.document(ENTRIES, id=id, timestamp=NOW)


def test_references_between_entries_lead_to_their_new_names() -> None:
    made = _document()
    names = {each["resource"]["resourceType"]: each["fullUrl"] for each in made["entry"]}
    composition, _, dose, enrolment = (each["resource"] for each in made["entry"])
    assert composition["subject"]["reference"] == dose["patient"]["reference"] == names["Patient"]
    assert enrolment["subject"]["reference"] == names["Patient"]
    assert composition["section"][0]["entry"] == [
        {"reference": names["Immunization"]},
        {"reference": "Organization/else"},
    ]


def test_every_name_is_its_own_and_is_the_id_of_its_resource() -> None:
    made = _document()
    names = [each["fullUrl"] for each in made["entry"]]
    assert len(set(names)) == len(names)
    assert names == [f"urn:uuid:{each['resource']['id']}" for each in made["entry"]]


def test_no_id_of_the_source_remains_as_a_name() -> None:
    written = orjson.dumps(_document())
    for id in (b'"p-1"', b'"d-3"', b'"e-9"', b"Patient/p-1"):
        assert id not in written


def test_the_names_do_not_depend_on_the_ids_of_the_source() -> None:
    # Otherwise whoever knows the bundle could try out ids and learn whose record it is.
    other = [{**COMPOSITION, "subject": {"reference": "Patient/zz"}}, {**PATIENT, "id": "zz"}]
    names = [each["fullUrl"] for each in bundle.document(other, id="b-1", timestamp=NOW)["entry"]]
    assert names == [each["fullUrl"] for each in _document()["entry"]][:2]


def test_the_same_input_makes_the_same_bundle_and_another_id_other_names() -> None:
    assert _document() == _document()
    ours, theirs = ({each["fullUrl"] for each in _document(id)["entry"]} for id in ("b-1", "b-2"))
    assert not ours & theirs


def test_a_document_has_what_fhir_asks_of_one() -> None:
    from fhir.resources.R4B.bundle import Bundle

    made = bundle.document(
        [
            {
                **COMPOSITION,
                "status": "final",
                "type": {"text": "summary"},
                "date": "2026-03-01",
                "author": [{"display": "registry"}],
                "title": "Summary",
                "section": [],
            }
            | {"section": [{"title": "doses", "entry": [{"reference": "Immunization/d-3"}]}]},
            PATIENT,
            IMMUNIZATION,
        ],
        id="b-1",
        timestamp=NOW,
    )
    Bundle.model_validate(made)
    assert made["type"] == "document"
    assert made["timestamp"] == "2026-03-01T12:00:30+00:00"
    assert made["identifier"]["value"].startswith("urn:uuid:")


def test_the_entries_handed_in_are_left_as_they_were() -> None:
    before = orjson.dumps(ENTRIES)
    _document()
    assert orjson.dumps(ENTRIES) == before


@pytest.mark.parametrize(
    ("entries", "at"),
    [
        ([], NOW),
        ([PATIENT], NOW),
        ([COMPOSITION, PATIENT, PATIENT], NOW),
        (ENTRIES, NOW.replace(tzinfo=None)),
    ],
    ids=["nothing", "no composition", "one twice", "no time zone"],
)
def test_what_cannot_be_a_document_is_not_made(entries: list[Any], at: datetime) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - several reasons
        bundle.document(entries, id="b-1", timestamp=at)


@given(st.integers(0, 20))
def test_a_collection_holds_its_entries_in_order(count: int) -> None:
    entries = [{"resourceType": "Basic", "id": str(place), "code": {"text": str(place)}} for place in range(count)]
    made = bundle.collection(entries, id="c", timestamp=NOW)
    assert [each["resource"]["code"]["text"] for each in made["entry"]] == [str(place) for place in range(count)]
