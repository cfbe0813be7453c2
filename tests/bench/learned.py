"""Weights learned from one independent world, beside those shipped: on another world of it, and on its look-alikes."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from registry import library
from registry.flows import training
from registry.identity import demographics, match
from registry.identity.match import Verdict
from registry.identity.weights import Weights
from tests.support import families, labelled


def figures(*, people: int, look_alikes: int) -> dict[str, dict[str, Any]]:
    """What both kinds of weights make of pairs that share a key, and how many look-alikes they would link."""
    shipped = library.load().weights
    other = [*families.world(seed=22, people=people)]
    sample, truth = labelled.sample(other), labelled.truth(other)
    alike = [*families.look_alikes(23, look_alikes)]
    return {
        name: {
            **asdict(training.measure(sample, weights, truth=truth)),
            "look_alikes_linked": _linked(alike, weights),
        }
        for name, weights in {"shipped": shipped, "learned": _learned(shipped, people)}.items()
    }


def _learned(shipped: Weights, people: int) -> Weights:
    sample = labelled.sample([*families.world(seed=21, people=people)])
    trained = training.learn(sample, version="weights-2", today=date(2026, 1, 1))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights-2.json"
        file.write_bytes(orjson.dumps(trained.content))
        return library.weights_of(file, shipped)


def _linked(alike: list[families.LookAlike], weights: Weights) -> dict[str, int]:
    found = Counter[str]()
    for each in alike:
        one, other = (demographics.of(families.patient(record)) for record, _ in (each.one, each.other))
        found[each.kind] += match.decide(one, other, weights).verdict is Verdict.LINK
    return {kind: count for kind, count in found.items() if count}
