"""What a thief of the database may read: every clear column is named here, with its reason in the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.flows.opening import Registry
from tests.bench import main_job
from tests.store import rows

pytestmark = pytest.mark.anyio

CLEAR = """
registry.account.account bigint
registry.account.as_of integer
registry.account.asked integer
registry.account.halted boolean
registry.account.silent integer
registry.account.spent double precision
registry.account.suspicion double precision
registry.alert.alert uuid
registry.alert.day date
registry.alert.dossier uuid
registry.alert.envelope smallint
registry.audit_checkpoint.checkpoint text
registry.audit_checkpoint.frontier bytea
registry.audit_checkpoint.size bigint
registry.audit_cosignature.cosignature text
registry.audit_cosignature.size bigint
registry.audit_cosignature.witness text
registry.audit_detail.day date
registry.audit_detail.detail uuid
registry.audit_detail.dossier uuid
registry.audit_detail.envelope smallint
registry.audit_leaf.commitment bytea
registry.audit_leaf.day date
registry.audit_leaf.leaf uuid
registry.audit_pending.leaf uuid
registry.audit_sequence.leaf uuid
registry.audit_sequence.position bigint
registry.audit_tile.hash bytea
registry.audit_tile.level smallint
registry.audit_tile.position bigint
registry.budget_clock.minutes integer
registry.budget_clock.only_row boolean
registry.budget_clock.seen timestamp with time zone
registry.document.day date
registry.document.digest bytea
registry.document.document uuid
registry.document.dossier uuid
registry.document.envelope smallint
registry.dossier.day date
registry.dossier.dossier uuid
registry.dossier.envelope smallint
registry.judgement.day date
registry.judgement.dossier uuid
registry.judgement.envelope smallint
registry.judgement.judgement uuid
registry.lookup_key.dossier uuid
registry.lookup_key.key bigint
registry.matter.day date
registry.matter.dossier uuid
registry.matter.envelope smallint
registry.matter.matter uuid
registry.matter.number bigint
registry.matter.queue bigint
registry.outbox.kind text
registry.outbox.position bigint
registry.outbox.subject uuid
registry.release.day date
registry.release.dossier uuid
registry.release.envelope smallint
registry.release.release uuid
registry.review.day date
registry.review.dossier uuid
registry.review.envelope smallint
registry.review.review uuid
registry.status.position integer
registry.status.revoked boolean
registry.submission.day date
registry.submission.digest bytea
registry.submission.dossier uuid
registry.submission.envelope smallint
registry.submission.submission uuid
vault.data_key.dossier uuid
vault.data_key.drawn smallint
vault.data_key.epoch integer
vault.data_key.generation smallint
vault.erasure.day date
vault.erasure.dossier uuid
vault.keyring_check.epoch integer
vault.keyring_check.generation smallint
vault.keyring_check.only_row boolean
"""

COLUMNS = """
    SELECT format('%s.%s.%s', space.nspname, class.relname, held.attname),
           format_type(held.atttypid, held.atttypmod),
           coalesce(col_description(class.oid, held.attnum), '')
    FROM pg_attribute AS held
    JOIN pg_class AS class ON class.oid = held.attrelid
    JOIN pg_namespace AS space ON space.oid = class.relnamespace
    WHERE space.nspname IN ('registry', 'vault')
      AND class.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT class.relispartition
      AND held.attnum > 0
      AND NOT held.attisdropped
"""
KEYS = """
    SELECT class.relname, array_agg(held.attname::text), bool_or(held.atttypid = 'uuid'::regtype)
    FROM pg_index AS key
    JOIN pg_class AS class ON class.oid = key.indrelid
    JOIN pg_namespace AS space ON space.oid = class.relnamespace
    JOIN pg_attribute AS held ON held.attrelid = class.oid AND held.attnum = ANY(key.indkey::smallint[])
    WHERE key.indisunique AND space.nspname IN ('registry', 'vault') AND NOT class.relispartition
    GROUP BY key.indexrelid, class.relname
"""
COUNTERS = {("position",), ("size",), ("only_row",), ("account",), ("size", "witness"), ("level", "position")}
"""Unique columns that count, are constant, or are a keyed hash of what somebody asks: nothing came from a source."""


async def columns(registry: Registry) -> dict[str, tuple[str, str]]:
    async with registry.database.transaction() as tx:
        return {name: (type, comment) for name, type, comment in await rows.rows(tx, COLUMNS)}


async def test_every_column_says_that_it_is_sealed_or_why_it_is_clear(shared: Registry) -> None:
    wrong = {
        name: comment
        for name, (_, comment) in (await columns(shared)).items()
        if not comment.startswith("sealed: ") and not (comment.startswith("clear: ") and len(comment) > 15)
    }
    assert wrong == {}


async def test_no_column_is_clear_but_those_listed_here(shared: Registry) -> None:
    clear = [f"{name} {kind}" for name, (kind, comment) in (await columns(shared)).items() if "clear: " in comment]
    assert sorted(clear) == CLEAR.split("\n")[1:-1]


async def test_what_is_sealed_is_bytes_and_what_is_not_clear_is_sealed(shared: Registry) -> None:
    held = (await columns(shared)).values()
    assert {kind for kind, comment in held if comment.startswith("sealed: ")} == {"bytea"}
    assert all(comment.startswith(("clear: ", "sealed: ")) for kind, comment in held if kind == "bytea")


async def test_everything_sealed_is_an_envelope_after_the_main_job(registry: Registry, tmp_path: Path) -> None:
    samples = main_job.write_world(tmp_path / "world", children=6)
    await main_job.play(registry, registry.settings, samples, tmp_path / "made")
    sealed = [name for name, (_, comment) in (await columns(registry)).items() if comment.startswith("sealed: ")]
    counted: dict[str, tuple[int, int]] = {}
    async with registry.database.transaction() as tx:
        for name in sealed:
            table, _, column = name.rpartition(".")
            # An envelope: version 1, a nonce, and the padded content with its tag (registry.trust.sealing).
            is_envelope = f"get_byte({column}, 0) = 1 AND (octet_length({column}) - 29) % 64 = 0"
            statement = f"SELECT count({column}), count(*) FILTER (WHERE {is_envelope}) FROM {table}"  # noqa: S608
            ((all_rows, envelopes),) = await rows.rows(tx, statement)  # pyright: ignore[reportArgumentType]
            counted[name] = (all_rows, envelopes)
    assert {name: found for name, found in counted.items() if found[0] != found[1]} == {}
    assert {name for name, found in counted.items() if found[0] == 0} <= {
        "registry.alert.sealed",
        "registry.matter.sealed",  # see test_redress
        "registry.review.sealed",
        "vault.data_key.former",  # only while dossiers are being resealed
    }


async def test_no_table_refers_to_another(shared: Registry) -> None:
    async with shared.database.transaction() as tx:
        assert await rows.rows(tx, "SELECT conname FROM pg_constraint WHERE contype = 'f'") == []


async def test_nothing_is_unique_across_sources(shared: Registry) -> None:
    # A constraint over what a source hands over would tell one source what another one holds.
    async with shared.database.transaction() as tx:
        found = await rows.rows(tx, KEYS)
    assert found
    assert [each for each in found if not each[2] and tuple(each[1]) not in COUNTERS] == []


async def test_the_schema_needs_no_extension(shared: Registry) -> None:
    async with shared.database.transaction() as tx:
        assert await rows.rows(tx, "SELECT extname FROM pg_extension") == [("plpgsql",)]
