-- A school asks, with the family, whether a child attended where its record says; the system that handed the record
-- over answers, and the school that asked reads the answer.
SET LOCAL lock_timeout = '5s';

SELECT registry.protect('registry.matter', 'release: select, insert, update');
