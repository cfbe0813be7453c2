"""HL7 times (`YYYY[MM[DD[HHMM[SS]]]][+ZZZZ]`) as dates of the precision they were written with.

A time of day is dropped. A month or day of `00` is a common way to say "not known" and is read as that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.hl7v2.message import Segment
from adapters.sdk import when
from adapters.sdk.ledger import Ledger
from adapters.sdk.when import When

_TIME = re.compile(r"([0-9]{8})(?:[0-9]{2,6})?(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?|([0-9]{6})|([0-9]{4})")
_NOTATIONS = ("YYYYMMDD", "YYYYMM", "YYYY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """Reads the times of one message; `place` says where the message stands."""

    ledger: Ledger
    place: str

    def read(self, segment: Segment, number: int) -> When | None:
        """The date of a field; None with a finding when it is none, None without when there is nothing."""
        text = segment.text(number)
        if not text:
            return None
        found = parse(text)
        if found is None:
            self.ledger.warn(
                "impossible-date",
                f"{self.place}, {segment.name}-{number} (line {segment.line})",
                "no such date, or not written as YYYYMMDD, YYYYMM or YYYY",
                "correct it in the source system; nothing was guessed and the date was left out",
            )
        return found


def parse(text: str) -> When | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    digits = next(each for each in found.groups() if each)
    known = digits[:4] if digits[4:6] == "00" else digits.removesuffix("00") if len(digits) == 8 else digits
    return when.read(known, _NOTATIONS)
