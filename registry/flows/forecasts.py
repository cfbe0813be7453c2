"""Forecasts for whoever sends a history: nothing is read of the registry's people, and nothing is kept."""

from __future__ import annotations

import asyncio
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
    return operation.answer(parameters, _found(registry, name))


def _found(registry: Registry, name: str) -> Schedule:
    places = registry.settings.schedules
    if name not in places:
        known = ", ".join(sorted(places)) or "none: set REGISTRY_SCHEDULES"
        raise UnknownName("no schedule of that name", where="schedule", remedy=f"known here: {known}")
    return _read(places[name])


@lru_cache(maxsize=16)
def _read(place: Path) -> Schedule:
    """Read once: a release is ten megabytes, and changes by being put in another place."""
    return schedules.supporting_data(place)
