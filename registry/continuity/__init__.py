"""What continues where: one history out of several systems' records, what is due next, which grade comes next.

Pure: records, rules and the day of asking are arguments; the same arguments give the same answer, in any order of
records. What is not known stays not known: a partial date is an interval, an ambiguous grade stays ambiguous, and
every answer carries its reason. Answers advise; the nurse and the head teacher decide.

Read in this order: `reasons`, `spans`, `history` (records to dose events), `immunization` (schedules as data, what
counts and what is due), `education` (a country's grades as data, which grade), `summary` (what leaves, and how it is
read).
"""
