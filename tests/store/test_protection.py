"""What the database's own catalogue says about who may do what: no table, function or role is left open."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.flows.opening import Registry
from registry.store import functions
from registry.store.functions import APP, OWNER, Function
from tests.store import rows

pytestmark = pytest.mark.anyio
CODE = Path(functions.__file__).parent.parent

TABLES = """
    SELECT held.oid::regclass::text, held.relrowsecurity AND held.relforcerowsecurity, held.relispartition,
           EXISTS (SELECT FROM pg_policy WHERE polrelid = held.oid)
    FROM pg_class AS held
    WHERE held.relkind IN ('r', 'p', 'f', 'm')
      AND held.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND held.oid <> 'public.migration'::regclass -- names of files, which only health reads
"""
VIEWS = """
    SELECT oid::regclass::text
    FROM pg_class
    WHERE relkind IN ('v', 'm') AND relnamespace::regnamespace::text IN ('registry', 'vault', 'public')
      AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)
"""
OWNERS = """
    SELECT DISTINCT pg_get_userbyid(owner)
    FROM (
        SELECT nspowner AS owner FROM pg_namespace WHERE nspname IN ('registry', 'vault')
        UNION ALL
        SELECT relowner FROM pg_class WHERE relnamespace::regnamespace::text IN ('registry', 'vault')
        UNION ALL
        SELECT relowner FROM pg_class WHERE oid = 'public.migration'::regclass
        UNION ALL
        SELECT proowner FROM pg_proc WHERE pronamespace::regnamespace::text IN ('registry', 'vault')
    ) AS held
"""
DEFINERS = """
    SELECT proname, array_to_string(proconfig, '; ')
    FROM pg_proc
    WHERE prosecdef AND pronamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
"""
# What is granted to everybody (role 0), counting what PostgreSQL grants where nothing is said.
PUBLIC = """
    SELECT what, privilege_type
    FROM (
        SELECT oid::regclass::text AS what, coalesce(relacl, acldefault('r', relowner)) AS acl
        FROM pg_class
        WHERE relnamespace::regnamespace::text IN ('registry', 'vault') AND relkind NOT IN ('i', 'I')
        UNION ALL
        SELECT 'public.migration', relacl FROM pg_class WHERE oid = 'public.migration'::regclass
        UNION ALL
        SELECT oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
        FROM pg_proc
        WHERE pronamespace::regnamespace::text IN ('registry', 'vault', 'public')
        UNION ALL
        SELECT nspname, coalesce(nspacl, acldefault('n', nspowner))
        FROM pg_namespace
        WHERE nspname IN ('registry', 'vault')
    ) AS held
    CROSS JOIN LATERAL aclexplode(held.acl)
    WHERE grantee = 0
"""
ROLES = """
    SELECT rolname, rolcanlogin
    FROM pg_roles
    WHERE rolname LIKE 'registry\\_%'
"""
POWERS = """
    SELECT rolname
    FROM pg_roles
    WHERE rolname LIKE 'registry\\_%'
      AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit)
"""
# What these two may do themselves, with every function still to be taken on.
RIGHTS = """
    SELECT held.oid::regclass::text
    FROM pg_class AS held
    CROSS JOIN LATERAL aclexplode(held.relacl) AS granted
    JOIN pg_roles ON pg_roles.oid = granted.grantee
    WHERE rolname = 'registry_app' OR rolname LIKE 'registry\\_login\\_%'
