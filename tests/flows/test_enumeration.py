"""Names tried with stolen credentials confirm next to nobody, and honest clinics notice nothing."""

from __future__ import annotations

import pytest

from registry.settings import Settings
from tests.bench import enumeration
from tests.bench.enumeration import Day

pytestmark = pytest.mark.anyio


async def test_a_day_of_fishing_confirms_next_to_nobody_and_honest_clinics_are_answered(settings: Settings) -> None:
    day = Day(people=150, clinics=3, asked=6, probes=16, consents_of_stolen=1)
    outcome = await enumeration.play(settings, day)
    assert outcome.confirmed <= 5
    assert outcome.probes_before_alert is not None
    assert outcome.probes_before_alert <= 100
    assert outcome.honest_share >= 0.99
    assert outcome.honest_alerts == 0
