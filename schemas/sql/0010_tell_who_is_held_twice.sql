-- A source that may hold one person under two numbers is told: the matcher notes it, the source reads it.
SET LOCAL lock_timeout = '5s';

SELECT registry.protect('registry.matter', 'match: select, insert');
SELECT registry.protect('registry.matter', 'ingest: select');
