"""The answer to a message: AA taken, AE taken in part or not now, AR refused for what it is.

Invariant: an answer repeats nothing of the message but its addresses, its control id and its type.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from adapters.hl7v2 import message as messages
from adapters.hl7v2.message import Marks, Message

# Table 0357 conditions and table 0516 severities by acknowledgement code (section 2.9.2 and 2.15.5).
_ERRORS = {
    "AA": "",
    "AE": "207^Application internal error^HL70357|E",
    "AR": "200^Unsupported message type^HL70357|E",
}
_TRIGGER = re.compile(r"[A-Z][A-Z0-9]{2}")
_OURS = Marks()


def acknowledgement(message: Message, code: str, text: str, *, at: datetime | None = None) -> str:
    """The ACK to send back, segments ended by CR: `code` is AA, AE or AR, `text` says why in words.

    `at` is the time of the answer. The control id is derived from the message's own, so that the same message
    sent twice is answered alike. Raises KeyError on another code: that is a mistake of the caller.
    """
    error = _ERRORS[code]
    lines = [_header(message, at), f"MSA|{code}|{_echo(message.header.text(10))}|{_plain(text)}"]
    if error:
        lines.append(f"ERR|||{error}||||{_plain(text)}")
    return "".join(f"{line}\r" for line in lines)


def _header(message: Message, at: datetime | None) -> str:
    header = message.header
    trigger = header.text(9, 2)
    kind = f"ACK^{trigger}^ACK" if _TRIGGER.fullmatch(trigger) else "ACK"
    fields = (
        *(_field(message, number) for number in (5, 6, 3, 4)),  # what was the receiver is now the sender
        at.strftime("%Y%m%d%H%M%S%z") if at else "",
        "",
        kind,
        hashlib.sha256(header.text(10).encode("utf-8", "surrogatepass")).hexdigest()[:20],
        _echo(header.text(11)) or "P",
        _echo(header.text(12)) or "2.5.1",
        *("",) * 5,
        "UNICODE UTF-8",
    )
    return "|".join(("MSH", "^~\\&", *fields))


def _field(message: Message, number: int) -> str:
    """An address (HD) with its three components, in our own separators."""
    first = message.header.first(number)
    return "^".join(_echo(first.text(component)) for component in (1, 2, 3)).rstrip("^")


def _echo(text: str) -> str:
    return messages.escape(text[:199], _OURS)


def _plain(text: str) -> str:
    return messages.escape(text, _OURS)
