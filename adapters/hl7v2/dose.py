"""ORC, RXA, RXR and OBX into an Immunization; an amount, a date or a status is never guessed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.hl7v2 import stamps, tables
from adapters.hl7v2.message import Message, Repetition, Segment
from adapters.hl7v2.person import Person
from adapters.hl7v2.stamps import Stamps
from adapters.hl7v2.tables import Sender
from adapters.sdk import build
from adapters.sdk.build import Json
from adapters.sdk.ledger import Ledger
from adapters.sdk.when import When
from registry.fhir import CANONICAL

_ORIGINS = "http://terminology.hl7.org/CodeSystem/immunization-origin"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ANTIGEN = f"{CANONICAL}/StructureDefinition/component-antigen"
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{0,4})?|\.[0-9]{1,4}")
_CORRECT = "correct it in the source system and send the message again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One RXA with the order before it and the observations after it."""

    rxa: Segment
    order: Segment | None = None
    route: Segment | None = None
    observations: tuple[Segment, ...] = ()

    def observed(self, what: str) -> Iterator[Segment]:
        return (each for each in self.observations if tables.OBSERVATIONS.get(each.text(3)) == what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the doses of one message share."""

    message: Message
    person: Person
    sender: Sender
    ledger: Ledger

    def place(self, group: Group) -> str:
        return f"{self.message.where}, RXA (line {group.rxa.line})"

    @property
    def stamps(self) -> Stamps:
        return Stamps(ledger=self.ledger, place=self.message.where)


def groups(message: Message) -> list[Group]:
    """The doses of a message in order. An order belongs to the next RXA only."""
    found: list[Group] = []
    order: Segment | None = None
    for segment in message.segments:
        if segment.name == "ORC":
            order = segment
        elif segment.name == "RXA":
            found.append(Group(rxa=segment, order=order))
            order = None
        elif segment.name in ("RXR", "OBX") and found and order is None:
            found[-1] = _with(found[-1], segment)
    return found


def _with(group: Group, segment: Segment) -> Group:
    route = group.route or (segment if segment.name == "RXR" else None)
    observations = group.observations + ((segment,) if segment.name == "OBX" else ())
    return Group(rxa=group.rxa, order=group.order, route=route, observations=observations)


def read(group: Group, context: Context, number: str) -> Json | None:
    """The Immunization of a group; None with a finding when there is no dose or it cannot be read safely.

    `number` is the order number when it names this dose alone, else empty.
    """
    place, ledger = context.place(group), context.ledger
    status = _status(group, ledger, place)
    codings = _codings(group, context.sender)
    if status is None or not (_is_cancelled(status, number) or _names_a_vaccine(codings, ledger, place)):
        return None
    occurred = context.stamps.read(group.rxa, 3)
    expiry = context.stamps.read(group.rxa, 16)
    _check_dates(occurred, expiry, context, place)
    is_first_hand, origin = _origin(group, ledger, place)
    content = build.immunization(
        source=context.sender.source,
        country=context.sender.country,
        person=context.person.key,
        event=number or _derived(context.person.key, codings, group.rxa),
        codings=codings,
        text=group.rxa.text(5, 2) or group.rxa.text(5, 5) or ("" if codings else "not stated"),
        status=status,
        status_reason=_reason(group, context, place) if status == "not-done" else None,
        occurred=occurred,
        recorded=context.stamps.read(group.rxa, 22),
        lot=group.rxa.text(15),
        expiry=expiry,
        dose_number=_dose_number(group, ledger, place),
        dose_quantity=_quantity(group, context, place) if status == "completed" else None,
        location=group.rxa.text(11, 4),
        performer=" ".join(filter(None, (group.rxa.text(10, 3), group.rxa.text(10, 2)))),
        manufacturer={"display": group.rxa.text(17, 2) or group.rxa.text(17, 1)},
        primary_source=is_first_hand,
        report_origin=origin,
    )
    return content | _further(group, context)


def order_number(group: Group, sender: Sender) -> str:
    """The filler's number of the dose (ORC-3), else the placer's (ORC-2); empty when there is none."""
    if group.order is None:
        return ""
    for number in (3, 2):
        value, authority = (build.clean(group.order.text(number, component)) for component in (1, 2))
        if value and value not in tables.NO_ORDER:
            return sender.key(value, authority)
    return ""


def _derived(person: str, codings: list[Json], rxa: Segment) -> str:
    # Without lot and place in the message: a later correction or cancellation must find the same dose.
    parts = (person, codings[0]["system"], codings[0]["code"], rxa.text(3)[:8])
    return "dose-" + hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _status(group: Group, ledger: Ledger, place: str) -> str | None:
    """completed, not-done or entered-in-error (RXA-20, RXA-21, RXA-18); None when a code is not known."""
    done, action = group.rxa.text(20).upper(), group.rxa.text(21).upper()
    if tables.ACTION.get(action):
        return tables.ACTION[action]
    if done not in tables.COMPLETION or action not in tables.ACTION:
        field = "RXA-20" if done not in tables.COMPLETION else "RXA-21"
        ledger.error("unknown-status", place, f"{field} holds a code that is not in its table", _CORRECT)
        return None
    if done == "PA":
        text = "only a part of the dose was given (RXA-20 PA); whether it counts is for a clinician to judge"
        ledger.warn("partial-dose", place, text)
    is_refused = bool(group.rxa.repetitions(18))
    if is_refused and done in ("CP", "PA"):
        text = "a reason of refusal stands beside a dose that was given; RXA-20 was believed"
        ledger.warn("refused-and-given", place, text, _CORRECT)
    return "not-done" if is_refused and not done else tables.COMPLETION[done]


def _is_cancelled(status: str, number: str) -> bool:
    """A cancellation that names its dose need not name the vaccine again."""
    return status == "entered-in-error" and bool(number)


def _codings(group: Group, sender: Sender) -> list[Json]:
    """Both triplets of RXA-5, each with its system; a code of no system is the sender's own."""
    field = group.rxa.first(5)
    found = [_coding(field, first, sender) for first in (1, 4)]
    return [each for each in found if each]


def _coding(field: Repetition, first: int, sender: Sender) -> Json:
    code, system = build.clean(field.text(first)), field.text(first + 2)
    return build.coding(sender.system(system), code, field.text(first + 1))


def _names_a_vaccine(codings: list[Json], ledger: Ledger, place: str) -> bool:
    if not codings:
        ledger.error("no-vaccine-code", place, "the dose names no vaccine (RXA-5)", _CORRECT)
        return False
    if any(each["system"] == build.CVX and each["code"] in tables.NO_DOSE for each in codings):
        ledger.inform("no-dose", place, "RXA-5 says that nothing was given; there is no dose to keep")
        return False
    return True


def _check_dates(occurred: When | None, expiry: When | None, context: Context, place: str) -> None:
    """Report what cannot be right; nothing is corrected."""
    if occurred is None:
        context.ledger.warn("no-date", place, "the dose has no date (RXA-3) and cannot be counted", _CORRECT)
        return
    sent = stamps.parse(context.message.header.text(7))
    birth = context.person.birth
    if sent and occurred.date.first > sent.date.last:
        context.ledger.warn("dose-after-message", place, "the dose is dated after the message that reports it")
    if birth and occurred.date.last < birth.date.first:
        context.ledger.warn("dose-before-birth", place, "the dose is dated before the person was born")
    if expiry and expiry.date.last < occurred.date.first:
        context.ledger.warn("expired-when-given", place, "the lot had expired when the dose was given")


def _reason(group: Group, context: Context, place: str) -> Json:
    """Why the dose was not given, without what a religious exemption would tell."""
    field = group.rxa.first(18)
    known = tables.REFUSAL.get(field.text(1)) if field.text(3).upper() in ("NIP002", "") else None
    if known:
        return tables.concept([build.coding(_REASONS, known["code"])], known.get("text", ""))
    if field.raw:
        context.ledger.inform("reason-left-out", place, "the reason is not a known code and was left out")
    if group.rxa.text(20).upper() == "NA" and not field.raw:
        return {"text": "not given; no reason stated"}
    return tables.concept([build.coding(_REASONS, "PATOBJ")])


def _origin(group: Group, ledger: Ledger, place: str) -> tuple[bool, Json | None]:
    """primarySource and reportOrigin of the first code of NIP001 in RXA-9; other repetitions are notes."""
    codes = [each.text(1) for each in group.rxa.repetitions(9)]
    known = next((tables.ORIGIN[code] for code in codes if code in tables.ORIGIN), None)
    if known is None:
        text = "RXA-9 does not say whether the sender gave the dose; taken as heard from others"
        ledger.inform("origin-unknown", place, text)
        return False, None
    if known.get("primary"):
        return True, None
    coding = build.coding(_ORIGINS, known.get("code", ""))
    return False, tables.concept([coding], known["text"])


def _quantity(group: Group, context: Context, place: str) -> Json | None:
    """The amount of RXA-6 with its unit; None when not known, with a finding when it is no number."""
    text = group.rxa.text(6)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        context.ledger.warn("not-an-amount", place, "RXA-6 is not an amount and was left out", _CORRECT)
        return None
    if float(text) in tables.UNKNOWN_AMOUNT:
        return None
    unit, system = group.rxa.text(7, 1), tables.CODE_SYSTEMS.get(group.rxa.text(7, 3).upper(), "")
    code = unit if system else ""
    return {"value": float(text), "unit": group.rxa.text(7, 2) or unit, "system": system, "code": code}


def _dose_number(group: Group, ledger: Ledger, place: str) -> int | str | None:
    """OBX 30973-2; several different ones belong to the antigens of a combination, not to the dose."""
    found = {each.text(5) for each in group.observed("dose-number")} - {""}
    if len(found) > 1:
        text = "several dose numbers, one for each antigen; none was taken for the dose as a whole"
        ledger.inform("dose-number-per-antigen", place, text)
        return None
    word = found.pop() if found else ""
    is_count = word.isascii() and word.isdigit() and len(word) < 4 and int(word) > 0
    return int(word) if is_count else word or None


def _further(group: Group, context: Context) -> Json:
    """Route, site and the component antigens, which no other part of the record says."""
    antigens = [_coding(each.first(5), 1, context.sender) for each in group.observed("antigen")]
    route = [_coding(group.route.first(1), 1, context.sender)] if group.route else []
    site = [_coding(group.route.first(2), 1, context.sender)] if group.route else []
    return build.pruned(
        {
            "extension": [{"url": _ANTIGEN, "valueCoding": each} for each in antigens if each],
            "route": tables.concept(route),
            "site": tables.concept(site),
        }
    )
