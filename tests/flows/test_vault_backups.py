"""The drill: a database lost and brought back from a dump without its vault and a backup of the vault alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from registry.errors import BadInput, KeyProblem
from registry.flows import erasure, opening, rotation, vaults
from registry.settings import Settings
from registry.store import dossiers, vaultfile
from tests.support import builders, dumps, leaks, readable, reused
from tests.support.builders import CLINIC, NEIGHBOUR, VACCINES, ZAHOUANIA, Child, World
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(reused_settings: Settings, cluster: Cluster, tmp_path: Path) -> Settings:
    """An emptied database with a key file and a ledger of the test's own."""
    emptied = reused.for_one_test(reused_settings, cluster, tmp_path)
    own = shutil.copy(reused_settings.keyring_path, tmp_path / "keyring.json")
    return emptied.model_copy(update={"keyring": own})


@pytest.fixture
async def told(world: World) -> World:
    await builders.known_child(world)
    await builders.hand_over(world, VACCINES, builders.patient(NEIGHBOUR, VACCINES, identifier=None))
    return world


@pytest.fixture
def elsewhere(cluster: Cluster, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """An empty database, and the key file that was kept."""
    (tmp_path / "elsewhere").mkdir()
    with cluster.clone(tmp_path / "elsewhere", template="template0") as empty:
        yield settings.model_copy(update={"database_url": empty.database_url})


async def backed_up(world: World, path: Path) -> tuple[bytes, Path]:
    """The dump without the vault, and the backup of the vault in a file."""
    _, body = await vaults.back_up(world.registry)
    path.write_bytes(body)
    return dumps.dump(str(world.registry.settings.database_url), dumps.WITHOUT_VAULT), path


async def restored(world: World, elsewhere: Settings, dump: bytes, file: Path) -> bytes:
    """Bring both back, start the registry, and read everything."""
    dumps.restore(dump, str(elsewhere.database_url))
    async with opening.unserved(elsewhere, clock=world.clock) as found:
        await vaults.bring_back(found, file)
    async with opening.opened(elsewhere, clock=world.clock) as registry:
        return await readable.everything(registry)


def seen(everything: bytes, child: Child) -> set[str]:
    return leaks.search([everything], [child.given, child.mother, child.phone, child.id_at(VACCINES)])


async def members(world: World, child: Child) -> tuple[UUID, ...]:
    async with world.registry.database.transaction() as tx:
        return next(each.members for each in await dossiers.everyone(tx) if each.local == child.id_at(VACCINES))


async def test_after_the_drill_everything_is_read_as_before_and_questions_are_answered(
    told: World, elsewhere: Settings, tmp_path: Path
) -> None:
    card = await builders.family(told)
    await builders.allow(told, card, CLINIC)
    before = await readable.everything(told.registry)
    assert await restored(told, elsewhere, *await backed_up(told, tmp_path / "vault")) == before
    async with opening.opened(elsewhere, clock=told.clock) as registry:
        again = World(registry=registry, clock=told.clock, callers=told.callers, keys=told.keys)
        assert await builders.ask(again, CLINIC, card=card) is not None


async def test_a_dump_holds_nothing_of_the_vault_and_opens_nothing(told: World, elsewhere: Settings) -> None:
    dump = dumps.dump(str(told.registry.settings.database_url), dumps.WITHOUT_VAULT)
    dumps.restore(dump, str(elsewhere.database_url))
    with psycopg.connect(str(elsewhere.database_url)) as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM vault.data_key), (SELECT count(*) FROM vault.keyring_check)"
        )
        assert rows.fetchone() == (0, 0)
    with pytest.raises(KeyProblem, match="vault of this database is empty") as raised:
        async with opening.opened(elsewhere):
            pass
    assert "continuity vault restore" in raised.value.remedy


async def test_a_restored_dump_without_vault_and_key_file_gets_no_useless_key_file(
    told: World, elsewhere: Settings, tmp_path: Path
) -> None:
    dumps.restore(
        dumps.dump(str(told.registry.settings.database_url), dumps.WITHOUT_VAULT), str(elsewhere.database_url)
    )
    lost = elsewhere.model_copy(update={"keyring": tmp_path / "lost.json"})
    with pytest.raises(KeyProblem, match="missing"):
        async with opening.opened(lost):
            pass
    assert not lost.keyring_path.exists()


ORDERS = {
    "dump and vault from before the erasure": (True, True),
    "dump from before, vault from after": (True, False),
    "dump from after, vault from before": (False, True),
    "both from after": (False, False),
}


@pytest.mark.parametrize(("is_dump_older", "is_vault_older"), ORDERS.values(), ids=ORDERS.keys())
async def test_the_erased_stay_erased_whatever_is_restored(
    told: World, elsewhere: Settings, tmp_path: Path, is_dump_older: bool, is_vault_older: bool
) -> None:
    older = await backed_up(told, tmp_path / "older")
    await erasure.erase(told.registry, await members(told, ZAHOUANIA), decision="file 7/2026")
    newer = await backed_up(told, tmp_path / "newer")
    dump, vault = (older if is_dump_older else newer)[0], (older if is_vault_older else newer)[1]
    everything = await restored(told, elsewhere, dump, vault)
    assert seen(everything, ZAHOUANIA) == set()
    assert len(seen(everything, NEIGHBOUR)) == 4


