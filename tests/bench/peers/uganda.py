"""The public test set of a client registry (`shared/data/identity/uganda`), with its identifiers and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tests.bench.peers import figures, running

ROWS = "uganda_data_v21_20201501.csv"
PAIRS = "uganda_data_v21_20201501_true_links.csv"
_NUMBERS = ("numbers", "official_numbers")


def measured(source: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """A row of figures for each map: the map as it is guessed, and the same without any number."""
    folder.mkdir(parents=True, exist_ok=True)
    guessed, bare = folder / "map.json", folder / "map-without.json"
    true, out = figures.truth(source / PAIRS), folder / "links.csv"
    running.link([source / ROWS], out, "--map-out", guessed)
    columns = orjson.loads(guessed.read_bytes())
    bare.write_bytes(orjson.dumps({name: each for name, each in columns.items() if name not in _NUMBERS}))
    for name, map_file in {"with identifiers": guessed, "without": bare}.items():
        ran, _ = running.link([source / ROWS], out, "--map", map_file)
        found = figures.linked(out)
        told = {"review": sum(not each.is_link for each in found), "seconds": round(ran.seconds, 1)}
        yield {"map": name, **figures.at_threshold(found, true).told(), **told}
