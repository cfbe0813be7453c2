"""What the registry holds about a family's child, as the family itself reads it: its first step to contest anything.

Places are left out even here: a second guardian who holds a card must not be led to the child's town. A family that
is not heard (see `families`) reads nothing, as one whose child nobody knows.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from registry.consent import redact
from registry.consent.texts import ContentClass
from registry.continuity import elements
from registry.errors import BadInput, UnknownName
from registry.fhir import CANONICAL
from registry.fhir.resource import Content
from registry.flows import decide, rights, trail
from registry.flows.decide import Held, Person
from registry.flows.opening import Registry
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.functions import Function
from registry.trust import sealing

CORRECTION = f"{CANONICAL}/StructureDefinition/record-correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecord:
    """One record: a dose or a school year. `id` is this family's own name of it; nobody else knows it by that."""

    id: str
    kind: str
    when: str
    what: str
    disputed: bool
    corrected: str | None


async def own(registry: Registry, card: str, *, language: str = "en") -> tuple[OwnRecord, ...]:
    """Everything held about the child, the oldest first. Raises UnknownName for a card nobody holds."""
    words = _words(registry, language)
    async with registry.database.transaction(Function.RIGHTS) as tx:
        family = await rights.by_card(tx, card)
        person = await of_family(tx, family)
        found = [_shown(registry, family, each, words) for each in _records(registry, person)]
        ordered = sorted(found, key=lambda each: (each.when or "9999", each.kind, each.id))
        shown = trail.digest([asdict(each) for each in ordered])
        await trail.write(tx, registry, family.id, "records-shown", None, digest=shown)
    return tuple(ordered)


def _words(registry: Registry, language: str) -> Mapping[str, Any]:
    known = registry.library.page_messages
    if language not in known:
        raise BadInput("there is no page in this language", where="language", remedy=f"use one of: {', '.join(known)}")
    return known[language]


async def of_family(tx: Transaction, family: Dossier) -> Person:
    """The person a family speaks for: its own dossier alone while it is not heard."""
    return await decide.load(tx, await rights.spoken_for(tx, family))


async def find(tx: Transaction, registry: Registry, family: Dossier, id: str) -> Held:
    """The record a family calls `id`. Raises UnknownName."""
    person = await of_family(tx, family)
    found = [each for each in _records(registry, person) if name(registry, family, each) == id]
    if not found:
        raise UnknownName("your child has no record of this id", where="record", remedy="see your records again")
    return found[0]


def _records(registry: Registry, person: Person) -> list[Held]:
    kinds = {ContentClass.DOSES, ContentClass.SCHOOLING}
    return [each for each in person.held if kinds & redact.classes(each.resource.content, registry.library.places)]


def name(registry: Registry, family: Dossier, held: Held) -> str:
    """What this family calls a record: keyed, so that two families never share a name."""
    key = registry.database.keyring.pseudonym_key
    digest = sealing.keyed_digest(key, f"record/{family.id.hex}/{held.ref}".encode())
    return base64.b32encode(digest[:10]).decode().lower()


def _shown(registry: Registry, family: Dossier, held: Held, words: Mapping[str, Any]) -> OwnRecord:
    content = redact.redact(held.resource.content, registry.library.places, opened=False)
    is_dose = held.resource.kind == "Immunization"
    when, what = _dose(registry, content, words) if is_dose else _year(content, words)
    return OwnRecord(
        id=name(registry, family, held),
        kind="dose" if is_dose else "school-year",
        when=when,
        what=what,
        disputed=held.disputed,
        corrected=corrected(held.resource.content),
    )


def _dose(registry: Registry, content: Content, words: Mapping[str, Any]) -> tuple[str, str]:
    antigens = sorted(registry.library.antigens(elements.mapping(content.get("vaccineCode"))))
    against = words["page"]["comma"].join(words["antigens"].get(each, each) for each in antigens)
    return elements.text(content.get("occurrenceDateTime")), against or words["page"]["unknown"]


def _year(content: Content, words: Mapping[str, Any]) -> tuple[str, str]:
    grade = elements.parts(content, "grade")
    begins = elements.text(elements.mapping(elements.enrolment(content, "period")).get("start"))
    number = grade.get("yearOfSchooling")
    return begins, words["page"]["year-number"].format(number=number) if number else words["page"]["unknown"]


def corrected(content: Content) -> str | None:
    """The day a record was last corrected by a desk."""
    found = [each for each in elements.mappings(content.get("extension")) if each.get("url") == CORRECTION]
    moments = [each.get("valueDateTime") for one in found for each in elements.mappings(one.get("extension"))]
    days = [str(each)[:10] for each in moments if each]
    return max(days) if days else None
