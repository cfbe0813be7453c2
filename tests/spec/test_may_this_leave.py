"""May this leave?  The table of decisions in schemas/policies/decisions.json, row by row, for people to read."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from registry.consent import decision, dialect, grant
from registry.consent.request import Facts, Item, OrganisationKind, Request
from registry.consent.texts import ContentClass
from registry.fhir import dates, resource
from registry.fhir.dates import PartialDate
from registry.fhir.terminology import Coding
from tests.support import naive_consent
from tests.support.naive_consent import Defect

TABLE = json.loads((Path(__file__).parents[2] / "schemas" / "policies" / "decisions.json").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = TABLE["rows"]
CHILD = "Patient/child"
GRANTORS = {"the mother": ("RelatedPerson/mother", "MTH"), "the father": ("RelatedPerson/father", "FTH")}
NOTICE = {"language": "ar", "version": "1", "sha256": "5e" * 32}


def _date(text: str) -> PartialDate:
    found = dates.parse(text)
    assert found, text
    return found


def _consent(name: str) -> dict[str, Any]:
    """The FHIR Consent that an entry of the table describes."""
    told = TABLE["consents"][name]
    question = grant.Question(
        patient=CHILD,
        organisation=told["to"],
        domain={"health": ContentClass.DOSES, "education": ContentClass.SCHOOLING}[told["of"]],
        starts=_date(told["from"]),
        ends=_date(told["until"]),
    )
    answer = grant.Answer(
        grantor=_grantor(told),
        notice=grant.Notice(**NOTICE, understood=told.get("understood", True)),
        at=datetime.fromisoformat(told.get("given", "2026-01-01T09:00:00Z")),
        agreed=told["agreed"],
        places=told["places"],
        fled=frozenset(told.get("fled", ())),
        supersedes=told.get("supersedes") if told.get("supersedes") != told.get("id") else None,
    )
    consent_id = told.get("id", f"c{list(TABLE['consents']).index(name)}")
    content = copy.deepcopy(dict(grant.compose(consent_id, question, answer, utc_offset=told.get("offset", "Z"))))
    if told.get("supersedes") == consent_id:
        url = "https://continuity-registry.example/fhir/StructureDefinition/consent-supersedes"
        content["extension"].append({"url": url, "valueReference": {"reference": f"Consent/{consent_id}"}})
    content["status"] = told.get("status", "active")
    content["meta"]["versionId"] = told.get("version", "1")
    for path, value in told.get("change", {}).items():
        _change(content, path.split("."), value)
    return content


def _grantor(told: dict[str, Any]) -> str | grant.Guardian:
    if told["by"] == "the person":
        return CHILD
    reference, relationship = GRANTORS[told["by"]]
    ends = _date(told.get("authority_ends", "2040"))
    return grant.Guardian(reference=reference, relationship=relationship, authority_ends=ends)


def _change(content: Any, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        content = content[int(step) if step.isdigit() else step]
    last = int(path[-1]) if path[-1].isdigit() else path[-1]
    if value is None:
        del content[last]
    else:
        content[last] = value


def _request(row: dict[str, Any]) -> Request:
    organisation, kind, jurisdiction = TABLE["askers"][row["who"]]
    purpose: Any = TABLE["purposes"][row["purpose"]]
    return Request(
        organisation=organisation,
        kind=OrganisationKind(kind),
        jurisdiction=jurisdiction,
        purpose=Coding(system=purpose[0], code=purpose[1]) if purpose else purpose,
        at=datetime.fromisoformat(row.get("asked", row["when"])),
    )


def _item(name: str) -> Item:
    told = TABLE["items"][name]
    return Item(
        ref=name,
        classes=frozenset(ContentClass(each) for each in told["classes"]),
        recorded_in=told["recorded_in"],
    )


def _facts(name: str) -> Facts:
    told = TABLE["people"][name]
    return Facts(
        person=frozenset({told.get("is", CHILD)}),
        protected_from=None if told["fled"] is None else frozenset(told["fled"]),
        birth=_date(told["born"]) if told["born"] else None,
    )


def _naive(row: dict[str, Any], defect: Defect | None = None) -> tuple[str, set[str], set[str]]:
    consents = [_consent(name) for name in row["consents"]]
    items = [_item(name) for name in row["asks_for"]]
    moment = datetime.fromisoformat(row["when"])
    found = naive_consent.decide(consents, _request(row), items, _facts(row["about"]), moment, defect)
    return found.outcome, set(found.permitted), set(found.opened)


def _expected(row: dict[str, Any]) -> tuple[str, set[str], set[str]]:
    return row["outcome"], set(row["permitted"]), set(row["with_places"])


def _named(row: dict[str, Any]) -> str:
    return f"row {row['number']}: {row['because']}"


@pytest.mark.parametrize("row", ROWS, ids=_named)
def test_every_row_of_the_table_is_decided_as_written(row: dict[str, Any]) -> None:
    agreements = [dialect.read(resource.of(_consent(name))) for name in row["consents"]]
    items = [_item(name) for name in row["asks_for"]]
    moment = datetime.fromisoformat(row["when"])
    found = decision.decide(agreements, _request(row), items, _facts(row["about"]), moment)
    assert (found.outcome.value, set(found.permitted), set(found.opened)) == _expected(row)
    assert found.reason.value == row["reason"]
    assert set(found.permitted) | set(found.denied) == set(row["asks_for"])


@pytest.mark.parametrize("row", ROWS, ids=_named)
def test_the_second_evaluator_reads_the_table_in_the_same_way(row: dict[str, Any]) -> None:
    assert _naive(row) == _expected(row)


@pytest.mark.parametrize("defect", list(Defect))
def test_every_row_said_to_show_a_known_defect_shows_it(defect: Defect) -> None:
    rows = [row for row in ROWS if defect.value in row.get("kills", "")]
    assert rows
    assert [row["number"] for row in rows if _naive(row, defect) == _expected(row)] == []


def test_the_table_is_large_enough_and_every_entry_is_used() -> None:
    assert len(ROWS) >= 120
    assert [row["number"] for row in ROWS] == list(range(1, len(ROWS) + 1))
    for many, one in (("consents", "consents"), ("items", "asks_for")):
        assert set(TABLE[many]) == {name for row in ROWS for name in row[one]}
    for many, one in (("askers", "who"), ("purposes", "purpose"), ("people", "about")):
        assert set(TABLE[many]) == {row[one] for row in ROWS}


def test_no_two_rows_ask_the_same() -> None:
    questions = [
        json.dumps([row[part] for part in ("who", "purpose", "when", "about", "asks_for", "consents")])
        for row in ROWS
        if "asked" not in row
    ]
    assert len(questions) == len(set(questions))
