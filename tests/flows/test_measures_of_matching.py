"""Small versions of `python -m tests.bench.peers`: they run, without the peers too, and what they say is possible."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.bench.peers import calibration, misses, running, search, worlds


def test_a_world_is_measured_where_there_are_no_peers(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PEERS", Path("nowhere"))
    world = worlds.made("mild-twins", tmp_path / "world", people=120, seed=2)
    found = worlds.measured(world)
    ours = found["continuity link"]
    assert "Splink 5" not in found
    assert ours["as it comes"]["wrong"] == 0
    assert ours["as it comes"]["recall"] <= ours["seen at all"]
    assert ours["as it comes"]["recall"] <= ours["best at precision 0.999"]["recall"]
    assert sum(count for _, count in ours["recall by, as it comes"]["sex"].values()) == found["pairs"]
    assert "pairs missed" in "\n".join(misses.told(world))
    told = calibration.measured(world, tmp_path / "page.html")
    assert told["pairs written"]["pairs"] <= told["pairs compared"]["pairs"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<svg") == 2


def test_numbers_are_kept_from_both_engines(tmp_path):
    world = worlds.made("families", tmp_path / "world", people=30, seed=2)
    header = world.people.read_text(encoding="utf-8").splitlines()[0]
    assert "given" in header
    assert not any(each in header for each in worlds.NUMBERS)


@pytest.mark.parametrize("kind", [*search.WORLDS])
def test_the_search_is_measured(kind):
    async def rows() -> list[dict[str, object]]:
        return [row async for row in search.measured(kind, [100, 200], seed=2, questions=10)]

    small, large = asyncio.run(rows())
    assert (small["dossiers"], large["dossiers"]) == (100, 200)
    assert 0.8 <= small["candidate recall"] <= 1.0
    assert large["candidates p99.9"] <= 300
    assert large["with a mate"]["times bare"] > 1.0
