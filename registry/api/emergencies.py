"""Break-glass over HTTP, and what the ombudsperson watches: emergencies to review, alerts about who fishes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from registry.api import bodies, deadline, forms, pleas
from registry.api.deadline import Arrived
from registry.api.security import Calling, Opened
from registry.flows import budgets, emergencies, question
from registry.flows.emergencies import Declared
from registry.flows.release import Asked

router = APIRouter(prefix="/v1", route_class=bodies.Told)


@router.post("/emergencies", tags=["clinic and school"], response_model=bodies.Released, responses=forms.OFFERED)
async def break_glass(
    arrived: Arrived, registry: Opened, caller: Calling, body: pleas.EmergencyQuestion, accept: forms.Accept = ""
) -> Any:
    """Ask in an emergency: doses alone, for an hour. The family reads it, and it is reviewed; nothing is the one
    answer that says nothing. Never turned away because too much is asked at once: a child's safety waits for nobody,
    and its own small budget bounds it."""
    asked = Asked(description=question.read(body.person.model_dump()), card=body.card, language=body.language)
    declared = Declared(role=body.role, safety=body.safety, reason=body.reason)
    released = await deadline.by_deadline(
        emergencies.ask(registry, caller, asked, declared), arrived=arrived, seconds=registry.settings.answer_seconds
    )
    return await forms.of(registry, released, accept)


@router.get("/emergencies", tags=["ombudsperson"])
async def waiting(registry: Opened, caller: Calling) -> list[pleas.Emergency]:
    """Every emergency declared, those that wait for a review first, with their clock of 72 hours."""
    return [pleas.Emergency(**asdict(each)) for each in await emergencies.waiting(registry, caller)]


@router.post("/emergencies/{emergency_id}/review", tags=["ombudsperson"])
async def review(registry: Opened, caller: Calling, emergency_id: UUID, body: pleas.Verdict) -> pleas.Reviewed:
    """Say whether it was justified; the family then reads who it was. The first verdict stands."""
    made = await emergencies.review(registry, caller, emergency_id, body.verdict)
    return pleas.Reviewed(id=made.id, verdict=made.verdict or "", is_late=made.is_late)


@router.get("/alerts", tags=["ombudsperson"])
async def alerts(registry: Opened, caller: Calling) -> list[pleas.Alert]:
    """Who asks like one who fishes, or declares too many emergencies, until a human lifts it: counts, no person."""
    return [pleas.Alert(**each) for each in await budgets.shown(registry, caller)]


@router.post("/alerts/{alert_id}/end", tags=["ombudsperson"], status_code=204)
async def lift(registry: Opened, caller: Calling, alert_id: UUID) -> None:
    """Let an asker begin anew, after somebody has spoken with it."""
    await budgets.lift_by(registry, caller, alert_id)
