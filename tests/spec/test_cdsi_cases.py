"""The published CDSi cases, strictly: series status, every dose with its reason, three dates.

Each case that does not pass is explained in cdsi_failures.toml; one that starts to pass must leave that list.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from registry.continuity.immunization import casebook, casejudging
from registry.continuity.immunization.schedule import Schedule
from registry.flows import schedules

HERE = Path(__file__)
EXPLAINED: Mapping[str, Mapping[str, str]] = tomllib.loads(HERE.with_name("cdsi_failures.toml").read_text("utf-8"))
NAMES = json.loads((HERE.parents[2] / "schemas" / "casebooks" / "vaccine-groups.json").read_text("utf-8"))["names"]
BOOKS = {
    "healthy": ("cdsi-healthy-childhood-and-adult-test-cases-v4.42.xlsx", 977),
    "conditions": ("CDSi-Underlying-Conditions-Test-Cases-v4.5.xlsx", 325),
}


@cache
def contemporary(cdsi: Path) -> Schedule:
    return schedules.supporting_data(cdsi / "supporting-data-2025-03.tar.gz")


@pytest.mark.parametrize("book", BOOKS)
def test_every_published_case_passes_or_is_explained(shared_data: Path, book: str) -> None:
    cdsi = shared_data / "immunization" / "cdsi"
    name, total = BOOKS[book]
    cases = casebook.read((cdsi / "test-cases" / name).read_bytes(), name)
    judged = list(casejudging.judge(contemporary(cdsi), cases, NAMES))
    assert len(judged) == total
    assert {each.case for each in judged if each.differences} == set(EXPLAINED[book])


def test_no_case_and_no_antigen_stands_in_the_engine(shared_data: Path) -> None:
    package = HERE.parents[2] / "registry" / "continuity" / "immunization"
    rules = contemporary(shared_data / "immunization" / "cdsi")
    names = {*rules.antigens, *rules.groups} - {"Typhoid"}
    for file in package.glob("*.py"):
        text = file.read_text("utf-8")
        assert "-UC-" not in text
        assert not [name for name in names if f'"{name}"' in text], file.name
