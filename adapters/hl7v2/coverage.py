"""What every filled component of a file became, told by segment and field: `PID-10` ignored, prohibited: race.

Invariant: after a conversion mapped + ignored + unknown is `leaves(file)`: every component that holds something
is counted once, also those of messages that were refused; lines that are no segment count as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.hl7v2 import tables
from adapters.hl7v2.message import Message, Segment
from adapters.hl7v2.wire import File
from adapters.sdk.ledger import Ledger

_LOINC = re.compile(r"[0-9]{1,5}-[0-9]")  # any other text in OBX-3 might be anything
_OUTSIDE = "(line outside of messages)"
_STRAY = "(line that is no segment)"
_KNOWN = tables.READ_SEGMENTS | {field.split("-")[0] for field in tables.IGNORED}


def leaves(file: File) -> int:
    """How many values a file holds."""
    inside = sum(len([*_components(each)]) for message in file.messages for each in message.segments)
    strays = sum(len(message.strays) for message in file.messages)
    return inside + strays + len(file.envelopes) + file.leading + sum(each.lines for each in file.broken)


def note_outside(file: File, ledger: Ledger) -> None:
    """Count what belongs to no message that could be read."""
    for each in file.envelopes:
        ledger.ignored(each.name, tables.IGNORED_SEGMENTS[each.name])
    for each in file.broken:
        ledger.ignored(_OUTSIDE, "set aside: the header of the message is damaged", count=each.lines)
    if file.leading:
        ledger.unknown(_OUTSIDE, count=file.leading)


def note(message: Message, ledger: Ledger, *, set_aside: str = "") -> None:
    """Count every component of a message; `set_aside` is the reason when nothing of it was kept."""
    if message.strays:
        ledger.unknown(_STRAY, count=len(message.strays))
    for segment in message.segments:
        for number, component in _components(segment):
            if set_aside:
                ledger.ignored(f"{segment.name}-{number}", set_aside)
            else:
                _note(segment, number, component, ledger)


def _components(segment: Segment) -> Iterator[tuple[int, int]]:
    """Field and component of everything the segment holds; the separators themselves are one value each."""
    for number in segment.filled():
        if segment.name == "MSH" and number <= 2:
            yield number, 1
        else:
            for repetition in segment.repetitions(number):
                yield from ((number, component) for component in repetition.filled())


def _note(segment: Segment, number: int, component: int, ledger: Ledger) -> None:
    field, reason = _fate(segment, number, component)
    if reason is None:
        ledger.unknown(field)
    elif reason:
        ledger.ignored(field, reason)
    else:
        ledger.mapped(field)


def _fate(segment: Segment, number: int, component: int) -> tuple[str, str | None]:
    """The name to tell it by, and the reason: empty for mapped, None when no rule knows it."""
    if segment.name in tables.IGNORED_SEGMENTS:
        return segment.name, tables.IGNORED_SEGMENTS[segment.name]
    if segment.name not in _KNOWN:
        return segment.name, None
    code = segment.text(3) if segment.name == "OBX" else ""
    if code and code not in tables.OBSERVATIONS:
        return f"OBX[{code if _LOINC.fullmatch(code) else 'other'}]", tables.OBSERVATIONS_IGNORED.get(code)
    return _field_fate(segment, number, component)


def _field_fate(segment: Segment, number: int, component: int) -> tuple[str, str | None]:
    field = f"{segment.name}-{number}"
    prohibited = _prohibited_value(segment) if field == "RXA-18" else ""
    read = tables.MAPPED.get(field)
    if prohibited or read is None:
        return field, prohibited or tables.IGNORED.get(field)
    if not read or component in read:
        return field, ""
    part = f"{field}.{component}"
    return part, tables.IGNORED.get(part)


def _prohibited_value(rxa: Segment) -> str:
    """Why the reason of a refusal is not kept; the refusal itself is."""
    return tables.REFUSAL.get(rxa.text(18), {}).get("prohibited", "")
