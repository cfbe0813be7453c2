"""The SMART Health Card beside a clinic's summary: read by its code alone, as any reader of such cards would."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson

from registry.flows import printing, publish, verify
from registry.flows.release import Released
from registry.flows.verify import Verdict
from registry.trust import encoding
from tests.support import builders
from tests.support.builders import BORN, CLINIC, SCHOOL, VACCINES, World


def doses(count: int) -> list[date]:
    return [BORN + timedelta(days=60 * each) for each in range(1, count + 1)]


async def summary(world: World, days: list[date], **changes: Any) -> Released:
    """What a clinic receives of a child with a dose of inactivated polio vaccine on each of these days."""
    child = builders.ZAHOUANIA
    given = [builders.dose(child, VACCINES, vaccine="10", on=day, **changes) for day in days]
    await builders.hand_over(world, VACCINES, builders.patient(child, VACCINES), *given)
    await builders.allow(world, await builders.family(world, child), CLINIC)
    return await builders.released(world, CLINIC, child)


def code_of(released: Released) -> str:
    return signed(released).get("health_card", "")


def signed(released: Released) -> dict[str, str]:
    body = encoding.inflate(encoding.from_base64url(released.token.split(".")[1]) or b"", wbits=-15, limit=1 << 20)
    return orjson.loads(body or b"")


def judged(world: World, body: bytes) -> Verdict:
    registry = world.registry
    wallet = {"issuer": registry.settings.issuer, "jwks": publish.card_keys(registry)}
    files = {"own.json": orjson.dumps(publish.trust_file(registry)), "cards.json": orjson.dumps(wallet)}
    return verify.verify(body, verify.trust_files(files), registry.library, now=registry.now())


async def test_the_code_alone_is_a_believed_card_with_the_doses(world: World) -> None:
    found = judged(world, code_of(await summary(world, doses(20))).encode())
    assert (found.accepted, found.carrier, found.sentence) == (True, "qr-text", "")


async def test_a_page_with_both_codes_is_judged_by_both(world: World) -> None:
    released = await summary(world, doses(12))
    for dpi in (150, 300):
        first, *_ = printing.pictures(signed(released), released.token, world.registry.library, language="en", dpi=dpi)
        assert judged(world, first).accepted


async def test_a_school_gets_none(world: World) -> None:
    child = await builders.known_child(world)
    await builders.allow(world, await builders.family(world, child), SCHOOL)
    assert not code_of(await builders.released(world, SCHOOL, child))


async def test_a_dose_that_is_only_told_is_left_to_the_document(world: World) -> None:
    origin = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/immunization-origin", "code": "recall"}]}
    from_memory = {"primarySource": False, "reportOrigin": origin}
    assert not code_of(await summary(world, doses(1), **from_memory))


async def test_what_does_not_fit_one_code_is_left_to_the_document(world: World) -> None:
    assert not code_of(await summary(world, doses(60)))
