"""Measure the registry's matching beside others: `python -m tests.bench.peers MEASURE`, figures as JSON in a folder.

febrl        FEBRL 1-4: `continuity link`, Splink 5, recordlinkage
world        a generated world: `continuity link` and Splink 5 on the same file, calibration, every mistake
search       the registry's own search: candidates, and how long one question takes
uganda       the test set of a client registry, with its identifiers and without
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from tests.bench.peers import calibration, febrl, growth, misses, running, search, uganda, worlds

UGANDA = running.ROOT.parent / "shared" / "data" / "identity" / "uganda"
_MISSING = f"no Splink and no recordlinkage here ({running.PEERS}; make bench-peers makes it)"

Asked = argparse.Namespace


def main() -> int:
    asked = _asked()
    asked.out.mkdir(parents=True, exist_ok=True)
    name, found = _MEASURES[asked.measure](asked)
    if found is None:
        print(f"skipped: {_MISSING}")
        return 0
    (asked.out / f"{name}.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return 0


def _asked() -> Asked:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("measure", choices=_MEASURES)
    parser.add_argument("--kind", choices=worlds.KINDS, default="families", help="which generator")
    parser.add_argument("--people", type=int, default=5000, help="of the world; about 1.9 or 1.6 records each")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000], help="dossiers to search among")
    parser.add_argument("--questions", type=int, default=1000, help="to ask at each size")
    parser.add_argument("--out", type=Path, default=Path("prove-output/peers"), help="folder of worlds and figures")
    return parser.parse_args()


Outcome = tuple[str, Any]


def _febrl(asked: Asked) -> Outcome:
    if not running.has_peers():
        return "febrl", None
    rows = list(_shown(febrl.measured(asked.out / "febrl")))
    return "febrl", rows


def _world(asked: Asked) -> Outcome:
    name = f"{asked.kind}-{asked.people}-{asked.seed}"
    world = worlds.made(asked.kind, asked.out / name, people=asked.people, seed=asked.seed)
    found = worlds.measured(world)
    if not running.has_peers():
        print(f"Splink is left out: {_MISSING}")
    (world.folder / "misses.txt").write_text("\n".join(misses.told(world)), encoding="utf-8")
    found["calibration"] = calibration.measured(world, world.folder / "calibration.html")
    _tree(found)
    return name, found


def _search(asked: Asked) -> Outcome:
    kind = asked.kind.removesuffix("-twins")
    rows = asyncio.run(_searched(kind, asked))
    if len(rows) > 1:
        _grown(rows, asked.out / f"search-{kind}.html")
    return f"search-{kind}", rows


async def _searched(kind: str, asked: Asked) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    async for row in search.measured(kind, asked.sizes, seed=asked.seed, questions=asked.questions):
        _tree(row)
        sys.stdout.flush()
        rows.append(row)
    return rows


_LINES: Mapping[str, Callable[[Mapping[str, Any]], float]] = {
    "with a mate, p50 ms": lambda row: row["with a mate"]["p50"],
    "with a mate, p99 ms": lambda row: row["with a mate"]["p99"],
    "without, p50 ms": lambda row: row["without"]["p50"],
    "candidates, mean": lambda row: row["candidates mean"],
    "filed, seconds": lambda row: row["filed in seconds"],
    "database, MB": lambda row: row["megabytes"],
}


def _grown(rows: list[dict[str, Any]], page: Path) -> None:
    series = {name: [(row["dossiers"], figure(row)) for row in rows] for name, figure in _LINES.items()}
    page.write_text(growth.page(series), encoding="utf-8")
    for name, points in series.items():
        print(f"{name:<22} on paper at 10,000,000: {growth.on_paper(points, 1e7):,.1f}")


def _uganda(asked: Asked) -> Outcome:
    return "uganda", list(_shown(uganda.measured(UGANDA, asked.out / "uganda")))


def _shown(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for row in rows:
        print("  ".join(f"{value:<28}" if isinstance(value, str) else f"{name} {value}" for name, value in row.items()))
        sys.stdout.flush()
        yield row


def _tree(figures: Mapping[str, Any], indent: int = 0) -> None:
    for name, value in figures.items():
        if isinstance(value, dict):
            print(f"{' ' * indent}{name}")
            _tree(value, indent + 2)
        else:
            print(f"{' ' * indent}{name}: {value}")


_MEASURES: dict[str, Callable[[Asked], Outcome]] = {
    "febrl": _febrl,
    "world": _world,
    "search": _search,
    "uganda": _uganda,
}

if __name__ == "__main__":
    sys.exit(main())
