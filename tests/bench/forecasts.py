"""`python -m tests.bench.forecasts`: forecasts a second on one core, over the published cases of healthy people.

Each forecast is of every vaccine group of the CDSi supporting data. Processor time is told beside the time on the
clock, because other work on the machine lengthens only the second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from registry.continuity.immunization import casebook, engine
from registry.continuity.immunization.casebook import ForecastCase
from registry.continuity.immunization.schedule import Schedule
from registry.flows import schedules
from tests.bench.proofs import SHARED

FOLDER = SHARED / "immunization" / "cdsi"
CASES = FOLDER / "test-cases" / "cdsi-healthy-childhood-and-adult-test-cases-v4.42.xlsx"


def main() -> int:
    """Print the figures; 1 where the reference data are not beside the project."""
    if not CASES.exists():
        sys.stderr.write(f"the reference data are not here: {CASES}\n")
        return 1
    rules = schedules.supporting_data(FOLDER / "supporting-data-2025-03.tar.gz")
    cases = casebook.read(CASES.read_bytes(), CASES.name)
    ask(rules, cases[:100])  # days once reckoned are remembered, as they are in a service that runs
    busy, clock = time.process_time(), time.perf_counter()
    ask(rules, cases)
    busy, clock = time.process_time() - busy, time.perf_counter() - clock
    doses = sum(len(each.doses) for each in cases)
    sys.stdout.write(f"{len(cases)} people, {doses} doses, {len(rules.groups)} vaccine groups each\n")
    sys.stdout.write(f"{len(cases) / busy:.0f} a second of processor, {len(cases) / clock:.0f} on the clock\n")
    return 0


def ask(rules: Schedule, cases: Sequence[ForecastCase]) -> None:
    for each in cases:
        engine.forecast(rules, each.person, each.doses, each.observations, each.on)


if __name__ == "__main__":
    sys.exit(main())
