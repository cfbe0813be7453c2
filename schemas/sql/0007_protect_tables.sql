-- Who may touch which rows, held by the database itself. A flow works as the role of its function and shows a ticket,
-- which the registry signs: it names the function, this one transaction, an end, and the dossiers (or keyed hashes)
-- whose rows are to be seen. Without a ticket that holds no row of any table is there.
SET LOCAL lock_timeout = '5s';

CREATE TABLE vault.ticket_key (
    only_row boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL
);
COMMENT ON COLUMN vault.ticket_key.only_row IS 'clear: a constant';
COMMENT ON COLUMN vault.ticket_key.inner_pad IS 'clear: half of the key that verifies tickets; it opens nothing that is sealed';
COMMENT ON COLUMN vault.ticket_key.outer_pad IS 'clear: the other half of that key';

-- HMAC-SHA-256 (RFC 2104) from the core function sha256(); pgcrypto is not everywhere. Bound to the process and the
-- begin of the transaction, which nobody can choose, and which a standby has too (it has no pg_current_xact_id()).
CREATE FUNCTION registry.read_ticket(ticket text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told CONSTANT text := substr(ticket, 65);
    key vault.ticket_key;
    seal text;
    opened jsonb;
BEGIN
    SELECT * INTO key FROM vault.ticket_key;
    seal := encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(told, 'UTF8'))), 'hex');
    -- Hashed before they are compared, so that the time of a comparison tells nothing about how far it came.
    IF sha256(convert_to(seal, 'UTF8')) IS DISTINCT FROM sha256(convert_to(left(ticket, 64), 'UTF8'))
        OR ticket IS NULL THEN
        RAISE EXCEPTION 'no ticket of this registry' USING ERRCODE = 'insufficient_privilege';
    END IF;
    opened := told::jsonb;
    IF opened ->> 'for' IS DISTINCT FROM current_setting('role') THEN
        RAISE EXCEPTION 'a ticket for another function' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (opened ->> 'pid')::integer IS DISTINCT FROM pg_backend_pid()
        OR (opened ->> 'begun')::bigint IS DISTINCT FROM (extract(epoch FROM transaction_timestamp()) * 1000000)::bigint
    THEN
        RAISE EXCEPTION 'a ticket for another transaction' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (opened ->> 'until')::bigint < extract(epoch FROM clock_timestamp()) * 1000000 THEN
        RAISE EXCEPTION 'a ticket that has expired' USING ERRCODE = 'query_canceled';
    END IF;
    RETURN opened -> 'names';
END
$$;

-- The names (dossiers and keyed hashes) whose rows this transaction may see; an error without a ticket that holds.
-- It is asked once in each statement, and verifies each time: what somebody else put into the setting is worth nothing.
CREATE FUNCTION registry.scope() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT registry.read_ticket(current_setting('registry.ticket', true)) $$;

