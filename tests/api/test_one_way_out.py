"""Whatever leaves about a person passes one step. Every route and every job that could send something has a row here
that says how it discloses; one without a row fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import httpx
import pytest

import registry
from registry.api import app as service_app
from registry.flows import printing, release
from registry.flows.release import Released
from registry.settings import Settings
from tests.api import test_callers
from tests.api.conftest import Service
from tests.api.test_callers import asked_person
from tests.support import builders
from tests.support.builders import CLINIC, OTHER_CLINIC, SCHOOL, SECRETS, STEWARD, VACCINES

pytestmark = pytest.mark.anyio

CODE = Path(registry.__file__).parent


class Discloses(Enum):
    """What an answer may hold about a person (disclosure.md, "Who asks")."""

    NOTHING = "nothing about anybody"
    OWN = "what the caller itself said in this very request, and whether it was stored"
    RELEASE = "a summary, through the release step"
    FAMILY = "a family's own view, by its card"
    STEWARD = "demographics and evidence of two dossiers"
    TWICE = "to a system, pairs of its own numbers"
    CONFIRMATION = "yes, no or unknown to a school the family said yes to; to a system what it wrote itself"
    OMBUDSPERSON = "complaints, clocks, and the log of what was complained about; no content"


ROUTES: Mapping[tuple[str, str], Discloses] = {
    ("GET", "/healthz"): Discloses.NOTHING,
    ("GET", "/readyz"): Discloses.NOTHING,
    ("GET", "/metadata"): Discloses.NOTHING,
    ("GET", "/trust"): Discloses.NOTHING,
    ("GET", "/.well-known/jwks.json"): Discloses.NOTHING,
    ("GET", "/status-list"): Discloses.NOTHING,
    ("GET", "/checkpoint"): Discloses.NOTHING,
    ("GET", "/audit/trust"): Discloses.NOTHING,
    ("GET", "/audit/growth"): Discloses.NOTHING,
    ("GET", "/v1/grievances/counts"): Discloses.NOTHING,
    ("GET", "/docs"): Discloses.NOTHING,
    ("GET", "/docs/oauth2-redirect"): Discloses.NOTHING,
    ("GET", "/openapi.json"): Discloses.NOTHING,
    ("GET", "/static-offline-docs"): Discloses.NOTHING,
    ("POST", "/v1/submissions"): Discloses.OWN,
    ("GET", "/v1/held-twice"): Discloses.TWICE,
    ("POST", "/v1/questions"): Discloses.RELEASE,
    ("POST", "/v1/emergencies"): Discloses.RELEASE,
    ("POST", "/v1/families"): Discloses.OWN,
    ("POST", "/v1/cards"): Discloses.OWN,
    ("POST", "/v1/consents"): Discloses.OWN,
    ("POST", "/v1/withdrawals"): Discloses.FAMILY,
    ("POST", "/v1/trails"): Discloses.FAMILY,
    ("POST", "/v1/receipts"): Discloses.FAMILY,
    ("POST", "/v1/records"): Discloses.FAMILY,
    ("POST", "/v1/disputes"): Discloses.FAMILY,
    ("POST", "/v1/disputes/end"): Discloses.FAMILY,
    ("POST", "/v1/erasures/end"): Discloses.FAMILY,
    ("POST", "/v1/erasures/standing"): Discloses.FAMILY,
    ("POST", "/v1/grievances"): Discloses.FAMILY,
    ("POST", "/v1/grievances/standing"): Discloses.FAMILY,
    ("POST", "/v1/consent-texts"): Discloses.OWN,
    ("POST", "/v1/erasures"): Discloses.OWN,
    ("POST", "/v1/corrections"): Discloses.OWN,
    ("POST", "/v1/papers"): Discloses.OWN,
    ("GET", "/v1/audit-events"): Discloses.OMBUDSPERSON,
    ("GET", "/v1/grievances"): Discloses.OMBUDSPERSON,
    ("POST", "/v1/grievances/{complaint_id}/acknowledgement"): Discloses.OMBUDSPERSON,
    ("POST", "/v1/grievances/{complaint_id}/decision"): Discloses.OMBUDSPERSON,
    ("POST", "/v1/grievances/{complaint_id}/trail"): Discloses.OMBUDSPERSON,
    ("GET", "/v1/emergencies"): Discloses.OMBUDSPERSON,
    ("POST", "/v1/emergencies/{emergency_id}/review"): Discloses.OMBUDSPERSON,
    ("GET", "/v1/alerts"): Discloses.OMBUDSPERSON,
    ("POST", "/v1/alerts/{alert_id}/end"): Discloses.OMBUDSPERSON,
    ("POST", "/v1/people"): Discloses.OWN,
    ("POST", "/v1/doses"): Discloses.OWN,
    ("POST", "/v1/enrolments"): Discloses.OWN,
    ("POST", "/v1/$immds-forecast"): Discloses.OWN,
    ("GET", "/v1/reviews"): Discloses.STEWARD,
    ("GET", "/v1/reviews/{review_id}"): Discloses.STEWARD,
    ("POST", "/v1/reviews/{review_id}"): Discloses.STEWARD,
    ("POST", "/v1/reviews/{review_id}/kin"): Discloses.STEWARD,
    ("GET", "/v1/links"): Discloses.STEWARD,
    ("POST", "/v1/links"): Discloses.STEWARD,
    ("POST", "/v1/partings"): Discloses.STEWARD,
    ("POST", "/v1/attendance"): Discloses.OWN,
    ("POST", "/v1/attendance/standing"): Discloses.CONFIRMATION,
    ("GET", "/v1/attendance"): Discloses.CONFIRMATION,
    ("POST", "/v1/attendance/{question_id}/answer"): Discloses.OWN,
    ("GET", "/v1/attendance/overdue"): Discloses.OMBUDSPERSON,
}
WORKERS = {
    "sequence": "places audit leaves and signs a checkpoint",
    "match": "judges dossiers inside",
    "watch": "moves the budgets' clock; counts of alerts to the log",
    "erase": "destroys what a family asked to be erased when its time to think is over",
}
OUTBOX = {
    "match": "dossiers to be matched inside",
    "match-failed": "dossiers that could not be matched, kept aside inside",
}
NETWORK = {
    "flows/verify.py": "a verifier fetches somebody's status list; nothing is sent",
    "flows/cosigning.py": "witnesses are shown checkpoints: how many leaves there are, and a hash over them",
    "flows/proofs.py": "whoever checks a receipt asks a log for its growth since; nothing is sent",
}
READERS = {
    "flows/decide.py": "everything about a person, to decide what may leave and to release it",
    "flows/ingest.py": "what one source said before, to see what is new",
    "flows/correcting.py": "what a desk itself recorded, to be corrected by it",
    "flows/papers.py": "what a desk itself recorded, for the paper of that day",
    "flows/rights.py": "a family's own consents",
}
"""Who opens documents at all."""


def test_every_route_says_how_it_discloses() -> None:
    app = service_app.application(Settings())
    assert set(test_callers.routes(app)) == set(ROUTES)


def test_every_worker_says_what_it_sends() -> None:
    assert set(service_app.WORKERS) == set(WORKERS)


def test_every_kind_of_work_after_a_commit_says_what_it_is() -> None:
    assert {kind for _, call in calls("outbox", "put") for kind in _second_argument(call)} == set(OUTBOX)


def test_nothing_else_speaks_to_the_network_or_opens_documents() -> None:
    network = {
        path for path, tree in modules() if _imported(tree) & {"httpx", "urllib", "requests", "smtplib", "aiohttp"}
    }
    assert network == set(NETWORK)
    assert {path for path, _ in calls("documents", "load")} == set(READERS)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(CODE.rglob("*.py")):
        name = path.relative_to(CODE).as_posix()
        if not name.startswith("store/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def calls(module: str, function: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call `module.function(...)` outside the store, with the file it stands in."""
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{module}.{function}":
                yield path, node


