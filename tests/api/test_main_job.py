"""The main job over HTTP: three hand-overs in, two summaries out, a dose back in, and all of it taken back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from registry import library, logs
from registry.flows import verify
from registry.trust import shc, status
from tests.api.conftest import Service
from tests.support import builders, cards, samples
from tests.support.builders import CLINIC, MORE_VACCINES, SCHOOL, SCHOOLS, STEWARD, UNKNOWN, VACCINES

pytestmark = pytest.mark.anyio

HAND_OVERS = ((VACCINES, "dhis2"), (MORE_VACCINES, "hl7v2"), (SCHOOLS, "oneroster"))


async def handed_over(service: Service) -> list[dict[str, Any]]:
    receipts = [await service.hand_over(source, adapter, samples.file(source)) for source, adapter in HAND_OVERS]
    assert [each.status_code for each in receipts] == [200] * 3
    await service.matched()
    return [each.json() for each in receipts]


async def consented(service: Service) -> str:
    """The card of the girl's family, which said yes to the clinic and to the school."""
    opened = await service.post("/v1/families", CLINIC, person=samples.said_by_the_family())
    assert opened.status_code == 201
    card = opened.json()["card"]
    await service.matched()
    for domain, organisation in (("health", CLINIC), ("education", SCHOOL)):
        given = await service.post("/v1/consents", CLINIC, **consent(service, card, domain, organisation))
        assert given.status_code == 201
    return card


def consent(service: Service, card: str, domain: str, organisation: str) -> dict[str, Any]:
    until = service.world.clock.now.date().replace(day=1)
    return {
        "card": card,
        "domain": domain,
        "organisation": organisation,
        "until": until.replace(year=until.year + 1).isoformat(),
        "agreed": True,
        "fled": ["XBK"],
        "understood": True,
        "interview": builders.plain_interview(),
    }


async def asked(service: Service, name: str) -> dict[str, Any]:
    kind = "clinic" if name == CLINIC else "school"
    answered = await service.post("/v1/questions", name, person=samples.asked(kind))
    assert answered.status_code == 200
    return answered.json()


async def whole_job(service: Service) -> dict[str, Any]:
    """Everything once, as a client sees it; the summaries by organisation."""
    await handed_over(service)
    card = await consented(service)
    summaries = {name: await asked(service, name) for name in (CLINIC, SCHOOL)}
    today = service.world.clock.now.date().isoformat()
    dose = {"patient": "2026-118", "vaccine": "113", "on": today, "summary": summaries[CLINIC]["token"]}
    recorded = await service.post("/v1/doses", CLINIC, person=samples.asked("clinic"), **dose)
    assert recorded.status_code == 201
    year = {"patient": "A-77", "school": "Nadir", "grade": "الصف التاسع", "academic_year": "2026-2027", "on": today}
    enrolled = await service.post(
        "/v1/enrolments", SCHOOL, person=samples.asked("school"), **year, summary=summaries[SCHOOL]["token"]
    )
    assert enrolled.status_code == 201
    new = {"given": UNKNOWN.given, "family": UNKNOWN.family, "birth": UNKNOWN.born.isoformat()}
    for name in (CLINIC, SCHOOL):
        assert (await service.post("/v1/people", name, person=new, patient="N-1")).status_code == 201
    assert (await service.call("GET", "/v1/reviews", STEWARD)).status_code == 200
    summaries["trail"] = (await service.post("/v1/trails", card=card)).json()
    withdrawn = await service.post("/v1/withdrawals", card=card)
    assert withdrawn.json() == {"consents": 2, "revoked": 2}
    return summaries


async def test_the_receipts_answer_every_row_and_nothing_is_set_aside(service: Service) -> None:
    for receipt in await handed_over(service):
        assert receipt["people"] == 2
        assert receipt["counts"]["stored"] == len(receipt["rows"])
        assert not receipt["repeated"]
    again = await service.hand_over(VACCINES, "dhis2", samples.file(VACCINES))
    assert again.json()["repeated"]


