"""Two families for one child: who is heard, who can say no, who can take back. The table is for lawyers to read.

Any desk can open a family's dossier. The mother came first; another came later, to another desk, and nobody there
knew of the mother. `links` and `parts` are what a steward makes of the two when shown them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from registry.flows import families, release, review, rights
from registry.flows.release import Asked
from registry.store import audit, dossiers
from tests.support import builders
from tests.support.builders import CLINIC, NEIGHBOUR, OTHER_CLINIC, SCHOOL, STEWARD, ZAHOUANIA, World, allow, ask

pytestmark = pytest.mark.anyio

Cards = dict[str, str]
Act = Callable[[World, Cards], Awaitable[object]]


async def _settle(world: World, verdict: str) -> None:
    (shown,) = await review.waiting(world.registry, world[STEWARD])
    await builders.settle(world, UUID(shown.review), verdict)


ACTS: dict[str, Act] = {
    "the mother says yes": lambda world, cards: allow(world, cards["mother"], CLINIC),
    "the mother says no": lambda world, cards: allow(world, cards["mother"], CLINIC, agreed=False),
    "the mother takes back": lambda world, cards: rights.withdraw(world.registry, cards["mother"]),
    "the other says yes": lambda world, cards: allow(world, cards["other"], CLINIC),
    "the other says no": lambda world, cards: allow(world, cards["other"], CLINIC, agreed=False),
    "the other takes back": lambda world, cards: rights.withdraw(world.registry, cards["other"]),
    "the steward links": lambda world, _: _settle(world, "link"),
    "the steward parts": lambda world, _: _settle(world, "distinct"),
    "the steward is unsure": lambda world, _: _settle(world, "unsure"),
}
TABLE = """
    the mother says yes                                                                   | answered
    the other says yes                                                                    | silence
    the other says yes, the steward links                                                 | answered
    the steward links, the other says yes                                                 | answered
    the other says yes, the steward is unsure                                             | silence
    the other says yes, the steward parts                                                 | silence
    the mother says yes, the other says yes                                               | answered
    the mother says yes, the other says no                                                | silence
    the mother says yes, the other says no, the mother says yes                           | silence
    the mother says yes, the other says no, the mother takes back, the mother says yes    | silence
    the mother says yes, the other says no, the other takes back                          | silence
    the mother says yes, the other says no, the other takes back, the mother says yes     | answered
    the mother says yes, the other says no, the steward parts                             | answered
    the mother says yes, the steward links, the other says no                             | silence
    the mother says no, the other says yes                                                | silence
    the mother says no, the other says yes, the steward links                             | silence
    the mother says yes, the other takes back                                             | silence
    the mother says yes, the other says yes, the other takes back                         | silence
    the other says yes, the steward links, the mother takes back                          | silence
    the other says yes, the steward links, the mother takes back, the other says yes      | answered
    the other says yes, the mother takes back, the steward links                          | silence
