"""`python -m tests.bench.appends`: what the audit log costs 16 writers, how far its witnesses are behind meanwhile, and
what a proof costs in a log of a million leaves. A table, and JSON in prove-output/appends.json."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import orjson

from registry.api import app
from registry.flows import cosigning, opening, trail
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import audit, tree, vault
from registry.store.database import Transaction
from registry.trust import merkle
from tests.store import rows
from tests.support import postgres, witnesses

WRITERS, PROCESSES = 16, 2
NAMES = ("ombuds.example", "un.example")
Figures = dict[str, float]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.appends", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="how long each kind of writing goes on")
    parser.add_argument("--leaves", type=int, default=1_000_000, help="the log in which proofs are made")
    parser.add_argument("--out", type=Path, default=Path("prove-output/appends.json"), help="the JSON file")
    given = parser.parse_args(arguments)
    found: dict[str, Figures] = {}
    for number in range(2):  # in turn and twice: what else the machine does meanwhile meets both kinds
        for kind in ("without audit", "with audit"):
            with postgres.place() as folder:
                found[f"{kind}, {number + 1}"] = asyncio.run(_written(folder, kind, given.seconds))
    with postgres.place() as folder:
        found[f"proofs in {given.leaves:,} leaves"] = asyncio.run(_proofs(folder, given.leaves))
    _show(found, given.out)
    return 0


# --- sixteen writers -------------------------------------------------------------------------------


async def _written(state: Path, kind: str, seconds: float) -> Figures:
    """`WRITERS` at once in processes of their own, beside the sequencer and two witnesses; every commit is synced."""
    settings = Settings(state=state)
    with_audit = kind == "with audit"
    async with opening.opened(settings) as registry:
        states = [witnesses.made(state / "witnesses", registry, name) for name in NAMES]
        with witnesses.processes(states) as addresses:
            watched = replace(registry, settings=settings.model_copy(update={"witnesses": addresses}))
            async with _followed(watched) as lags:
                times = await _all_writers(settings, with_audit=with_audit, seconds=seconds)
        proof = await trail.verify(registry)
    assert proof.holds, proof.problems
    assert proof.leaves == (len(times) if with_audit else 0)
    told = {"per second": len(times) / seconds, "p50 ms": _ms(times, 50), "p99 ms": _ms(times, 99)}
    return told | ({"witnessing lag p50 s": statistics.median(lags), "max s": max(lags)} if with_audit else {})


async def _all_writers(settings: Settings, *, with_audit: bool, seconds: float) -> list[float]:
    share, loop = WRITERS // PROCESSES, asyncio.get_running_loop()
    with ProcessPoolExecutor(PROCESSES) as pool:
        work = [loop.run_in_executor(pool, _process, settings, share, with_audit, seconds) for _ in range(PROCESSES)]
        return [each for told in await asyncio.gather(*work) for each in told]


def _process(settings: Settings, writers: int, with_audit: bool, seconds: float) -> list[float]:
    async def work() -> list[float]:
        async with opening.opened(settings) as registry:
            told = await asyncio.gather(*(_writer(registry, with_audit, seconds) for _ in range(writers)))
        return [each for one in told for each in one]

    return asyncio.run(work())


async def _writer(registry: Registry, with_audit: bool, seconds: float) -> list[float]:
    """One document after another into a dossier of its own, each with its entry or without; the time of each."""
    async with registry.database.transaction() as tx:
        one = (await rows.open_dossier(tx)).id
    times, end = list[float](), time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        body = b'{"resourceType":"Immunization","id":"d-%d","status":"completed"}' % len(times)
        async with registry.database.transaction() as tx:
            await vault.load_keys(tx, [one])
            await rows.put(tx, one, body)
            if with_audit:
                await trail.write(tx, registry, one, "desk-recorded", None, resources=1)
        times.append(time.monotonic() - began)
    return times


@asynccontextmanager
async def _followed(registry: Registry) -> AsyncGenerator[list[float]]:
    """The sequencer and the witnesses as the service runs them; the list holds how long each sample of the log waited
    from the commit of its leaves until both witnesses had cosigned them."""
    known, lags, samples = cosigning.configured(registry.settings), list[float](), list[tuple[float, int]]()
    async with cosigning.client() as http:

        async def look(registry: Registry) -> None:
            async with registry.database.transaction() as tx:
                (leaves, _), seen = await audit.count(tx), await audit.cosigned(tx)
            witnessed, now = min((seen.get(each.name, 0) for each in known), default=0), time.monotonic()
            while samples and samples[0][1] <= witnessed:
                lags.append(now - samples.pop(0)[0])
            if leaves > witnessed:
                samples.append((now, leaves))

        jobs = {
            app.SEQUENCE_SECONDS: trail.sequence,
            app.WITNESS_SECONDS + 0.001: lambda registry: cosigning.push(registry, known, http),
            0.05: look,
        }
        workers = [asyncio.create_task(app._every(pause, job, registry)) for pause, job in jobs.items()]  # pyright: ignore[reportPrivateUsage]
        try:
            yield lags
            while samples:
                await asyncio.sleep(0.05)
        finally:
            await app._stop(workers)  # pyright: ignore[reportPrivateUsage]


def _ms(times: Sequence[float], percentile: int) -> float:
    return statistics.quantiles(times, n=100)[percentile - 1] * 1000


# --- proofs in a large log -------------------------------------------------------------------------


async def _proofs(state: Path, leaves: int) -> Figures:
    async with opening.opened(Settings(state=state)) as registry:
        async with registry.database.transaction() as tx:
            root = await _grown(tx, leaves)
            began = time.monotonic()
            await tree.complete(tx, leaves)
            tiled = time.monotonic() - began
        async with registry.database.transaction() as tx:
            told = await _timed(tx, leaves, root)
    return {"all tiles s": tiled, **told}


async def _grown(tx: Transaction, leaves: int) -> bytes:
    """Leaves by the million, without events; the root over them."""
    await tx.connection.execute(
        """
        WITH fresh AS (
            INSERT INTO registry.audit_leaf (leaf, day, commitment)
            SELECT gen_random_uuid(), now(), sha256(number::text::bytea) FROM generate_series(1, %s) AS number
            RETURNING leaf
        )
        INSERT INTO registry.audit_sequence (position, leaf) SELECT row_number() OVER () - 1, leaf FROM fresh
        """,
        (leaves,),
    )
    await tx.connection.execute("ANALYZE registry.audit_leaf, registry.audit_sequence")
    hashes = [merkle.leaf_hash(commitment or b"") for _, _, commitment in await audit.sequenced(tx)]
    return merkle.root(hashes)


async def _timed(tx: Transaction, leaves: int, root: bytes) -> Figures:
    """Proofs at random places, each checked, and what one costs that reads every leaf."""
    dice, inclusion, consistency = Random(1), list[float](), list[float]()
    for _ in range(200):
        index = dice.randrange(leaves)
        began = time.perf_counter()
        path = await tree.hashes(tx, merkle.inclusion_ranges(index, leaves))
        inclusion.append(time.perf_counter() - began)
        (leaf,) = await tree.hashes(tx, [(index, index + 1)])
        assert merkle.verify_inclusion(leaf, index, leaves, path, root)
        older = dice.randrange(1, leaves)
        began = time.perf_counter()
        path = await tree.hashes(tx, merkle.consistency_ranges(older, leaves))
        consistency.append(time.perf_counter() - began)
        assert merkle.verify_consistency(older, leaves, path, await _root(tx, older), root)
    began = time.perf_counter()
    merkle.inclusion_path(0, [merkle.leaf_hash(commitment or b"") for _, _, commitment in await audit.sequenced(tx)])
    whole = time.perf_counter() - began
    return {
        "inclusion p50 ms": _ms(inclusion, 50),
        "inclusion p99 ms": _ms(inclusion, 99),
        "consistency p50 ms": _ms(consistency, 50),
        "consistency p99 ms": _ms(consistency, 99),
        "from every leaf ms": whole * 1000,
    }


async def _root(tx: Transaction, size: int) -> bytes:
    (found,) = await tree.hashes(tx, [(0, size)])
    return found


def _show(found: dict[str, Figures], path: Path) -> None:
    for name, figures in found.items():
        told = ", ".join(f"{what} {value:,.2f}" for what, value in figures.items())
        sys.stdout.write(f"{name:<28} {told}\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    sys.exit(main())
