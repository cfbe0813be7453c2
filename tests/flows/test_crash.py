"""Kill -9 during an import, of the importing process and of its database: a small version of the long proof."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import orjson
import pytest

from tests.bench import crashes, holdings
from tests.bench.crashes import Victim
from tests.bench.holdings import State

KILLS = 2


def test_nothing_acknowledged_is_lost_and_nothing_doubled_by_a_kill() -> None:
    outcome = crashes.prove(kills=KILLS, children=6, sources=2, seed=3)
    assert outcome.problems == []
    assert Counter(each.victim for each in outcome.trials) == {each.value: KILLS for each in Victim}
    assert outcome.documents > 50


BODY = orjson.dumps({"resourceType": "Patient", "id": "a"})
WHOLE = State(
    documents=Counter([("bektar-iis", "7", 1, BODY)]),
    dossiers=Counter([("bektar-iis", "7")]),
    persons=frozenset([frozenset([("bektar-iis", "7")])]),
    doubts=Counter(),
    receipts={"s1": ("bektar-iis", 1, (("stored", 1),))},
    imports=Counter(["bektar-iis"]),
    rows=Counter(dossiers=2),
    waiting=0,
    log_problems=(),
)
HARM = {
    "a document is lost": ({"documents": Counter()}, "documents: 0 too many, 1 too few"),
    "a document is doubled": ({"documents": WHOLE.documents + WHOLE.documents}, "documents: 1 too many, 0 too few"),
    "a version more": (
        {"documents": WHOLE.documents + Counter([("bektar-iis", "7", 2, BODY)])},
        "documents: 1 too many, 0 too few",
    ),
    "a dossier is doubled": ({"dossiers": WHOLE.dossiers + WHOLE.dossiers}, "dossiers: 1 too many, 0 too few"),
    "a person falls apart": ({"persons": frozenset()}, "persons differ"),
    "a receipt is lost": ({"receipts": {}}, "receipts differ"),
    "a file is taken in twice": (
        {"imports": Counter(["bektar-iis"] * 2)},
        "imports: 1 too many, 0 too few (bektar-iis)",
    ),
    "a row is left over": ({"rows": Counter(dossiers=3)}, "rows: 1 too many, 0 too few (dossiers)"),
    "work is left undone": ({"waiting": 1}, "waiting differ"),
    "the log does not hold": ({"log_problems": ("the log was cut",)}, "the log was cut"),
}


@pytest.mark.parametrize(("harm", "problem"), HARM.values(), ids=HARM.keys())
def test_the_comparison_notices(harm: dict[str, object], problem: str) -> None:
    assert list(holdings.differences(WHOLE, WHOLE)) == []
    assert list(holdings.differences(replace(WHOLE, **harm), WHOLE)) == [problem]  # type: ignore[arg-type]


def test_what_a_receipt_names_and_is_not_there_is_lost() -> None:
    rows = [["message 1", "Patient/a", "stored", []], ["message 2", "Patient/b", "set-aside", ["wrong"]]]
    receipt = {"source": "bektar-iis", "submission": "s1", "rows": rows}
    assert list(holdings.lost({"a.hl7": receipt}, WHOLE)) == []
    gone = replace(WHOLE, documents=Counter(), receipts={})
    assert list(holdings.lost({"a.hl7": receipt}, gone)) == [
        "1 resources of the receipt for a.hl7 are lost",
        "the receipt for a.hl7 is lost",
    ]
