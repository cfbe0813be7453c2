"""One file of HL7 v2 messages into one Submission; vaccinations are read, all else is refused by name."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

from adapters.hl7v2 import coverage, dose, person, tables, wire
from adapters.hl7v2.dose import Context
from adapters.hl7v2.message import Message
from adapters.hl7v2.tables import Sender
from adapters.hl7v2.wire import File
from adapters.sdk import readers
from adapters.sdk.ledger import Ledger
from registry.errors import Unreadable
from registry.intake import Submission

_TYPE = re.compile(r"[A-Z][A-Z0-9]{2}(\^[A-Z][A-Z0-9]{2})?")
_SEND_VXU = "send vaccinations as VXU^V04"
_AGAIN = "ask the sender for the batch again"


class Hl7v2:
    """The adapter of kind `hl7v2`."""

    kind = tables.RULES.manifest.kind
    describes = tables.RULES.manifest.describes
    manifest = tables.RULES.manifest

    def convert(self, body: bytes, *, source: str, received_at: datetime) -> Submission:
        """Read one file of one or many messages; `source` is the sender's name in this registry."""
        readers.not_empty(body)
        file = wire.read(body)
        _refuse_unless_vaccinations(body, file)
        ledger = Ledger(source, self.kind)
        _note_file(file, ledger)
        conversion = _Conversion(_sender(source, ledger), ledger)
        for message in file.messages:
            reason = conversion.take(message, is_cut=message.number == file.cut_message)
            coverage.note(message, ledger, set_aside=reason)
        return ledger.submission(received_at)

    def leaves(self, body: bytes) -> int:
        """How many values a file holds, for the conformance kit."""
        return coverage.leaves(wire.read(body))


def refusal(message: Message) -> str:
    """Why a message is not taken at all, in words; empty when it is a vaccination."""
    if message.kind in tables.ACCEPTS:
        return ""
    shown = message.kind if _TYPE.fullmatch(message.kind) else "a message without a readable type (MSH-9)"
    return f"{shown} is not an immunization message"


class _Conversion:
    """The reading of one file: its messages share the sender, the ledger and the order numbers seen."""

    def __init__(self, sender: Sender, ledger: Ledger) -> None:
        self._sender = sender
        self._ledger = ledger
        self._holders: dict[str, str] = {}  # order number -> person, in this file

    def take(self, message: Message, *, is_cut: bool) -> str:
        """Read one message; the answer says why nothing of it was kept, and is empty when something was."""
        code, reason, remedy = _obstacle(message, is_cut=is_cut)
        if reason:
            self._ledger.error(code, message.where, f"{reason}; nothing of it was kept", remedy)
            return f"set aside: {code}"
        _note_oddities(message, self._ledger)
        about = person.read(message, self._sender, self._ledger)
        if about is None:
            return "set aside: nobody to attach it to"
        self._ledger.entry(about.key, about.patient, message.where)
        self._doses(Context(message=message, person=about, sender=self._sender, ledger=self._ledger))
        return ""

    def _doses(self, context: Context) -> None:
        found = dose.groups(context.message)
        if not found:
            self._ledger.inform("no-dose", context.message.where, "the message reports no dose (RXA)")
        numbers = Counter(dose.order_number(group, self._sender) for group in found)
        for group in found:
            number = dose.order_number(group, self._sender)
            if number and (numbers[number] > 1 or not self._holds(number, context.person.key)):
                text = "the order number (ORC-3) names several doses and was not used"
                self._ledger.warn("order-number-not-unique", context.place(group), text)
                number = ""
            content = dose.read(group, context, number)
            if content:
                self._ledger.entry(context.person.key, content, context.place(group))

    def _holds(self, number: str, person: str) -> bool:
        """Whether no other person of this file has a dose of that order number."""
        return self._holders.setdefault(number, person) == person


def _refuse_unless_vaccinations(body: bytes, file: File) -> None:
    if not file.messages:
        missing = "there is no HL7 v2 message (MSH) in it"
        what = "the message header (MSH) is damaged" if file.broken else missing
        remedy = "check the file; an HL7 v2 message starts with MSH|^~\\&"
        raise Unreadable(f"{what}; the file looks like {readers.looks_like(body)}", remedy=remedy)
    reasons = [refusal(each) for each in file.messages]
    if all(reasons):
        raise Unreadable("; ".join(dict.fromkeys(reasons)), remedy=_SEND_VXU)


def _sender(source: str, ledger: Ledger) -> Sender:
    sender = tables.sender(source)
    if not sender.country:
        text = "the mapping does not say which country this source belongs to; the records carry no country"
        ledger.warn("unknown-source", "", text, "add the source to [sources] of adapters/hl7v2/mapping.toml")
    return sender


def _note_file(file: File, ledger: Ledger) -> None:
    """Say what is wrong with the file around its messages."""
    coverage.note_outside(file, ledger)
    for each in file.broken:
        text = "the header (MSH) does not say how to read the message"
        ledger.error("damaged-header", each.where, text, _AGAIN)
    counts = [each.count for each in file.envelopes if each.name == "BTS" and each.count is not None]
    have = len(file.messages) + len(file.broken)
    if counts and sum(counts) != have:
        text = f"the batch says it has {sum(counts)} messages; {have} are in the file"
        ledger.warn("batch-count", "", text, _AGAIN)
    if not file.is_ended:
        text = "the last line has no end; if the file was cut off, its last segment is incomplete"
        ledger.inform("last-line-not-ended", "", text)


def _obstacle(message: Message, *, is_cut: bool) -> tuple[str, str, str]:
    """Code, reason and remedy when nothing of a message can be taken; else three empty words."""
    reason = refusal(message)
    if reason:
        return "message-type", reason, _SEND_VXU
    if is_cut:
        # Its last segment may end in the middle of a date, or before the field that says D for deleted.
        return "batch-cut-off", "the end of the batch is missing, so that its last message may be cut", _AGAIN
    if _is_too_long(message):
        return "value-too-long", "a field is longer than any vaccination needs", _AGAIN
    return "", "", ""


def _note_oddities(message: Message, ledger: Ledger) -> None:
    if message.header.text(11).upper() not in tables.PRODUCTION:
        ledger.warn("test-message", message.where, "the sender marks the message as a test (MSH-11)")
    if message.is_guessed:
        text = "the letters do not fit the character set of MSH-18 and were read as another; check the names"
        ledger.warn("charset-guessed", message.where, text, "state the character set in MSH-18")
    for line in message.strays:
        ledger.warn("stray-line", f"{message.where}, line {line}", "a line that is no segment was left out")


def _is_too_long(message: Message) -> bool:
    limit = readers.DEFAULT.max_field
    read = (each for each in message.segments if each.name in tables.READ_SEGMENTS)
    return any(len(value) > limit for segment in read for value in segment.fields)
