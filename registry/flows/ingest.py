"""A hand-over comes in: checked, stored version by version, answered with a receipt for every row.

One hand-over is one transaction: either its receipt is given and everything is stored, or nothing is. A resource
that fails its check is set aside with its reasons and the good ones go on. The same file, or the same resource, a
second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from registry.consent import redact
from registry.errors import BadInput
from registry.fhir import resource, validate
from registry.fhir.resource import Content, Resource
from registry.flows import filing, organisations, receipts, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.reader import Reader
from registry.flows.receipts import Outcome, Receipt
from registry.intake import Entry, Submission
from registry.library import Library
from registry.store import documents, dossiers, keys, outbox, submissions
from registry.store.database import Transaction, again_on_conflict
from registry.store.documents import Document
from registry.store.dossiers import Dossier
from registry.store.functions import Function


@again_on_conflict
async def ingest(registry: Registry, submission: Submission, *, body: bytes) -> Receipt:
    """Store a hand-over whose original bytes are `body`. Raises UnknownName for a source nobody registered."""
    async with registry.database.transaction(Function.INGEST) as tx:
        source = await _source(tx, submission.source)
        entries = [_tagged(entry, source.country) for entry in submission.entries]
        checked = [(entry, _problems(entry, registry.library)) for entry in entries]
        # What was read of the file counts too: after a mapping was corrected the same file is a new hand-over.
        digest = submissions.digest(tx, source.house, [body, *(each.resource.body for each in submission.entries)])
        earlier = await submissions.receipt(tx, source.house, digest)
        if earlier:
            return receipts.again(earlier, submission)
        good = [entry for entry, problems in checked if not problems]
        outcomes = await store(tx, registry, source=source.name, entries=good)
        receipt = receipts.write(tx.new_id(), submission, checked, outcomes)
        leaf = await trail.write(
            tx, registry, source.house, "ingest", source, people=receipt.people, counts=dict(receipt.counts)
        )
        receipt = replace(receipt, leaf=leaf.leaf.hex)
        await submissions.record(
            tx, source.house, digest, receipts.kept(receipt), id=UUID(receipt.submission), today=registry.today()
        )
    return receipt


async def _source(tx: Transaction, name: str) -> Caller:
    source = await organisations.named(tx, name)
    # A desk records too: a clinic or a school is a source of what it saw itself (disclosure.md).
    source.must_be(Kind.SOURCE, Kind.CLINIC, Kind.SCHOOL)
    await dossiers.load(tx, [source.house], lock=True)  # two hand-overs of one source never interleave
    return source


def _tagged(entry: Entry, country: str) -> Entry:
    """The entry with the country it was recorded in, which for a source that does not say so is its own."""
    content = entry.resource.content
    if entry.resource.kind == "Organization" or redact.recorded_in(content):
        return entry
    meta: dict[str, Any] = content.get("meta", {})
    if not isinstance(cast("Any", meta), dict) or not isinstance(meta.get("tag", []), list):
        return entry  # its check will say so
    tag = {"system": redact.RECORDING_COUNTRY, "code": country}
    tagged = {**content, "meta": {**meta, "tag": [*meta.get("tag", ()), tag]}}
    return replace(entry, resource=resource.of(tagged))


def _problems(entry: Entry, library: Library) -> tuple[str, ...]:
    subject = _subject(entry.resource)
    if subject is not None and subject != f"Patient/{entry.person}":
        return ("the resource is about another person than the one it was handed over for",)
    found = validate.problems(entry.resource, library.profiles)
    return tuple(f"{each.where}: {each.message}" for each in found)


def _subject(told: Resource) -> str | None:
    if told.kind == "Patient":
        return told.reference
    name = "patient" if told.kind in ("Immunization", "Consent") else "subject"
    reference = told.content.get(name)
    return str(cast("Content", reference).get("reference")) if isinstance(reference, Mapping) else None


def require_acceptable(registry: Registry, offered: Resource) -> None:
    """Raise BadInput with every problem of a resource that a desk or a family hands over itself."""
    found = validate.problems(offered, registry.library.profiles)
    if found:
        raise BadInput("; ".join(f"{each.where}: {each.message}" for each in found), where=offered.kind)


async def store(tx: Transaction, registry: Registry, *, source: str, entries: Sequence[Entry]) -> list[Outcome]:
    """Store good entries as documents of their dossiers, and queue the changed dossiers for matching."""
    held = await _dossiers(tx, registry, source=source, persons={entry.person for entry in entries})
    current = documents.current(await documents.load(tx, [each.id for each in held.values()]))
    versions = dict(current)
    fresh: list[Document] = []
    outcomes: list[Outcome] = []
    last = _last_tellings(entries)
    for at, entry in enumerate(entries):
        name = (held[entry.person].id, entry.resource.reference)
        is_last = last[entry.person, entry.resource.reference] == at
        outcome = _compare(versions.get(name), entry.resource) if is_last else Outcome.OLDER
        outcomes.append(outcome)
        if outcome is Outcome.STORED:
            versions[name] = _next(versions.get(name), name[0], entry.resource, registry)
            fresh.append(versions[name])
    await documents.append(tx, fresh, today=registry.today())
    await _take_note(tx, held.values(), fresh)
    return outcomes


def _compare(held: Document | None, new: Resource) -> Outcome:
    if held is None:
        return Outcome.STORED
    if held.resource.body == new.body:
        return Outcome.UNCHANGED
    return Outcome.OLDER if _is_older(new, held.resource) else Outcome.STORED


def _last_tellings(entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    """Where each resource is told last: by the source's own time of change, without one by the order of the file."""
    last: dict[tuple[str, str], int] = {}
    for at, entry in enumerate(entries):
        name = (entry.person, entry.resource.reference)
        if name not in last or not _is_older(entry.resource, entries[last[name]].resource):
            last[name] = at
    return last


