"""PID and NK1 into a Patient: numbers, names, sex, birth, parents, village, phone; never race or religion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapters.hl7v2 import tables
from adapters.hl7v2.message import Message, Repetition, Segment
from adapters.hl7v2.stamps import Stamps
from adapters.hl7v2.tables import Sender
from adapters.sdk import build
from adapters.sdk.build import Json
from adapters.sdk.ledger import Ledger
from adapters.sdk.when import When


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One repetition of PID-3."""

    value: str
    authority: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The person a message is about: its id in the source, its birth, and the Patient."""

    key: str = field(repr=False)
    birth: When | None = field(repr=False)
    patient: Json = field(repr=False)


def read(message: Message, sender: Sender, ledger: Ledger) -> Person | None:
    """The person of a message; None with a finding when the message does not say who it is about."""
    found = [each for each in message.segments if each.name == "PID"]
    if len(found) != 1:
        ledger.error("not-one-person", message.where, "a message is about exactly one person (PID)", _AGAIN)
        return None
    pid = found[0]
    place = f"{message.where}, PID (line {pid.line})"
    numbers = [*_numbers(pid, ledger, place)]
    own = _own(numbers)
    if own is None:
        ledger.error("no-person-id", place, "the person has no number of their own (PID-3)", _AGAIN)
        return None
    key = sender.key(own.value, own.authority)
    birth = Stamps(ledger=ledger, place=message.where).read(pid, 7)
    patient = build.patient(
        source=sender.source,
        country=sender.country,
        person=key,
        identifiers=[_identifier(each, sender) for each in numbers if each is not own or _is_strong(each)],
        names=_names(pid, ledger, place),
        gender=_gender(pid, ledger, place),
        birth=birth,
        relatives=[*_relatives(message, pid, ledger)],
        telecom=[build.phone(_phone(each)) for each in pid.repetitions(13)],
        addresses=[*_addresses(pid)],
    )
    return Person(key=key, birth=birth, patient=patient | _further(message, pid, ledger))


_AGAIN = "correct it in the source system and send the message again"


def _numbers(pid: Segment, ledger: Ledger, place: str) -> Iterable[Number]:
    for each in pid.repetitions(3):
        kind = each.text(5).upper()
        value = build.clean(each.text(1))
        if kind in tables.REFUSED_NUMBERS:
            ledger.inform("number-left-out", place, "a number of a kind that is not carried was left out")
        elif value:
            # CX.4 is a name, or only an object identifier in its second part.
            authority = build.clean(each.text(4) or each.text(4, 2))
            yield Number(value=value, authority=authority, kind=kind)


def _own(numbers: list[Number]) -> Number | None:
    """The number that is the person's id in the source: by the table's order, then the first of any kind."""
    by_kind = {each.kind: each for each in reversed(numbers)}
    wanted = (by_kind[kind] for kind in tables.OWN_NUMBERS if kind in by_kind)
    return next(wanted, numbers[0] if numbers else None)


def _is_strong(number: Number) -> bool:
    return bool(tables.number_kind(number.kind))


def _identifier(number: Number, sender: Sender) -> Json:
    strong = tables.number_kind(number.kind)
    if strong:
        system = build.system(tables.slug(number.authority or sender.source), strong)
        return build.identifier(system, number.value, "official")
    parts = [number.kind or "number", *([number.authority] if number.authority else [])]
    return build.identifier(build.system(sender.source, tables.slug("-".join(parts))), number.value, "usual")


def _names(pid: Segment, ledger: Ledger, place: str) -> list[Json]:
    names = [_name(each, "usual" if index else "official") for index, each in enumerate(pid.repetitions(5))]
    kept = [each for each in names if each]
    if not kept:
        ledger.warn("no-name", place, "the person has no name (PID-5)", "complete it in the source system")
    return kept


def _name(name: Repetition, use: str) -> Json:
    given = [name.text(2), *name.text(3).split()]
    kind = tables.NAME_USE.get(name.text(7).upper(), use)
    return build.human_name(family=name.text(1), given=given, use=kind)


def _gender(pid: Segment, ledger: Ledger, place: str) -> str:
    code = pid.text(8).upper()
    if code and code not in tables.SEX:
        ledger.warn("unknown-code", place, "PID-8 is not a code of table 0001; taken as unknown")
    return tables.SEX.get(code, "unknown") if code else ""


def _relatives(message: Message, pid: Segment, ledger: Ledger) -> Iterable[Json]:
    """The relatives of NK1, and the mother's maiden name where it says something NK1 does not."""
    mothers: set[str] = set()
    for nk1 in (each for each in message.segments if each.name == "NK1"):
        role = tables.RELATIONS.get(nk1.text(3).upper(), "")
        name = _name(nk1.first(2), "usual")
        if role:
            mothers |= {name.get("family", "")} if role == "MTH" else set()
            yield build.relative(role, name)
        else:
            where = f"{message.where}, NK1 (line {nk1.line})"
            ledger.inform("relation-left-out", where, "a relative of a kind that is not carried was left out")
    maiden = _name(pid.first(6), "maiden")
    if maiden and maiden.get("family", "") not in mothers:
        yield build.relative("MTH", maiden)


def _addresses(pid: Segment) -> Iterable[Json]:
    for each in pid.repetitions(11):
        if each.text(7).upper() not in tables.ADDRESS_IGNORED:
            yield build.address(city=each.text(3), district=each.text(4), country=each.text(6))


def _phone(number: Repetition) -> str:
    if number.text(2).upper() == "NET" or number.text(3).upper() not in tables.PHONES:
        return ""
    country = number.text(5)
    pieces = [f"+{country}" if country.isdigit() else country, number.text(6), number.text(7)]
    return number.text(12) or number.text(1) or (" ".join(filter(None, pieces)) if number.text(7) else "")


def _further(message: Message, pid: Segment, ledger: Ledger) -> Json:
    """What tells twins apart, and a death: both stop a wrong link or a wrong reminder."""
    order, died = pid.text(25), pid.text(30).upper() == "Y"
    when = Stamps(ledger=ledger, place=message.where).read(pid, 29)
    is_twin = pid.text(24).upper() == "Y"
    numbered = is_twin and order.isascii() and order.isdigit() and 0 < int(order[:4]) < 100
    return build.pruned(
        {
            "multipleBirthInteger": int(order[:4]) if numbered else None,
            "multipleBirthBoolean": True if is_twin and not numbered else None,
            "deceasedDateTime": str(when.date) if when else "",
            "deceasedBoolean": True if died and not when else None,
        }
    )
