-- A matter is what somebody waits for an answer to: a record contested, a complaint, an erasure asked for, an
-- emergency to be reviewed. It is sealed under the dossier it is about and dies with it.
SET LOCAL lock_timeout = '5s';

CREATE TABLE registry.matter (
    dossier uuid NOT NULL,
    matter uuid NOT NULL,
    queue bigint NOT NULL,
    number bigint NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (dossier, matter)
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN registry.matter.dossier IS 'clear: a random id';
COMMENT ON COLUMN registry.matter.matter IS 'clear: a random id';
COMMENT ON COLUMN registry.matter.queue IS 'clear: a keyed hash of the kind; which rows are of one kind stays visible';
COMMENT ON COLUMN registry.matter.number IS 'clear: a keyed hash of the number its filer holds';
COMMENT ON COLUMN registry.matter.day IS 'clear: the day it was opened, for retention';
COMMENT ON COLUMN registry.matter.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.matter.sealed IS 'sealed: what is asked or contested, in whose words, and what became of it';

CREATE INDEX matter_queue ON registry.matter (queue);
CREATE INDEX matter_number ON registry.matter (number);

DO $$
BEGIN
    FOR part IN 0..7 LOOP
        EXECUTE format(
            'CREATE TABLE registry.matter_%s PARTITION OF registry.matter FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
            part, part
        );
    END LOOP;
END
$$;