"""
POLICIES = (
    "SELECT format('%I.%I', schemaname, tablename), policyname, roles::text[], cmd, qual, with_check FROM pg_policies"
)
EVERY_ROW = "(( SELECT registry.scope() AS scope) IS NOT NULL)"
NAMED_ROWS = "(( SELECT registry.scope() AS scope) ? ({})::text)"
HASHES = {"registry.lookup_key": ["key"], "registry.matter": ["queue", "number"]}
"""The columns besides `dossier` by which rows can be named."""
AS_OWNER = {"registry.dossier", "vault.keyring_check", "vault.ticket_key"}
"""What the functions below read for everybody."""
DEFINED = {"read_ticket", "scope", "admit", "about_how_many", "is_sealed"}


async def asked(registry: Registry, statement: str) -> list[tuple[object, ...]]:
    async with registry.database.transaction() as tx:
        return [*await rows.rows(tx, statement)]  # pyright: ignore[reportArgumentType]


async def test_every_table_is_protected_and_binds_even_its_owner(shared: Registry) -> None:
    found = await asked(shared, TABLES)
    open_tables = sorted(str(name) for name, is_bound, _, _ in found if not is_bound)
    silent = sorted(str(name) for name, _, is_part, has_policy in found if not is_part and not has_policy)
    remedy = "say in its migration who may do what: SELECT registry.protect('...', ...); see registry/store/__init__.py"
    assert open_tables == [], remedy
    assert silent == [], remedy


async def test_every_policy_shows_the_rows_a_ticket_names_or_all_to_one_function(shared: Registry) -> None:
    for table, name, roles, verbs, shown, written in await asked(shared, POLICIES):
        if name == "owner":
            assert (table, roles, shown) == (table if table in AS_OWNER else None, [OWNER], "true")
        else:
            assert roles == [f"registry_{name}"]
            assert (verbs, written) == ("ALL", None)
            columns = [*HASHES.get(str(table), ()), "dossier"]
            named = " OR ".join(NAMED_ROWS.format(each) for each in columns)
            assert shown in (EVERY_ROW, named if len(columns) == 1 else f"({named})"), f"{table}: {name}"


async def test_no_ticket_leaves_out_what_its_function_cannot_see_without(shared: Registry) -> None:
    found = await asked(shared, POLICIES)
    wide = {(str(table).rpartition(".")[2], name) for table, name, *_, shown, _ in found if shown == EVERY_ROW}
    assert {(table, each.value) for each, held in functions.WIDE.items() for table in held} <= wide


READS = "select"
WHO: dict[tuple[str, str], set[str]] = {
    # what a record says
    ("registry.document", READS): {"ingest", "desk", "release", "rights", "match", "review", "erase", "keys"},
    ("registry.document", "update"): {"keys"},
    ("registry.document", "delete"): set(),
    ("registry.submission", READS): {"ingest", "keys"},
    # who was told what, and who asked
    ("registry.release", "insert"): {"release"},
    ("registry.audit_detail", READS): {"rights", "redress", "audit", "keys"},
    ("registry.audit_detail", "delete"): set(),
    ("registry.audit_leaf", "update"): set(),
    ("registry.audit_leaf", "delete"): set(),
    ("registry.audit_sequence", "insert"): {"sequence"},
    ("registry.audit_sequence", "update"): set(),
    ("registry.audit_checkpoint", "update"): set(),
    ("registry.status", "delete"): set(),
    # who is who
    ("registry.judgement", "insert"): {"desk", "match", "review"},
    ("registry.judgement", "delete"): set(),
    # complaints, emergencies, erasures asked for
    ("registry.matter", "insert"): {"release", "rights", "match", "erase"},
    ("registry.matter", "delete"): {"rights", "erase"},
    # what counts questions knows of nobody, and nobody else gives a question back
    ("registry.account", "update"): {"budget"},
    ("registry.alert", "delete"): {"budget"},
    # keys
    ("vault.data_key", "update"): {"keys"},
    ("vault.data_key", "delete"): {"erase", "keys"},
    ("vault.erasure", "delete"): set(),
    ("vault.keyring_check", "update"): {"keys"},
    ("vault.ticket_key", READS): set(),
}
ALL_OF = {
    "registry.dossier": {"match", "measure", "keys"},
    "registry.document": {"keys"},
    "registry.lookup_key": {"match"},
    "registry.audit_detail": {"match", "audit", "keys"},
    "registry.matter": {"keys"},
    "vault.data_key": {"match", "audit", "erase", "measure", "keys"},
}
"""Who sees the rows of everybody (the matcher writes audit details, and reads none)."""


@pytest.mark.parametrize(("table", "verb"), WHO.keys(), ids=lambda each: str(each))
async def test_nobody_else_may_do_this(shared: Registry, table: str, verb: str) -> None:
    asking = "SELECT has_table_privilege('registry_{}', '{}', '{}')"
    may = {each.value for each in Function if await asked(shared, asking.format(each.value, table, verb)) == [(True,)]}
    assert may == WHO[table, verb]


async def test_nobody_else_sees_the_rows_of_everybody(shared: Registry) -> None:
    found = [
        (str(table), str(name)) for table, name, *_, shown, _ in await asked(shared, POLICIES) if shown == EVERY_ROW
    ]
    assert {table: {name for held, name in found if held == table} for table in ALL_OF} == ALL_OF


async def test_everything_belongs_to_an_owner_nobody_logs_in_as(shared: Registry) -> None:
    assert await asked(shared, OWNERS) == [(OWNER,)]


async def test_no_view_shows_more_than_who_asks_may_see(shared: Registry) -> None:
    assert await asked(shared, VIEWS) == []


async def test_what_runs_as_the_owner_is_listed_and_its_names_are_pinned(shared: Registry) -> None:
    found = {str(name): setting for name, setting in await asked(shared, DEFINERS)}
    assert found == dict.fromkeys(DEFINED, "search_path=pg_catalog, pg_temp")


async def test_nothing_is_granted_to_everybody(shared: Registry) -> None:
    assert await asked(shared, PUBLIC) == []
    assert await asked(shared, "SELECT has_database_privilege('registry_app', current_database(), 'TEMP')") == [
        (False,)
    ]


async def test_there_is_one_role_for_each_function_and_none_has_a_power(shared: Registry) -> None:
    found = {str(name): can_login for name, can_login in await asked(shared, ROLES)}
    logins = {name for name, can_login in found.items() if can_login}
    assert all(name.startswith("registry_login_") for name in logins)
    assert logins
    assert found.keys() - logins == {OWNER, APP, *(each.role for each in Function)}
    assert await asked(shared, POWERS) == []


async def test_the_login_has_no_right_of_its_own_and_never_becomes_the_owner(shared: Registry) -> None:
    assert await asked(shared, RIGHTS) == []
    async with shared.database.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT session_user LIKE 'registry\\_login\\_%', current_user = session_user,"
            " pg_has_role('registry_owner', 'MEMBER'), pg_has_role('postgres', 'MEMBER'),"
            " has_schema_privilege('registry', 'USAGE'), has_schema_privilege('public', 'CREATE')"
        )
        assert await cursor.fetchone() == (True, True, False, False, False, False)


def unnamed() -> Iterator[str]:
    """Where the registry begins a transaction without naming its function."""
    for path in sorted(CODE.rglob("*.py")):
        for each in ast.walk(ast.parse(path.read_text())):
            is_begun = isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
            if is_begun and each.func.attr == "transaction" and not any(map(_is_function, each.args)):
                yield f"{path.relative_to(CODE.parent)}:{each.lineno}"


def _is_function(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Attribute) and argument.attr in Function.__members__


def test_every_flow_names_the_function_of_its_transaction() -> None:
    assert [*unnamed()] == [], "name it, as in transaction(Function.DESK); see registry/store/__init__.py"
