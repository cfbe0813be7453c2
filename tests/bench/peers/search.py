"""The registry's own search among so many dossiers: who is found, how many are opened, how long one question takes.

Dossiers are filed as an import files them, without matching them first: every one is still a person of its own, and
the dossiers of one child are to be found among all. A question is what the matching worker does for one dossier:
keyed hashes, the bounded read of the key table, opening whoever is near, comparing, deciding. Beside each the same
number of rows is read by primary key with nothing else done, as the administrator.
"""

from __future__ import annotations

import gc
import itertools
import os
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from typing import Any, LiteralString
from uuid import UUID

from registry.fhir.resource import Content
from registry.flows import opening, people
from registry.flows.opening import Registry
from registry.flows.reader import Reader
from registry.identity import demographics, match, sketch
from registry.identity import keys as match_keys
from registry.identity.match import Subject
from registry.identity.sketch import Sketch
from registry.settings import Settings
from registry.store import dossiers, keys
from registry.store.database import Connection, Transaction
from registry.store.dossiers import Dossier
from registry.store.functions import Function
from registry.trust import sealing
from tests.bench import narrowing
from tests.support import behind, families, mild_families, postgres

AT_ONCE = 8000
STRANGERS = 90_000  # added to the seed: another world, whose people nobody here knows

Entry = tuple[int, str, Content]
"""The number of a person, the script it is written in, and a Patient about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: how long it, its parts and bare reads took; who was near; mates, and mates found, by script."""

    milliseconds: float
    busy: float
    parts: Sequence[float]
    bare: float
    near: int
    mates: Mapping[str, int]
    found: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class Filled:
    """What a registry was filled with so far, and the seconds it took. Of a share `kept` it is known what was told."""

    entries: Iterator[Entry]
    persons: dict[int, list[UUID]] = field(default_factory=lambda: defaultdict[int, list[UUID]](list))
    scripts: dict[UUID, str] = field(default_factory=dict[UUID, str])
    told: dict[UUID, Entry] = field(default_factory=dict[UUID, Entry])
    kept: float = 1.0
    sampling: random.Random = field(default_factory=lambda: random.Random(0))
    count: int = 0
    seconds: float = 0.0


def _families(seed: int, count: int) -> Iterator[Entry]:
    for record, truth in families.world(seed, count):
        yield truth.person, truth.script, families.patient(replace(record, national_id="", ration_card=""))


def _mild(seed: int, count: int) -> Iterator[Entry]:
    for at, (person, _, made) in enumerate(mild_families.world(seed, count)):
        yield person, "Latin", mild_families.patient(f"r{at}", made.cells)


WORLDS: dict[str, Callable[[int, int], Iterator[Entry]]] = {"families": _families, "mild": _mild}


async def measured(kind: str, sizes: Sequence[int], *, seed: int, questions: int) -> AsyncIterator[dict[str, Any]]:
    """The figures at each size as they come, of one registry that grows."""
    # There are more records than people, so as many people are enough.
    filled = Filled(entries=WORLDS[kind](seed, max(sizes)), kept=min(1.0, 8 * questions / min(sizes)))
    strangers = [about for *_, about in itertools.islice(WORLDS[kind](seed + STRANGERS, questions), questions)]
    with postgres.place() as folder:
        async with opening.opened(Settings(state=folder, answer_seconds=0)) as registry:
            for size in sorted(sizes):
                await _fill(registry, filled, size)
                yield {"kind": kind, **await _at(registry, filled, strangers, questions)}


