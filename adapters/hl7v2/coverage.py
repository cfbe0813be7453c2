"""What every filled field of a message became, by segment and field: `PID-10` ignored, prohibited: race.

Invariant: a field that holds something is counted once, as mapped, ignored with its reason or unknown; of a
mapped field every component that is not read is counted too.
"""

from __future__ import annotations

import re

from adapters.hl7v2 import tables
from adapters.hl7v2.message import Message, Segment
from adapters.sdk.ledger import Ledger

_LOINC = re.compile(r"[0-9]{1,5}-[0-9]")  # any other text in OBX-3 might be anything


def note(message: Message, ledger: Ledger) -> None:
    """Count every filled field of a message that was read."""
    for segment in message.segments:
        if segment.name in tables.IGNORED_SEGMENTS:
            ledger.ignored(segment.name, tables.IGNORED_SEGMENTS[segment.name])
        elif segment.name not in tables.READ_SEGMENTS and segment.name not in _PARTLY:
            ledger.unknown(segment.name)
        elif not _is_foreign_observation(segment, ledger):
            _note_fields(segment, ledger)


_PARTLY = frozenset(field.split("-")[0] for field in tables.IGNORED)  # only ignored fields: PD1


def _is_foreign_observation(segment: Segment, ledger: Ledger) -> bool:
    """Whether the segment is an observation that is not carried: it is counted as a whole, by its code."""
    code = segment.text(3) if segment.name == "OBX" else ""
    if not code or code in tables.OBSERVATIONS:
        return False
    reason = tables.OBSERVATIONS_IGNORED.get(code)
    if reason:
        ledger.ignored(f"OBX[{code}]", reason)
    else:
        ledger.unknown(f"OBX[{code if _LOINC.fullmatch(code) else 'other'}]")
    return True


def _note_fields(segment: Segment, ledger: Ledger) -> None:
    for number in segment.filled():
        name = f"{segment.name}-{number}"
        prohibited = _prohibited_value(segment) if name == "RXA-18" else ""
        if prohibited:
            ledger.ignored(name, prohibited)
        elif name in tables.MAPPED:
            ledger.mapped(name)
            _note_components(segment, number, tables.MAPPED[name], ledger)
        elif name in tables.IGNORED:
            ledger.ignored(name, tables.IGNORED[name])
        else:
            ledger.unknown(name)


def _prohibited_value(rxa: Segment) -> str:
    """Why the reason of a refusal is not kept; the refusal itself is."""
    return tables.REFUSAL.get(rxa.text(18), {}).get("prohibited", "")


def _note_components(segment: Segment, number: int, read: list[int], ledger: Ledger) -> None:
    if not read:
        return
    for repetition in segment.repetitions(number):
        for component in repetition.filled():
            if component in read:
                continue
            name = f"{segment.name}-{number}.{component}"
            if name in tables.IGNORED:
                ledger.ignored(name, tables.IGNORED[name])
            else:
                ledger.unknown(name)
