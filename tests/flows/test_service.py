"""The service a family gets does not depend on its answer: explored as a state machine in two worlds at once.

Registering, recording a dose or an enrolment, the paper of today's record, the words read out, the receipt, the wait
and the complaint are the same whether the family says yes, says no, says nothing, or takes its yes back. Defects are
planted one after another, each a way in which a desk or a program could make people pay for a no; the machine must
find every one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from registry.errors import NotPermitted
from registry.flows import decide, desk, match, papers, rights
from registry.flows.opening import Registry
from registry.store import audit, dossiers, keys
from tests.support import visits
from tests.support.builders import CLINIC, SCHOOL
from tests.support.postgres import Cluster
from tests.support.visits import OTHER_ANSWERS, Pair, Visit

SOME = settings(
    max_examples=8,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def pair(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    one, other = tmp_path_factory.mktemp("yes"), tmp_path_factory.mktemp("no")
    with cluster.clone(one) as yes, cluster.clone(other) as no, visits.waits_noticed():
        opened = visits.opened(yes, no)
        try:
            yield opened
        finally:
            opened.close()


def machine(pair: Pair) -> type[RuleBasedStateMachine]:  # noqa: C901 - one method a rule
    """The desk visit as a state machine on these two worlds."""
    desks = st.sampled_from([CLINIC, SCHOOL])
    domains = st.sampled_from(["health", "education"])

    class Desk(RuleBasedStateMachine):
        @initialize(has_card=st.sampled_from([True, True, False]))
        def come(self, has_card: bool) -> None:
            self.visit = Visit(pair)
            self.has_card = has_card
            if has_card:
                self.same(self.visit.open_family(CLINIC))
                self.visit.matched()

        @rule(name=desks)
        def register(self, name: str) -> None:
            self.same(self.visit.register(name))
            self.visit.matched()

        @rule(vaccine=st.sampled_from(["03", "20", "113"]))
        def be_vaccinated(self, vaccine: str) -> None:
            self.same(self.visit.dose(vaccine))
            self.visit.matched()
            self.same(self.visit.paper(CLINIC))

        @rule(grade=st.sampled_from(["3", "4"]))
        def be_enrolled(self, grade: str) -> None:
            self.same(self.visit.enrolment(grade))
            self.visit.matched()
            self.same(self.visit.paper(SCHOOL))

        @precondition(lambda self: not self.has_card)
        @rule(name=desks)
        def open_family(self, name: str) -> None:
            self.same(self.visit.open_family(name))
            self.visit.matched()
            self.has_card = True

        @rule(domain=domains)
        def hear_the_words(self, domain: str) -> None:
            self.same(self.visit.words(domain))

        @precondition(lambda self: self.has_card)
        @rule(domain=domains, other=st.sampled_from(OTHER_ANSWERS))
        def answer(self, domain: str, other: str) -> None:
            served = self.visit.answer(domain, other)
            if served:
                self.same(served)

        @precondition(lambda self: self.has_card)
        @rule()
        def take_back(self) -> None:
            """One step, with the card alone, and nobody is told anything any more."""
            self.same(self.visit.withdraw())
            assert {self.visit.asked(CLINIC), self.visit.asked(SCHOOL)} == {(404, 404)}

        @rule()
        def complain(self) -> None:
            self.same(self.visit.complain())

        @staticmethod
        def same(served: tuple[visits.Served, visits.Served]) -> None:
            one, other = served
            assert one.status < 300, one
            assert one == other

    return Desk


def test_the_service_is_the_same_whatever_the_family_answers(pair: Pair) -> None:
    run_state_machine_as_test(machine(pair), settings=SOME)


@pytest.mark.prove
def test_the_service_is_the_same_over_many_more_visits(pair: Pair) -> None:
    many = settings(SOME, max_examples=400, stateful_step_count=25, derandomize=False)
    run_state_machine_as_test(machine(pair), settings=many)


@pytest.mark.parametrize("other", OTHER_ANSWERS)
def test_the_answers_of_the_two_worlds_do_differ(pair: Pair, other: str) -> None:
    """Otherwise the machine would compare two families that said the same."""
    visit = Visit(pair)
    visit.open_family(CLINIC)
    visit.dose("03")
    visit.matched()
    visit.answer("health", other)
    visit.matched()
    assert visit.asked(CLINIC) == (200, 404)


# --- planted defects -------------------------------------------------------------------------------


async def said_no(registry: Registry, caller: Any, number: str) -> bool:
    """Whether the family of a child has no live yes: what a program that makes people pay for a no would look up."""
    async with registry.database.transaction() as tx:
        known = await keys.only(tx, keys.index_hash(tx, "person", caller.name, desk.local_id(caller, number)))
        held = (await dossiers.load(tx, [known])).get(known) if known else None
        if held is None:
            return False
        person = await decide.load(tx, held.members)
        said = [each.resource.content for each in person.held if each.resource.kind == "Consent"]
    families = [each for each in person.dossiers if each.source == decide.FAMILY]
    permits = any(each["status"] == "active" and "provision" in each["provision"] for each in said)
    return bool(families) and not permits


def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No dose without a yes."""
    work = desk.record_dose

    async def defective(registry: Registry, caller: Any, child: Any, dose: Any) -> Any:
        if await said_no(registry, caller, child.number):
            raise NotPermitted("please agree first")
        return await work(registry, caller, child, dose)

    monkeypatch.setattr(desk, "record_dose", defective)


def kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who said no wait longer to be enrolled."""
    work = desk.record_enrolment

    async def defective(registry: Registry, caller: Any, child: Any, enrolment: Any) -> Any:
        if await said_no(registry, caller, child.number):
            await asyncio.sleep(0.15)
        return await work(registry, caller, child, enrolment)

    monkeypatch.setattr(desk, "record_enrolment", defective)


def shorter_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """The paper of those who said no leaves something out."""
    work = papers.own

    async def defective(registry: Registry, caller: Any, number: str) -> Any:
        made = await work(registry, caller, number)
        return papers.Paper(records=(), token=made.token) if await said_no(registry, caller, number) else made

    monkeypatch.setattr(papers, "own", defective)


def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt of those who said no lacks the way to take it back."""
    work = rights.give

    async def defective(registry: Registry, caller: Any, card: str, answer: Any) -> Any:
        made = await work(registry, caller, card, answer)
        return made if answer.agreed else replace(made, withdraw="", page="")

    monkeypatch.setattr(rights, "give", defective)


DEFECTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no dose without a yes": refused,
    "a longer wait after a no": kept_waiting,
    "a shorter paper after a no": shorter_paper,
    "a lesser receipt for a no": marked,
}


@pytest.mark.parametrize("plant", DEFECTS.values(), ids=DEFECTS)
def test_the_machine_finds_a_service_that_depends_on_the_answer(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    quick = settings(SOME, max_examples=60, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(pair), settings=quick)


# --- taking back takes no more than giving ---------------------------------------------------------


def needed(pair: Pair, path: str, body: dict[str, Any], name: str | None, is_done: Callable[[Any], bool]) -> set[str]:
    """The fields of a request without which it does not do what it is for."""
    found: set[str] = set()
    for each in body:
        less = {field: value for field, value in body.items() if field != each}
        served, answered = pair.run(pair.sides[0].post(path, name, **less))
        if served.status >= 300 or not is_done(answered):
            found.add(each)
    return found


def test_taking_back_asks_for_less_than_giving(pair: Pair) -> None:
    visit = Visit(pair)
    visit.open_family(CLINIC)
    side = pair.sides[0]
    given = visit.said(side, "health", agreed=True)
    to_give = needed(pair, "/v1/consents", given, CLINIC, lambda answered: bool(answered["agreed"]))
    back = {"card": side.card}
    to_take_back = needed(pair, "/v1/withdrawals", back, None, lambda _: True)
    assert to_take_back == {"card"}
    assert to_give == {"card", "domain", "organisation", "until", "agreed", "understood", "interview"}
    # Giving needs two requests of a desk (the family's dossier, the consent); taking back one, of anybody.
    assert pair.run(side.post("/v1/consents", None, **given))[0].status == 401
    assert pair.run(side.post("/v1/withdrawals", None, **back))[0].status == 200


def leaves(pair: Pair) -> tuple[int, int]:
    async def counted(each: visits.Side) -> int:
        await match.run(each.world.registry)  # the matcher of either world may be behind
        async with each.world.registry.database.transaction() as tx:
            # A run of the matcher writes one leaf; how many runs the dossiers of a visit take is a matter of time.
            return sum(each.event["action"] != "matched" for each in await audit.entries(tx))

    one, other = pair.sides
    return pair.run(counted(one)), pair.run(counted(other))


def test_the_audit_costs_the_same_after_a_no(pair: Pair) -> None:
    before = leaves(pair)
    visit = Visit(pair)
    visit.open_family(CLINIC)
    visit.answer("health", "no")
    visit.dose("03")
    after = leaves(pair)
    assert after[0] - before[0] == after[1] - before[1]
