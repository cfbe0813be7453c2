"""`python -m tests.bench.peers.ecm A.csv [B.csv] --out pairs.csv`: what recordlinkage's ECM classifier finds in FEBRL.

Runs in the Python of the peers. As its documentation does it: pairs that agree in a block, similarities made 0 or 1,
and an unsupervised ECMClassifier; the blocks of five columns are taken together.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas
import recordlinkage
from recordlinkage.index import Block

BLOCKS = ("given_name", "surname", "date_of_birth", "soc_sec_id", "postcode")
WORDS = ("given_name", "surname", "address_1", "address_2", "suburb")
NUMBERS = ("date_of_birth", "soc_sec_id", "postcode", "street_number")
ALIKE = 0.85


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    tables = [pandas.read_csv(each, dtype=str, skipinitialspace=True).set_index("rec_id") for each in asked.files]
    index = recordlinkage.Index([Block(each) for each in BLOCKS])
    pairs = index.index(*tables)
    alike = _compare().compute(pairs, *tables)
    found = recordlinkage.ECMClassifier().fit_predict((alike > ALIKE).astype(int))
    pandas.DataFrame(found.tolist(), columns=["id_a", "id_b"]).assign(match_weight=0.0, match_probability=1.0).to_csv(
        asked.out, index=False
    )


def _compare() -> recordlinkage.Compare:
    compare = recordlinkage.Compare()
    for each in WORDS:
        compare.string(each, each, method="jarowinkler", label=each)
    for each in NUMBERS:
        compare.string(each, each, method="levenshtein", label=each)
    compare.exact("state", "state", label="state")
    return compare


if __name__ == "__main__":
    main()