"""
ROWS = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines()]


@pytest.fixture
async def cards(world: World) -> Cards:
    """Both families came, the mother first, and the matcher found both to be of the same child."""
    await builders.known_child(world)
    mother = await builders.family(world)
    world.clock.advance(days=1)
    return {"mother": mother, "other": await builders.family(world, at=SCHOOL)}


@pytest.mark.parametrize(("acts", "expected"), ROWS, ids=[row[0] for row in ROWS])
async def test_the_clinic_is_answered_as_the_table_says(world: World, cards: Cards, acts: str, expected: str) -> None:
    for each in acts.split(", "):
        await ACTS[each](world, cards)
        world.clock.advance(minutes=1)
    answered = await ask(world, CLINIC, card=cards["mother"])  # parted, the two would fit a description alike
    assert ("answered" if answered else "silence") == expected


async def test_what_was_released_dies_with_the_no_and_the_withdrawal_of_another_family(
    world: World, cards: Cards
) -> None:
    await allow(world, cards["mother"], CLINIC)
    assert await ask(world, CLINIC)
    assert (await rights.withdraw(world.registry, cards["other"])).revoked == 0, "told to nobody who is not heard"
    assert (await rights.withdraw(world.registry, cards["mother"])).revoked == 0, "dead already"


async def test_the_first_card_takes_back_whatever_another_family_allowed(world: World, cards: Cards) -> None:
    await _settle(world, "link")
    theirs = await allow(world, cards["other"], CLINIC)
    await allow(world, cards["other"], OTHER_CLINIC)
    await allow(world, cards["mother"], OTHER_CLINIC)
    ended = await rights.withdraw(world.registry, cards["mother"], consent=theirs.consent)
    assert ended.consents == 1
    assert await ask(world, CLINIC) is None
    assert await ask(world, OTHER_CLINIC)
    assert (await rights.withdraw(world.registry, cards["mother"])).consents == 2


async def test_taking_one_yes_back_takes_back_the_same_yes_of_the_others(world: World, cards: Cards) -> None:
    mine = await allow(world, cards["mother"], CLINIC)
    await allow(world, cards["other"], CLINIC)
    await _settle(world, "link")
    assert (await rights.withdraw(world.registry, cards["mother"], consent=mine.consent)).consents == 2
    assert await ask(world, CLINIC) is None


async def test_the_no_of_a_later_family_to_places_counts(world: World, cards: Cards) -> None:
    await allow(world, cards["mother"], CLINIC, places=True, fled=frozenset({"XCV"}))
    opened = await builders.released(world, CLINIC)
    assert builders.found(builders.words(opened.document), [builders.FACILITY])
    await allow(world, cards["other"], CLINIC, places=False, fled=frozenset({"XCV"}))
    closed = await builders.released(world, CLINIC)
    assert builders.found(builders.words(closed.document), [builders.FACILITY]) == []


async def test_a_country_named_by_who_is_not_heard_opens_no_place(world: World, cards: Cards) -> None:
    """Where the first family named none, every country but the recording one may be the one it fled."""
    await allow(world, cards["mother"], builders.FAR_CLINIC, places=True, fled=frozenset())
    before = builders.words((await builders.released(world, builders.FAR_CLINIC)).document)
    await allow(world, cards["other"], OTHER_CLINIC, fled=frozenset({"XZZ"}))
    after = builders.words((await builders.released(world, builders.FAR_CLINIC)).document)
    assert [builders.found(each, [builders.FACILITY]) for each in (before, after)] == [[], []]


async def test_a_later_family_is_received_like_a_first_one_and_learns_of_nobody(world: World, cards: Cards) -> None:
    lonely = await builders.family(world, NEIGHBOUR, at=SCHOOL)
    await allow(world, cards["mother"], CLINIC)
    await ask(world, CLINIC)
    receipts = [await allow(world, each, CLINIC) for each in (cards["other"], lonely)]
    assert receipts[0].text == receipts[1].text
    trails = [await rights.own_trail(world.registry, each) for each in (cards["other"], lonely)]
    assert [each.action for each in trails[0]] == [each.action for each in trails[1]]
    ended = [await rights.withdraw(world.registry, each) for each in (cards["other"], lonely)]
    assert ended[0] == ended[1]


async def test_a_steward_who_compares_two_families_tells_the_later_one_of_nobody(world: World, cards: Cards) -> None:
    async def looked() -> list[str]:
        lines = await rights.own_trail(world.registry, cards["other"])
        return [each.action for each in lines if each.action.startswith("review")]

    await allow(world, cards["mother"], CLINIC)
    await review.waiting(world.registry, world[STEWARD])
    assert await looked() == []
    await _settle(world, "link")
    assert await looked()


async def test_a_family_that_is_heard_reads_the_whole_trail(world: World, cards: Cards) -> None:
    await allow(world, cards["mother"], CLINIC)
    await ask(world, CLINIC)
    actions = {each.action for each in await rights.own_trail(world.registry, cards["other"])}
    assert "ask" not in actions
    await _settle(world, "link")
    assert "ask" in {each.action for each in await rights.own_trail(world.registry, cards["other"])}


async def test_a_second_guardian_with_the_first_card_needs_no_steward(world: World, cards: Cards) -> None:
    await allow(world, cards["mother"], CLINIC, relationship="FTH")
    assert await ask(world, CLINIC)


async def test_the_steward_is_asked_once_and_told_what_a_link_means(world: World, cards: Cards) -> None:
    for each in ("mother", "other"):
        await allow(world, cards[each], CLINIC)
    (shown,) = await review.waiting(world.registry, world[STEWARD])
    assert families.WORDS in shown.explanation
    await _settle(world, "unsure")
    await allow(world, cards["other"], OTHER_CLINIC)
    assert await review.waiting(world.registry, world[STEWARD]) == ()


async def test_a_child_of_one_family_is_no_doubt(world: World) -> None:
    await builders.known_child(world)
    await allow(world, await builders.family(world), CLINIC)
    assert await review.waiting(world.registry, world[STEWARD]) == ()


@pytest.mark.usefixtures("cards")
async def test_a_third_family_is_not_heard_through_the_second(world: World) -> None:
    await _settle(world, "link")
    world.clock.advance(days=1)
    third = await builders.family(world, at=SCHOOL)
    await allow(world, third, CLINIC)
    assert await ask(world, CLINIC) is None
    await _settle(world, "link")
    assert await ask(world, CLINIC)


async def test_each_withdrawal_is_in_the_trail_of_the_family_whose_consent_ended(world: World, cards: Cards) -> None:
    await allow(world, cards["mother"], CLINIC)
    await rights.withdraw(world.registry, cards["other"])
    async with world.registry.database.transaction() as tx:
        first, *_ = families.among(await dossiers.everyone(tx))
        events = [each.event for each in await audit.entries(tx, [first.id])]
    assert [each["kind"] for each in events if each["action"] == "consent-withdrawn"] == ["family"]


async def test_a_desk_that_opens_a_second_family_for_a_child_it_knows_of_receives_nothing(world: World) -> None:
    """The attack in full: a clinic that knows the child's name and parents speaks for its family."""
    await builders.known_child(world)
    await allow(world, await builders.family(world), CLINIC)
    world.clock.advance(days=1)
    card = await builders.family(world, at=OTHER_CLINIC)
    await rights.give(world.registry, world[OTHER_CLINIC], card, builders.answer(world, OTHER_CLINIC, places=True))
    for shown in ("", card):
        asked = Asked(description=builders.description(ZAHOUANIA), card=shown, grounds="treatment")
        assert await release.ask(world.registry, world[OTHER_CLINIC], asked) is None
    assert await ask(world, CLINIC), "and the mother's word still holds"
