"""A world's people as Splink can read them: names in small Latin letters, partial dates filled up, phones cut short."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from anyascii import anyascii

NAMES = ("given", "father", "grandfather", "family", "mother", "village")
_NO_LETTERS = re.compile(r"[^a-z]+")
_NO_FIGURES = re.compile(r"\D+")
_LAST_FIGURES = 8  # without trunk zero and country code


def write(source: Path, target: Path) -> None:
    """Write the people of one CSV as another, with `birth_day` and `year` to find them by."""
    with source.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(read)
        names = [each for each in NAMES if each in (rows.fieldnames or ())]
        header = ["id", *names, "sex", "birth", "birth_day", "year", "phone"]
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_rows(rows, names))


def _rows(rows: Iterable[Mapping[str, str]], names: Iterable[str]) -> Iterator[dict[str, str]]:
    for row in rows:
        birth = (row["birth_date"] + "-01-01")[:10] if row["birth_date"] else ""
        yield {
            "id": row["id"],
            **{each: plain(row[each]) for each in names},
            "sex": row["sex"],
            "birth": birth,
            "birth_day": "" if birth.endswith("01-01") else birth,
            "year": birth[:4],
            "phone": _NO_FIGURES.sub("", row.get("phone", ""))[-_LAST_FIGURES:],
        }


@cache
def plain(name: str) -> str:
    """A name in the letters a to z, by the library that knows most scripts."""
    return _NO_LETTERS.sub(" ", anyascii(name).lower()).strip()