async def _fill(registry: Registry, filled: Filled, size: int) -> None:
    """Open and file dossiers until there are so many."""
    began = time.perf_counter()
    hashed = partial(_hashed, registry.database.keyring.match_key)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as processes:
        while filled.count < size:
            some = list(itertools.islice(filled.entries, min(AT_ONCE, size - filled.count)))
            found = processes.map(hashed, (about for *_, about in some), chunksize=AT_ONCE // 16)
            await _filed(registry, filled, some, list(found))
    await narrowing.narrowed(registry)
    filled.seconds += time.perf_counter() - began


Filing = tuple[tuple[int, ...], Sketch]


def _hashed(key: bytes, about: Content) -> Filing:
    """The match keys of a Patient as the store knows them, and its sketch."""
    told = demographics.of(about)
    stored = match_keys.stored(told)
    return tuple(sorted({sealing.keyed_hash(key, each.kind, *each.parts) for each in stored})), sketch.of(told)


async def _filed(registry: Registry, filled: Filled, some: Sequence[Entry], found: Sequence[Filing]) -> None:
    now = registry.now()
    async with behind.transaction(registry.database) as tx:
        opened: list[Dossier] = []
        for (person, script, about), (hashes, drawn) in zip(some, found, strict=True):
            id, at = tx.new_id(), filled.count + len(opened)
            dossier = Dossier(id=id, source=f"source-{at % 7}", local=str(at), opened_at=now, person=id, members=(id,))
            opened.append(replace(dossier, about=about, keys=hashes, sketch=drawn))
            filled.persons[person].append(id)
            filled.scripts[id] = script
            if filled.sampling.random() < filled.kept:
                filled.told[id] = (person, script, about)
        await dossiers.open_new(tx, opened, today=registry.today())
        await keys.add(tx, [(key, each.id) for each in opened for key in each.keys])
    filled.count += len(opened)


async def _at(registry: Registry, filled: Filled, strangers: Sequence[Content], questions: int) -> dict[str, Any]:
    """The figures at this size."""
    gc.collect()
    gc.freeze()  # what the measure itself remembers is no part of a registry
    known = [each for each in filled.told if len(filled.persons[filled.told[each][0]]) > 1]
    chosen = random.Random(filled.count).sample(known, min(questions, len(known)))
    async with behind.transaction(registry.database) as plain:
        mated = [await _asked(registry, plain.connection, *_told(filled, each)) for each in chosen]
        alone = [await _asked(registry, plain.connection, about, None, {}) for about in strangers]
        size = await _one(plain.connection, "SELECT pg_database_size(current_database())")
        rows = await _one(plain.connection, "SELECT count(*) FROM registry.lookup_key")
    near = sorted(each.near for each in mated)
    return {
        "dossiers": filled.count,
        "filed in seconds": round(filled.seconds, 1),
        "megabytes": size // 2**20,
        "keys each": round(rows / filled.count, 1),
        "candidate recall": _recall(mated),
        "candidate recall by": {
            kind: (_recall(mated, kind), sum(each.mates[kind] for each in mated))
            for kind in sorted({kind for each in mated for kind in each.mates})
        },
        "candidates mean": round(statistics.fmean(near), 1),
        "candidates p99.9": near[min(len(near) - 1, int(0.999 * len(near)))],
        "with a mate": _latencies(mated),
        "without": _latencies(alone),
    }


def _recall(asked: Iterable[Asked], kind: str = "") -> float:
    """The share of mates found, of all or of one kind."""
    mates, found = Counter[str](), Counter[str]()
    for each in asked:
        mates.update(each.mates)
        found.update(each.found)
    return round(found[kind] / mates[kind] if kind else found.total() / mates.total(), 4)


def _told(filled: Filled, id: UUID) -> tuple[Content, UUID, Mapping[UUID, str]]:
    """What is asked, by whom, and the mates with the scripts of both."""
    person, script, about = filled.told[id]
    mates = {each: " and ".join(sorted({script, filled.scripts[each]})) for each in filled.persons[person]}
    return about, id, {each: kind for each, kind in mates.items() if each != id}


async def _one(connection: Connection, statement: LiteralString) -> int:
    row = await (await connection.execute(statement)).fetchone()
    return row[0] if row else 0


async def _asked(
    registry: Registry, plain: Connection, about: Content, own: UUID | None, mates: Mapping[UUID, str]
) -> Asked:
    """Ask about one person as the matching worker does; then read as many rows by primary key."""
    began, idle = time.perf_counter(), time.process_time()
    async with registry.database.transaction(Function.MATCH) as tx:
        found, moments = await _near(registry, tx, about, own)
    ended, busy = time.perf_counter(), time.process_time() - idle
    await (await plain.execute("SELECT sealed FROM registry.dossier WHERE dossier = ANY(%s)", (found,))).fetchall()
    bare = time.perf_counter() - ended
    moments = [began, *moments, ended]
    return Asked(
        milliseconds=(ended - began) * 1e3,
        busy=busy * 1e3,
        parts=[(later - sooner) * 1e3 for sooner, later in itertools.pairwise(moments)],
        bare=bare * 1e3,
        near=len(found),
        mates=Counter(mates.values()),
        found=Counter(mates[each] for each in found if each in mates),
    )


async def _near(
    registry: Registry, tx: Transaction, about: Content, own: UUID | None
) -> tuple[list[UUID], list[float]]:
    """Everybody compared, after deciding whom it is; and when the parts of it ended."""
    begun = time.perf_counter()
    told, reader, weights = demographics.of(about), Reader(), await people.weights(tx, registry.library.weights)
    question = people.question(tx, told, beside=[own] if own else [])
    hashed = time.perf_counter()
    persons = await people.candidates(tx, reader, question)
    opened = time.perf_counter()
    match.resolve(Subject(id="asked", source="asking", demographics=told), persons, weights)
    moments = [begun, hashed, opened, time.perf_counter()]
    return [UUID(member.id) for each in persons for member in each.members], moments


_PARTS = ("begin", "hash keys", "search and open", "compare and decide", "end")


def _latencies(asked: Sequence[Asked]) -> dict[str, Any]:
    """Milliseconds; how many times as long as the bare reads, at the median; the median of each part.

    `our own processor` is what the process itself worked, without the server: where the machine has other work, the
    one figure that says something.
    """
    cuts = statistics.quantiles([each.milliseconds for each in asked], n=100, method="inclusive")
    ratios = statistics.median(each.milliseconds / each.bare for each in asked)
    bare = statistics.median(each.bare for each in asked)
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "bare p50": bare, "times bare": ratios}
    busy = statistics.quantiles([each.busy for each in asked], n=100, method="inclusive")
    worked = {"p50": busy[49], "p95": busy[94], "p99": busy[98]}
    parts = {part: statistics.median(each.parts[at] for each in asked) for at, part in enumerate(_PARTS)}
    return {**_rounded(named), "of it": _rounded(parts), "our own processor": _rounded(worked)}


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}
