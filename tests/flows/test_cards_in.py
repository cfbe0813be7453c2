"""A card of another issuer comes in: its doses join the child's history, and nothing else of it ever leaves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from registry.consent import redact
from registry.errors import BadInput, UnknownName
from registry.fhir import resource, validate
from registry.flows import cards_in, match, verify
from registry.flows.cards_in import Taken
from registry.library import load
from registry.store import documents, dossiers
from registry.trust import hcert, shc
from registry.trust.directory import Directory
from registry.trust.hcert import reading
from tests.support import builders, cards
from tests.support.builders import CLINIC, VACCINES, ZAHOUANIA, World

pytestmark = pytest.mark.anyio

TRUST = verify.trust_files(
    {"cards.json": cards.issuer_file(cards.KEY, issuer=cards.ISSUER), "at.der": cards.der(cards.signer())}
)
CARD = cards.jws(cards.payload())
HERS = {"fn": ZAHOUANIA.family, "gn": ZAHOUANIA.given, "fnt": "BENCHERIF", "gnt": "ZAHOUANIA"}
THEN = cards.NOW + timedelta(days=1)


async def add(world: World, body: str, *, source: str = CLINIC, person: str = "", trust: Directory = TRUST) -> Taken:
    return await cards_in.add(world.registry, body.encode(), trust, source=source, person=person, at=THEN)


async def stored(world: World) -> list[dict[str, Any]]:
    async with world.registry.database.transaction() as tx:
        everyone = await dossiers.everyone(tx)
        held = await documents.load(tx, [each.id for each in everyone])
    return [dict(each.resource.content) for each in held if each.resource.kind in ("Patient", "Immunization")]


async def people(world: World) -> int:
    async with world.registry.database.transaction() as tx:
        return len([each for each in await dossiers.everyone(tx) if each.source == CLINIC])


async def test_a_believed_card_is_stored_with_its_issuer_as_provenance(world: World) -> None:
    taken = await add(world, CARD)
    assert taken.verdict.accepted
    held = await stored(world)
    assert [each["resourceType"] for each in held].count("Immunization") == 2
    for each in held:
        assert each["meta"]["source"] == cards.ISSUER
    dose = next(each for each in held if each["resourceType"] == "Immunization")
    assert dose["primarySource"] is False
    assert dose["note"][0]["text"] == CARD


async def test_a_certificate_is_recorded_where_its_dose_was_given(world: World) -> None:
    taken = await add(world, cards.Hcert().text)
    assert taken.receipt
    dose = next(each for each in await stored(world) if each["resourceType"] == "Immunization")
    assert [each["code"] for each in dose["meta"]["tag"]] == ["AUT"]
    assert dose["occurrenceDateTime"] == "2021-05-20"
    assert dose["protocolApplied"][0]["doseNumberPositiveInt"] == 2


REFUSED = {
    "forged": cards.jws(key={**cards.OTHER_KEY, "kid": cards.KEY["kid"]}),
    "of an issuer nobody lists": cards.jws(cards.payload(iss="https://nobody.example")),
    "unsigned": json.dumps(cards.payload()),
    "one of two forged": json.dumps({"verifiableCredential": [CARD, CARD[:-30]]}),
    "a certificate of a stranger": cards.Hcert(by=cards.signer(number=2), number=2).text,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
async def test_of_a_refused_card_nothing_is_stored(world: World, body: str) -> None:
    taken = await add(world, body)
    assert (taken.verdict.accepted, taken.receipt) == (False, None)
    assert await stored(world) == []


async def test_the_same_card_twice_changes_nothing_whatever_its_signature(world: World) -> None:
    await add(world, CARD)
    await add(world, CARD)
    await add(world, cards.jws(cards.payload(), key=cards.KEY))
    assert len(await stored(world)) == 3


async def test_two_cards_of_namesakes_are_two_people_until_somebody_says_otherwise(world: World) -> None:
    other = cards.payload()
    other["nbf"] += 1
    await add(world, CARD)
    await add(world, cards.jws(other))
    assert await people(world) == 2
    await add(world, cards.Hcert().text, person="child-7")
    await add(world, cards.Hcert(number=1).having(iat=cards.ISSUED + 1).text, person="child-7")
    assert await people(world) == 3


async def test_a_test_or_a_recovery_is_no_dose(world: World) -> None:
    content = {**{name: cards.CONTENT[name] for name in ("ver", "nam", "dob")}, "t": [cards.TEST]}
    taken = await add(world, cards.Hcert().of(content).text)
    assert taken.verdict.accepted
    assert taken.receipt
    assert [each["code"] for each in taken.receipt.findings] == ["card-without-dose"]
    assert await stored(world) == []


async def test_nobody_unknown_hands_cards_over_and_no_paper_of_ours_comes_back_in(world: World) -> None:
    with pytest.raises(UnknownName):
        await add(world, CARD, source="nobody")
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    with pytest.raises(BadInput, match="paper of a registry"):
        await add(world, (await builders.released(world, CLINIC)).token)


async def test_the_dose_of_a_card_reaches_the_clinic_and_the_card_itself_does_not(world: World) -> None:
    """Shown for a child the source knows, consented like everything else; its text, issuer and country stay."""
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    before = await builders.released(world, CLINIC)
    certificate = cards.Hcert().of({**cards.CONTENT, "nam": HERS, "dob": ZAHOUANIA.born.isoformat()})
    await add(world, certificate.text, source=VACCINES, person=ZAHOUANIA.id_at(VACCINES))
    await match.run(world.registry)
    after = await builders.released(world, CLINIC)
    told = json.dumps(after.document, default=str)
    assert "2021-05-20" in told
    assert "2021-05-20" not in json.dumps(before.document, default=str)
    for secret in ("HC1:", "URN:UVCI", "AUT", "Ministry of Health", "EU/1/20/1528", "ZAHOUANIA"):
        assert secret not in told


async def test_the_card_of_another_child_does_not_go_into_this_childs_record(world: World) -> None:
    await builders.known_child(world)
    before = await stored(world)
    with pytest.raises(BadInput, match="another child"):
        await add(world, cards.Hcert().text, source=VACCINES, person=ZAHOUANIA.id_at(VACCINES))
    assert await stored(world) == before


def test_what_cards_become_is_acceptable_fhir() -> None:
    body = reading.of_text(cards.Hcert().text)
    assert isinstance(body, bytes)
    certificate = hcert.verify(body, TRUST.signers, now=THEN)
    card = shc.verify(CARD, TRUST.issuers, now=THEN)
    assert isinstance(certificate, hcert.Certificate)
    assert isinstance(card, shc.Card)
    tag = {"tag": [{"system": redact.RECORDING_COUNTRY, "code": "XAL"}]}
    for each in (*cards_in.resources_of(certificate), *cards_in.resources_of(card)):
        tagged = each if "tag" in each["meta"] else {**each, "meta": {**each["meta"], **tag}}
        assert not [*validate.problems(resource.of(tagged), load().profiles)], each["resourceType"]
