"""`python -m tests.bench.peers.splinking MODEL A.csv [B.csv] --out pairs.csv`: what Splink finds, with its weights.

Runs in the Python of the peers, which knows nothing of the registry. Trained without labels by expectation
maximisation, on the first rows of a large file: people stand close to their doubles there.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import pandas
from metaphone import doublemetaphone
from splink import DuckDBAPI, Linker, block_on

from tests.bench.peers.models import MODELS, Model

TRAINED_ON = 100_000
LEAST = 0.01  # pairs less likely than this are not written
DRAWN = 5e6  # random pairs from which it learns how strangers agree
NAMES = ("given", "father", "grandfather", "family", "mother", "village")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    model = MODELS[asked.model]
    tables = [_read(each, model) for each in asked.files]
    weights = asked.out.with_suffix(".json")
    trained = _linker([each.head(TRAINED_ON) for each in tables], model)
    _train(trained, model)
    trained.misc.save_model_to_json(str(weights), overwrite=True)
    linker = trained if max(map(len, tables)) <= TRAINED_ON else _linker(tables, model, weights)
    found = linker.inference.predict(threshold_match_probability=LEAST).as_pandas_dataframe()
    columns = {f"{model.id}_l": "id_a", f"{model.id}_r": "id_b"}
    found = found.rename(columns=columns)[["id_a", "id_b", "match_weight", "match_probability"]]
    found.to_csv(asked.out, index=False)


def _read(path: Path, model: Model) -> pandas.DataFrame:
    table = pandas.read_csv(path, dtype=str, keep_default_na=False)
    table = table.apply(lambda column: column.str.strip())
    for name in NAMES:
        if model.id == "id" and name in table:
            _add_sounds(table, name)
    if {"sound_given", "sound_father"} <= {*table.columns}:
        both = zip(table["sound_given"], table["sound_father"], strict=True)
        table["pair"] = [f"{min(each)} {max(each)}" if all(each) else "" for each in both]
    return table.map(lambda each: None if isinstance(each, str) and not each else each)


def _add_sounds(table: pandas.DataFrame, name: str) -> None:
    whole = {each: [code for code in doublemetaphone(each.replace(" ", "")) if code] for each in table[name].unique()}
    start = {each: doublemetaphone(each.split(" ")[0])[0] for each in whole}
    table[f"sounds_{name}"] = [whole[each] or None for each in table[name]]
    table[f"sound_{name}"] = [(whole[each] or [""])[0] for each in table[name]]
    table[f"start_{name}"] = [start[each] for each in table[name]]


def _linker(tables: list[pandas.DataFrame], model: Model, weights: Path | None = None) -> Linker:
    api = DuckDBAPI()
    held = [api.register(each, table_name=f"people_{at}") for at, each in enumerate(tables)]
    columns = {name for each in tables for name in each.columns if each[name].notna().any()}
    kind = "link_only" if len(tables) > 1 else "dedupe_only"
    settings = str(weights) if weights else model.settings(kind, columns)
    return Linker(held if len(held) > 1 else held[0], settings, log_level=logging.ERROR)


def _train(linker: Linker, model: Model) -> None:
    training = linker.training
    certain = [block_on(*each) for each in model.certain]
    training.estimate_probability_two_random_records_match(certain, recall=model.recall)
    training.estimate_u_using_random_sampling(max_pairs=DRAWN, seed=1)
    for each in model.training:
        training.estimate_parameters_using_expectation_maximisation(
            block_on(*each), estimate_without_term_frequencies=True
        )


if __name__ == "__main__":
    main()
