"""Erasing and rotating by command: a decision is carried out once, and only after a second yes."""

from __future__ import annotations

import io

from registry.store import keyfile, ledger
from tests.cli.conftest import Commands
from tests.support import builders
from tests.support.builders import NEIGHBOUR, VACCINES, World

NUMBER = NEIGHBOUR.id_at(VACCINES)
NAMED = ("erase", "--decision", "file 12/2026", "--source", VACCINES, "--number", NUMBER)


def told(continuity: Commands) -> None:
    async def hand_over(world: World) -> None:
        await builders.hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))

    continuity.asking(hand_over)


def test_a_person_named_by_its_source_is_erased_and_entered_in_the_ledger(continuity: Commands) -> None:
    told(continuity)
    erased = continuity(*NAMED, "--yes", "--json")
    assert erased.json == {"dossiers": 1, "summaries": 0, "decision": "file 12/2026"}
    path = continuity.settings.keyring_path
    assert len(ledger.beside(path, keyfile.load(path)).read()) == 1
    continuity(*NAMED, "--yes").failed("handed over nobody of this number", code=2)


def test_without_a_second_yes_nothing_is_erased(continuity: Commands) -> None:
    told(continuity)
    continuity.monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert continuity(*NAMED).code == 1
    ran = continuity(*NAMED, "--yes", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["dossiers"] == 1


def test_nobody_named_is_nobody_erased(continuity: Commands) -> None:
    continuity("erase", "--decision", "file 12/2026", "--yes").failed("nobody is named", code=2)
    continuity("erase", "--decision", "x", "--source", VACCINES, "--yes").failed("nobody is named", code=2)


def test_keys_are_rotated_by_command_and_everything_is_read_as_before(continuity: Commands) -> None:
    told(continuity)
    path = continuity.settings.keyring_path
    before = keyfile.load(path)
    rotated = continuity("keys", "rotate", "--json")
    assert (rotated.json["generation"], rotated.json["finished"]) == (2, True)
    assert set(keyfile.load(path).wrapping) == {2}
    assert before.wrapping.keys() == {1}
    assert "again" in continuity("keys", "rotate").out
    assert continuity(*NAMED, "--yes", "--json").json["dossiers"] == 1


def test_the_vault_is_backed_up_and_brought_back_by_command(continuity: Commands) -> None:
    told(continuity)
    file = continuity.folder / "apart" / "vault"
    made = continuity("vault", "backup", "--out", file, "--json")
    assert made.code == 0, made.err
    assert made.json["removed"] == []
    assert file.stat().st_mode & 0o777 == 0o600
    assert continuity(*NAMED, "--yes").code == 0
    back = continuity("vault", "restore", file, "--json")
    assert (back.json["keys"], back.json["erased"]) == (made.json["keys"], 1)
    continuity(*NAMED, "--yes").failed("handed over nobody of this number", code=2)
    continuity("vault", "restore", continuity.folder / "nowhere").failed("cannot be read", code=2)


def test_a_backup_of_other_keys_opens_nothing(continuity: Commands) -> None:
    file = continuity.folder / "vault"
    continuity("vault", "backup", "--out", file)
    continuity("keys", "rotate")
    continuity("vault", "restore", file).failed("no wrapping key of generation 1", code=1)


def test_everything_is_resealed_by_command(continuity: Commands) -> None:
    told(continuity)
    assert continuity("keys", "reseal", "--json").json == {"drawn": 0, "cells": 0, "finished": True}
    continuity("keys", "rotate")
    done = continuity("keys", "reseal", "--json").json
    assert done["finished"]
    assert done["drawn"] > 0 < done["cells"]
    assert continuity(*NAMED, "--yes", "--json").json["dossiers"] == 1
