-- What an administrator makes in a database before the registry can live in it. A user who may create roles (and
-- owns the database) has it run by the registry itself at its first start; otherwise run it as an administrator:
--
--     psql "host=... dbname=... user=postgres" -f schemas/roles/create_roles.sql
--
-- then start the registry once with an administrator's REGISTRY_DATABASE_URL (it makes its tables), and give the
-- service a user of its own that can take on the functions and nothing else:
--
--     CREATE ROLE registry_service LOGIN NOINHERIT PASSWORD '...' IN ROLE registry_app;
--
-- Running it again changes nothing.
DO $$
DECLARE
    role text;
    adopting text;
BEGIN
    -- One role for each function of registry.store.functions; `registry_app` may take on any, one at a time.
    FOREACH role IN ARRAY ARRAY[
        'registry_owner', 'registry_app',
        'registry_ingest', 'registry_desk', 'registry_release', 'registry_rights', 'registry_match', 'registry_review',
        'registry_redress', 'registry_organise', 'registry_budget', 'registry_sequence', 'registry_audit',
        'registry_publish', 'registry_erase', 'registry_keys', 'registry_operate', 'registry_measure'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server makes them at this moment
            END;
        END IF;
        IF role NOT IN ('registry_owner', 'registry_app') AND NOT pg_has_role('registry_app', role, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO registry_app', role);
        END IF;
    END LOOP;

    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        GRANT registry_owner TO CURRENT_USER;
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO registry_owner', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    GRANT USAGE, CREATE ON SCHEMA public TO registry_owner;

    -- A database from before these roles: everything in it goes to the owner nobody can log in as.
    FOR adopting IN
        SELECT format('ALTER SCHEMA %I OWNER TO registry_owner', nspname)
        FROM pg_namespace
        WHERE nspname IN ('registry', 'vault') AND nspowner <> 'registry_owner'::regrole
        UNION ALL
        SELECT format('ALTER TABLE %s OWNER TO registry_owner', held.oid::regclass)
        FROM pg_class AS held
        JOIN pg_namespace AS space ON space.oid = held.relnamespace
        WHERE held.relkind IN ('r', 'p')
          AND held.relowner <> 'registry_owner'::regrole
          AND (space.nspname IN ('registry', 'vault') OR (space.nspname = 'public' AND held.relname = 'migration'))
    LOOP
        EXECUTE adopting;
    END LOOP;
END
$$;
