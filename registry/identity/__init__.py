"""Who is who: which dossiers of which sources belong to one person. Pure values in, pure values out.

The way is: a Patient becomes `demographics` (once, everything read), `keys` find candidates, `compare` says field
by field how two people agree, `match` turns that into link, review or distinct, `judgements` turn the log of such
decisions into persons. A person is a component of judgements and never a merge, so every link can be undone.

Precision comes first: a wrong link gives a child another child's record. Brothers, sisters, twins and cousins
agree in almost everything, therefore evidence about the family is capped and an automatic link needs evidence
about the child itself. Nothing here stores, logs or hashes anything; keys are plain text for the store to seal.
"""
