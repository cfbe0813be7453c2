"""People in plain files, without a registry: which of their rows are one person?

The way is: `columns` says which column says what, `rows` reads a line as a person through the same `demographics`
as any record, `nearby` finds candidates by the same keys, in memory and with a bound per key, `comparing` adds what
only files have to the engine's evidence, `closer` looks again with all names of the files at hand, `kinship` takes off
what relatives share, `rivals` adds what the neighbours of a pair say, and `verdicts` settles pairs against their rivals
and against what other rows of the same person say. `fitting` learns weights and kinship from the files themselves,
`truth` holds links against known ones. Pure, as all of identity: files, processes and the clock belong to
`flows.linkfiles`.

Levels and weights are tables of (field, level) with m and u, so that a run beyond one machine can be written down
for Splink: every level there is a condition on two rows with the same two numbers; what neighbours say is one on its
predictions.
"""
