"""The receipt a family takes home: in its language, without its child's name, checked without a network."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from typing import Any

import orjson
import pytest

from registry import library
from registry.errors import BadInput, NotPermitted
from registry.flows import asking, publish, rights, verify
from registry.trust.directory import Directory
from tests.support import builders
from tests.support.builders import CLINIC, SCHOOL, STEWARD, VACCINES, ZAHOUANIA, World, allow, answer

pytestmark = pytest.mark.anyio
LANGUAGES = ("en", "fr", "ar", "uk", "ru")
PRIVATE = [ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.mother, ZAHOUANIA.father, ZAHOUANIA.born.isoformat(), "XBK"]


def trusted(world: World) -> Directory:
    return verify.trust_files({"own.json": orjson.dumps(publish.trust_file(world.registry))})


def checked(world: World, body: str) -> verify.Verdict:
    return verify.verify(body.encode(), trusted(world), library.load(), now=world.clock.now)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("agreed", [True, False])
async def test_a_receipt_names_who_what_until_when_and_how_to_take_it_back(
    world: World, language: str, agreed: bool
) -> None:
    card = await builders.family(world)
    receipt = await allow(world, card, CLINIC, language=language, agreed=agreed)
    words = library.load().consent_texts["languages"][language]["receipt"]
    expected = [receipt.organisation, receipt.until.isoformat(), words["withdraw"], words["same"], words["complain"]]
    expected += [words["yes" if agreed else "no"], words["health"] if agreed else words["nothing"]]
    for each in expected:
        assert each.replace("'", "&#39;") in receipt.page, each
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in receipt.page
    assert receipt.withdraw == words["withdraw"]


async def test_a_receipt_holds_nothing_of_the_child_and_no_card(world: World) -> None:
    card = await builders.family(world)
    receipt = await allow(world, card, CLINIC, language="fr")
    payload = builders.words(dict(verify.signing.read_unverified(receipt.token).payload))  # pyright: ignore[reportAttributeAccessIssue]
    visible = re.sub(r"<svg.*?</svg>|<script.*?</script>", "", receipt.page, flags=re.DOTALL)
    plain = builders.words({**asdict(receipt), "page": visible, "token": payload, "until": "", "text": receipt.text})
    assert builders.found(plain, [*PRIVATE, card, *card.split("-")[:5]]) == []


async def test_two_receipts_of_one_family_share_no_number(world: World) -> None:
    card = await builders.family(world)
    one, other = await allow(world, card, CLINIC), await allow(world, card, SCHOOL)
    claims = [verify.signing.read_unverified(each.token).payload for each in (one, other)]  # pyright: ignore[reportAttributeAccessIssue]
    numbers = [{str(value) for value in (each["jti"], each["receipt"]["leaf"])} for each in claims]
    assert numbers[0] & numbers[1] == set()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_receipt_is_genuine_without_a_network_and_a_changed_one_is_not(world: World, language: str) -> None:
    card = await builders.family(world)
    receipt = await allow(world, card, CLINIC, language=language)
    for body in (receipt.token, receipt.page):
        verdict = checked(world, body)
        assert verdict.accepted, verdict.sentence
        assert (verdict.facts["agreed"], verdict.facts["organisation"]) == (True, receipt.organisation)
    for forged in (receipt.page.replace(receipt.organisation, "Somebody else", 1), receipt.token[:-8] + "AAAAAAAA"):
        assert not checked(world, forged).accepted


async def test_a_receipt_is_no_summary_and_opens_nothing(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    receipt = await allow(world, card, CLINIC)
    from registry.flows import desk

    child = desk.Child(number="7", description=builders.description(ZAHOUANIA), summary=receipt.token)
    with pytest.raises(BadInput):
        await desk.register(world.registry, world[CLINIC], child)


async def test_the_words_can_be_read_out_before_anybody_answers(world: World) -> None:
    asked = replace(answer(world, CLINIC), language="uk")
    words = await asking.read_out(world.registry, world[CLINIC], asked)
    card = await builders.family(world)
    receipt = await allow(world, card, CLINIC, language="uk")
    assert words.text == receipt.text
    assert set(words.teach_back) == {"who", "if-no", "take-back"}
    for name in (STEWARD, VACCINES):
        with pytest.raises(NotPermitted):
            await asking.read_out(world.registry, world[name], asked)


REFUSED: dict[str, dict[str, Any]] = {
    "no interview at all": {"interview": rights.asking.Interview()},
    "another language than the family's": {"interview": builders.interviewed("fr")},
    "no private room": {"interview": builders.interviewed(private=False)},
    "an authority in the room": {"interview": builders.interviewed(present=frozenset({"authority"}))},
    "no teach-back question": {"interview": builders.interviewed(teach_back="")},
    "a teach-back question that does not exist": {"interview": builders.interviewed(teach_back="weather")},
    "a family that does not read, without a witness": {"interview": builders.interviewed(reads=False)},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
async def test_a_yes_that_was_not_asked_rightly_is_refused_and_a_no_is_recorded(
    world: World, change: dict[str, Any]
) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    with pytest.raises(BadInput) as refused:
        await allow(world, card, CLINIC, **change)
    assert refused.value.what
    assert await builders.ask(world, CLINIC) is None
    assert not (await allow(world, card, CLINIC, agreed=False, understood=False, **change)).agreed
