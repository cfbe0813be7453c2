-- What witnesses said of a checkpoint, and the hashes of full subtrees that make a proof cost a few hundred rows
-- instead of the whole log. Both are derived: a cosignature can be asked for again, a tile computed again.
SET LOCAL lock_timeout = '5s';

CREATE TABLE registry.audit_cosignature (
    size bigint NOT NULL,
    witness text NOT NULL,
    cosignature text NOT NULL,
    PRIMARY KEY (size, witness)
);
COMMENT ON COLUMN registry.audit_cosignature.size IS 'clear: how many leaves the cosigned checkpoint covers';
COMMENT ON COLUMN registry.audit_cosignature.witness IS 'clear: the public name of a witness';
COMMENT ON COLUMN registry.audit_cosignature.cosignature IS 'clear: time and signature, made to be published';

-- Level 1 holds the root of every 256 leaves, level 2 the root of every 256 of those, and so on.
CREATE TABLE registry.audit_tile (
    level smallint NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (level, position)
);
COMMENT ON COLUMN registry.audit_tile.level IS 'clear: how high in the Merkle tree';
COMMENT ON COLUMN registry.audit_tile.position IS 'clear: the place in the Merkle tree';
COMMENT ON COLUMN registry.audit_tile.hash IS 'clear: the root of a full subtree, computed from the leaves';
