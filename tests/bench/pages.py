"""`python -m tests.bench.pages`: what a summary and its pages cost and weigh, and how often a printed code is read.

Medians of seven. A printed page is painted at a resolution, its code is read from the picture and verified offline.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from registry import library
from registry.continuity import history
from registry.errors import Unreadable
from registry.flows import printing, verify
from tests.core import test_continuity_summary as made
from tests.core.continuity_records import MESSAGES, VACCINES, doses
from tests.support.signed_summaries import NOW, TRUST, signed

LIBRARY = library.load()
RUNS = 7
GIVEN = sorted(VACCINES)
NAMES = ("ليلى حداد", "Олена Шевченко", "Zeynep Yılmaz-Öztürk", "Amina", "አበበ በቂላ", "می‌خواهم")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pages", description=__doc__)
    parser.add_argument("--scans", type=int, default=60, help="pages to print and scan, for each resolution")
    chosen = parser.parse_args(arguments)
    for count in (0, 5, 20, 60):
        print("\n".join(costs(count)))
    wrong = 0
    for dpi in (100, 150, 300):
        read, false = scanned(chosen.scans, dpi)
        print(f"{dpi} dpi: {read} of {chosen.scans} printed codes read and verified, {false} read wrongly")
        wrong += false
    return 1 if wrong else 0


def child(count: int, random: Random) -> list[history.Record]:
    """So many doses on different days."""
    days = sorted(random.sample(range(540), count))
    told = (f"{random.choice(GIVEN)} {_day(each)}" for each in days)
    return doses(", ".join(told))


def _day(number: int) -> str:
    return f"{2023 + number // 336}-{number % 336 // 28 + 1:02d}-{number % 28 + 1:02d}"


def costs(count: int) -> Iterator[str]:
    """One line for each figure of a child with so many doses."""
    records = child(count, Random(count))
    for language in ("en", "ar"):
        document = made.clinic(records, language=language)
        payload, token = signed(document)
        works: dict[str, Callable[[], Any]] = {
            "history, forecast and document": lambda language=language: made.clinic(records, language=language),
            "HTML page": lambda p=payload, t=token, lang=language: verify.render(p, t, LIBRARY, language=lang),
            "PDF page": lambda p=payload, t=token, lang=language: printing.pdf(p, t, LIBRARY, language=lang),
        }
        for what, work in works.items():
            yield f"{count:3} doses {language} {what}: {_median(work):.1f} ms"
        sizes = {"card": payload["card"], "token": token, "PDF": works["PDF page"]()}
        pages = len(printing.pictures(payload, token, LIBRARY, language=language, dpi=40))
        told = ", ".join(f"{what} {len(made_)}" for what, made_ in sizes.items())
        yield f"{count:3} doses {language} characters or bytes: {told}; A4 pages {pages}"


def _median(work: Callable[[], Any]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return 1000 * statistics.median(taken)


def scanned(count: int, dpi: int) -> tuple[int, int]:
    """How many printed codes are read and verified, and how many say something else than was signed."""
    random, read, wrong = Random(dpi), 0, 0
    for _ in range(count):
        language = random.choice(sorted(MESSAGES))
        document = made.clinic(child(random.randint(0, 40), random), language=language)
        patient = next(each["resource"] for each in document["entry"] if each["resource"]["resourceType"] == "Patient")
        patient["name"] = [{"text": random.choice(NAMES)}]
        payload, token = signed(document)
        first = printing.pictures(payload, token, LIBRARY, language=language, dpi=dpi)[0]
        facts = _read(first)
        read += facts is not None
        wrong += facts is not None and facts.get("n") != patient["name"][0]["text"]
    return read, wrong


def _read(picture: bytes) -> Any:
    try:
        verdict = verify.verify(picture, TRUST, LIBRARY, now=NOW)
    except Unreadable:
        return None
    return verdict.facts if verdict.accepted else None


if __name__ == "__main__":
    sys.exit(main())
