"""Nothing an adapter meets is lost, and nothing it reports names a person."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sdk import account, ledger, mapping
from adapters.sdk.account import Account, Node
from adapters.sdk.ledger import Ledger
from registry.intake import Submission

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def patient(name: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1", "name": [{"text": name}]}


def codes(submission: Submission) -> list[str]:
    return [finding.code for finding in submission.findings]


def test_the_same_record_twice_is_taken_once_and_another_version_is_kept() -> None:
    book = Ledger("s", "a")
    for name in ("Amina", "Amina", "Aminata"):
        book.entry("p1", patient(name), "line 1")
    submission = book.submission(NOW)
    assert len(submission.entries) == 2
    assert codes(submission) == ["repeated-record", "two-versions"]


def test_coverage_is_counted_by_field_fate_and_reason() -> None:
    book = Ledger("s", "a")
    book.mapped("x", count=2)
    book.mapped("x")
    book.ignored("y", "a reason")
    book.unknown("y")
    rows = book.submission(NOW).coverage
    assert [(row.field, row.fate.value, row.reason, row.count) for row in rows] == [
        ("x", "mapped", "", 3),
        ("y", "ignored", "a reason", 1),
        ("y", "unknown", "", 1),
    ]


def test_findings_of_one_code_are_capped_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_PER_CODE", 2)
    book = Ledger("s", "a")
    for line in range(5):
        book.warn("odd", f"line {line}", "odd")
    findings = book.submission(NOW).findings
    assert [finding.where for finding in findings] == ["line 0", "line 1", ""]
    assert findings[-1].message.startswith("3 more")


def test_what_is_no_resource_becomes_a_finding() -> None:
    book = Ledger("s", "a")
    book.entry("p1", {"resourceType": "Patient"}, "line 1")
    assert codes(book.submission(NOW)) == ["not-a-resource"]


@pytest.mark.parametrize("name", ["Amina Haddad", "ليلى", "x" * 65, "", "12/03/2015"])
def test_a_name_that_is_no_code_is_not_shown(name: str) -> None:
    assert ledger.shown(name) == ledger.UNPRINTABLE


@pytest.mark.parametrize("name", ["Zoulikha", "BENMANSOUR", "zoulikha", "X"])
def test_a_word_where_a_code_belongs_is_not_shown_unless_it_is_known(name: str) -> None:
    used, book = Account(), Ledger("s", "a")
    document = {"list": [{"code": name, "v": 1}]}
    used.settle(document, book, ignored={}, names={"list": "code"}, known={"X"})
    shown_as = name if name == "X" else ledger.UNPRINTABLE
    assert f"list[{shown_as}].v" in [row.field for row in book.submission(NOW).coverage]


def test_a_key_that_could_be_a_name_is_not_shown() -> None:
    assert ledger.shown_if_key("Benmansour") == ledger.UNPRINTABLE
    assert ledger.shown_if_key("orgUnit") == "orgUnit"


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
JSON: st.SearchStrategy[object] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "list", "code"]), inner, max_size=4)
    ),
    max_leaves=30,
)


@given(JSON, st.data())
def test_every_leaf_is_mapped_ignored_or_unknown_whatever_was_read(document: object, data: st.DataObject) -> None:
    used, book = Account(), Ledger("s", "a")
    if isinstance(document, dict):
        node = Node(holder=document, where="", account=used)  # pyright: ignore[reportUnknownArgumentType]
        for key in data.draw(st.lists(st.sampled_from(["a", "b", "code"]))):
            node.text(key)
            node.leave_out(key, "left out")
    used.settle(document, book, ignored={"b": "no use"}, names={"list": "code"})
    assert sum(row.count for row in book.submission(NOW).coverage) == account.count(document)


def test_a_list_of_coded_objects_is_told_apart_by_code_and_a_subtree_can_be_left_out() -> None:
    used, book = Account(), Ledger("s", "a")
    document: dict[str, object] = {
        "list": [{"code": "X_1", "v": 1}, {"code": {"identifier": "Y_1"}, "v": 2}, {"v": {"w": 3}}]
    }
    first, _, third = Node(holder=document, where="", account=used).children("list")
    assert first.text("v") == "1"
    third.leave_out_whole("too deep")
    used.settle(document, book, ignored={}, names={"list": "code"})
    rows = {row.field: (row.fate.value, row.reason) for row in book.submission(NOW).coverage}
    assert rows["list[X_1].v"] == ("mapped", "")
    assert rows["list[Y_1].v"] == ("unknown", "")
    assert rows["list[?].v.w"] == ("ignored", "too deep")


MANIFEST = """
[manifest]
kind = "k"
describes = "d"
formats = ["JSON"]
pull = true
push = false
delete = true
cursor = "none"
"""


def test_a_rule_is_reached_by_every_spelling_and_prohibition_is_a_reason() -> None:
    mapped = mapping.read(
        (MANIFEST + '[x]\nA = { role = "given", also = ["uid"] }\nB = { prohibited = true }').encode()
    )
    rules = mapped.rules("x", roles=("given",))
    assert rules["uid"] is rules["A"]
    assert rules["B"].reason == mapping.PROHIBITED


@pytest.mark.parametrize(
    "lines",
    [
        'A = { role = "shoe-size" }',
        "A = { }",
        'A = { role = "given", ignored = "both" }',
        'A = { role = "given", also = ["B"] }\nB = { role = "given" }',
    ],
)
def test_a_wrong_mapping_is_refused_when_it_is_read(lines: str) -> None:
    with pytest.raises(ValueError, match=r"[AB]"):
        mapping.read(f"{MANIFEST}[x]\n{lines}".encode()).rules("x", roles=("given",))
