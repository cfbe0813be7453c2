"""Redress over HTTP: a family sees and contests records, has them corrected or erased, anybody complains."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter

from registry.api import deadline, pleas
from registry.api.bodies import CardOnly
from registry.api.security import Calling, Opened
from registry.flows import correcting, disputes, erasure_request, grievances, papers, records
from registry.flows.correcting import Correction
from registry.flows.grievances import Complaint

router = APIRouter(prefix="/v1", route_class=deadline.Stepped)


@router.post("/records", tags=["family"])
async def own_records(registry: Opened, body: pleas.Records) -> list[pleas.Record]:
    """What the registry holds about the family's child, in its language, without any place."""
    found = await records.own(registry, body.card, language=body.language)
    return [pleas.Record.model_validate(asdict(each)) for each in found]


@router.post("/disputes", tags=["family"], status_code=201)
async def contest(registry: Opened, body: pleas.Dispute) -> pleas.Contested:
    """Say that a record is wrong. It is shown as disputed from then on, and counts as uncertain."""
    made = await disputes.contest(registry, body.card, body.record, words=body.words, language=body.language)
    return pleas.Contested(**asdict(made))


@router.post("/disputes/end", tags=["family"], status_code=204)
async def settle(registry: Opened, body: pleas.Named) -> None:
    """Take the word back: the record is as it was."""
    await disputes.settle(registry, body.card, body.record)


@router.post("/corrections", tags=["clinic and school"], status_code=201)
async def correct(registry: Opened, caller: Calling, body: pleas.Correction) -> pleas.Corrected:
    """Correct what this desk recorded; the former version is kept, with who changed it and why."""
    correction = Correction(**body.model_dump(exclude={"patient", "reference"}))
    made = await correcting.correct(
        registry, caller, number=body.patient, reference=body.reference, correction=correction
    )
    return pleas.Corrected(**asdict(made))


@router.post("/papers", tags=["clinic and school"])
async def paper(registry: Opened, caller: Calling, body: pleas.Patient) -> pleas.Paper:
    """The signed paper of what this desk recorded of a child, whatever the family answered to anything."""
    return pleas.Paper.model_validate(asdict(await papers.own(registry, caller, body.patient)))


@router.post("/erasures", tags=["family"], status_code=202)
async def ask_erasure(registry: Opened, caller: Calling, body: CardOnly) -> pleas.ErasureWaiting:
    """Ask at a desk that everything about the child be erased, after seven days to think."""
    return pleas.ErasureWaiting(**asdict(await erasure_request.ask(registry, caller, body.card)))


@router.post("/erasures/end", tags=["family"])
async def cancel_erasure(registry: Opened, body: CardOnly) -> pleas.Ended:
    """End the waiting: nothing is erased."""
    return pleas.Ended(erasures=await erasure_request.cancel(registry, body.card))


@router.post("/erasures/standing", tags=["family"])
async def follow_erasure(registry: Opened, body: pleas.Number) -> pleas.ErasureStanding:
    """How an erasure stands, also after the card opens nothing any more."""
    return pleas.ErasureStanding.model_validate(asdict(await erasure_request.follow(registry, body.number)))


@router.post("/grievances", tags=["family"], status_code=201)
async def complain(registry: Opened, body: pleas.Complaint) -> pleas.Filed:
    """Complain, in any supported language, with or without a name."""
    return pleas.Filed(**asdict(await grievances.file(registry, Complaint(**body.model_dump()))))


@router.post("/grievances/standing", tags=["family"])
async def follow(registry: Opened, body: pleas.Number) -> pleas.Standing:
    """How a complaint stands: heard within 48 hours, decided within 30 days, or late."""
    return pleas.Standing(**asdict(await grievances.follow(registry, body.number)))


@router.get("/grievances/counts", tags=["public"])
async def counts(registry: Opened) -> dict[str, int | None]:
    """How many complaints there were when the month began and how the clocks were kept, in tens; nothing below ten."""
    return await grievances.published(registry)


@router.get("/grievances", tags=["ombudsperson"])
async def cases(registry: Opened, caller: Calling) -> list[pleas.Case]:
    """Every complaint, those that are late first."""
    return [pleas.Case.model_validate(asdict(each)) for each in await grievances.cases(registry, caller)]


@router.post("/grievances/{complaint_id}/acknowledgement", tags=["ombudsperson"])
async def acknowledge(registry: Opened, caller: Calling, complaint_id: UUID) -> pleas.Standing:
    """Say that the complaint was heard."""
    return pleas.Standing(**asdict(await grievances.acknowledge(registry, caller, complaint_id)))


@router.post("/grievances/{complaint_id}/decision", tags=["ombudsperson"])
async def decide(registry: Opened, caller: Calling, complaint_id: UUID, body: pleas.Outcome) -> pleas.Standing:
    """Decide a complaint, with words for whoever complained."""
    decided = await grievances.decide(registry, caller, complaint_id, outcome=body.outcome, answer=body.answer)
    return pleas.Standing(**asdict(decided))


@router.post("/grievances/{complaint_id}/trail", tags=["ombudsperson"])
async def trail_of(registry: Opened, caller: Calling, complaint_id: UUID) -> list[pleas.Event]:
    """What the audit says about the child of a complaint, with every detail; the family sees that it was read."""
    events = await grievances.trail_of(registry, caller, complaint_id)
    return [pleas.Event(**each) for each in events]
