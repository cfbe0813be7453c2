"""What a registry holds, to be compared: after a crash with what was acknowledged, and at the end with what there
is when nothing happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from registry.fhir import resource
from registry.flows import opening, organisations, trail
from registry.settings import Settings
from registry.store import audit, documents, dossiers, outbox, reviews, vault
from registry.store.database import Transaction
from tests.support import behind

ReceiptFacts = tuple[str, int, tuple[tuple[str, int], ...]]
"""What a receipt says: the source, how many people, and the counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything a registry holds. Ids are drawn anew each time; only the receipts are kept by theirs."""

    documents: Counter[tuple[str, str, int, bytes]] = field(repr=False)
    dossiers: Counter[tuple[str, str]] = field(repr=False)
    persons: frozenset[frozenset[tuple[str, str]]] = field(repr=False)
    doubts: Counter[frozenset[tuple[str, str]]] = field(repr=False)
    receipts: dict[str, ReceiptFacts] = field(repr=False)
    imports: Counter[str] = field(repr=False)
    rows: Counter[str]
    waiting: int
    log_problems: tuple[str, ...]


async def look(state: Path) -> State:
    """Everything in the registry of this state folder."""
    async with opening.opened(Settings(state=state)) as registry:
        proof = await trail.verify(registry)
        async with behind.transaction(registry.database) as tx:
            return await _state(tx, proof.problems)


async def _state(tx: Transaction, problems: tuple[str, ...]) -> State:
    everyone = {each.id: each for each in await dossiers.everyone(tx)}
    people = {id: (each.source, each.local) for id, each in everyone.items() if each.source != organisations.HOUSE}
    held = await documents.load(tx, everyone)
    doubts = await reviews.waiting(tx)
    groups = {everyone[id].person: set[tuple[str, str]]() for id in people}
    for id, name in people.items():
        groups[everyone[id].person].add(name)
    return State(
        documents=Counter((*people[each.dossier], each.version, each.resource.body) for each in held),
        dossiers=Counter(people.values()),
        persons=frozenset(frozenset(each) for each in groups.values()),
        doubts=Counter(frozenset((people[each.left], people[each.right])) for each in doubts),
        receipts=await _stored_receipts(tx),
        imports=await _imports(tx),
        rows=await _rows(tx),
        waiting=await outbox.waiting(tx, "match"),
        log_problems=problems,
    )


async def _stored_receipts(tx: Transaction) -> dict[str, ReceiptFacts]:
    cursor = await tx.connection.execute("SELECT dossier, submission, sealed FROM registry.submission")
    rows = await cursor.fetchall()
    await vault.load_keys(tx, {row[0] for row in rows})
    opened = [orjson.loads(vault.unseal(tx, house, sealed, table="submission", row=id)) for house, id, sealed in rows]
    return {
        each["submission"]: (each["source"], each["people"], tuple(sorted(each["counts"].items()))) for each in opened
    }


async def _imports(tx: Transaction) -> Counter[str]:
    events = [each.event for each in await audit.entries(tx)]
    return Counter(each["organisation"] for each in events if each["action"] == "ingest")


async def _rows(tx: Transaction) -> Counter[str]:
    """How many rows there are; without those of the matcher's runs, of which a kill makes more."""
    runs = sum(each.event["action"] == "matched" for each in await audit.entries(tx))
    cursor = await tx.connection.execute(
        """
        SELECT (SELECT count(*) FROM vault.data_key),
               (SELECT count(*) FROM registry.dossier),
               (SELECT count(*) FROM registry.lookup_key),
               (SELECT count(*) FROM registry.submission),
               (SELECT count(*) FROM registry.audit_leaf),
               (SELECT count(*) FROM registry.audit_sequence),
               (SELECT count(*) FROM registry.audit_detail)
        """
    )
    names = ("data keys", "dossiers", "lookup keys", "submissions", "leaves", "places", "details")
    counted = Counter(dict(zip(names, await cursor.fetchone() or (), strict=True)))
    counted.subtract(dict.fromkeys(("leaves", "places", "details"), runs))
    return counted


def lost(acknowledged: dict[str, dict[str, Any]], then: State) -> Iterator[str]:
    """Everything in a receipt is there."""
    held = {(source, resource.read(body).reference) for source, _, _, body in then.documents}
    for file, receipt in acknowledged.items():
        named = {(receipt["source"], row[1]) for row in receipt["rows"] if row[2] != "set-aside"}
        if named - held:
            yield f"{len(named - held)} resources of the receipt for {Path(file).name} are lost"
        if receipt["submission"] not in then.receipts:
            yield f"the receipt for {Path(file).name} is lost"


def differences(now: State, undisturbed: State) -> Iterator[str]:
    for name in ("documents", "dossiers", "doubts", "imports", "rows"):
        more = getattr(now, name) - getattr(undisturbed, name)
        fewer = getattr(undisturbed, name) - getattr(now, name)
        if more or fewer:
            yield f"{name}: {more.total()} too many, {fewer.total()} too few{_listed(more + fewer)}"
    if Counter(now.receipts.values()) != Counter(undisturbed.receipts.values()):
        yield "receipts differ"
    for name in ("persons", "waiting"):
        if getattr(now, name) != getattr(undisturbed, name):
            yield f"{name} differ"
    yield from now.log_problems


def _listed(differing: Counter[Any]) -> str:
    """Which ones, where their names tell nothing of a person."""
    names = [each for each in differing if isinstance(each, str)]
    return f" ({', '.join(names)})" if names else ""