-- Show a ticket. It holds until the transaction ends.
CREATE FUNCTION registry.admit(ticket text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM registry.read_ticket(ticket);
    PERFORM set_config('registry.ticket', ticket, true);
END
$$;

-- Protect a table: say which function may do what in it, as 'function: verbs' for the rows a ticket names (by a
-- column `dossier`, or by one that holds a keyed hash), or as 'function all: verbs' for every row. Saying it again for a function replaces
-- what was said; what is said of no function is refused to all.
CREATE FUNCTION registry.protect(guarded regclass, VARIADIC grants text[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said text[];
    one text;
    role text;
    schema text;
    named text;
BEGIN
    SELECT relnamespace::regnamespace::text INTO schema FROM pg_class WHERE oid = guarded;
    FOR one IN SELECT relid::regclass::text FROM pg_partition_tree(guarded) UNION SELECT guarded::text LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC', one);
    END LOOP;
    SELECT string_agg(format('(SELECT registry.scope()) ? %I::text', attname), ' OR ' ORDER BY attname DESC)
        INTO named
        FROM pg_attribute
        WHERE attrelid = guarded AND attname IN ('dossier', 'key', 'queue', 'number') AND NOT attisdropped;
    FOREACH one IN ARRAY grants LOOP
        said := regexp_match(one, '^(\w+)( all)?: ([a-z, ]+)$');
        IF said IS NULL OR (said[2] IS NULL AND named IS NULL) THEN
            RAISE EXCEPTION 'write a grant on % as "function: verbs", or as "function all: verbs" where no column says whose a row is', guarded;
        END IF;
        role := 'registry_' || said[1];
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %I', guarded, role);
        EXECUTE format('GRANT %s ON TABLE %s TO %I', said[3], guarded, role);
        EXECUTE format('GRANT USAGE ON SCHEMA registry, %s TO %I', schema, role);
        EXECUTE format('GRANT EXECUTE ON FUNCTION registry.scope(), registry.admit(text) TO %I', role);
        EXECUTE format('DROP POLICY IF EXISTS %I ON %s', said[1], guarded);
        EXECUTE format('CREATE POLICY %I ON %s TO %I USING (%s)', said[1], guarded, role,
            CASE WHEN said[2] IS NULL THEN named ELSE '(SELECT registry.scope()) IS NOT NULL' END);
    END LOOP;
END
$$;

-- How many dossiers there are: exactly while they are few, from then on as the server estimates.
CREATE FUNCTION registry.about_how_many() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT greatest(
        (SELECT count(*) FROM (SELECT 1 FROM registry.dossier LIMIT 20000) AS few),
        (SELECT sum(reltuples) FROM pg_class
         WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'registry.dossier'::regclass))
    )::bigint
$$;

-- Whether a key file has sealed this database already, asked before there is one to sign tickets with. One that was
-- restored without its vault is sealed as well.
CREATE FUNCTION registry.is_sealed() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT 1 FROM vault.keyring_check) OR EXISTS (SELECT 1 FROM registry.dossier) $$;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA registry FROM PUBLIC;

-- What about a person ------------------------------------------------------------------------------------------------

SELECT registry.protect('registry.dossier',
    'ingest: select, insert, update',
    'desk: select, insert, update',
    'release: select, update', -- it holds the families' rows, and changes nothing
    'rights: select, insert, update',
    'match all: select, update',
    'review: select, update',
    'redress: select',
    'organise: select, insert, update',
    'audit: select',
    'erase: select, update',
    'measure all: select');
SELECT registry.protect('registry.document',
    'ingest: select, insert',
    'desk: select, insert',
    'release: select',
    'rights: select, insert',
    'match: select', -- what was released is decided on anew when persons change
    'review: select',
    'erase: select');
SELECT registry.protect('registry.lookup_key',
    'ingest: select, insert, delete',
    'desk: select, insert, delete',
    'release: select, insert',
    'rights: select, insert, delete',
    'match all: select, insert, delete',
    'review: select',
    'organise: select, insert',
    'erase: select, delete',
    'keys: select, delete'); -- a restored vault opens nobody who was erased since
SELECT registry.protect('registry.judgement',
    'desk: select, insert',
    'release: select',
    'rights: select',
    'match all: select, insert',
    'review all: select, insert', -- a steward sees what was linked last, of anybody
    'redress: select',
    'erase: select');
SELECT registry.protect('registry.review',
    'desk all: select, insert',
    'rights all: select, insert',
    'match all: select, insert',
    'review all: select, insert, delete',
    'erase all: select, insert',
    'measure all: select');
SELECT registry.protect('registry.release',
    'desk: select',
    'release: select, insert',
    'rights: select',
    'match: select',
    'review: select',
    'erase: select');
SELECT registry.protect('registry.submission', 'ingest: select, insert');
SELECT registry.protect('registry.matter',
    'desk: select',
    'release: select, insert', -- an emergency is to be reviewed
    'rights: select, insert, update, delete',
    'match: select',
    'review: select',
    'redress: select, update',
    'erase: select, insert, update, delete');

-- The vault ----------------------------------------------------------------------------------------------------------

SELECT registry.protect('vault.data_key',
    'ingest: select, insert',
    'desk: select, insert',
    'release: select',
    'rights: select, insert',
    'match all: select',
    'review: select',
    'redress: select',
    'organise: select, insert',
    'budget: select',
    'audit all: select',
    'erase all: select, delete', -- of all that were ever erased, whose keys a backup brought back
    'keys all: select, insert, update, delete',
    'measure all: select');
SELECT registry.protect('vault.keyring_check',
    'ingest all: select',
    'desk all: select',
    'rights all: select',
    'organise all: select',
    'keys all: select, insert, update');
SELECT registry.protect('vault.erasure', 'erase all: select, insert', 'keys all: select, insert');
SELECT registry.protect('vault.ticket_key');

-- When data keys are renewed, everything is sealed anew: registry.store.cells lists the same tables.
SELECT registry.protect(sealed, 'keys all: select, update')
FROM unnest(ARRAY[
    'registry.dossier', 'registry.document', 'registry.judgement', 'registry.release', 'registry.audit_detail',
    'registry.submission', 'registry.review', 'registry.alert', 'registry.matter'
]::regclass[]) AS sealed;

-- The audit log: who acts appends; the sequencer orders and has it witnessed; the auditor reads, a family its own ----

SELECT registry.protect('registry.audit_detail',
    'ingest: insert',
    'desk: insert',
    'release: insert',
    'rights: select, insert',
    'match all: insert',
    'review: insert',
    'redress: select, insert',
    'budget: insert',
    'erase: insert',
    'audit all: select, insert');
SELECT registry.protect(appended,
    'ingest all: insert',
    'desk all: insert',
    'release all: insert',
    'match all: insert',
    'review all: insert',
    'redress all: insert',
    'budget all: insert',
    'erase all: insert',
    'audit all: select, insert')
FROM unnest(ARRAY['registry.audit_leaf', 'registry.audit_pending']::regclass[]) AS appended;
SELECT registry.protect('registry.audit_leaf',
    'rights all: select, insert', -- commitments, for the proofs in a receipt
    'sequence all: select',
    'publish all: select');
SELECT registry.protect('registry.audit_pending', 'rights all: insert', 'sequence all: select, delete');
SELECT registry.protect(proving,
    'sequence all: select, insert',
    'rights all: select',
    'audit all: select',
    'publish all: select')
FROM unnest(ARRAY[
    'registry.audit_sequence', 'registry.audit_checkpoint', 'registry.audit_cosignature', 'registry.audit_tile'
]::regclass[]) AS proving;

-- What concerns nobody -----------------------------------------------------------------------------------------------

SELECT registry.protect('registry.status',
    'desk all: select, update',
    'release all: select, insert',
    'rights all: select, update',
    'match all: select, update',
    'review all: select, update',
    'erase all: select, update',
    'keys all: select, update',
    'publish all: select');
SELECT registry.protect('registry.outbox',
    'ingest all: select, insert',
    'desk all: select, insert',
    'rights all: select, insert',
    'match all: select, insert, delete',
    'erase all: select, insert',
    'operate all: select');
SELECT registry.protect('registry.account', 'budget all: select, insert, update, delete');
SELECT registry.protect('registry.budget_clock', 'budget all: select, insert, update');
SELECT registry.protect('registry.alert', 'budget all: select, insert, delete');

-- What the functions above read for everybody, they read as the owner: under FORCE not even the owner sees a row else.
CREATE POLICY owner ON registry.dossier FOR SELECT TO registry_owner USING (true);
CREATE POLICY owner ON vault.keyring_check TO registry_owner USING (true);
CREATE POLICY owner ON vault.ticket_key TO registry_owner USING (true);
GRANT EXECUTE ON FUNCTION registry.about_how_many() TO registry_release, registry_rights, registry_match;
GRANT EXECUTE ON FUNCTION registry.is_sealed() TO registry_operate;
GRANT SELECT ON public.migration TO registry_operate;