async def test_the_clinic_receives_doses_of_two_systems_and_the_school_the_years(service: Service) -> None:
    await handed_over(service)
    await consented(service)
    health, school = await asked(service, CLINIC), await asked(service, SCHOOL)
    kinds = [{each["resource"]["resourceType"] for each in one["document"]["entry"]} for one in (health, school)]
    assert kinds[0] >= {"Immunization", "ImmunizationRecommendation"}
    assert "Basic" in kinds[1]
    assert "Immunization" not in kinds[1]
    assert "Basic" not in kinds[0]


async def test_the_summary_is_genuine_by_the_published_keys_and_names_its_withdrawal(service: Service) -> None:
    summary = (await whole_job(service))[CLINIC]
    trust_file = await service.call("GET", "/trust")
    believed = verify.trust_files({"own.json": trust_file.content})
    now = service.world.clock.now
    for paper in (summary["token"], summary["card"], summary["page"]):
        verdict = verify.verify(paper.encode(), believed, library.load(), now=now)
        assert verdict.accepted, verdict.sentence
        assert verdict.pointer is not None
        listed = await service.call("GET", "/status-list")
        assert listed.headers["content-type"].startswith("application/statuslist+jwt")
        statement = verify.signing.verify(listed.text, believed.registries, typ=status.TYPE, now=now)
        assert isinstance(statement, verify.signing.Verified)
        assert status.is_withdrawn(statement.payload, verdict.pointer)


async def test_our_health_cards_are_believed_by_the_keys_where_readers_look_for_them(service: Service) -> None:
    answered = await service.call("GET", "/.well-known/jwks.json")
    assert answered.headers["access-control-allow-origin"] == "*"
    issuer = service.world.registry.settings.issuer
    host = issuer.removeprefix("https://")
    believed = verify.trust_files({f"{host}/.well-known/jwks.json": answered.content})
    key, now = service.world.registry.database.keyring.summary_key, service.world.clock.now
    card = shc.issue(cards.PERSON, cards.doses(3), issuer=issuer, key=key, issued=now)
    assert verify.verify(card.encode(), believed, library.load(), now=now).accepted
    assert answered.json()["keys"][0].keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}, "no private half"


async def test_after_the_withdrawal_both_are_answered_as_about_nobody(service: Service) -> None:
    await whole_job(service)
    for name, kind in ((CLINIC, "clinic"), (SCHOOL, "school")):
        again = await service.post("/v1/questions", name, person=samples.asked(kind))
        unknown = await service.post("/v1/questions", name, person={"given": UNKNOWN.given, "birth": "2019"})
        assert again.status_code == unknown.status_code == 404
        assert again.content == unknown.content


async def test_the_family_reads_its_trail(service: Service) -> None:
    trail = (await whole_job(service))["trail"]
    questions = [(each["organisation"], each["domain"], each["answer"]) for each in trail if each["action"] == "ask"]
    assert questions == [(CLINIC, "health", "summary"), (SCHOOL, "education", "summary")]


# --- what the logs say -----------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every line the service logs, after redaction and before; both are searched."""
    lines: list[str] = []

    def keep(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        lines.append(json.dumps(dict(event), default=repr, ensure_ascii=False))
        return event

    logs.configure()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[keep, *before[:-1], keep, before[-1]])
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    yield lines
    structlog.reset_defaults()


async def test_no_log_line_says_anything_of_a_person(
    service: Service, written: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    summaries = await whole_job(service)
    await service.post("/v1/questions", CLINIC, person={"given": "Zzyzx", "birth": "not a date"})
    await service.post("/v1/doses", CLINIC, person={"given": "Zzyzx"}, patient="Zzyzx", vaccine="", on="never")
    await service.call("POST", "/v1/questions", CLINIC, content=b'{"person": {"given": "Zzyzx')
    await service.hand_over(VACCINES, "dhis2", b'{"trackedEntities": [{"Zzyzx')
    captured = capfd.readouterr()
    text = "\n".join([*written, captured.out, captured.err])
    assert len(written) >= 20, "the log was captured"
    secrets = {*samples.canaries(), "Zzyzx", summaries[CLINIC]["token"][-40:], *service.world.keys.values()}
    assert len(secrets) > 60
    assert builders.found(text, secrets) == []


async def test_the_search_of_the_logs_would_find_a_name(service: Service, written: list[str]) -> None:
    structlog.get_logger().info("request", route=samples.said_by_the_family()["given"])
    await service.call("GET", "/healthz")
    assert builders.found("\n".join(written), samples.canaries())
