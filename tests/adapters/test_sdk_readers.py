"""Whatever a stranger sends is read within limits or refused with a place and a remedy, never repeated."""

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sdk import readers
from adapters.sdk.readers import Limits
from registry.errors import Unreadable

SECRET = "Zoulikha"

REFUSED_JSON = [
    (b"", "empty"),
    (b"\xef\xbb\xbf  \n", "empty"),
    (b'{"a": [1, 2', "ends too early"),
    (b'{"a": 1, "a": 2}', "twice"),
    (b'{"a": NaN}', "not valid JSON"),
    (b'{"a": "\\ud800"}', "not valid JSON"),
    (b"[" * 100_000, "nested"),
    (b'{"a":' * 100_000, "nested"),
    (b"[" * 70 + b"]" * 70, "nested"),
    (b"<a/>", "looks like XML"),
    (b"PK\x03\x04....", "looks like a zip"),
    ('{"a": "é"}'.encode("latin-1"), "not utf-8"),
    ('{"a": 1}'.encode("utf-16-le"), "zero bytes"),
    (b'"text"', "not JSON"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED_JSON)
def test_json_that_cannot_be_used_is_refused_with_words_and_a_remedy(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        readers.json_document(body)
    assert caught.value.remedy


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_with_a_byte_order_mark_reads_as_without(encoding: str) -> None:
    assert readers.json_document('{"nom": "Zoé علي"}'.encode(encoding)) == {"nom": "Zoé علي"}


def test_a_wrong_encoding_is_told_with_its_byte() -> None:
    with pytest.raises(Unreadable) as caught:
        readers.text(b"abc\xe9def")
    assert caught.value.where == "byte 3"


def test_another_encoding_is_read_when_the_mapping_names_it() -> None:
    assert readers.text("é".encode("windows-1252"), encodings=("utf-8", "windows-1252")) == "é"


def test_a_truncated_document_is_told_with_line_and_column() -> None:
    with pytest.raises(Unreadable) as caught:
        readers.json_document(b'{\n "a": [1,\n')
    assert caught.value.where.startswith("line 3, column")


def test_a_value_of_five_megabytes_is_refused_in_every_format() -> None:
    huge = b"a" * 5_000_000
    for read, body in (
        (readers.json_document, b'{"a": "' + huge + b'"}'),
        (readers.csv_table, b"a,b\n1," + huge + b"\n"),
        (readers.xml_document, b"<a>" + huge + b"</a>"),
        (readers.xml_document, b'<a b="' + huge + b'"/>'),
    ):
        with pytest.raises(Unreadable):
            read(body)


def test_more_bytes_or_values_than_the_limit_are_refused() -> None:
    with pytest.raises(Unreadable, match="larger"):
        readers.json_document(b"[1, 2, 3]", limits=Limits(max_bytes=5))
    with pytest.raises(Unreadable, match="values"):
        readers.json_document(b"[1, 2, 3]", limits=Limits(max_values=2))
    with pytest.raises(Unreadable, match="values"):
        readers.csv_table(b"a,b\n1,2\n", limits=Limits(max_values=2))


REFUSED_XML = [
    (b"<a><b></a>", "well-formed"),
    (b"<a>" * 100_000, "deeper"),
    (b'<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>', "document type"),
    (b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "document type"),
    (b'<?xml version="1.0" encoding="martian"?><a/>', "encoding"),
    (b'{"a": 1}', "looks like JSON"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED_XML)
def test_xml_that_cannot_be_used_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        readers.xml_document(body)
    assert caught.value.remedy


def test_xml_in_utf_16_is_read() -> None:
    assert readers.xml_document("<a>Ж</a>".encode("utf-16")).text == "Ж"


def test_a_table_keeps_line_numbers_over_quoted_line_ends_and_blank_lines() -> None:
    table = readers.csv_table(b'\xef\xbb\xbfa;b\r\n1;"x\ny"\r\n\r\n2;z\r\n')
    assert table.columns == ("a", "b")
    assert table.delimiter == ";"
    assert [(row.line, row.cells) for row in table.rows] == [(2, ("1", "x\ny")), (5, ("2", "z"))]


def test_an_open_quote_is_told_with_its_line() -> None:
    with pytest.raises(Unreadable, match="quotes") as caught:
        readers.csv_table(b'a,b\n1,2\n3,"x\n')
    assert caught.value.where == "line 3"


def refused_with_remedy_or_read(read: Callable[[bytes], object], body: bytes) -> bool:
    try:
        read(body)
    except Unreadable as problem:
        return bool(problem.remedy)
    return True


def packed(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def test_an_archive_that_unpacks_beyond_the_limit_is_refused() -> None:
    bomb = packed({"a.csv": bytes(3_000_000)})
    assert len(bomb) < 10_000
    with pytest.raises(Unreadable, match="unpacks"):
        readers.zip_members(bomb, limits=Limits(max_bytes=1_000_000))


def test_an_archive_of_too_many_files_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 2 files"):
        readers.zip_members(packed({str(number): b"" for number in range(3)}), limits=Limits(max_members=2))


@given(st.data())
def test_a_damaged_archive_is_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(packed({"a.csv": b"x,y\n1,2\n" * 20, "b.csv": b"z"}))
    for _ in range(3):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert refused_with_remedy_or_read(readers.zip_members, bytes(body))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    for read in (readers.json_document, readers.csv_table, readers.xml_document, readers.zip_members):
        assert refused_with_remedy_or_read(read, body)


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (readers.json_document, f'{{"n": "{SECRET}", "{SECRET} b": 1, "{SECRET} b": 2}}'),
        (readers.json_document, f'{{"n": "{SECRET}'),
        (readers.json_document, f'{{"n": {SECRET}}}'),
        (readers.xml_document, f"<a>{SECRET}"),
        (readers.xml_document, f"<a>&{SECRET};</a>"),
        (readers.csv_table, f'a\n"{SECRET}'),
    ],
)
def test_a_refusal_never_repeats_what_it_read(read: object, body: str) -> None:
    assert callable(read)
    with pytest.raises(Unreadable) as caught:
        read(body.encode())
    assert SECRET not in f"{caught.value}{caught.value.remedy}{caught.value.where}"
