"""What every value of a hand-over became, by its path without indices: `Student.Citizenship.Visa` ignored."""

from __future__ import annotations

from adapters.edfi import tables, tree
from adapters.edfi.reading import Reading
from adapters.edfi.tree import Record

READ = frozenset(
    (
        "Student",
        "StudentEducationOrganizationAssociation",
        "StudentDemographic",
        "StudentDirectory",
        "StudentSchoolAssociation",
        "StudentContactAssociation",
        "StudentParentAssociation",
        "StudentHealth",
        "Contact",
        "Parent",
        "Person",
        "School",
        "Session",
    )
)


def note(record: Record, reading: Reading) -> None:
    """Count every value of a record: by why the record was left out, else by the rules of the mapping."""
    whole = tables.record_reason(record.entity)
    for path, reason in tree.leaves(record, reading.unused):
        fate = whole or reason or (tables.fate(path) if record.entity in READ else None)
        if fate is None:
            reading.ledger.unknown(path)
        elif fate:
            reading.ledger.ignored(path, fate)
        else:
            reading.ledger.mapped(path)
