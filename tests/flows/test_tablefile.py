"""Tables as people export them: read where it is certain how, and otherwise answered with what, where and what next."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import BadInput, Unreadable
from registry.flows import tablefile
from registry.flows.tablefile import Table

LINES = [["no", "prénom", "اسم", "имя"], ["1", "Léa", "ليلى محمد", "Лейла"], ["2", "Noé", "نوح", "Ной"]]


def written(lines: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(lines)
    return text.getvalue()


def cells(table: Table) -> list[list[str]]:
    return [[*table.header], *(held for _, held in table.lines())]


def read(body: bytes, encoding: str = "") -> Table:
    return tablefile.read(body, name="people.csv", encoding=encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_delimiter_line_end_and_declared_encoding_is_read(delimiter: str, end: str, encoding: str) -> None:
    table = read(written(LINES, delimiter, end).encode(encoding))
    assert cells(table) == LINES
    assert table.delimiter == delimiter


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        ("cp1256", [["رقم", "الاسم", "اللقب"], ["1", "محمد", "بن علي"], ["2", "خديجة", "الحلبي"]]),
        ("cp1251", [["номер", "имя", "фамилия"], ["1", "Лейла", "Хусейнова"], ["2", "Карим", "Алиев"]]),
        ("cp1252", [["numéro", "prénom", "nom"], ["1", "Léa", "Lefèvre"], ["2", "Noé", "Dupré"]]),
    ],
)
def test_an_old_encoding_is_never_guessed_but_hinted_at(encoding: str, lines: list[list[str]]) -> None:
    body = written(lines).encode(encoding)
    with pytest.raises(Unreadable) as refused:
        read(body)
    assert refused.value.what == "this is not utf-8 text"
    assert "people.csv, line 1, byte" in refused.value.where
    assert f"it looks like {tablefile.OLD_ENCODINGS[encoding]}: --encoding {encoding}" in refused.value.remedy
    assert cells(read(body, encoding)) == lines


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_does_not_say_so_is_hinted_at(encoding: str) -> None:
    body = written(LINES).encode(encoding)
    with pytest.raises(BadInput) as refused:
        read(body)
    assert "UTF-16" in refused.value.remedy
    assert cells(read(body, encoding)) == LINES


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \r\n", "the file is empty"),
        (b"PK\x03\x04xlsx", "an Excel file or zip archive"),
        (b"\xd0\xcf\x11\xe0xls", "an old Excel file"),
        (b"%PDF-1.4", "a PDF document"),
        (b'{"a": 1}', "JSON"),
        (b"<html>", "XML or HTML"),
        (b"name\nAmina\n", "only one column is found"),
        (b'id,name\n1,"Amina\n2,Karim\n', "the quotes do not match"),
        (b'id,name\n1,"Am"ina\n', "the quotes do not match"),
        (b"id,name,ID,name\n", "two columns have one name"),
    ],
    ids=repr,
)
def test_what_is_no_table_is_said_with_a_remedy(body: bytes, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        tablefile.checked(read(body), "id")
    assert words in refused.value.what
    assert "people.csv" in refused.value.where
    assert refused.value.remedy


def test_an_encoding_there_is_not_is_said() -> None:
    with pytest.raises(BadInput, match="no such encoding"):
        read(b"id,name\n", "utf-99")


def test_a_column_without_a_name_is_called_by_its_number() -> None:
    assert read(b"id,,name\n").header == ("id", "column 2", "name")


@pytest.mark.parametrize(
    ("body", "where", "words"),
    [
        (b"id,name\n1,a\n\n2,b\n1,c\n", "line 5", "stands on line 2 already"),
        (b'id,name\n1,"a\nb"\n1,c\n', "line 4", "stands on line 2 already"),
        (b"id,name\n1,a\n ,b\n", "line 3", "no id"),
        (b"id,name\n", "people.csv", "no rows"),
        (b"id,name\n1,a,b\n2,b\n", "lines 2", "another number of cells"),
        (b"id,name\n1\n2\n3\n4\n5\n6\n7\n", "lines 2, 3, 4, 5, 6 ...", "another number of cells"),
    ],
    ids=repr,
)
def test_rows_that_cannot_be_told_apart_are_refused_with_their_line(body: bytes, where: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        tablefile.checked(read(body), "id")
    assert where in refused.value.where
    assert words in refused.value.what
    assert refused.value.remedy


def test_a_few_lines_with_too_many_or_too_few_cells_are_set_aside_by_number() -> None:
    good = [[str(at), f"name {at}"] for at in range(30)]
    body = written([["id", "name"], *good[:10], ["x", "a", "b"], *good[10:20], ["y"], *good[20:]])
    checked = tablefile.checked(read(body.encode()), "id")
    assert checked.ragged == {12, 23}
    assert [[each["id"], each["name"]] for each in checked.lines()] == good


def test_empty_cells_beyond_the_header_are_nothing() -> None:
    checked = tablefile.checked(read(b"id,name\n1,a,,\n2,b\n"), "id")
    assert [each["name"] for each in checked.lines()] == ["a", "b"]


def test_no_refusal_repeats_what_a_cell_holds() -> None:
    twice, unclosed = b"id,name\nZzyzx,a\nZzyzx,b\n", b'id,name\n1,"Zzyzx\n'
    for body in (twice, unclosed, b"id,name\n1,Zzyzx,2\n", b"id,name\n1,Zzyzx\xff\n"):
        with pytest.raises(BadInput) as refused:
            tablefile.checked(read(body), "id")
        error = refused.value
        assert "Zzyzx" not in f"{error.what} {error.where} {error.remedy}"


TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=5), st.sampled_from([",", ";", "\t"]))
def test_what_a_program_wrote_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    lines = [["a", "b", "c"], *(row for row in rows if any(each.strip() for each in row))]
    if not any("\r" in each or "\n" in each for row in lines for each in row):
        assert cells(read(written(lines, delimiter).encode())) == lines


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_remedy(body: bytes) -> None:
    with suppress(BadInput):
        tablefile.checked(table := read(body), table.header[0])
        return
    with pytest.raises(BadInput) as refused:
        tablefile.checked(table := read(body), table.header[0])
    assert refused.value.what
    assert refused.value.remedy
