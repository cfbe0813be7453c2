"""The truth beside the files: which person of which source is which child, and what is hard about it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from adapters.sdk.world.clerks import Record
from adapters.sdk.world.hardships import Hardship
from adapters.sdk.world.plans import Kin

COLUMNS = ("source", "person_id", "child", "family", "note")


def file(records: Mapping[str, Sequence[Record]]) -> bytes:
    """`truth.csv`: a row per person of a source; `person_id` is the `Entry.person` of its adapter."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for source, known in records.items():
        for record in known:
            child = record.child
            writer.writerow((source, record.person_id, child.id, child.household.id, note(record)))
    return text.getvalue().encode()


def note(record: Record) -> str:
    """What is hard about a record: kinship first, then hardships, joined by blanks."""
    kin = record.child.household.kin
    is_hard_kin = kin in (Kin.COUSINS, Kin.NAMESAKES) and record.child.is_eldest
    words = [kin.value if is_hard_kin else "", "twin" if record.child.twin else ""]
    words += [hardship.value for hardship in Hardship if hardship in record.befallen]
    return " ".join(word for word in words if word)
