"""A small world of invented people, and the four hand-overs its countries would make of them.

Families live in Almara, flee to Bektar and Corvia, and some come home. In each country clerks write the
children down the way clerks do, so one child appears under several spellings, dates and numbers. The truth
of who is who is kept beside the files. Whoever matches people must not read this package, and it knows
nothing of how people are matched.

Invariant: the same seed gives the same bytes on every machine. Every draw comes from `dice`, each subject
from a stream of its own, so that a change to one child leaves the draws of the others alone.

In the order of dependence: `names`, `places` (tables); `plans`, `people` (who lives where); `doses`,
`schooling` (what truly happened); `hardships`, `dates`, `spelling`, `clerks`, `reports`, `resend` (how it
was written down); one writer per system; `story`, `truth`; `hand_over` (all of it).
"""
