"""The key file: made once, closed to others, and useless when it is not the right one."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from registry.errors import KeyProblem
from registry.flows import opening
from registry.settings import Settings
from registry.store import dossiers, keyfile
from registry.trust import keyring, passphrase
from tests.store import rows
from tests.support.postgres import Cluster

WORDS = "five words chosen by dice"
CHEAP = passphrase.Cost(memory_kib=19 * 1024, iterations=2, lanes=1)


def made(path: Path) -> keyring.Keyring:
    return keyfile.load_or_make(path, today=rows.today())


def test_the_first_start_makes_a_file_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keyring.json"
    ring = made(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyfile.load(path) == ring == made(path)
    assert [each.name for each in path.parent.iterdir()] == ["keyring.json"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keyring.json"
    made(path)
    path.chmod(mode)
    with pytest.raises(KeyProblem, match="open to others") as raised:
        made(path)
    assert raised.value.remedy == "chmod 0600 it"
    assert raised.value.where == str(path)


def test_a_missing_file_is_named_with_the_way_back(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem) as raised:
        keyfile.load(tmp_path / "keyring.json")
    assert "keys import" in raised.value.remedy


DAMAGE = {
    "empty": lambda body: body[:0],
    "cut": lambda body: body[: len(body) // 2],
    "one character changed": lambda body: body.replace(b"match_key", b"match_kex"),
    "one key changed": lambda body: body[:200] + (b"A" if body[200:201] != b"A" else b"B") + body[201:],
    "not JSON": lambda body: b"\x00" * len(body),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_refused_with_the_way_back_and_not_overwritten(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "keyring.json"
    made(path)
    path.write_bytes(damaged := damage(path.read_bytes()))
    with pytest.raises(KeyProblem) as raised:
        made(path)
    assert raised.value.remedy
    assert path.read_bytes() == damaged


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(KeyProblem, match="cannot be used") as raised:
        made(tmp_path / "file" / "keyring.json")
    assert raised.value.where.endswith("keyring.json")


def test_wrapping_keys_are_added_and_none_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    before = made(path)
    after = keyfile.load_or_make(path, today=rows.today() + timedelta(days=365))
    assert dict(before.wrapping[1]).items() < dict(after.wrapping[1]).items()
    assert (before.match_key, before.audit_key) == (after.match_key, after.audit_key)
    assert keyfile.load(path) == after
    assert path.stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_hold_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keyring.json"
    script = (
        "import sys, datetime, pathlib\n"
        "from registry.store import keyfile\n"
        "sys.stdin.read()\n"
        "ring = keyfile.load_or_make(pathlib.Path(sys.argv[1]), today=datetime.date.fromisoformat(sys.argv[2]))\n"
        "first = ring.wrapping[1].values()\n"
        "print(ring.match_key.hex(), sum(map(len, first)), hash(tuple(first)))\n"
    )
    command = [sys.executable, "-c", script, str(path), rows.today().isoformat()]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    waiting = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) for _ in range(4)
    ]
    for each in waiting:  # all are loaded and wait for their input to end
        assert each.stdin is not None
        each.stdin.close()
    told = {each.stdout.read() for each in waiting if each.stdout}
    for each in waiting:
        with each:
            assert each.wait() == 0
    assert len(told) == 1


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    ring = made(path)
    path.unlink()
    path.mkdir()  # nothing can be put in the place of a folder
    with pytest.raises(KeyProblem, match="cannot be used"):
        keyfile.replace(path, ring)
    assert [each.name for each in tmp_path.iterdir()] == ["keyring.json"]


def test_a_locked_copy_brings_the_keys_back(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    ring = made(path)
    locked = keyring.lock(ring, WORDS, salt=secrets.token_bytes(16), nonce=secrets.token_bytes(12), cost=CHEAP)
    path.unlink()
    keyfile.replace(path, keyring.unlock(locked, WORDS))
    assert made(path) == ring
    with pytest.raises(KeyProblem):
        keyring.unlock(locked, "five words chosen badly")


@pytest.mark.anyio
async def test_another_key_file_is_refused_before_anything_is_written(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "stranger" / "keyring.json"
    made(path)
    stranger = settings.model_copy(update={"keyring": path})
    with pytest.raises(KeyProblem, match="not the one that sealed this database") as raised:
        await _open(stranger)
    assert "continuity keys import" in raised.value.remedy
    assert await _open(settings) == 1  # the house only, and it opens


@pytest.mark.anyio
async def test_a_key_file_of_too_few_epochs_is_refused_for_what_it_is(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "young" / "keyring.json"
    path.parent.mkdir()
    later = rows.today() + timedelta(days=3000)
    keyfile.replace(path, keyring.fresh(secrets.token_bytes, today=later))
    with pytest.raises(KeyProblem, match="not the one that sealed this database"):
        await _open(settings.model_copy(update={"keyring": path}))


@pytest.mark.anyio
async def test_the_locked_copy_opens_the_database_after_the_key_file_was_lost(settings: Settings) -> None:
    path = settings.keyring_path
    locked = keyring.lock(
        keyfile.load(path), WORDS, salt=secrets.token_bytes(16), nonce=secrets.token_bytes(12), cost=CHEAP
    )
    path.unlink()
    keyfile.replace(path, keyring.unlock(locked, WORDS))
    assert await _open(settings) == 1


@pytest.mark.anyio
async def test_a_lost_key_file_is_not_replaced_by_a_useless_one(settings: Settings) -> None:
    settings.keyring_path.unlink()
    with pytest.raises(KeyProblem, match="missing") as raised:
        await _open(settings)
    assert "continuity keys import" in raised.value.remedy
    assert not settings.keyring_path.exists()


@pytest.mark.anyio
async def test_a_new_database_gets_a_key_file_of_its_own(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.clone(tmp_path, template="template0") as empty:
        empty.keyring_path.unlink()
        assert await _open(empty) == 1
        assert empty.keyring_path.exists()


async def _open(settings: Settings) -> int:
    async with opening.opened(settings) as registry, registry.database.transaction() as tx:
        return len(await dossiers.everyone(tx))
