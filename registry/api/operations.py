"""The flows as routes. Each reads its body, calls one flow and writes the answer."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.api import answers, bodies, deadline, forms
from registry.api.deadline import Arrived
from registry.api.security import Calling, Opened
from registry.consent.interview import Interview
from registry.flows import (
    adapters,
    asking,
    balp,
    desk,
    forecasts,
    ingest,
    lost_card,
    proofs,
    question,
    receipts,
    release,
    review,
    rights,
    trail,
    twice,
)
from registry.flows.desk import Child
from registry.flows.opening import Registry
from registry.flows.organisations import Kind
from registry.flows.seconding import Standing
from registry.trust import receipt

router = APIRouter(prefix="/v1", route_class=bodies.Told)
stepped = APIRouter(prefix="/v1", route_class=deadline.Stepped)
"""What a desk records, and what a card opens: when it is answered must not tell what else is known of the child."""


@router.post("/submissions", tags=["source"])
async def submit(
    registry: Opened, caller: Calling, request: Request, adapter: Annotated[str, Query(examples=["dhis2"])]
) -> dict[str, Any]:
    """Hand over a file of a national system; the body is the file. The receipt answers every row."""
    caller.must_be(Kind.SOURCE)
    body = await request.body()
    chosen = adapters.named(adapter)
    submission = await run_in_threadpool(chosen.convert, body, source=caller.name, received_at=registry.now())
    receipt = await ingest.ingest(registry, submission, body=body)
    return receipts.plain(receipt)


@router.get("/held-twice", tags=["source"])
async def held_twice(registry: Opened, caller: Calling) -> list[bodies.HeldTwice]:
    """Pairs of your own numbers that may be one person, by your own records alone. What they say now is looked at."""
    return [bodies.HeldTwice(**asdict(each)) for each in await twice.of_source(registry, caller.name)]


@router.post("/questions", tags=["clinic and school"], response_model=bodies.Released, responses=forms.OFFERED)
async def ask(
    arrived: Arrived, registry: Opened, caller: Calling, body: bodies.Question, accept: forms.Accept = ""
) -> Any:
    """Ask for a person's summary. Whether nobody is known or nothing is allowed, the answer is the same."""
    described = question.read(body.person.model_dump())
    asked = release.Asked(description=described, card=body.card, grounds=body.grounds, language=body.language)
    settings = registry.settings
    released = await deadline.by_deadline(
        release.ask(registry, caller, asked),
        arrived=arrived,
        seconds=settings.answer_seconds,
        places=settings.questions_at_once,
    )
    return await forms.of(registry, released, accept)


@stepped.post("/families", tags=["family"], status_code=201)
async def open_family(registry: Opened, caller: Calling, body: bodies.Family) -> bodies.FamilyOpened:
    """Open a family's dossier at a desk; its card is shown this once."""
    family = await rights.open_family(registry, caller, question.read(body.person.model_dump()))
    return bodies.FamilyOpened(card=family.card)


@stepped.post("/cards", tags=["family"], status_code=201)
async def replace_card(registry: Opened, caller: Calling, body: bodies.Family) -> bodies.FamilyOpened:
    """Replace a family's lost card. The desk that opened its dossier identifies it; the old card dies at once."""
    family = await lost_card.replaced(registry, caller, question.read(body.person.model_dump()))
    return bodies.FamilyOpened(card=family.card)


@router.post("/consent-texts", tags=["family"])
async def consent_text(registry: Opened, caller: Calling, body: bodies.ConsentText) -> bodies.ConsentWords:
    """The words to read to a family before it answers."""
    words = await asking.read_out(registry, caller, rights.Answer(**body.model_dump()))
    return bodies.ConsentWords.model_validate(asdict(words))


@stepped.post("/consents", tags=["family"], status_code=201)
async def give_consent(registry: Opened, caller: Calling, body: bodies.Consent) -> bodies.ConsentReceipt:
    """Record a family's answer to one question."""
    answer = rights.Answer(
        **body.model_dump(exclude={"card", "interview"}), interview=Interview(**body.interview.model_dump())
    )
    receipt = await rights.give(registry, caller, body.card, answer)
    await _until_all_have_left(registry)
    return bodies.ConsentReceipt(**asdict(receipt))


@stepped.post("/withdrawals", tags=["family"])
async def withdraw(registry: Opened, body: bodies.Withdrawal) -> bodies.Withdrawn:
    """Take consent back. The card alone is enough: taking back needs no more than giving."""
    ended = await rights.withdraw(registry, body.card, consent=body.consent)
    await _until_all_have_left(registry)
    return bodies.Withdrawn(**asdict(ended))


async def _until_all_have_left(registry: Registry) -> None:
    """Let the answers leave that were found before a family decided and wait for their deadline: none of them leaves
    after the family was told that its word holds."""
    await asyncio.sleep(registry.settings.answer_seconds)


@stepped.post("/trails", tags=["family"])
async def trail_of(registry: Opened, body: bodies.CardOnly) -> list[bodies.TrailLine]:
    """A family's own audit trail: who asked, for what, and what was answered."""
    lines = await rights.own_trail(registry, body.card)
    return [bodies.TrailLine(**trail.plain(each)) for each in lines]


