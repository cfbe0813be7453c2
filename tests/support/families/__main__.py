"""Write a world to a folder: people.csv (records), truth.csv (pairs of ids), labels.csv (of each record, its person).

python -m tests.support.families --people 1000 --seed 1 --out FOLDER [--identifiers] [--drift 1.0] [--look-alikes]
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support import families
from tests.support.families.records import Record, Truth

TRUTH = ("one", "other")


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _asked(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    chosen = {"identifiers": asked.identifiers, "drift": asked.drift}
    if asked.look_alikes:
        alike = list(families.look_alikes(asked.seed, asked.people, **chosen))
        write(asked.out, (each for pair in alike for each in (pair.one, pair.other)))
    else:
        write(asked.out, families.world(asked.seed, asked.people, **chosen))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.support.families", description=__doc__)
    parser.add_argument("--people", type=int, default=1000, help="persons, or pairs of look-alikes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--identifiers", action="store_true", help="sources copy numbers from each other")
    parser.add_argument("--drift", type=float, default=1.0, help="multiplies every rate of drift")
    parser.add_argument("--look-alikes", action="store_true", help="pairs of different children instead of a world")
    return parser.parse_args(arguments)


def write(folder: Path, entries: Iterable[tuple[Record, Truth]]) -> None:
    """The three files, as the records come."""
    with ExitStack() as files:
        people, labels, truth = (
            csv.writer(files.enter_context((folder / f"{name}.csv").open("w", newline="", encoding="utf-8")))
            for name in ("people", "labels", "truth")
        )
        people.writerow(families.COLUMNS)
        labels.writerow(families.LABELS)
        truth.writerow(TRUTH)
        truth.writerows(families.pairs(_written(entries, people, labels)))


def _written(entries: Iterable[tuple[Record, Truth]], people: Any, labels: Any) -> Iterator[Truth]:
    for record, known in entries:
        people.writerow(families.row(record))
        labels.writerow(families.labels(known))
        yield known


if __name__ == "__main__":
    main()
