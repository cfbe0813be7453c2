"""PostgreSQL and nothing but PostgreSQL: the only package that speaks SQL.

One module a noun. Every function works inside the caller's Transaction; the flows decide where it begins and ends.
What is readable is sealed before it is handed to the server, under the data key of its dossier; what must be found
by equality is a keyed hash. The clear columns, with the reason for each, are commented in `schemas/sql`.

**Who may see which rows is held by the database too**, against SQL that is not ours (injected, or sent over a stolen
login) and against a component that does more than it is for. The flows work over a login without any right; a
transaction takes on the role of its function (`functions`) and shows tickets (`tickets`) that name the dossiers and
keyed hashes it is about. Row-level security, which binds the owner too, shows the rows of those names and no others.
The functions that need everybody (the matcher, a proof of the log) see all rows of the few tables that say `all`.

Context: RLS with a plain setting is no boundary, because injected SQL sets it too. Decision: the setting holds a ticket
signed by the registry (HMAC-SHA-256), and every statement verifies it: for this function, this transaction (process
and begin, which nobody chooses), until then. Consequences: one exchange more for each transaction, and one for each
group of dossiers met; tables grow policies; a migration that changes rows must say so (`migrate`). Not held by it:
whoever has the key file; whoever has the machine or an administrator's address. A dump of the vault holds the key that
verifies tickets, which also makes them: with it *and* a login of the service a thief can see the rows as they are now,
sealed as ever. Put nothing of the vault where the other backups lie. Alternatives: a nonce kept in a table (a write for
each read, and none on a standby); pg_current_xact_id() (none on a standby); a list of ids as a plain setting (forged).

A new table: `SELECT registry.protect('registry.x', 'release: select, insert', 'match all: select', ...)` in its
migration, one text for each function; without `all` the rows are those whose `dossier`, or keyed hash (`key`, `queue`,
`number`), a ticket names. Its clear columns go on the list of tests/store/test_catalogue.py. A function of the store
that reads or writes rows of dossiers whose data keys may not be loaded yet calls `tx.admit(table, ids)` first;
`vault.load_keys`, `dossiers.load` and `keys.shared` do so themselves.

A new flow: `database.transaction(Function.X)`. It may need one more `registry.protect` in a migration: what is said of
a function and a table replaces what was said of these two, and nothing else.

A new function: a member of `functions.Function` and its role in `schemas/roles`, made at the next start.
"""
