"""The erasure ledger: nothing in it can be changed, dropped or moved, and a crash leaves whole lines only."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import KeyProblem, Unavailable
from registry.store import ledger
from registry.store.ledger import Erasure, Ledger
from registry.trust import keyring

DAY = date(2026, 3, 1)
RING = keyring.fresh(secrets.token_bytes, today=DAY)
erasures = st.builds(Erasure, st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.uuids())


def some(count: int) -> list[Erasure]:
    return [Erasure(DAY + timedelta(days=each), UUID(int=each + 1)) for each in range(count)]


def in_folder(folder: Path) -> Ledger:
    return ledger.beside(folder / "keyring.json", RING)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(erasures, max_size=5), max_size=6))
def test_what_is_entered_in_whatever_portions_is_read_again_each_once(batches: list[list[Erasure]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        held = in_folder(Path(folder))
        naive: dict[UUID, Erasure] = {}
        for batch in batches:
            fresh = {each.dossier: each for each in sorted(set(batch), reverse=True) if each.dossier not in naive}
            naive.update(dict(reversed(fresh.items())))
            held.append(batch)
        assert sorted(each.dossier for each in held.read()) == sorted(naive)
        assert held.append(each for batch in batches for each in batch) == 0


def test_without_a_file_nothing_was_erased(tmp_path: Path) -> None:
    assert in_folder(tmp_path).read() == ()
    assert in_folder(tmp_path).append([]) == 0
    assert list(tmp_path.iterdir()) == []


def test_it_holds_ids_and_days_only_and_is_closed_to_others(tmp_path: Path) -> None:
    held = in_folder(tmp_path)
    held.append(some(2))
    assert held.path.stat().st_mode & 0o777 == 0o600
    told = [line.split() for line in held.path.read_text().splitlines()]
    assert [(day, id) for day, id, _ in told] == [("2026-03-01", UUID(int=1).hex), ("2026-03-02", UUID(int=2).hex)]


TAMPERED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a line changed": lambda lines: [lines[0].replace(b"2026", b"2027"), *lines[1:]],
    "the first dropped": lambda lines: lines[1:],
    "one dropped": lambda lines: [lines[0], *lines[2:]],
    "two changed places": lambda lines: [lines[1], lines[0], *lines[2:]],
    "one doubled": lambda lines: [lines[0], lines[0], *lines[1:]],
    "one added": lambda lines: [*lines, lines[-1]],
    "one emptied": lambda lines: [lines[0], b"", *lines[2:]],
    "one of nonsense": lambda lines: [*lines, b"\xff\xfe nonsense"],
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_ledger_that_was_changed_is_refused(tmp_path: Path, tamper: Callable[[list[bytes]], list[bytes]]) -> None:
    held = in_folder(tmp_path)
    held.append(some(4))
    lines = held.path.read_bytes().splitlines()
    held.path.write_bytes(b"".join(line + b"\n" for line in tamper(lines)))
    with pytest.raises(KeyProblem, match="changed"):
        held.read()
    with pytest.raises(KeyProblem, match="changed"):
        held.append([Erasure(DAY, UUID(int=99))])


def test_the_ledger_of_another_registry_is_refused(tmp_path: Path) -> None:
    in_folder(tmp_path).append(some(1))
    other = ledger.beside(tmp_path / "keyring.json", keyring.fresh(secrets.token_bytes, today=DAY))
    with pytest.raises(KeyProblem, match="another registry"):
        other.read()


@pytest.mark.parametrize("cut", [1, 20, 70, 107])
def test_a_line_a_crash_left_unfinished_does_not_count_and_is_written_anew(tmp_path: Path, cut: int) -> None:
    held, three = in_folder(tmp_path), some(3)
    held.append(three)
    held.path.write_bytes(held.path.read_bytes()[:-cut])
    assert list(held.read()) == three[:2]
    assert held.append(three) == 1
    assert list(held.read()) == three


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    held = in_folder(tmp_path / "nowhere")
    with pytest.raises(Unavailable, match="cannot be written") as raised:
        held.append(some(1))
    assert raised.value.remedy
