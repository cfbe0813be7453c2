"""Every disclosed byte has exactly one entry: all answers of a run over all routes, against all entries of the log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from registry.flows import match, release, trail
from registry.store import audit, dossiers, reviews
from registry.store.reviews import Doubt
from registry.trust import signing
from tests.api.conftest import Service
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    NEIGHBOUR,
    OMBUDSPERSON,
    OTHER_CLINIC,
    SCHOOL,
    SCHOOLS,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
)

pytestmark = pytest.mark.anyio

Parts = Callable[[Any], list[Any]]
ASKING = ("/v1/questions", "/v1/emergencies")
GROUNDS = {CLINIC: "treatment", OTHER_CLINIC: "treatment", SCHOOL: "enrolment"}


def _summary(answer: Any) -> list[Any]:
    return [[answer[name] for name in ("token", "card", "page")]]


def _silence(answer: Any) -> list[Any]:
    return [answer["issue"][0]["diagnostics"]]


def _sides(answer: Any) -> list[Any]:
    left = [{name: value for name, value in each.items() if name != "right"} for each in answer]
    return [*left, *({"right": each["right"]} for each in answer)]


DISCLOSING: Mapping[tuple[str, str], Parts] = {
    ("POST", "/v1/questions"): lambda answer: _summary(answer) if "token" in answer else _silence(answer),
    ("POST", "/v1/emergencies"): lambda answer: _summary(answer) if "token" in answer else _silence(answer),
    **dict.fromkeys(
        (
            *(("POST", "/v1/trails"), ("POST", "/v1/receipts"), ("POST", "/v1/records"), ("POST", "/v1/papers")),
            *(("POST", "/v1/erasures/standing"), ("POST", "/v1/grievances/standing"), ("GET", "/v1/grievances")),
            *(("POST", "/v1/grievances/{complaint_id}/trail"), ("GET", "/v1/emergencies"), ("GET", "/v1/alerts")),
            *(("GET", "/v1/audit-events"), ("GET", "/v1/held-twice")),
            *(("POST", "/v1/attendance/standing"), ("GET", "/v1/attendance"), ("GET", "/v1/attendance/overdue")),
        ),
        lambda answer: [answer],
    ),
    ("GET", "/v1/reviews"): _sides,
    ("GET", "/v1/reviews/{review_id}"): lambda answer: _sides([answer]),
    ("GET", "/v1/links"): _sides,
    ("POST", "/v1/links"): _sides,
}
"""The routes that hand out something of a person, and how an answer divides among entries: one, or one for each of
the two people a steward sees."""

ACCEPTING = {
    ("POST", "/v1/submissions"), ("POST", "/v1/families"), ("POST", "/v1/consents"), ("POST", "/v1/withdrawals"),
    ("POST", "/v1/people"), ("POST", "/v1/doses"), ("POST", "/v1/enrolments"), ("POST", "/v1/reviews/{review_id}"),
    ("POST", "/v1/partings"), ("POST", "/v1/cards"), ("POST", "/v1/consent-texts"), ("POST", "/v1/disputes"),
    ("POST", "/v1/disputes/end"), ("POST", "/v1/erasures"), ("POST", "/v1/erasures/end"), ("POST", "/v1/corrections"),
    ("POST", "/v1/grievances"), ("POST", "/v1/grievances/{complaint_id}/acknowledgement"),
    ("POST", "/v1/grievances/{complaint_id}/decision"), ("POST", "/v1/emergencies/{emergency_id}/review"),
    ("POST", "/v1/alerts/{alert_id}/end"), ("POST", "/v1/reviews/{review_id}/kin"),
    ("POST", "/v1/attendance"), ("POST", "/v1/attendance/{question_id}/answer"),
}  # fmt: skip
"""The routes that take something in and answer with nothing but what became of it; each leaves its own entry."""

COMPUTING = {("POST", "/v1/$immds-forecast")}
"""Nothing but what follows from what was sent; nothing is looked up, so there is nobody to account to."""

PUBLIC = {
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metadata"), ("GET", "/trust"), ("GET", "/audit/trust"),
    ("GET", "/audit/growth"), ("GET", "/status-list"), ("GET", "/checkpoint"), ("GET", "/v1/grievances/counts"),
    ("GET", "/.well-known/jwks.json"),
}  # fmt: skip
"""Nothing of any person."""


def routes(paths: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


async def test_every_route_is_known_to_disclose_to_accept_or_to_be_public(service: Service) -> None:
    assert routes(service.app.openapi()["paths"]) == {*DISCLOSING, *ACCEPTING, *COMPUTING, *PUBLIC}


@dataclass
class Run:
    """Everything that was answered."""

    service: Service
    digests: Counter[str] = field(default_factory=Counter[str])
    called: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    async def ask(self, method: str, path: str, name: str | None = None, *, id: str = "", **body: Any) -> Any:
        if path == "/v1/questions" and name:
            body = {"grounds": GROUNDS[name], **body}
        place = re.sub(r"\{\w+\}", id, path)
        answered = await self.service.call(method, place, name, **{"json" if method == "POST" else "params": body})
        assert answered.status_code < 400 or path in ASKING, (path, answered.text)
        return self._counted((method, path), answered)

    def _counted(self, route: tuple[str, str], answered: httpx.Response) -> Any:
        if not answered.content:
            return None
        is_json = answered.headers["content-type"].endswith("json") and "ndjson" not in answered.headers["content-type"]
        content = answered.json() if is_json else answered.text
        if route in DISCLOSING:
            self.digests.update(trail.digest(part) for part in DISCLOSING[route](content))
            self.called.add(route)
        return content


def said(child: builders.Child) -> dict[str, str]:
    names = ("given", "family", "father", "mother", "village", "phone")
    return {**{name: getattr(child, name) for name in names}, "birth": child.born.isoformat(), "sex": child.sex}


async def played(service: Service) -> Run:
    """A run over every disclosing route: answers, silences, looks; several times, so that equal answers occur."""
    run, world = Run(service), service.world
    await builders.known_child(world)
    card = await builders.family(world)
    yes = {"until": str(builders.START.date().replace(year=builders.START.year + 1, day=1)), "agreed": True}
    for domain, organisation in (("health", CLINIC), ("education", SCHOOL)):
        consent = {"card": card, "domain": domain, "organisation": organisation, "understood": True, **yes}
        consent |= {"interview": builders.plain_interview(), "fled": ["XBK"]}
        await run.ask("POST", "/v1/consents", CLINIC, **consent)
    for name, child in ((CLINIC, ZAHOUANIA), (CLINIC, ZAHOUANIA), (SCHOOL, ZAHOUANIA), (OTHER_CLINIC, ZAHOUANIA)):
        await run.ask("POST", "/v1/questions", name, person=said(child))
    for name in (CLINIC, SCHOOL, OTHER_CLINIC):
        await run.ask("POST", "/v1/questions", name, person=said(UNKNOWN))
    await run.ask("POST", "/v1/questions", CLINIC, person=said(ZAHOUANIA), card="0" * 26)
    await run.ask("POST", "/v1/trails", card=card)
    await trail.sequence(world.registry)
    await run.ask("POST", "/v1/receipts", card=card)
    await run.ask("POST", "/v1/withdrawals", card=card)
    await run.ask("POST", "/v1/questions", CLINIC, person=said(ZAHOUANIA))
    await run.ask("POST", "/v1/trails", card=card)
    await doubt(service)
    (open_one,) = await run.ask("GET", "/v1/reviews", STEWARD)
    await run.ask("GET", "/v1/reviews/{review_id}", STEWARD, id=open_one["review"])
    await run.ask("GET", "/v1/links", STEWARD)
    await run.ask("POST", "/v1/links", STEWARD, card=card)
    await emergencies(run)
    await attendance(run, card)
    await redress(run, card)
    await held_twice(run)
    day = str(world.clock.now.date())
    await run.ask("GET", "/v1/audit-events", OMBUDSPERSON, **{"from": day, "to": day})
    return run


async def emergencies(run: Run) -> None:
    """Of a child that is known, of one nobody knows, and more of them than a day has."""
    why = {"role": "nurse", "safety": "unconscious", "reason": "found alone"}
    for child in (ZAHOUANIA, UNKNOWN, UNKNOWN, UNKNOWN):
        await run.ask("POST", "/v1/emergencies", OTHER_CLINIC, person=said(child), **why)
    held = await run.ask("GET", "/v1/emergencies", OMBUDSPERSON)
    path = "/v1/emergencies/{emergency_id}/review"
    await run.ask("POST", path, OMBUDSPERSON, id=held[0]["id"], verdict="justified")
    await run.ask("GET", "/v1/emergencies", OMBUDSPERSON)
    for alert in await run.ask("GET", "/v1/alerts", OMBUDSPERSON):
        await run.ask("POST", "/v1/alerts/{alert_id}/end", OMBUDSPERSON, id=alert["id"])
    await run.ask("GET", "/v1/alerts", OMBUDSPERSON)


async def held_twice(run: Run) -> None:
    """A source enters a child under a second number."""
    again = replace(ZAHOUANIA, ids={VACCINES: "again-1"})
    await builders.hand_over(run.service.world, VACCINES, builders.patient(again, VACCINES))
    await match.run(run.service.world.registry)
    assert len(await run.ask("GET", "/v1/held-twice", VACCINES)) == 1


async def attendance(run: Run, card: str) -> None:
    """A family opens its places to a school, which asks; the system that knows answers, but for one too late."""
    yes = {"places": True, "fled": frozenset({"XCV"})}
    await builders.allow(run.service.world, card, SCHOOL, **yes)
    for child, word in ((ZAHOUANIA, "yes"), (UNKNOWN, ""), (ZAHOUANIA, "")):
        asked = await run.ask("POST", "/v1/attendance", SCHOOL, person=said(child), card=card)
        for each in await run.ask("GET", "/v1/attendance", SCHOOLS) if word else ():
            await run.ask("POST", "/v1/attendance/{question_id}/answer", SCHOOLS, id=each["id"], answer=word)
        await run.ask("POST", "/v1/attendance/standing", SCHOOL, number=asked["number"])
    await run.ask("GET", "/v1/attendance/overdue", OMBUDSPERSON)


async def redress(run: Run, card: str) -> None:
    """A family looks, contests, has itself erased and complains, and each of them is followed to its end."""
    world = run.service.world
    for language in ("en", "ar"):
        await run.ask("POST", "/v1/records", card=card, language=language)
    dose = {"person": said(ZAHOUANIA), "patient": "7", "vaccine": "113", "on": str(world.clock.now.date())}
    await run.ask("POST", "/v1/doses", CLINIC, **dose)
    await run.ask("POST", "/v1/papers", CLINIC, patient="7")
    for shown in (card, ""):
        filed = await run.ask("POST", "/v1/grievances", words="nobody asked us", about="consent", card=shown)
        await run.ask("POST", "/v1/grievances/standing", number=filed["number"])
    for case in await run.ask("GET", "/v1/grievances", OMBUDSPERSON):
        await run.ask("POST", "/v1/grievances/{complaint_id}/trail", OMBUDSPERSON, id=case["id"])
        await run.ask("POST", "/v1/grievances/{complaint_id}/acknowledgement", OMBUDSPERSON, id=case["id"])
    await run.ask("POST", "/v1/grievances/standing", number=filed["number"])
    other = await builders.family(world, UNKNOWN)
    number = (await run.ask("POST", "/v1/erasures", CLINIC, card=other))["number"]
    await run.ask("POST", "/v1/erasures/standing", number=number)


async def doubt(service: Service) -> None:
    world = service.world
    await builders.hand_over(world, VACCINES, builders.patient(NEIGHBOUR, VACCINES))
    async with world.registry.database.transaction() as tx:
        held = {each.local: each.id for each in await dossiers.everyone(tx)}
        left, right = held[NEIGHBOUR.id_at(VACCINES)], held[ZAHOUANIA.id_at(SCHOOLS)]
        made = Doubt(id=builders.new_id(), left=left, right=right, probability=0.5, since=builders.BORN)
        await reviews.put(tx, world.registry.house, made)


async def written(service: Service) -> Iterable[str]:
    async with service.world.registry.database.transaction() as tx:
        events = [each.event for each in await audit.entries(tx)]
    return [event["digest"] for event in events if "digest" in event]


async def test_every_answer_of_a_run_has_exactly_one_entry_and_every_entry_its_answer(service: Service) -> None:
    run = await played(service)
    assert run.called == {*DISCLOSING}
    entries = Counter(await written(service))
    assert run.digests - entries == Counter(), "something left without an entry"
    assert entries - run.digests == Counter(), "an entry speaks of bytes that never left"
    assert run.digests[trail.digest(release.NOTHING)] == 9
    assert run.digests.total() > 15


async def test_a_digest_covers_all_of_a_summary(service: Service) -> None:
    """The document is in the token, the page names the same; nothing of the answer is outside the digest."""
    run = await played(service)
    world = service.world
    card = await builders.family(world, NEIGHBOUR)
    await builders.allow(world, card, CLINIC)
    answered = await run.ask("POST", "/v1/questions", CLINIC, person=said(NEIGHBOUR))
    payload = signing.read_unverified(answered["token"])
    assert isinstance(payload, signing.Unverified)
    assert payload.payload["document"] == answered["document"]
    assert payload.payload["card"] == answered["card"]
    assert {*answered} == {"token", "card", "page", "expires", "document"}
    for name in ("token", "card", "page"):
        other = {**answered, name: answered[name] + "x"}
        assert trail.digest(_summary(other)[0]) != trail.digest(_summary(answered)[0])
