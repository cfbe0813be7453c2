"""Witnesses of the audit log: what they cosign, what they remember, and that no insider gets past them."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from registry.errors import BadInput, KeyProblem
from registry.flows import cosigning, publish, trail, witness
from registry.store import audit, witnesskey
from registry.trust import checkpoint, cosignature, merkle
from registry.trust import witness as rules
from registry.trust.witness import Outcome, Request
from tests.bench import tampering
from tests.support import builders, insider, witnesses
from tests.support.builders import CLINIC, OTHER_CLINIC, World
from tests.support.witnesses import Watched

pytestmark = pytest.mark.anyio
NAMES = ("ombuds.example", "un.example")


@pytest.fixture
async def watched(world: World, tmp_path: Path) -> AsyncIterator[Watched]:
    with witnesses.watched(world.registry, tmp_path, *NAMES) as opened:
        yield opened


async def happen(world: World, times: int = 1) -> None:
    for _ in range(times):
        await builders.ask(world, CLINIC, builders.UNKNOWN)
    await trail.sequence(world.registry)


async def newest(watched: Watched) -> str:
    return await publish.checkpoint(watched.registry)


# --- the ordinary course of things -----------------------------------------------------------------


async def test_every_witness_cosigns_every_checkpoint_it_is_shown(world: World, watched: Watched) -> None:
    for _ in range(3):
        await happen(world, 2)
        assert await watched.push() == 2
        text = await newest(watched)
        assert {*cosignature.witnesses(text, known(watched))} == {*NAMES}
    proof, recalled = await cosigning.verify(watched.registry, watched.http)
    assert proof.holds, proof.problems
    assert (proof.witnessed, proof.leaves) == (6, 6)
    assert proof.seen == dict.fromkeys(NAMES, 6)
    assert [each.text is not None for each in recalled] == [True, True]


def known(watched: Watched) -> dict[str, object]:
    return cosigning.keys(cosigning.configured(watched.registry.settings))  # pyright: ignore[reportReturnType]


async def test_a_checkpoint_is_shown_once(world: World, watched: Watched) -> None:
    await happen(world)
    assert [await watched.push() for _ in range(3)] == [2, 0, 0]
    assert await cosigning.push(watched.registry, (), watched.http) == 0


async def test_nothing_is_shown_before_the_first_checkpoint_and_such_a_log_holds(watched: Watched) -> None:
    assert await watched.push() == 0
    proof, _ = await cosigning.verify(watched.registry, watched.http)
    assert (proof.holds, proof.witnessed) == (True, 0)


async def test_what_no_witness_has_seen_yet_is_counted_and_is_no_problem(world: World, watched: Watched) -> None:
    await happen(world, 3)
    await watched.push()
    await happen(world, 2)
    proof, _ = await cosigning.verify(watched.registry, watched.http)
    assert (proof.holds, proof.leaves - proof.witnessed) == (True, 2)


async def test_a_registry_without_witnesses_says_that_nothing_is_witnessed(world: World) -> None:
    await happen(world)
    proof = await trail.verify(world.registry)
    assert (proof.holds, proof.witnessed, proof.seen) == (True, 0, {})


async def test_a_witness_that_was_away_catches_up_with_one_proof(world: World, tmp_path: Path) -> None:
    states = {name: witnesses.made(tmp_path, world.registry, name) for name in NAMES}
    with witness.opened(states[NAMES[0]]) as first:
        alone = witnesses.joined(world.registry, states, {NAMES[0]: first})
        for _ in range(3):
            await happen(world)
            assert await alone.push() == 1
        proof, recalled = await cosigning.verify(alone.registry, alone.http)
        assert (proof.seen, proof.witnessed) == ({NAMES[0]: 3, NAMES[1]: 0}, 0)
        assert [each.text for each in recalled if each.witness == NAMES[1]] == [None]
        assert proof.problems == ("fewer than 2 witnesses have cosigned anything of the log",)
        with witness.opened(states[NAMES[1]]) as second:
            both = witnesses.joined(world.registry, states, {NAMES[0]: first, NAMES[1]: second})
            assert await both.push() == 1
            proof, _ = await cosigning.verify(both.registry, both.http)
            assert (proof.holds, proof.witnessed) == (True, 3)


async def test_a_registry_that_lost_the_cosignatures_learns_from_the_witness_where_it_was(
    world: World, watched: Watched
) -> None:
    await happen(world, 3)
    await watched.push()
    async with world.registry.database.transaction() as tx:
        await tx.connection.execute("DELETE FROM registry.audit_cosignature")
    await happen(world, 4)
    assert await watched.push() == 2
    assert (await cosigning.verify(watched.registry, watched.http))[0].witnessed == 7


# --- what a witness is told is checked, and what it says too ----------------------------------------


async def test_a_witness_answers_as_the_standard_says(world: World, watched: Watched) -> None:
    await happen(world, 2)
    text = await newest(watched)
    address = f"http://{NAMES[0]}.test"

    async def post(body: str) -> httpx.Response:
        return await watched.http.post(f"{address}/add-checkpoint", content=body.encode())

    first = await post(rules.write(Request(old=0, path=(), text=text)))
    assert (first.status_code, first.text.count("\n")) == (200, 1)
    assert cosignature.witnesses(text + first.text, known(watched))  # pyright: ignore[reportArgumentType]
    stale = await post(rules.write(Request(old=0, path=(), text=text)))
    assert (stale.status_code, stale.text, stale.headers["content-type"]) == (409, "2\n", "text/x.tlog.size")
    assert (await post("hello")).status_code == 400
    assert (await post(rules.write(Request(old=2, path=(), text=text)).replace("\u2014", "-"))).status_code == 400
    remembered = await watched.http.get(f"{address}/checkpoint", params={"origin": trail.origin(world.registry)})
    assert remembered.text.startswith(text)
    assert (await watched.http.get(f"{address}/checkpoint", params={"origin": "elsewhere"})).status_code == 404
    assert (await watched.http.get(f"{address}/trust")).json()["issuer"] == NAMES[0]
    assert (await watched.http.post(f"{address}/add-checkpoint", content=b"x" * 600_000)).status_code == 413


async def test_a_cosignature_by_another_key_is_not_kept(world: World, watched: Watched, tmp_path: Path) -> None:
    await happen(world)
    stranger = witnesses.made(tmp_path / "stranger", world.registry, NAMES[0])
    settings = watched.registry.settings
    swapped = dict(settings.witnesses) | {f"http://{NAMES[0]}.test": stranger / witnesskey.PUBLISHED}
    doubting = builders.replace(watched.registry, settings=settings.model_copy(update={"witnesses": swapped}))
    assert await cosigning.push(doubting, cosigning.configured(doubting.settings), watched.http) == 1
    async with world.registry.database.transaction() as tx:
        assert {name for _, name, _ in await audit.cosignatures(tx)} == {NAMES[1]}


# --- insiders --------------------------------------------------------------------------------------


async def test_a_small_number_of_mutations_by_an_insider_are_all_found(world: World, watched: Watched) -> None:
    """Every act with every way of covering it; the 20,000 are made by `make prove`."""
    found = await tampering.run(world.registry, watched, count=len(insider.ACTS) * len(insider.COVERS), seed=7)
    assert found.missed == []
    assert found.cosigned == 0
    assert len(found.kinds) == len(insider.ACTS) * len(insider.COVERS)


async def test_without_the_memory_of_witnesses_an_insider_with_the_key_is_not_found(
    world: World, watched: Watched
) -> None:
    """What witnesses are for; and that the proof above does not find everything for some other reason."""
    found = await tampering.run(world.registry, watched, count=50, seed=7, remembering=False)
    assert any("without witnesses" in each for each in found.missed)


async def test_a_second_history_is_refused_and_kept_as_evidence(world: World, watched: Watched) -> None:
    await happen(world, 3)
    await watched.push()
    other = [merkle.leaf_hash(b"other %d" % number) for number in range(5)]
    for size, outcome in ((3, Outcome.FORKED), (5, Outcome.INCONSISTENT)):
        text = insider.forged(world.registry, size, merkle.root(other[:size]))
        path = tuple(merkle.consistency_path(3, other[:size]))
        for each in watched.witnesses.values():
            reply = witness.observe(each, rules.write(Request(old=3, path=path, text=text)), now=world.clock.now)
            assert reply.outcome is outcome
            each.memory.evidence.seek(0)
            assert text.splitlines()[2].encode() in each.memory.evidence.read()
            note = checkpoint.note(each.memory.latest[trail.origin(world.registry)])
            assert isinstance(note, checkpoint.Note)
            assert note.checkpoint.size == 3


# --- a process of its own, and its memory ----------------------------------------------------------


async def test_a_witness_killed_at_any_moment_forgets_nothing_it_answered(world: World, tmp_path: Path) -> None:
    state = witnesses.made(tmp_path, world.registry, NAMES[0])
    own = trail.origin(world.registry)
    answered = 0
    async with cosigning.client() as http:
        for kill in range(2):
            with witnesses.process(state) as (address, running):
                for _ in range(3):
                    await happen(world)
                    text = await newest_of(world)
                    path = await path_from(world, answered)
                    request = Request(old=answered, path=tuple(path), text=text)
                    said = await http.post(f"{address}/add-checkpoint", content=rules.write(request).encode())
                    assert said.status_code == 200, said.text
                    answered = kill * 3 + _ + 1
                running.kill()
                running.wait(timeout=10)
            with witness.opened(state) as again:
                assert witness.latest(again, own).split("\n")[1] == str(answered)


async def newest_of(world: World) -> str:
    async with world.registry.database.transaction() as tx:
        last = await audit.last_checkpoint(tx)
    assert last is not None
    return last[1]


async def path_from(world: World, old: int) -> list[bytes]:
    async with world.registry.database.transaction() as tx:
        leaves = [merkle.leaf_hash(commitment or b"") for _, _, commitment in await audit.sequenced(tx)]
    return merkle.consistency_path(old, leaves)


async def test_a_line_cut_short_by_a_crash_is_dropped_and_any_other_damage_stops_the_witness(
    world: World, watched: Watched, tmp_path: Path
) -> None:
    for _ in range(2):
        await happen(world)
        await watched.push()
    cosigned = tmp_path / NAMES[0] / "cosigned"
    whole = cosigned.read_bytes()
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(tmp_path / NAMES[0]), str(copy)], check=True)
    for cut in range(len(whole) - 1, whole.index(b"\n"), -37):
        (copy / "cosigned").write_bytes(whole[:cut])
        with witness.opened(copy) as again:
            assert witness.latest(again, trail.origin(world.registry)).split("\n")[1] == "1"
    (copy / "cosigned").write_bytes(whole.replace(b"audit", b"audio", 1))
    with pytest.raises(BadInput, match="damaged in line 1"), witness.opened(copy):
        pass


async def test_two_processes_are_never_one_witness(watched: Watched, tmp_path: Path) -> None:
    assert watched.witnesses
    with pytest.raises(BadInput, match="another process"), witness.opened(tmp_path / NAMES[0]):
        pass


async def test_a_witness_is_begun_once_and_keeps_its_key_to_itself(world: World, tmp_path: Path) -> None:
    state = witnesses.made(tmp_path, world.registry, NAMES[0])
    with pytest.raises(BadInput, match="already"):
        witness.init(state, name="another.example")
    assert (state / witnesskey.KEY).stat().st_mode & 0o777 == 0o600
    assert '"d"' not in (state / witnesskey.PUBLISHED).read_text()
    (state / witnesskey.KEY).chmod(0o644)
    with pytest.raises(KeyProblem, match="open to others"), witness.opened(state):
        pass


@pytest.mark.parametrize("missing", [witnesskey.KEY, witnesskey.PUBLISHED, f"{witnesskey.LOGS}/log.json"])
async def test_a_witness_that_lacks_something_says_what(world: World, tmp_path: Path, missing: str) -> None:
    state = witnesses.made(tmp_path, world.registry, NAMES[0])
    (state / missing).unlink()
    with pytest.raises((BadInput, KeyProblem)) as told, witness.opened(state):
        pass
    assert told.value.where
    assert told.value.remedy


async def test_what_happens_is_witnessed_by_processes_of_their_own(world: World, tmp_path: Path) -> None:
    """Two witnesses, and the worker as the service runs it; how soon is measured by `make bench`."""
    states = [witnesses.made(tmp_path, world.registry, name) for name in NAMES]
    with witnesses.processes(states) as addresses:
        settings = world.registry.settings.model_copy(update={"witnesses": addresses})
        registry = builders.replace(world.registry, settings=settings)
        with anyio.fail_after(60):
            for _ in range(3):
                await tampering.lag(registry, lambda: builders.ask(world, OTHER_CLINIC))


async def test_a_witness_that_hangs_holds_nobody_up_for_long(world: World, watched: Watched) -> None:
    await happen(world)
    with socket.create_server(("127.0.0.1", 0)) as never_answers:
        address = f"http://127.0.0.1:{never_answers.getsockname()[1]}"
        path = watched.registry.settings.witnesses[f"http://{NAMES[0]}.test"]
        more = {**watched.registry.settings.witnesses, address: path}
        slow = builders.replace(
            watched.registry, settings=watched.registry.settings.model_copy(update={"witnesses": more})
        )
        began = time.monotonic()
        async with cosigning.client() as http:
            await cosigning.push(slow, cosigning.configured(slow.settings), http)
    assert time.monotonic() - began < 20  # a server that never answers would hold it for ever