def _second_argument(call: ast.Call) -> Iterator[str]:
    given = call.args[1]
    yield given.value if isinstance(given, ast.Constant) else f"not a word: {ast.unparse(given)}"


def _imported(tree: ast.Module) -> set[str]:
    names = [each for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names]
    sources = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {each.partition(".")[0] for each in [*(each.name for each in names), *sources]}


# --- what really leaves ----------------------------------------------------------------------------


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[Released]:
    """Everything that passes the release step."""
    seen: list[Released] = []
    step = release.give

    async def watched(*given: Any) -> Released:
        seen.append(await step(*given))
        return seen[-1]

    monkeypatch.setattr(release, "give", watched)
    return seen


async def test_what_a_released_answer_holds_is_what_passed_the_release_step(
    service: Service, passed: list[Released]
) -> None:
    await known(service)
    for name in (CLINIC, SCHOOL):
        told = (await service.post("/v1/questions", name, person=asked_person())).json()
        (step,) = passed[-1:]
        assert told == {
            "token": step.token,
            "card": step.card,
            "page": step.page,
            "expires": step.expires_at.isoformat(),
            "document": step.document,
        }
    assert len(passed) == 2


async def test_every_form_of_an_answer_is_what_passed_the_release_step(
    service: Service, passed: list[Released]
) -> None:
    await known(service)
    for name, ground in ((CLINIC, "treatment"), (SCHOOL, "enrolment")):
        body = {"grounds": ground, "person": asked_person(), "language": "ar"}

        async def ask(accept: str, *, name: str = name, body: dict[str, Any] = body) -> httpx.Response:
            return await service.call("POST", "/v1/questions", name, json=body, headers={"Accept": accept})

        document, printed = await ask("application/fhir+json"), await ask("application/pdf")
        assert document.headers["content-type"] == "application/fhir+json"
        assert (document.json(), document.json()["language"]) == (passed[-2].document, "ar")
        assert printed.headers["content-type"] == "application/pdf"
        assert printed.content == printing.of(passed[-1].token, service.world.registry.library, language="ar")
    assert len(passed) == 4


