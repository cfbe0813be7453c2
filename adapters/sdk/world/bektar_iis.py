"""Writes Bektar's immunization register: HL7 v2.5.1 VXU^V04, as `adapters/hl7v2/mapping.toml` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from adapters.sdk.world import doses
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Script
from adapters.sdk.world.people import TODAY
from adapters.sdk.world.reports import Report, State
from adapters.sdk.world.resend import Corrected, Correction

AUTHORITY = "BEKTAR-IIS"
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_ACTIONS: Mapping[Correction, str] = {Correction.CANCELLED: "D"}
_REFUSALS: Mapping[State, tuple[str, str]] = {
    State.REFUSED: ("00^Parental decision^NIP002", "RE"),
    State.OUT_OF_STOCK: ("", "NA"),
}


def file(messages: Sequence[str]) -> bytes:
    """The messages one after the other, a segment a line as interface engines log them."""
    return "\n".join(messages).encode()


def messages(children: Sequence[tuple[Record, Sequence[Report]]]) -> list[str]:
    """A message per child with all doses, then a later message for every dose that was cancelled."""
    first = [message(record, reports, number=1, day=TODAY) for record, reports in children]
    later = [
        cancellation(record, [each for each in reports if each.state is State.CANCELLED])
        for record, reports in children
    ]
    return first + [each for each in later if each]


def corrections(corrected: Sequence[Corrected]) -> list[str]:
    """A message per correction: the person anew, and only the doses that changed."""
    day = TODAY + timedelta(days=20)
    return [
        message(each.record, each.changed, number=3, day=day, action=_ACTIONS.get(each.why, "U")) for each in corrected
    ]


def message(record: Record, reports: Sequence[Report], *, number: int, day: date, action: str = "A") -> str:
    """One VXU message. `action` is what RXA-21 says of its doses: A add, U update, D delete."""
    lines = [_header(record, number, day), _person(record), *_relatives(record)]
    for report in reports:
        lines += _dose(record, report, action)
    return "\n".join(lines) + "\n"


def cancellation(record: Record, cancelled: Sequence[Report]) -> str:
    if not cancelled:
        return ""
    return message(record, cancelled, number=2, day=TODAY + timedelta(days=1), action="D")


def _header(record: Record, number: int, day: date) -> str:
    stamp = f"{day:%Y%m%d}{8 + record.number % 9:02d}{record.number % 60:02d}00+0000"
    control = f"BK{day:%y%m%d}-{record.number:05d}-{number}"
    return (
        f"MSH|^~\\&|{AUTHORITY}|{AUTHORITY}|REGISTRY|REGION|{stamp}||VXU^V04^VXU_V04|{control}|P|2.5.1"
        "|||ER|AL||UNICODE UTF-8"
    )


def _person(record: Record) -> str:
    spelt = record.spelt[Script.ENGLISH]
    ids = f"{record.person_id}^^^{AUTHORITY}^SR"
    if record.national_number:
        ids += f"~{record.national_number}^^^BEKTAR^NI"
    name = f"{_safe(spelt.family)}^{_safe(spelt.given)}"
    if _also_writes_father(record):
        name += f"^{_safe(spelt.father)}^^^^L"
    else:
        name += "^^^^^L"
    maiden = f"{_safe(spelt.mothers_family)}^^^^^^M" if spelt.mothers_family else ""
    place = f"^^{_safe(record.place.name)}^{_safe(record.place.district)}^^XBK^H"
    phone = f"^PRN^PH^^^^^^^^^{record.phone}" if record.phone else ""
    fields = [
        "PID",
        "1",
        "",
        ids,
        "",
        name,
        maiden,
        record.birth.compact,
        record.sex,
        "",
        "",
        place,
        "",
        phone,
    ]
    return "|".join(fields)


def _also_writes_father(record: Record) -> bool:
    """Some clerks put the father's name where Bektar has the second given name."""
    return Dice("second given", record.person_id).chance(0.5)


def _relatives(record: Record) -> Iterator[str]:
    spelt = record.spelt[Script.ENGLISH]
    known = Dice("relatives", record.person_id)
    relatives = [
        (spelt.mothers_family, spelt.mother, "MTH^Mother^HL70063", True),
        (spelt.family, spelt.father, "FTH^Father^HL70063", known.chance(0.7)),
        (spelt.family, spelt.grandfather, "GRFTH^Grandfather^L", known.chance(0.25)),
    ]
    written = [each for each in relatives if each[1] and each[3]]
    for at, (family, given, role, _) in enumerate(written, 1):
        yield f"NK1|{at}|{_safe(family)}^{_safe(given)}^^^^^L|{role}"


def _dose(record: Record, report: Report, action: str) -> Iterator[str]:
    vaccine = doses.vaccines()[report.vaccine]
    reason, completion = _REFUSALS.get(report.state, ("", "CP"))
    is_full = report.state in (State.GIVEN, State.CANCELLED) and not report.is_repeat
    maker = f"{vaccine.maker}^^MVX" if is_full and report.lot else ""
    yield f"ORC|RE||{report.id}^{AUTHORITY}"
    fields = [
        "RXA",
        "0",
        "1",
        report.date.compact,
        "",
        f"{vaccine.cvx}^{_safe(vaccine.english)}^CVX",
        vaccine.amount if is_full and vaccine.amount else "999",
        "mL^mL^UCUM" if is_full and vaccine.amount else "",
        "",
        "01^Historical^NIP001" if report.is_repeat else "00^New record^NIP001",
        "",
        "" if report.is_repeat else f"^^^{_safe(report.place.clinic)}",
        *["", "", ""],
        report.lot,
        f"{report.expiry:%Y%m%d}" if report.expiry else "",
        maker,
        reason,
        "",
        completion,
        action,
    ]
    yield "|".join(fields)
    if report.is_repeat and record.number % 2:
        yield f"OBX|1|NM|30973-2^Dose number in series^LN|1|{max(report.number, 1)}||||||F"


def _safe(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)
