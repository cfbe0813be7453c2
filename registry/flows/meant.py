"""Which person a desk means: by the card the family shows, else by what the desk knows of the child."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from registry.errors import UnknownName
from registry.flows import people, rights
from registry.flows.opening import Registry
from registry.flows.reader import Reader
from registry.identity import match
from registry.identity.demographics import Demographics
from registry.store import dossiers
from registry.store.database import Transaction


async def find(tx: Transaction, registry: Registry, told: Demographics, *, card: str) -> Sequence[UUID]:
    """The dossiers of the person meant; none where nobody fits, or more than one may."""
    reader = Reader()
    near = await people.candidates(tx, reader, people.question(tx, told))
    found = match.identify(told, near, await people.weights(tx, registry.library.weights))
    if card:
        return await _of_card(tx, registry, reader, card, told)
    if found.person is None:
        return ()
    chosen = next(each for each in near if each.id == found.person)
    return [UUID(each.id) for each in chosen.members]


async def _of_card(
    tx: Transaction, registry: Registry, reader: Reader, card: str, told: Demographics
) -> Sequence[UUID]:
    """The dossiers of the family's child; none when the child described is plainly another one.

    The card proves nothing by itself: a found card with a guessed name opens nothing.
    """
    try:
        members = (await rights.by_card(tx, card)).members
    except UnknownName:
        return ()
    held = (await dossiers.load(tx, members)).values()
    return members if people.fits(reader, told, held, registry.library.weights) else ()
