-- Everything readable is sealed (AES-256-GCM) under the data key of its dossier; a data key is wrapped by the
-- wrapping key of a 30-day epoch that is not in the database. Every clear column is commented with the reason
-- why it may be clear; a test fails on a column without one.

CREATE SCHEMA registry;
CREATE SCHEMA vault;

-- The vault: its backups are kept apart and for a short time, so that destroying a data key erases its dossier
-- from every backup of the rest.
CREATE TABLE vault.data_key (
    dossier uuid NOT NULL PRIMARY KEY,
    epoch integer NOT NULL,
    wrapped bytea NOT NULL
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN vault.data_key.dossier IS 'clear: a random id';
COMMENT ON COLUMN vault.data_key.epoch IS 'clear: which 30-day wrapping key opens the row';
COMMENT ON COLUMN vault.data_key.wrapped IS 'sealed: the data key under the wrapping key of its epoch';

CREATE TABLE vault.keyring_check (
    only_row boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch integer NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN vault.keyring_check.only_row IS 'clear: a constant';
COMMENT ON COLUMN vault.keyring_check.epoch IS 'clear: which 30-day wrapping key opens the row';
COMMENT ON COLUMN vault.keyring_check.sealed IS 'sealed: a fixed text that tells whether the right key file is in use';

CREATE TABLE registry.dossier (
    dossier uuid NOT NULL PRIMARY KEY,
    day date NOT NULL,
    envelope smallint NOT NULL,
    sealed bytea NOT NULL
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN registry.dossier.dossier IS 'clear: a random id';
COMMENT ON COLUMN registry.dossier.day IS 'clear: the day the dossier was opened, for retention';
COMMENT ON COLUMN registry.dossier.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.dossier.sealed IS 'sealed: source, its id of the person, demographics, the person and the fellow dossiers';

CREATE TABLE registry.document (
    dossier uuid NOT NULL,
    document uuid NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (dossier, document)
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN registry.document.dossier IS 'clear: a random id';
COMMENT ON COLUMN registry.document.document IS 'clear: a random id';
COMMENT ON COLUMN registry.document.day IS 'clear: the day the version was accepted, for retention';
COMMENT ON COLUMN registry.document.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.document.digest IS 'clear: a keyed digest of dossier and bytes';
COMMENT ON COLUMN registry.document.sealed IS 'sealed: the exact bytes accepted, their version and time';

-- Keyed hashes (HMAC-SHA-256, first 64 bits) of everything that must be found by equality.
CREATE TABLE registry.lookup_key (
    key bigint NOT NULL,
    dossier uuid NOT NULL,
    PRIMARY KEY (key, dossier)
) PARTITION BY HASH (key);
COMMENT ON COLUMN registry.lookup_key.key IS 'clear: a keyed hash; equality and frequency stay visible, which the threat model accepts';
COMMENT ON COLUMN registry.lookup_key.dossier IS 'clear: a random id';

-- A judgement is written once for each of its two dossiers, with ids of their own, so that the rows do not show
-- which dossiers belong together; its evidence is sealed under a key that dies with either dossier.
CREATE TABLE registry.judgement (
    dossier uuid NOT NULL,
    judgement uuid NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    sealed bytea NOT NULL,
    evidence bytea NOT NULL,
    PRIMARY KEY (dossier, judgement)
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN registry.judgement.dossier IS 'clear: a random id';
COMMENT ON COLUMN registry.judgement.judgement IS 'clear: a random id, another one on the other side';
COMMENT ON COLUMN registry.judgement.day IS 'clear: the day of the judgement, for retention';
COMMENT ON COLUMN registry.judgement.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.judgement.sealed IS 'sealed: the other dossier, the kind, the author, the time';
COMMENT ON COLUMN registry.judgement.evidence IS 'sealed: levels and weights, under both data keys together';

CREATE TABLE registry.review (
    review uuid NOT NULL PRIMARY KEY,
    dossier uuid NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN registry.review.review IS 'clear: a random id';
COMMENT ON COLUMN registry.review.dossier IS 'clear: the dossier of the registry itself, whose key seals the row';
COMMENT ON COLUMN registry.review.day IS 'clear: the day the doubt arose, for its age';
COMMENT ON COLUMN registry.review.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.review.sealed IS 'sealed: the two dossiers and the probability';

CREATE TABLE registry.submission (
    dossier uuid NOT NULL,
    submission uuid NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (dossier, digest)
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN registry.submission.dossier IS 'clear: the random id of the dossier of the source itself';
COMMENT ON COLUMN registry.submission.submission IS 'clear: a random id';
COMMENT ON COLUMN registry.submission.day IS 'clear: the day of arrival, for retention';
COMMENT ON COLUMN registry.submission.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.submission.digest IS 'clear: a keyed digest of source and file';
COMMENT ON COLUMN registry.submission.sealed IS 'sealed: the receipt';

CREATE TABLE registry.release (
    dossier uuid NOT NULL,
    release uuid NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (dossier, release)
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN registry.release.dossier IS 'clear: a random id';
COMMENT ON COLUMN registry.release.release IS 'clear: a random id';
COMMENT ON COLUMN registry.release.day IS 'clear: the day of the disclosure, for retention';
COMMENT ON COLUMN registry.release.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.release.sealed IS 'sealed: recipient, purpose, basis, what was released, position on the status list';

CREATE TABLE registry.status (
    position integer NOT NULL PRIMARY KEY,
    revoked boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN registry.status.position IS 'clear: a random position on the public status list';
COMMENT ON COLUMN registry.status.revoked IS 'clear: what the public status list says';

-- Leaves are written unsequenced inside the transaction they speak of; the sequencer orders them afterwards.
CREATE TABLE registry.audit_leaf (
    leaf uuid NOT NULL PRIMARY KEY,
    day date NOT NULL,
    commitment bytea NOT NULL
);
COMMENT ON COLUMN registry.audit_leaf.leaf IS 'clear: a random id';
COMMENT ON COLUMN registry.audit_leaf.day IS 'clear: the day, for retention';
COMMENT ON COLUMN registry.audit_leaf.commitment IS 'clear: a salted hash; the salt is sealed with the details';

CREATE TABLE registry.audit_pending (
    leaf uuid NOT NULL PRIMARY KEY
);
COMMENT ON COLUMN registry.audit_pending.leaf IS 'clear: a random id, until the sequencer has placed it';

CREATE TABLE registry.audit_sequence (
    position bigint NOT NULL PRIMARY KEY,
    leaf uuid NOT NULL UNIQUE
);
COMMENT ON COLUMN registry.audit_sequence.position IS 'clear: the place of a leaf in the Merkle tree';
COMMENT ON COLUMN registry.audit_sequence.leaf IS 'clear: a random id';

CREATE TABLE registry.audit_checkpoint (
    size bigint NOT NULL PRIMARY KEY,
    checkpoint text NOT NULL,
    frontier bytea NOT NULL
);
COMMENT ON COLUMN registry.audit_checkpoint.size IS 'clear: how many leaves the checkpoint covers';
COMMENT ON COLUMN registry.audit_checkpoint.checkpoint IS 'clear: size, root and signature, made to be published';
COMMENT ON COLUMN registry.audit_checkpoint.frontier IS 'clear: the hashes of the full subtrees, so that the next leaf can be added';

CREATE TABLE registry.audit_detail (
    dossier uuid NOT NULL,
    detail uuid NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (dossier, detail)
) PARTITION BY HASH (dossier);
COMMENT ON COLUMN registry.audit_detail.dossier IS 'clear: a random id';
COMMENT ON COLUMN registry.audit_detail.detail IS 'clear: a random id, not that of the leaf';
COMMENT ON COLUMN registry.audit_detail.day IS 'clear: the day, for retention';
COMMENT ON COLUMN registry.audit_detail.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.audit_detail.sealed IS 'sealed: who asked for what and what was answered, the leaf and its salt';

-- What must happen after a commit. Opaque ids only, never personal data; rows go when they are done.
CREATE TABLE registry.outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    subject uuid NOT NULL
);
COMMENT ON COLUMN registry.outbox.position IS 'clear: the order of the work';
COMMENT ON COLUMN registry.outbox.kind IS 'clear: which work, such as match';
COMMENT ON COLUMN registry.outbox.subject IS 'clear: a random id of a dossier';

-- Eight partitions each: every hot query touches one of them, and the same tables distribute by hash later.
DO $$
DECLARE
    parent text;
    part integer;
BEGIN
    FOREACH parent IN ARRAY ARRAY[
        'vault.data_key', 'registry.dossier', 'registry.document', 'registry.lookup_key', 'registry.judgement',
        'registry.submission', 'registry.release', 'registry.audit_detail'
    ] LOOP
        FOR part IN 0..7 LOOP
            EXECUTE format(
                'CREATE TABLE %s_%s PARTITION OF %s FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                parent, part, parent, part
            );
        END LOOP;
    END LOOP;
END
$$;
