"""Keys are not remembered longer than is said: wrapping keys for minutes, data keys for one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.flows.opening import Registry
from registry.store import vault
from registry.store.wrapping import KEPT_SECONDS, Remembered
from tests.store import rows


@dataclass
class Counting:
    """A source that counts how often it was asked."""

    asked: list[tuple[int, int]] = field(default_factory=list)

    def key(self, generation: int, epoch: int) -> bytes:
        self.asked.append((generation, epoch))
        return bytes([generation, epoch] * 16)

    def generations(self) -> frozenset[int]:
        return frozenset({1})

    def add(self, generation: int, *, today: date) -> None: ...
    def drop(self, *, before: int) -> None: ...


@dataclass
class Seconds:
    now: float = 0

    def __call__(self) -> float:
        return self.now


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 400), st.integers(1, 2), st.integers(1, 3)), max_size=40))
def test_no_key_is_remembered_longer_than_is_said(asks: list[tuple[float, int, int]]) -> None:
    source, clock = Counting(), Seconds()
    kept = Remembered(source, clock=clock)
    fetched: dict[tuple[int, int], float] = {}  # the naive rule: fetched when it is not, or too old
    expected = 0
    for wait, generation, epoch in asks:
        clock.now += wait
        name = (generation, epoch)
        if clock.now - fetched.get(name, -KEPT_SECONDS) >= KEPT_SECONDS:
            fetched[name] = clock.now
            expected += 1
        assert kept.key(*name) == bytes([generation, epoch] * 16)
        assert len(source.asked) == expected
        assert all(clock.now - moment < KEPT_SECONDS for moment, _ in kept._held.values())  # pyright: ignore[reportPrivateUsage]


def test_the_time_is_five_minutes() -> None:
    assert KEPT_SECONDS == 300


def test_printing_shows_no_key() -> None:
    kept = Remembered(Counting())
    kept.key(1, 1)
    assert "\\x01" not in repr(kept)


@pytest.mark.anyio
async def test_a_transaction_forgets_its_data_keys_and_memory_holds_no_wrapping_key(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        one = await rows.open_dossier(tx)
    async with registry.database.transaction() as tx:
        assert not tx.data_keys
        await vault.load_keys(tx, [one.id])
        assert set(tx.data_keys) == {one.id}
    assert not registry.database.keyring.wrapping
