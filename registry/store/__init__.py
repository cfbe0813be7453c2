"""PostgreSQL and nothing but PostgreSQL: the only package that speaks SQL.

One module a noun. Every function works inside the caller's Transaction; the flows decide where it begins and ends.
What is readable is sealed before it is handed to the server, under the data key of its dossier; what must be found
by equality is a keyed hash. The clear columns, with the reason for each, are commented in `schemas/sql`.
"""
