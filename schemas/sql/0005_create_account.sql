-- What every desk, user and target has spent of its day, kept here so that neither a restart nor another process
-- gives it back. Accounts are keyed hashes under a name of their own: none equals a key of any other table.
SET LOCAL lock_timeout = '5s';
CREATE TABLE registry.account (
    account bigint NOT NULL PRIMARY KEY,
    spent double precision NOT NULL,
    as_of integer NOT NULL,
    suspicion double precision NOT NULL DEFAULT 0,
    asked integer NOT NULL DEFAULT 0,
    silent integer NOT NULL DEFAULT 0,
    halted boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN registry.account.account IS 'clear: a keyed hash of a user, an organisation, or what was asked with';
COMMENT ON COLUMN registry.account.spent IS 'clear: the share of a day''s questions that is spent; 0 again after a day';
COMMENT ON COLUMN registry.account.as_of IS 'clear: the minute of the budgets'' own clock this was written';
COMMENT ON COLUMN registry.account.suspicion IS 'clear: how much the answers so far look like fishing; a sum of logarithms';
COMMENT ON COLUMN registry.account.asked IS 'clear: a count of questions, of users and organisations only';
COMMENT ON COLUMN registry.account.silent IS 'clear: a count of questions that found nothing to say';
COMMENT ON COLUMN registry.account.halted IS 'clear: whether an alert stands, until a human lifts it';

-- The budgets' own clock: minutes in which somebody watched. A clock set forward, or a night switched off, adds
-- ten at most.
CREATE TABLE registry.budget_clock (
    only_row boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    minutes integer NOT NULL,
    seen timestamptz NOT NULL
);
COMMENT ON COLUMN registry.budget_clock.only_row IS 'clear: a constant';
COMMENT ON COLUMN registry.budget_clock.minutes IS 'clear: how many minutes the registry has been watched';
COMMENT ON COLUMN registry.budget_clock.seen IS 'clear: the last minute counted; the service counts whether anybody asks or not';

CREATE TABLE registry.alert (
    alert uuid NOT NULL PRIMARY KEY,
    dossier uuid NOT NULL,
    day date NOT NULL,
    envelope smallint NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN registry.alert.alert IS 'clear: a random id';
COMMENT ON COLUMN registry.alert.dossier IS 'clear: the dossier of the registry itself, whose key seals the row';
COMMENT ON COLUMN registry.alert.day IS 'clear: the day of the alert, for its age';
COMMENT ON COLUMN registry.alert.envelope IS 'clear: the version of the envelope';
COMMENT ON COLUMN registry.alert.sealed IS 'sealed: who fished and how many questions it asked; no person';
