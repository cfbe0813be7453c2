"""A family contests a record: it is shown as disputed from then on, never hidden, and counts as uncertain.

The family's words lie sealed in its own dossier. Only the family takes its word back; a correction does not, for
a source could otherwise silence it by sending the same once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from registry.errors import UnknownName
from registry.flows import decide, records, rights, said, trail
from registry.flows.opening import Registry
from registry.store import matters
from registry.store.database import again_on_conflict
from registry.store.functions import Function
from registry.store.matters import Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """A record contested, and the proof that it was recorded."""

    record: str
    at: datetime
    leaf: str


@again_on_conflict
async def contest(registry: Registry, card: str, record: str, *, words: str, language: str) -> Contested:
    """Say that a record is wrong, in the family's own words. Raises UnknownName, BadInput.

    Said again of the same record, the later words stand beside the earlier ones.
    """
    said.require_words(words, language, registry.library.consent_texts["languages"])
    async with registry.database.transaction(Function.RIGHTS) as tx:
        family = await rights.by_card(tx, card, lock=True)
        held = await records.find(tx, registry, family, record)
        content = {"record": held.ref, "words": words, "language": language, "at": registry.now().isoformat()}
        matter = Matter(id=tx.new_id(), dossier=family.id, kind=decide.DISPUTE, day=registry.today(), content=content)
        await matters.put(tx, matter, number=said.draw_number())
        leaf = await trail.write(tx, registry, family.id, "record-contested", None)
        await decide.again(tx, registry, family.members)  # whoever answers a question meanwhile notices
    return Contested(record=record, at=registry.now(), leaf=leaf.leaf.hex)


@again_on_conflict
async def settle(registry: Registry, card: str, record: str) -> None:
    """Take the word back: the record is as it was. Raises UnknownName where this family contests no such record."""
    async with registry.database.transaction(Function.RIGHTS) as tx:
        family = await rights.by_card(tx, card, lock=True)
        held = await records.find(tx, registry, family, record)
        own = await matters.about(tx, [family.id], decide.DISPUTE)
        ended = [each for each in own if each.content["record"] == held.ref]
        if not ended:
            raise UnknownName("you contest no record of this id", where="record")
        for each in ended:
            await matters.close(tx, each)
        await trail.write(tx, registry, family.id, "dispute-ended", None)
        await decide.again(tx, registry, family.members)
