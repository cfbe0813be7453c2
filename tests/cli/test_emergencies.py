"""Breaking the glass and reviewing it, by command."""

from __future__ import annotations

from tests.cli.conftest import Commands
from tests.support import builders
from tests.support.builders import CLINIC, OMBUDSPERSON, SCHOOL, ZAHOUANIA, World, allow

CHILD = ("--given", ZAHOUANIA.given, "--family", ZAHOUANIA.family, "--mother", ZAHOUANIA.mother)
ASK = ("ask", *CHILD, "--birth", ZAHOUANIA.born.isoformat(), "--user", "nurse-7")
WHY = ("--emergency", "unconscious", "--role", "nurse", "--reason", "found alone")


def test_a_nurse_breaks_the_glass_and_the_ombudsperson_reviews_it(continuity: Commands) -> None:
    async def known(world: World) -> None:
        await builders.known_child(world)
        await allow(world, await builders.family(world), SCHOOL)

    continuity.asking(known)
    out = ("--out", continuity.folder, "--json")
    assert continuity(*ASK, "--present", *out, key=CLINIC).code == 3
    given = continuity(*ASK, *WHY, *out, key=CLINIC)
    assert given.code == 0, given.err
    kinds = [each["resource"]["resourceType"] for each in given.json["document"]["entry"]]
    assert kinds.count("Immunization") == 3
    continuity(*ASK, *WHY[:-2], *out, key=CLINIC).failed("reason", code=2)
    continuity(*ASK, *WHY, "--role", "clerk", *out, key=CLINIC).failed("role", code=2)
    continuity(*ASK, *WHY, *out, key=SCHOOL).failed("clinic", code=1)
    continuity("ombudsperson", "emergencies", key=CLINIC).failed("ombudsperson", code=1)
    (case,) = continuity("ombudsperson", "emergencies", "--json", key=OMBUDSPERSON).json
    assert (case["organisation"], case["user"], case["role"], case["was_told"]) == (CLINIC, "nurse-7", "nurse", True)
    assert "unconscious" in continuity("ombudsperson", "emergencies", key=OMBUDSPERSON).out
    continuity("ombudsperson", "review", case["id"], "perhaps", key=OMBUDSPERSON).failed("verdict", code=2)
    done = continuity("ombudsperson", "review", case["id"], "justified", "--json", key=OMBUDSPERSON)
    assert (done.json["verdict"], done.json["is_late"]) == ("justified", False)
