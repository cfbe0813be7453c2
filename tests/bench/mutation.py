"""Mutants of `registry.consent`: which survive everything that is said of consents in tests/core and tests/spec?

The cheap witnesses come first: cases that the second evaluator has answered beforehand, then the tables that people
read; only who survives these meets more cases and the laws. Why a survivor changes nothing that anybody could tell
stands in survivors.json beside this file. What was found is kept in prove-output/, so a run that was ended goes on
where it was, as long as neither the package nor a witness has changed.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.support import consent_cases, mutants
from tests.support.mutants import Mutant, Witnesses

SURVIVORS = Path(__file__).with_name("survivors.json")
STATE = Path("prove-output") / "mutants.json"
CASES, SEED = 12_000, 20260318
SECONDS = 240
"""So long may a mutant think; the slowest witness needs about ten."""

_TESTED = [
    *(f"tests.core.test_consent_{each}" for each in ("gates", "matching", "foreign", "foreign_frame", "foreign_tree")),
    *(f"tests.core.test_consent_{each}" for each in ("period", "reading")),
    *("tests.spec.test_decision_cases", "tests.spec.test_how_a_family_is_asked", "tests.core.test_consent_decision"),
]
_COMPARING = "test_two_evaluators_agree_on_every_generated_case"  # which other cases have shown before
_ROOT = Path(__file__).parents[2]
_WITNESSED_BY = ("registry", "schemas", "tests/core", "tests/spec", "tests/support", "tests/bench/mutation.py")


def chosen() -> list[Mutant]:
    return mutants.every()


def survivors(of: Sequence[Mutant], *, workers: int) -> list[Mutant]:
    """Those that nothing notices."""
    known = _known()
    waiting = [each for each in of if each.name not in known]
    _corpus()  # and before there are processes, so that they share it
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        for number, (each, witness) in enumerate(zip(waiting, pool.map(noticed_by, waiting), strict=True), 1):
            known[each.name] = witness
            _keep(known)
            if number % 50 == 0:
                sys.stdout.write(f"  {number} of {len(waiting)} mutants tried\n")
                sys.stdout.flush()
    return [each for each in of if known[each.name] is None]


def noticed_by(mutant: Mutant) -> str | None:
    """Which witness notices it; None when none does."""
    _corpus()  # answered here, by the package as it is
    return mutants.noticed_by(mutant, WITNESSES, seconds=SECONDS)


def explained() -> dict[str, str]:
    """Why a survivor changes nothing that can be told, by its name."""
    return json.loads(SURVIVORS.read_text(encoding="utf-8"))["survivors"]


# --- what was found before ------------------------------------------------------------------------


@cache
def _fingerprint() -> str:
    """Of everything that a result depends on."""
    paths = itertools.chain.from_iterable(
        [_ROOT / each] if (_ROOT / each).is_file() else (_ROOT / each).rglob("*.*") for each in _WITNESSED_BY
    )
    held = hashlib.sha256()
    for path in sorted(each for each in paths if each.suffix in (".py", ".json")):
        held.update(path.read_bytes())
    return held.hexdigest()


def _known() -> dict[str, str | None]:
    if not STATE.is_file():
        return {}
    kept: Mapping[str, Any] = json.loads(STATE.read_text(encoding="utf-8"))
    return dict(kept["found"]) if kept["of"] == _fingerprint() else {}


def _keep(found: Mapping[str, str | None]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    whole = STATE.with_suffix(".part")
    whole.write_text(json.dumps({"of": _fingerprint(), "found": found}, indent=1), encoding="utf-8")
    whole.replace(STATE)


# --- witnesses ------------------------------------------------------------------------------------


@cache
def _corpus() -> list[bytes]:
    return consent_cases.corpus(CASES, SEED)


def _few_cases_differ() -> bool:
    from tests.support import consent_cases

    return consent_cases.differs_from(_corpus()[:10])


def _cases_differ() -> bool:
    from tests.support import consent_cases

    return consent_cases.differs_from(_corpus()[10:])


def _tables_differ() -> bool:
    from tests.spec import test_may_this_leave

    for row in test_may_this_leave.ROWS:
        test_may_this_leave.test_every_row_of_the_table_is_decided_as_written(row)
    return _fails(drawn=False)


def _laws_fail() -> bool:
    return _fails(drawn=True)


def _fails(*, drawn: bool) -> bool:
    """False when no test fails; else the exception of the first, which says so to whoever tries the mutant.

    Called as pytest would, without the cost of a session: they use no fixtures. `drawn`: those whose examples
    hypothesis draws, or the others.
    """
    for test in _tests():
        if hasattr(test, "hypothesis") is drawn and test.__name__ != _COMPARING:
            for arguments in _rows(test):
                test(**arguments)
    return False


def _tests() -> list[Any]:
    """The tests of the decision, read after hypothesis was told not to look for the simplest example."""
    import hypothesis

    generating = [each for each in hypothesis.Phase if each.name in ("explicit", "generate")]
    hypothesis.settings.register_profile("mutants", phases=generating, deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutants")
    modules = [importlib.import_module(each) for each in _TESTED]
    return [each for module in modules for name, each in vars(module).items() if name.startswith("test_")]


def _rows(test: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{}]
    for mark in getattr(test, "pytestmark", ()):
        stated, values = mark.args
        names = [each.strip() for each in stated.split(",")] if isinstance(stated, str) else list(stated)
        told = [dict(zip(names, each if len(names) > 1 else (each,), strict=True)) for each in values]
        rows = [{**row, **each} for row in rows for each in told]
    return rows


WITNESSES: Witnesses = {
    "a thousand cases": _few_cases_differ,
    "the tables": _tables_differ,
    "more cases": _cases_differ,
    "the laws": _laws_fail,
}