async def test_saying_nothing_has_one_form_whatever_form_was_asked_for(service: Service) -> None:
    body = {"grounds": "treatment", "person": asked_person()}
    said = [
        await service.call("POST", "/v1/questions", CLINIC, json=body, headers={"Accept": accept})
        for accept in ("application/json", "application/fhir+json", "application/pdf", "nonsense")
    ]
    assert {(each.status_code, each.content, each.headers["content-type"]) for each in said} == {
        (404, said[0].content, "application/fhir+json")
    }


async def test_no_other_route_answers_with_a_word_of_the_records(service: Service, passed: list[Released]) -> None:
    """Everybody calls everything about a child that is known, everywhere in her own words."""
    card = await known(service)
    hers = {each for kind in SECRETS.values() for each in kind} | {builders.CVX, "promoted"}
    for route, row in test_callers.TABLE.items():
        if ROUTES[route] is Discloses.RELEASE:
            continue
        for name in (CLINIC, OTHER_CLINIC, SCHOOL, VACCINES, STEWARD, None):
            answered = await test_callers.send(service, route, _about_her(row, card), name=name)
            text = _words(answered.text) if "docs" not in route[1] and "openapi" not in route[1] else ""
            allowed = _demographics() if ROUTES[route] is Discloses.STEWARD else set[str]()
            if route[1] == "/v1/submissions":  # a receipt names the rows of the file that came with the request
                allowed = {*SECRETS["sources"]}
            assert builders.found(text, hers - allowed) == [], (route, name)
    assert passed == []


def _words(text: str) -> str:
    """What an answer says, without hashes and signatures: three letters of a country stand in them by chance."""
    return re.sub(r"[A-Za-z0-9_+/=-]{40,}", " ", text)


def _about_her(row: test_callers.Row, card: str) -> test_callers.Row:
    body = {**(row.body or {})} if row.body is not None else None
    if body is not None and "person" in body:
        body["person"] = asked_person()
    if body is not None and "card" in body:
        body["card"] = card
    return test_callers.Row(kinds=row.kinds, body=body, content=row.content, params=row.params, by_card=row.by_card)


def _demographics() -> set[str]:
    """A steward compares names, places and phones; no lot, no facility, no number of a person."""
    kinds = ("places", "phones", "demographics nobody asked with")
    return {each for kind in kinds for each in SECRETS[kind]}


async def known(service: Service) -> str:
    world = service.world
    await builders.known_child(world)
    card = await builders.family(world)
    for name in (CLINIC, SCHOOL):
        await builders.allow(world, card, name)
    return card