def _is_older(new: Resource, held: Resource) -> bool:
    told_before, told_now = _last_updated(held), _last_updated(new)
    return told_before is not None and told_now is not None and told_now < told_before


def _last_updated(told: Resource) -> datetime | None:
    meta = told.content.get("meta")
    moment = cast("Content", meta).get("lastUpdated") if isinstance(meta, Mapping) else None
    try:
        # As moments, not as texts: sources write them in different zones and precisions.
        return datetime.fromisoformat(str(moment)) if moment else None
    except ValueError:  # a leap second
        return None


def _next(held: Document | None, dossier: UUID, new: Resource, registry: Registry) -> Document:
    version = held.version + 1 if held else 1
    return Document(dossier=dossier, version=version, accepted_at=registry.now(), resource=new)


async def _dossiers(tx: Transaction, registry: Registry, *, source: str, persons: Iterable[str]) -> dict[str, Dossier]:
    """The dossier of each person of a source, by the source's own id; opened where there was none."""
    by_key = {keys.index_hash(tx, "person", source, person): person for person in sorted(persons)}
    found = await keys.sharing(tx, by_key)
    known = await dossiers.load(tx, [each for rows in found.values() for each in rows], lock=True)
    held = {each.local: each for each in known.values() if each.source == source}
    missing = [person for person in by_key.values() if person not in held]
    opened = [_new_dossier(tx.new_id(), source, person, registry.now()) for person in missing]
    await dossiers.open_new(tx, opened, today=registry.today())
    await keys.add(tx, [(keys.index_hash(tx, "person", source, each.local), each.id) for each in opened])
    return held | {each.local: each for each in opened}


def _new_dossier(id: UUID, source: str, local: str, now: datetime) -> Dossier:
    return Dossier(id=id, source=source, local=local, opened_at=now, person=id, members=(id,))


async def _take_note(tx: Transaction, held: Iterable[Dossier], fresh: Sequence[Document]) -> None:
    """Keep the demographics last told with the dossier, file it under its match keys, and queue it for matching."""
    told = {each.dossier: each.resource.content for each in fresh if each.resource.kind == "Patient"}
    changed = [replace(each, about=told[each.id]) for each in held if each.id in told]
    await dossiers.rewrite(tx, await filing.filed(tx, Reader(), changed))
    await outbox.put(tx, "match", [each.id for each in changed])
