"""Forecasts for whoever sends a history: nothing is read of the registry's people, and nothing is kept."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from registry.continuity.immunization import operation
from registry.continuity.immunization.schedule import Schedule
from registry.errors import UnknownName
from registry.fhir.resource import Content
from registry.flows import schedules
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind


async def forecast(registry: Registry, caller: Caller, parameters: Any, name: str) -> Content:
    """`$immds-forecast` by the schedule of that name. Raises BadInput where the Parameters ask no question."""
    caller.must_be(Kind.CLINIC, Kind.SOURCE)
    return await asyncio.to_thread(_answered, registry, parameters, name)


def _answered(registry: Registry, parameters: Any, name: str) -> Content:
    return operation.answer(parameters, lambda day: find(registry, name, day), registry.library.meaning)


def find(registry: Registry, name: str, on: date) -> Schedule:
    """The schedule of that name, of this registry's own places or as shipped, in the edition of the day."""
    places, shipped = registry.settings.schedules, registry.library.editions
    if name in places:
        return _read(places[name])
    if name in shipped:
        return shipped[name].on(on)
    known = ", ".join(sorted({*places, *shipped}))
    raise UnknownName("no schedule of that name", where="schedule", remedy=f"known here: {known}")


@lru_cache(maxsize=16)
def _read(place: Path) -> Schedule:
    """Read once: a release is ten megabytes, and changes by being put in another place."""
    return schedules.supporting_data(place)
