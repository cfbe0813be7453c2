"""Who the registry is in its database: roles, tables and a login that may nothing by itself, prepared at each start.

The address in the settings is used to prepare only; the flows work over another one, of a login that can take on one
function at a time and has no right of its own. Where the address is of such a login already, nothing is prepared. An
address that can do neither is refused: the registry does not run unprotected.

Whoever holds the prepared address, or the machine, can do what its user can: an administrator who does not want it
in the service gives the service a login of its own (`schemas/roles/create_roles.sql` says how).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString, cast

import psycopg
from psycopg import conninfo, sql
from psycopg.rows import class_row

from registry.errors import BadInput
from registry.store import database, migrate, tickets, vault
from registry.store.database import Connection, Envelopes, Sealer, Transaction
from registry.store.functions import ROLES, Function
from registry.store.wrapping import Remembered, Wrapping
from registry.trust import sealing
from registry.trust.keyring import Keyring

_LOCK = 0x726F6C65  # "role": one start at a time prepares
FILE = "schemas/roles/create_roles.sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the user of an address may do, and how far the database is prepared."""

    makes_roles: bool
    is_free: bool
    is_owner: bool
    is_app: bool
    is_prepared: bool


async def prepared(
    url: str,
    keyring: Keyring,
    wrapping: Wrapping,
    *,
    migrations: Mapping[str, str],
    roles: str,
    sealer: Sealer | None = None,
) -> str:
    """Prepare the database at `url`; returns the address over which the flows work.

    Raises BadInput when its user may neither prepare it nor work in it, KeyProblem when another key file sealed it.
    """
    try:
        async with database.connected(url, connections=1) as pool, database.begun(pool) as connection:
            tx = Transaction(
                connection=connection, keyring=keyring, wrapping=Remembered(wrapping), sealer=sealer or Envelopes()
            )
            await tx.hold(_LOCK)
            rights = await _rights(connection)
            if rights.is_app and not (rights.makes_roles or rights.is_free or rights.is_owner):
                await _require_current(tx, migrations)
                return url
            if rights.makes_roles and not rights.is_prepared:
                await connection.execute(cast(LiteralString, roles))  # our own file
            await _as_owner(tx, migrations)
            login = await _login(connection, url, keyring) if rights.makes_roles else None
    except psycopg.errors.InsufficientPrivilege:
        raise _refused("the user of this address may not prepare the database") from None
    if login is None:
        raise _refused("the user of this address owns the tables, and nothing would bind whoever gets at it")
    return login


async def _rights(connection: Connection) -> Rights:
    async with connection.cursor(row_factory=class_row(Rights)) as cursor:
        await cursor.execute(
            """
            SELECT
                own.rolsuper OR own.rolcreaterole AS makes_roles,
                own.rolsuper OR own.rolbypassrls AS is_free,
                EXISTS (
                    SELECT FROM pg_roles WHERE rolname = 'registry_owner' AND pg_has_role(oid, 'MEMBER')
                ) AS is_owner,
                EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry_app' AND pg_has_role(oid, 'MEMBER')) AS is_app,
                (SELECT count(*) FROM pg_roles WHERE rolname = ANY(%(roles)s)) = cardinality(%(roles)s) AND EXISTS (
                    SELECT FROM pg_namespace WHERE nspname = 'registry' AND pg_get_userbyid(nspowner) = 'registry_owner'
                ) AND NOT has_database_privilege('public', current_database(), 'TEMPORARY') AS is_prepared
            FROM pg_roles AS own
            WHERE own.rolname = current_user
            """,
            {"roles": list(ROLES)},
        )
        return cast(Rights, await cursor.fetchone())


async def _require_current(tx: Transaction, migrations: Mapping[str, str]) -> None:
    """Raise KeyProblem where our tickets do not hold, BadInput where migrations are missing."""
    try:
        await database.entered(tx.connection, Function.OPERATE, tickets.key_of(tx.keyring))
    except psycopg.errors.InsufficientPrivilege:
        raise vault.wrong_key_file() from None
    if await migrate.missing(tx, migrations):
        raise BadInput(
            "the tables are of an earlier version of this program, and the user of this address may not change them",
            where="REGISTRY_DATABASE_URL",
            remedy="start it once with an administrator's address, then again with this one",
        )


async def _as_owner(tx: Transaction, migrations: Mapping[str, str]) -> None:
    await _become(tx, "registry_owner")
    await migrate.migrate(tx, migrations)
    await vault.is_ours(tx)  # before the key of the tickets is changed for a wrong one
    await tx.connection.execute(
        """
        INSERT INTO vault.ticket_key (inner_pad, outer_pad)
        VALUES (%s, %s)
        ON CONFLICT (only_row) DO UPDATE
        SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad
        WHERE ticket_key.inner_pad <> excluded.inner_pad
        """,
        tickets.pads(tickets.key_of(tx.keyring)),
    )
    await _become(tx, "none")


async def _become(tx: Transaction, role: str) -> None:
    await tx.connection.execute("SELECT set_config('role', %s, true)", (role,))


async def _login(connection: Connection, url: str, keyring: Keyring) -> str:
    """The address of the login that belongs to this key file, made where there is none.

    Its name and password come of the key file, so that two registries on one server do not lock each other out.
    """
    name = f"registry_login_{sealing.derive(keyring.index_key, 'name of the login').hex()[:12]}"
    password = sealing.derive(keyring.index_key, "password of the login").hex()
    cursor = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    if await cursor.fetchone() is None:
        # Scrambled here, so that no log of the server ever sees the password itself (RFC 5802).
        secret = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        await connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD {} IN ROLE registry_app").format(
                sql.Identifier(name), sql.Literal(secret)
            )
        )
    return conninfo.make_conninfo(url, user=name, password=password)


def _refused(what: str) -> BadInput:
    return BadInput(
        what,
        where="REGISTRY_DATABASE_URL",
        remedy=f"have an administrator run {FILE} in this database and give the service a user of its own as it says",
    )


async def logs_values(tx: Transaction) -> tuple[str, ...]:
    """The settings by which this server writes the values of statements into its log; none where it does not."""
    cursor = await tx.connection.execute(
        """
        SELECT name || ' = ' || setting
        FROM pg_settings
        WHERE (name = 'log_parameter_max_length_on_error' AND setting <> '0')
           OR (name = 'log_parameter_max_length' AND setting <> '0' AND EXISTS (
                   SELECT FROM pg_settings
                   WHERE (name = 'log_statement' AND setting IN ('mod', 'all'))
                      OR (name LIKE 'log_min_duration_%%' AND setting <> '-1')
                      OR (name IN ('log_duration') AND setting = 'on')
                      OR (name = 'log_transaction_sample_rate' AND setting <> '0')
               ))
        ORDER BY name
        """
    )
    return tuple(row[0] for row in await cursor.fetchall())