@stepped.post("/receipts", tags=["family"])
async def receipt_of(registry: Opened, body: bodies.CardOnly) -> dict[str, Any]:
    """A receipt of the family's own events, to be checked without asking anybody: `continuity audit check`."""
    given = await proofs.for_family(registry, body.card)
    return receipt.plain(given.receipt)


@stepped.post("/people", tags=["clinic and school"], status_code=201)
async def register_person(registry: Opened, caller: Calling, body: bodies.NewPerson) -> dict[str, str]:
    """Register a child at this desk."""
    child = Child(number=body.patient, description=question.read(body.person.model_dump()))
    return asdict(await desk.register(registry, caller, child))


@stepped.post("/doses", tags=["clinic and school"], status_code=201)
async def record_dose(registry: Opened, caller: Calling, body: bodies.Dose) -> dict[str, str]:
    """Record a dose given here today."""
    dose = desk.Dose(**body.model_dump(exclude={"person", "patient", "summary"}))
    return asdict(await desk.record_dose(registry, caller, _child(body), dose))


@stepped.post("/enrolments", tags=["clinic and school"], status_code=201)
async def record_enrolment(registry: Opened, caller: Calling, body: bodies.Enrolment) -> dict[str, str]:
    """Record an enrolment made here today."""
    enrolment = desk.Enrolment(**body.model_dump(exclude={"person", "patient", "summary"}))
    return asdict(await desk.record_enrolment(registry, caller, _child(body), enrolment))


def _child(body: bodies.Dose | bodies.Enrolment) -> Child:
    described = question.read(body.person.model_dump())
    return Child(number=body.patient, description=described, summary=body.summary)


@router.post("/$immds-forecast", tags=["clinic and school"], response_class=Response)
async def forecast(
    registry: Opened,
    caller: Calling,
    body: Annotated[dict[str, Any], Body(examples=[bodies.FORECAST])],
    schedule: Annotated[str, Query(description="which schedule", examples=["us"])],
) -> Response:
    """What counts and what is due of the history sent, as FHIR Parameters; nothing is looked up and nothing is kept."""
    found = await forecasts.forecast(registry, caller, body, schedule)
    return Response(orjson.dumps(found), media_type=answers.FHIR_JSON)


@router.get("/reviews", tags=["steward"])
async def reviews(registry: Opened, caller: Calling) -> list[bodies.Review]:
    """The open doubts, side by side, without anything of health or education."""
    return [bodies.Review(**asdict(each)) for each in await review.waiting(registry, caller)]


@router.get("/reviews/{review_id}", tags=["steward"])
async def one_review(registry: Opened, caller: Calling, review_id: UUID) -> bodies.Review:
    """One open doubt, side by side."""
    return bodies.Review(**asdict(await review.one(registry, caller, review_id)))


@router.post("/reviews/{review_id}", tags=["steward"])
async def decide(registry: Opened, caller: Calling, review_id: UUID, body: bodies.Decision) -> bodies.Settled:
    """Settle a doubt: one person (link), two (distinct), or not to be told (unsure). Where two stewards have to say
    the same, the first word waits in the queue."""
    standing = await review.decide_doubt(registry, caller, review_id, body.verdict)
    verdict = None if standing is Standing.GONE else body.verdict
    return bodies.Settled(review=review_id.hex, verdict=verdict, standing=standing.value)


@router.post("/reviews/{review_id}/kin", tags=["steward"], status_code=204)
async def declare_kin(registry: Opened, caller: Calling, review_id: UUID) -> None:
    """Declare to be related to a case: whoever did neither sees nor decides it any more."""
    await review.declare_kin(registry, caller, review_id)


@router.get("/links", tags=["steward"])
async def latest_links(registry: Opened, caller: Calling) -> list[bodies.Link]:
    """The latest links that rules made, side by side, without anything of health or education."""
    return [bodies.Link(**asdict(each)) for each in await review.links(registry, caller)]


@router.post("/links", tags=["steward"])
async def links_of(registry: Opened, caller: Calling, body: bodies.CardOnly) -> list[bodies.Link]:
    """The links that rules made between the dossiers of one child, whose family shows its card."""
    return [bodies.Link(**asdict(each)) for each in await review.links(registry, caller, card=body.card)]


@router.post("/partings", tags=["steward"])
async def part(registry: Opened, caller: Calling, body: bodies.Parting) -> bodies.Parted:
    """Undo a wrong link, as the first or the second of two stewards: then no rule joins the two again."""
    standing = await review.part(registry, caller, body.left, body.right)
    return bodies.Parted(left=body.left.hex, right=body.right.hex, standing=standing.value)


@router.get("/audit-events", tags=["ombudsperson"], response_class=Response)
async def audit_events(
    registry: Opened, caller: Calling, first: Annotated[date, Query(alias="from")], to: date
) -> Response:
    """The audit log of these days as FHIR AuditEvents after IHE BALP, one on a line; for the ombudsperson."""
    events = await balp.export(registry, caller, first=first, last=to)
    return Response(balp.ndjson(events), media_type="application/fhir+ndjson")
