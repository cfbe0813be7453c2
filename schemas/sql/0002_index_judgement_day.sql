-- A steward looks at what was linked last; without this every judgement there is would be read for it.
SET LOCAL lock_timeout = '5s';
CREATE INDEX judgement_day ON registry.judgement (day);
