"""Who may break the glass, and over what. Two tables for lawyers and physicians to read, row by row, run against the
real registry (protection reference, section 3; disclosure.md, "Audit views").

In the first table the family fled Bektar, said yes to a school and nothing to any clinic, and cannot be asked. Every
row changes one circumstance of a declaration in which all was well: a physician of Nadir clinic, an unconscious child.
In the second the declaration is well, and the row says what the family said before.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.continuity.summary import document
from registry.errors import BadInput, NotPermitted
from registry.flows import emergencies, match, rights
from registry.flows.emergencies import Declared
from registry.flows.release import Asked
from registry.settings import Settings
from tests.support import builders, reused
from tests.support.builders import (
    CLINIC,
    FAR_CLINIC,
    HOME_CLINIC,
    OMBUDSPERSON,
    OTHER_CLINIC,
    SCHOOL,
    STEWARD,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
)
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio

DOSES, NOTHING = "doses, no place, no schooling, for an hour", "the answer about nobody"
REFUSED, NOT_THEIRS = "refused: something is missing", "refused: not for this kind of organisation"
DECLARED = Declared(role="physician", safety="unconscious", reason="brought in alone after an accident")

DECLARATIONS: tuple[tuple[str, Mapping[str, str], str], ...] = (
    # what was different                        , how it is declared               , what comes of it
    ("nothing", {}, DOSES),
    ("a doctor", {"role": "doctor"}, DOSES),
    ("a nurse", {"role": "nurse"}, DOSES),
    ("a paramedic", {"role": "paramedic"}, DOSES),
    ("an emergency clinician", {"role": "emergency-clinician"}, DOSES),
    ("a receptionist", {"role": "receptionist"}, REFUSED),
    ("a researcher", {"role": "researcher"}, REFUSED),
    ("an officer of the border police", {"role": "officer"}, REFUSED),
    ("in capitals", {"role": "PHYSICIAN"}, REFUSED),
    ("no role is stated", {"role": ""}, REFUSED),
    ("nobody says who it is", {"user": ""}, REFUSED),
    ("a life is threatened", {"safety": "life-threatening"}, DOSES),
    ("an outbreak, and the child was in contact", {"safety": "outbreak-contact"}, DOSES),
    ("no guardian can be reached", {"safety": "no-guardian-reachable"}, DOSES),
    ("it would save an hour", {"safety": "convenience"}, REFUSED),
    ("nobody's safety is at stake", {"safety": ""}, REFUSED),
    ("no reason is given", {"reason": ""}, REFUSED),
    ("the reason is a blank", {"reason": " \n "}, REFUSED),
    ("the reason hides in a control code", {"reason": "found alone\x1b[2J"}, REFUSED),
    ("the reason is a novel", {"reason": "x" * 501}, REFUSED),
    ("another clinic", {"by": OTHER_CLINIC}, DOSES),
    ("a clinic of a third country", {"by": FAR_CLINIC}, DOSES),
    ("a clinic of the country fled", {"by": HOME_CLINIC}, NOTHING),
    ("a school", {"by": SCHOOL}, NOT_THEIRS),
    ("a national system", {"by": VACCINES}, NOT_THEIRS),
    ("a steward", {"by": STEWARD}, NOT_THEIRS),
    ("the ombudsperson", {"by": OMBUDSPERSON}, NOT_THEIRS),
)  # fmt: skip

SAID: tuple[tuple[str, str, str], ...] = (
    # what the family said before          , Nadir clinic, in whose country the doses were given, and a clinic elsewhere
    ("yes to this clinic", DOSES, DOSES),
    ("yes to this clinic, taken back", DOSES, DOSES),
    ("no to this clinic", NOTHING, DOSES),
    ("no to another clinic", DOSES, DOSES),
    ("it fled this clinic's country", NOTHING, DOSES),
    ("a second guardian said no to this clinic", NOTHING, DOSES),
    ("no family ever came", NOTHING, NOTHING),
    ("it named no country it fled", NOTHING, NOTHING),
    ("the child has no dose on record", NOTHING, NOTHING),
    ("nobody knows the child", NOTHING, NOTHING),
)
"""Where nobody named the countries fled, any clinic might stand in one: were it told its own country's doses, it could
see by their falling silent that the family came, and that it fled this country."""

_RANDOM = re.compile(r"[A-Za-z0-9_+/=-]{20,}")
"""Hashes, pseudonyms and signatures: three letters of a country stand in them by chance."""


@pytest.fixture
async def world(
    reused_settings: Settings, cluster: Cluster, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[World]:
    del anyio_backend
    many = {"user_emergencies": 99, "organisation_emergencies": 99}
    settings = reused.for_one_test(reused_settings, cluster, tmp_path).model_copy(update=many)
    async with builders.world(settings) as made:
        yield made


async def outcome(world: World, *, by: str = CLINIC, user: str = "desk-1", **changes: Any) -> str:
    """What comes of a declaration that differs in this from a good one."""
    asked = Asked(description=builders.description(ZAHOUANIA, *builders.AT_A_DESK))
    caller = replace(world[by], user=user)
    try:
        given = await emergencies.ask(world.registry, caller, asked, replace(DECLARED, **changes))
    except BadInput:
        return REFUSED
    except NotPermitted:
        return NOT_THEIRS
    if given is None:
        return NOTHING
    assert len(document.resources(given.document, "Immunization")) == 3
    assert document.resources(given.document, "Basic") == []
    text = _RANDOM.sub(" ", builders.words([given.document, given.page]))
    for kind, secrets in builders.SECRETS.items():
        assert builders.found(text, secrets) == [], kind
    assert (given.expires_at - world.clock.now).total_seconds() == 3600
    return DOSES


async def test_who_may_break_the_glass(world: World) -> None:
    await builders.known_child(world)
    await allow(world, await builders.family(world), SCHOOL)
    got = {why: await outcome(world, **changes) for why, changes, _ in DECLARATIONS}
    assert got == {why: expected for why, _, expected in DECLARATIONS}


@pytest.mark.parametrize(("said", "here", "elsewhere"), SAID, ids=[said for said, *_ in SAID])
async def test_over_what_a_family_said(world: World, said: str, here: str, elsewhere: str) -> None:
    if said == "the child has no dose on record":
        await builders.hand_over(world, builders.SCHOOLS, *builders.schooling_of(ZAHOUANIA))
        await match.run(world.registry)
    elif said != "nobody knows the child":
        await builders.known_child(world)
        await _family_says(world, said)
    assert (await outcome(world), await outcome(world, by=FAR_CLINIC)) == (here, elsewhere)


async def _family_says(world: World, said: str) -> None:
    if said == "no family ever came":
        return
    card = await builders.family(world)
    if said == "a second guardian said no to this clinic":
        await allow(world, card, CLINIC)
        await allow(world, await builders.later_family(world), CLINIC, agreed=False)
    elif "fled" in said:
        await allow(world, card, SCHOOL, fled=frozenset() if "no country" in said else frozenset({"XAL"}))
    else:
        await allow(world, card, OTHER_CLINIC if "another" in said else CLINIC, agreed=said.startswith("yes"))
    if said.endswith("taken back"):
        await rights.withdraw(world.registry, card)