async def test_an_erasure_made_in_the_moment_of_the_backup_is_kept_by_the_ledger_alone(
    told: World, elsewhere: Settings, tmp_path: Path
) -> None:
    """Dump and vault are whole copies from before; what says that somebody was erased is the ledger beside the key."""
    older = await backed_up(told, tmp_path / "older")
    await erasure.erase(told.registry, await members(told, ZAHOUANIA), decision="file 7/2026")
    kept = told.registry.ledger.path.read_bytes()
    told.registry.ledger.path.unlink()
    assert len(seen(await restored(told, elsewhere, *older), ZAHOUANIA)) == 4  # without the ledger they come back
    told.registry.ledger.path.write_bytes(kept)
    async with opening.opened(elsewhere, clock=told.clock) as registry:
        assert seen(await readable.everything(registry), ZAHOUANIA) == set()


# --- a backup is short-lived, sealed and whole -----------------------------------------------------------------------


async def test_an_expired_backup_is_refused_and_removed(told: World, tmp_path: Path) -> None:
    _, path = await backed_up(told, tmp_path / "vault")
    for days, is_refused in ((6, False), (1, True)):
        told.clock.advance(days=days)
        async with opening.unserved(told.registry.settings, clock=told.clock) as found:
            if not is_refused:
                await vaults.bring_back(found, path)
                continue
            with pytest.raises(BadInput, match="expired"):
                await vaults.bring_back(found, path)
    assert not path.exists()


async def test_the_expired_backups_in_a_folder_are_removed_and_nothing_else(told: World, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(9):
        await backed_up(told, folder / f"day-{day}")
        told.clock.advance(days=1)
    (folder / "letter.txt").write_text('{"format":"letter"}\n')
    (folder / "numbers").write_bytes(b"\xff\xfe\n[1]")
    gone = vaultfile.remove_expired(folder, today=told.registry.today())
    assert [path.name for path in gone] == ["day-0", "day-1", "day-2"]
    assert len(list(folder.iterdir())) == 8


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda body: body[: len(body) // 2],
    "one page missing": lambda body: body.partition(b"\n")[0] + b"\n",
    "one byte changed": lambda body: body[:-5] + bytes([body[-5] ^ 1]) + body[-4:],
    "a later expiry": lambda body: body.replace(b'"expires":"20', b'"expires":"30', 1),
    "another day": lambda body: body.replace(b'"keys":1', b'"keys":2', 1),
    "a page more": lambda body: body + b"\0\0\0\1x",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
async def test_a_backup_that_was_changed_restores_nothing(
    told: World, elsewhere: Settings, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    dump, path = await backed_up(told, tmp_path / "vault")
    path.write_bytes(damage(path.read_bytes()))
    dumps.restore(dump, str(elsewhere.database_url))
    async with opening.unserved(elsewhere, clock=told.clock) as found:
        with pytest.raises(KeyProblem):
            await vaults.bring_back(found, path)
        async with found.database.transaction() as tx:
            cursor = await tx.connection.execute("SELECT count(*) FROM vault.data_key")
            assert await cursor.fetchone() == (0,)


@pytest.mark.parametrize("body", [b"", b"{}\n", b"[]", b"\xff\xfe", b'{"format":"continuity-vault-1"}\n'])
async def test_what_is_no_backup_is_refused(told: World, tmp_path: Path, body: bytes) -> None:
    (tmp_path / "vault").write_bytes(body)
    async with opening.unserved(told.registry.settings) as found:
        with pytest.raises(BadInput, match="no backup of a vault"):
            await vaults.bring_back(found, tmp_path / "vault")
        with pytest.raises(BadInput, match="cannot be read"):
            await vaults.bring_back(found, tmp_path / "nowhere")


async def test_the_file_alone_shows_no_key_and_no_dossier(told: World, tmp_path: Path) -> None:
    _, path = await backed_up(told, tmp_path / "vault")
    async with told.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT dossier, wrapped FROM vault.data_key")
        rows = await cursor.fetchall()
    body = path.read_bytes()
    shown = [
        each for dossier, wrapped in rows for each in (dossier.bytes, dossier.hex.encode(), wrapped) if each in body
    ]
    assert rows
    assert shown == []


async def test_after_a_rotation_an_earlier_backup_opens_nothing(told: World, tmp_path: Path) -> None:
    _, path = await backed_up(told, tmp_path / "vault")
    await rotation.rotate(told.registry)
    async with opening.unserved(told.registry.settings, clock=told.clock) as found:
        with pytest.raises(KeyProblem, match="no wrapping key of generation 1"):
            await vaults.bring_back(found, path)


async def test_many_pages_are_one_backup(told: World) -> None:
    async with told.registry.database.transaction() as tx:
        backup, body = await vaultfile.write(tx, today=told.registry.today(), page=3)
        assert backup.pages == -(-backup.keys // 3) > 2
        await tx.connection.execute("DELETE FROM vault.data_key")
        assert await vaultfile.restore(tx, body, (), today=told.registry.today()) == backup
        cursor = await tx.connection.execute("SELECT count(*) FROM vault.data_key")
        assert await cursor.fetchone() == (backup.keys,)
