"""A family lost its card. The desk that opened its dossier knows the family, and hands out another one.

A card opens the family's own view and takes consent back, so it must not be had by describing a child well: only the
desk where the family came first replaces it at once, by a named user who attests that the family is there. Everywhere
else, and where the child is not found, a family's dossier of its own is opened: its no binds, its yes waits until a
steward has linked it with the first one. The desk receives a card in every case and cannot tell which it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from registry.errors import BadInput
from registry.flows import budgets, families, people, question, rights, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.question import Description
from registry.flows.reader import Reader
from registry.flows.rights import Family
from registry.identity import demographics, match
from registry.identity.demographics import Demographics
from registry.store import audit, dossiers, outbox
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function


async def replaced(registry: Registry, caller: Caller, description: Description) -> Family:
    """A card for the family before the desk; its earlier one dies with the commit, and its trail says so.

    Raises BadInput where nobody is named who attests that the family is there, Unavailable as for a family opened.
    """
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    if not caller.user:
        raise BadInput("a lost card is replaced by a named user of the desk", where="Desk-User")
    await budgets.spend_on_family(registry, caller)
    told = demographics.of(question.patient(description, id="asked", country=caller.country))
    spent = await budgets.spend(registry, caller, told, by_card=False)
    found: Family | None = None
    try:
        found = await _again(registry, caller, told) if spent.allowed else None
    finally:
        await budgets.settle(registry, caller, spent, is_silent=found is None)
    return found or await rights.opened(registry, caller, description)


@again_on_conflict
async def _again(registry: Registry, caller: Caller, told: Demographics) -> Family | None:
    async with registry.database.transaction(Function.RIGHTS) as tx:
        family = await _family_of_desk(tx, registry, caller, told)
        if family is None:
            return None
        card = await rights.hand_out_card(tx, family)
        await outbox.put(tx, "match", [family])  # as for a family opened anew: the log must not grow otherwise
        await trail.write(tx, registry, family, "card-replaced", caller, user=caller.user)
        return Family(card=card, dossier=family)


async def _family_of_desk(tx: Transaction, registry: Registry, caller: Caller, told: Demographics) -> UUID | None:
    """The one family's dossier of the child meant that this very desk opened."""
    near = await people.candidates(tx, Reader(), people.question(tx, told))
    found = match.identify(told, near, await people.weights(tx, registry.library.weights))
    members = [UUID(each.id) for person in near if person.id == found.person for each in person.members]
    own = families.among((await dossiers.load(tx, members)).values())
    opened = [each.id for each in own if await _is_opened_by(tx, each.id, caller)]
    return opened[0] if len(opened) == 1 else None


async def _is_opened_by(tx: Transaction, family: UUID, caller: Caller) -> bool:
    events: Sequence[audit.Entry] = await audit.entries(tx, [family])
    opening = (each.event for each in events if each.event["action"] == "family-opened")
    return any(each["organisation"] == caller.name for each in opening)
