"""Did this child attend? A school asks over HTTP, the system that knows answers, the ombudsperson sees the clock."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter

from registry.api import deadline, pleas
from registry.api.security import Calling, Opened
from registry.flows import attendance, question

router = APIRouter(prefix="/v1/attendance", route_class=deadline.Stepped)


@router.post("", tags=["clinic and school"], status_code=202)
async def ask(registry: Opened, caller: Calling, body: pleas.AttendanceQuestion) -> pleas.AttendanceAsked:
    """Ask, with the family, whether the child attended. Whether it may be sent on, the answer is the same."""
    told = question.read(body.person.model_dump())
    asked = await attendance.ask(registry, caller, told, card=body.card, academic_year=body.academic_year)
    return pleas.AttendanceAsked(**asdict(asked))


@router.post("/standing", tags=["clinic and school"])
async def follow(registry: Opened, caller: Calling, body: pleas.Number) -> pleas.AttendanceStanding:
    """How the question of this number stands: waiting, yes, no, or unknown."""
    return pleas.AttendanceStanding(**asdict(await attendance.follow(registry, caller, body.number)))


@router.get("", tags=["source"])
async def waiting(registry: Opened, caller: Calling) -> list[pleas.AttendanceWaiting]:
    """The questions about records this system handed over, the late ones first."""
    return [pleas.AttendanceWaiting(**asdict(each)) for each in await attendance.waiting(registry, caller)]


@router.get("/overdue", tags=["ombudsperson"])
async def overdue(registry: Opened, caller: Calling) -> list[pleas.AttendanceOverdue]:
    """The questions nobody answered in time: which system, how many days."""
    return [pleas.AttendanceOverdue(**asdict(each)) for each in await attendance.overdue(registry, caller)]


@router.post("/{question_id}/answer", tags=["source"], status_code=204)
async def answer(registry: Opened, caller: Calling, question_id: UUID, body: pleas.AttendanceAnswer) -> None:
    """Answer: yes, no or unknown. The first answer stands."""
    await attendance.answer(registry, caller, question_id, body.answer)
