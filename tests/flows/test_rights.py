"""What a family decides: its card, its answers, its withdrawals."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from registry.consent import dialect
from registry.consent.agreement import Agreement
from registry.errors import BadInput, NotPermitted, RegistryError, UnknownName
from registry.fhir import resource
from registry.flows import cards, rights
from registry.flows.rights import Answer
from registry.store import documents, dossiers
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    SCHOOL,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
    answer,
    ask,
)

pytestmark = pytest.mark.anyio


async def consents(world: World, card: str) -> list[Mapping[str, Any]]:
    """The Consents in force or not, as they lie in the family's dossier now."""
    async with world.registry.database.transaction() as tx:
        held = await rights.by_card(tx, card)
        current = documents.current(await documents.load(tx, [held.id])).values()
        return [each.resource.content for each in current if each.resource.kind == "Consent"]


# --- the card --------------------------------------------------------------------------------------


async def test_every_family_gets_a_card_of_its_own(world: World) -> None:
    drawn = {await builders.family(world, child) for child in (ZAHOUANIA, UNKNOWN, UNKNOWN)}
    assert len(drawn) == 3
    assert all(re.fullmatch("([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]", each) for each in drawn)


WRITTEN: Mapping[str, Any] = {
    "in small letters": str.lower,
    "without its hyphens": lambda card: card.replace("-", ""),
    "with spaces": lambda card: f" {card.replace('-', ' ')} ",
    "with O for 0": lambda card: card.replace("0", "O"),
    "with o for 0": lambda card: card.replace("0", "o"),
    "with I for 1": lambda card: card.replace("1", "I"),
    "with l for 1": lambda card: card.replace("1", "l"),
    "with line ends": lambda card: f"{card[:12]}\r\n{card[12:]}\n",
    "with a tab": lambda card: card.replace("-", "\t"),
    "with long dashes": lambda card: card.replace("-", "\u2013"),
    "with hard spaces": lambda card: card.replace("-", "\u00a0"),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_a_card_is_read_however_it_is_written(write: Any) -> None:
    card = "01AB0-1CD01-EFGH0-JKMN1-PQRS0-1"
    assert cards.normal(write(card)) == cards.normal(card)


async def test_a_card_as_somebody_typed_it_opens_the_familys_own_view(world: World) -> None:
    card = await builders.family(world)
    assert await rights.own_trail(world.registry, f" {card.lower().replace('-', ' ')} ")


@pytest.mark.parametrize("wrong", ["", "-", "0" * 26, "not a card", "\x00", "\ud800", "0" * 100_000])
async def test_a_card_nobody_holds_opens_nothing(world: World, wrong: str) -> None:
    await builders.family(world)
    for act in (
        rights.own_trail(world.registry, wrong),
        rights.withdraw(world.registry, wrong),
        rights.give(world.registry, world[CLINIC], wrong, answer(world, CLINIC)),
    ):
        with pytest.raises(UnknownName) as refused:
            await act
        assert refused.value.where == "card"


async def test_a_card_lies_nowhere_in_the_clear(world: World) -> None:
    card = await builders.family(world)
    async with world.registry.database.transaction() as tx:
        held = await rights.by_card(tx, card)
        everything = [builders.words(each.about) for each in (await dossiers.load(tx, [held.id])).values()]
        everything += [each.resource.body.decode() for each in await documents.load(tx, [held.id])]
    assert builders.found(" ".join(everything), [card, cards.normal(card)]) == []


# --- what is asked, and what is recorded -----------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
@pytest.mark.parametrize("name", [CLINIC, SCHOOL])
async def test_the_text_on_the_receipt_is_the_text_whose_hash_the_consent_holds(
    world: World, language: str, name: str
) -> None:
    card = await builders.family(world)
    receipt = await allow(world, card, name, language=language)
    (consent,) = await consents(world, card)
    shown = next(each for each in consent["extension"] if each["url"].endswith("/consent-text"))
    parts = {each["url"]: next(value for key, value in each.items() if key != "url") for each in shown["extension"]}
    assert parts["sha256"] == hashlib.sha256(receipt.text.encode()).hexdigest()
    assert parts["language"] == language
    assert world[name].display in receipt.text
    assert receipt.until.isoformat() in receipt.text
    assert builders.found(receipt.text, [ZAHOUANIA.given, ZAHOUANIA.family, card]) == []


async def test_the_receipt_names_its_proof_in_the_audit_log(world: World) -> None:
    card = await builders.family(world)
    receipt = await allow(world, card, CLINIC)
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute(
            "SELECT encode(commitment, 'hex') FROM registry.audit_leaf WHERE leaf = %s", (receipt.leaf,)
        )
        assert await cursor.fetchone() == (receipt.commitment,)


async def test_everything_is_no_unless_it_says_yes(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    silent = Answer(domain="health", organisation=CLINIC, until=world.clock.now.date())
    receipt = await rights.give(world.registry, world[CLINIC], card, silent)
    assert (receipt.agreed, receipt.places) == (False, False)
    assert await ask(world, CLINIC) is None
    (consent,) = await consents(world, card)
    read = dialect.read(resource.of(consent))
    assert isinstance(read, Agreement)


async def test_a_consent_is_its_own_domains_whoever_writes_it_down(world: World) -> None:
    """A school may help a family to say yes to a clinic, and learns nothing by it."""
    await builders.known_child(world)
    card = await builders.family(world)
    await rights.give(world.registry, world[SCHOOL], card, answer(world, CLINIC))
    assert await ask(world, SCHOOL) is None
    assert await ask(world, CLINIC)


REFUSED: Mapping[str, Mapping[str, Any]] = {
    "a yes nobody understood": {"understood": False},
    "a school for health": {"organisation": SCHOOL, "domain": "health"},
    "a clinic for education": {"organisation": CLINIC, "domain": "education"},
    "a source as recipient": {"organisation": VACCINES},
    "a steward as recipient": {"organisation": STEWARD},
    "an unknown domain": {"domain": "everything"},
    "an unknown organisation": {"organisation": "nobody"},
    "the registry itself": {"organisation": "registry"},
    "places without a yes": {"agreed": False, "places": True},
    "a language without a text": {"language": "xx"},
    "a country that is none": {"fled": frozenset({"Bektar"})},
    "a country in small letters": {"fled": frozenset({"xbk"})},
    "an empty country": {"fled": frozenset({""})},
    "a neighbour as guardian": {"relationship": "NBOR"},
    "an empty relationship": {"relationship": ""},
    "a relationship with markup": {"relationship": "<b>MTH</b>"},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
async def test_an_answer_that_cannot_be_is_refused_and_not_recorded(world: World, change: Mapping[str, Any]) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    with pytest.raises((BadInput, UnknownName)) as refused:
        await rights.give(world.registry, world[CLINIC], card, replace(answer(world, CLINIC), **change))
    assert refused.value.what
    assert await consents(world, card) == []
    assert await ask(world, CLINIC) is None


@pytest.mark.parametrize("days", [-1, -400, 5 * 365 + 2, 40_000])
async def test_a_consent_ends_between_today_and_five_years_from_now(world: World, days: int) -> None:
    card = await builders.family(world)
    with pytest.raises(BadInput):
        await allow(world, card, CLINIC, until=world.clock.now.date() + timedelta(days=days))


async def test_every_problem_of_an_answer_is_named_at_once(world: World) -> None:
    card = await builders.family(world)
    bad = replace(answer(world, CLINIC), domain="education", understood=False, until=builders.BORN)
    with pytest.raises(BadInput) as refused:
        await rights.give(world.registry, world[CLINIC], card, bad)
    assert refused.value.what.count(";") == 2


@pytest.mark.parametrize("name", [VACCINES, STEWARD])
async def test_only_a_desk_opens_families_and_takes_consents_down(world: World, name: str) -> None:
    card = await builders.family(world)
    with pytest.raises(NotPermitted):
        await rights.open_family(world.registry, world[name], builders.description(ZAHOUANIA))
    with pytest.raises(NotPermitted):
        await rights.give(world.registry, world[name], card, answer(world, CLINIC))


async def test_a_grown_child_answers_for_itself_and_its_mother_no_longer(world: World) -> None:
    """The mother's authority ends with the day before the eighteenth birthday."""
    grown = replace(ZAHOUANIA, born=builders.START.date() - timedelta(days=18 * 365 + 30))
    await builders.known_child(world, grown)
    card = await builders.family(world, grown)
    for relationship, is_answered in (("MTH", False), ("self", True)):
        with contextlib.suppress(RegistryError):
            await allow(world, card, CLINIC, relationship=relationship)
        assert (await ask(world, CLINIC, grown) is not None) is is_answered
        world.clock.advance(minutes=1)


# --- taking back -----------------------------------------------------------------------------------


async def test_withdrawing_twice_ends_nothing_more(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    given = await allow(world, card, CLINIC)
    assert (await rights.withdraw(world.registry, card)).consents == 1
    assert (await rights.withdraw(world.registry, card)).consents == 0
    with pytest.raises(UnknownName):
        await rights.withdraw(world.registry, card, consent=given.consent)


async def test_a_card_withdraws_no_consent_of_another_family(world: World) -> None:
    await builders.known_child(world)
    card, other = await builders.family(world), await builders.family(world, UNKNOWN)
    given = await allow(world, card, CLINIC)
    with pytest.raises(UnknownName):
        await rights.withdraw(world.registry, other, consent=given.consent)
    assert await ask(world, CLINIC)


async def test_nothing_is_deleted_by_a_withdrawal(world: World) -> None:
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    world.clock.advance(days=1)
    await rights.withdraw(world.registry, card)
    async with world.registry.database.transaction() as tx:
        held = await rights.by_card(tx, card)
        told = [each for each in await documents.load(tx, [held.id]) if each.resource.kind == "Consent"]
    assert sorted((each.version, each.resource.content["status"]) for each in told) == [(1, "active"), (2, "inactive")]


async def test_a_withdrawal_that_fails_half_way_ends_nothing(world: World) -> None:
    """One transaction: the unknown consent is found out before anything is written."""
    await builders.known_child(world)
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    with pytest.raises(UnknownName):
        await rights.withdraw(world.registry, card, consent="no-such-consent")
    assert await ask(world, CLINIC)
