"""Plain files linked and held against the truth: the public test set of a client registry, with one fixed threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry import library
from registry.flows import linkfiles, persons_file, tablefile
from registry.flows.linked import Linked
from registry.flows.packed import People
from registry.identity.files import comparing, truth

ROWS = "uganda_data_v21_20201501.csv"
PAIRS = "uganda_data_v21_20201501_true_links.csv"


def measured(folder: Path) -> dict[str, Any]:
    """Precision and recall of the links, and the pairs left to review."""
    true = [(one, other) for _, (one, other, *_) in _table(folder / PAIRS).lines()]
    done = _linked(folder / ROWS)
    people = done.people
    found = [((people.id(each.left), people.id(each.right)), each.verdict.value) for each in done.pairs]
    figures = truth.measure(true, found)
    return {"precision": figures.precision, "recall": figures.recall, "review": figures.reviews}


def _linked(path: Path) -> Linked:
    table = _table(path)
    file = persons_file.opened(table, persons_file.guessed(table))
    rules = comparing.rules(library.load().weights, persons_file.known(), people=len(file.rows))
    return linkfiles.link(People((file.rows,)), rules)


def _table(path: Path) -> tablefile.Table:
    return tablefile.read(path.read_bytes(), name=path.name)
