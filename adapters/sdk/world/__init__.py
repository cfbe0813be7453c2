"""A small world of invented people, and the four hand-overs its countries would make of them.

Families live in Almara, flee to Bektar and Corvia, and some come home. In each country clerks write the children down
the way clerks do, so one child appears under several spellings, dates and numbers. The truth of who is who is kept
beside the files. Whoever matches people must not read this package, and it knows nothing of how people are matched.

Invariant: the same seed gives the same bytes on every machine. Every draw comes from `dice`, each subject from its own
stream, so that a change to one child or table leaves the draws of the others alone.

The order of the modules: `names` and `places` (tables), `people` (who lives where), `vaccines` and `doses`, `schooling`
(what truly happened), `dates` and `clerks` (how it was written down), one writer per system, `story` and `truth`.
"""
