"""Rules that cannot say where they come from are refused."""

import copy
import json
from typing import Any

import pytest

from registry.continuity import schedule
from registry.errors import BadInput
from tests.core.continuity_records import SCHEMAS, WHO

GOOD = {
    "id": "x",
    "title": "X",
    "version": "1",
    "licence": "own",
    "limits": ["few"],
    "documents": {"doc": {"document": "A paper", "edition": "2024"}},
    "rules": [
        {"antigens": ["BCG"], "plan": "p", "dose": 1, "minimum_age": "birth", "source": {"of": "doc", "place": "p. 3"}},
        {
            "antigens": ["BCG"],
            "plan": "p",
            "dose": 2,
            "minimum_interval": "4 weeks",
            "source": {"document": "Other", "edition": "2020", "place": "table 2"},
        },
    ],
}


def _with(place: int, **change: Any) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(GOOD)
    changed["rules"][place] |= change
    return changed


def test_a_rule_takes_document_and_edition_from_the_list_of_documents() -> None:
    plan = schedule.read(GOOD).plans[0]
    assert [str(each.source) for each in plan.rules] == ["A paper (2024), p. 3", "Other (2020), table 2"]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (_with(0, source=None), "without a source"),
        (_with(0, source="WHO"), "without a source"),
        (_with(0, source={"of": "doc"}), "place"),
        (_with(0, source={"of": "nobody", "place": "p. 1"}), "document, edition"),
        (_with(1, source={"document": "Other", "place": "p. 1"}), "edition"),
        (_with(1, dose=3), "not 1, 2, 3"),
        (_with(1, minimum_interval=None), "minimum interval"),
        (_with(0, minimum_age="six weeks"), "6 weeks"),
        (_with(0, latest_age="5 years"), "beyond"),
        (_with(0, only_products=[{"system": "s", "code": "c"}]), "different products"),
        (_with(0, antigens=[]), "antigens"),
        (GOOD | {"rules": []}, "rules"),
        (GOOD | {"licence": ""}, "licence"),
    ],
)
def test_an_incomplete_or_unsourced_rule_is_refused(bad: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        schedule.read(bad)


def test_the_file_of_who_rules_says_where_each_rule_stands() -> None:
    for plan in WHO.plans:
        for rule in plan.rules:
            assert rule.source.edition == "March 2023"
            assert "able" in rule.source.place or "chedule" in rule.source.place


def test_every_antigen_of_the_rules_has_its_words_in_every_language() -> None:
    messages = json.loads((SCHEMAS / "templates" / "messages.json").read_text("utf-8"))
    for language in messages.values():
        assert set(WHO.antigens) <= set(language["antigens"])
