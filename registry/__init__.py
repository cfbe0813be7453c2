"""The continuity registry: a person's immunization and schooling, carried across borders.

Read the packages in this order: `fhir` (values), `identity`, `consent`, `continuity`, `trust` (the pure core,
which knows no clock, database or network), `store` (PostgreSQL), `flows` (the behaviour), `api` and `cli`.
"""
