"""Every sealed cell there is, by its table: what a reseal rewrites, and a search of the readable reads.

A test holds this list against the catalogue: a table with something sealed that is missing here would be lost when
data keys are renewed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of the schema `registry` whose column `sealed` lies under the data key of its column `dossier`.

    `row` is the column that names a row in its label.
    """

    table: str
    row: str


ALL = (
    Cells("dossier", "dossier"),
    Cells("document", "document"),
    Cells("judgement", "judgement"),
    Cells("release", "release"),
    Cells("audit_detail", "detail"),
    Cells("submission", "submission"),
    Cells("review", "review"),
)
BETWEEN = "judgement.evidence"
"""The one column under the data keys of two dossiers; its row says which in `sealed`."""
