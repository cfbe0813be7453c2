-- Keys are renewed while the service runs. A wrapping key is named by its generation and its 30-day epoch; a data key
-- that was drawn anew keeps the former one beside it until nothing is sealed under that any more. What was erased is
-- listed, so that no backup brings it back.
SET LOCAL lock_timeout = '5s';

ALTER TABLE vault.data_key
    ADD COLUMN generation smallint NOT NULL DEFAULT 1,
    ADD COLUMN drawn smallint NOT NULL DEFAULT 1,
    ADD COLUMN former bytea;
ALTER TABLE vault.data_key
    ALTER COLUMN generation DROP DEFAULT,
    ALTER COLUMN drawn DROP DEFAULT;
COMMENT ON COLUMN vault.data_key.generation IS 'clear: which generation of wrapping keys opens the row';
COMMENT ON COLUMN vault.data_key.drawn IS 'clear: the generation in which the data key was drawn, so that older ones are renewed';
COMMENT ON COLUMN vault.data_key.former IS 'sealed: the data key before this one, until everything is sealed under the new one';

ALTER TABLE vault.keyring_check
    ADD COLUMN generation smallint NOT NULL DEFAULT 1;
ALTER TABLE vault.keyring_check
    ALTER COLUMN generation DROP DEFAULT;
COMMENT ON COLUMN vault.keyring_check.generation IS 'clear: the generation of wrapping keys in use';

CREATE TABLE vault.erasure (
    dossier uuid NOT NULL PRIMARY KEY,
    day date NOT NULL
);
COMMENT ON COLUMN vault.erasure.dossier IS 'clear: a random id that opens nothing any more';
COMMENT ON COLUMN vault.erasure.day IS 'clear: the day of the erasure';
