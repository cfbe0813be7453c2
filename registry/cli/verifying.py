"""`continuity verify`: is this paper, card or file genuine?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from registry import library
from registry.cli.running import Json, err, out, print_json, read_file
from registry.errors import BadInput, RegistryError
from registry.flows import verify as verifying
from registry.flows.opening import wall_clock
from registry.flows.verdict import OWN
from registry.flows.verify import Verdict
from registry.trust.directory import Directory
from registry.trust.fault import Fault

Trust = Annotated[Path, typer.Option(help="Folder with the keys, lists and certificates of the issuers you believe.")]
At = Annotated[
    str | None, typer.Option("--at", help="Judge as of this time, such as 2022-05-31T12:00:00Z. Without it, now.")
]


def verify(
    files: Annotated[
        list[Path],
        typer.Argument(help="Summary, page (HTML, PDF), card, certificate, or picture or text of a QR code."),
    ],
    trust: Trust,
    at: At = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask whether our own summaries were withdrawn.")
    ] = False,
    registry: Annotated[str | None, typer.Option(help="Ask this address for the status list.")] = None,
    json: Json = False,
) -> None:
    """Say whether a paper is genuine, and what was signed.

    Reads summaries and papers of registries (token, page, QR code), SMART Health Cards (JWS, shc:/ digits, card
    file, QR code) and EU-type certificates (HC1: text, CBOR, JSON, QR code).

    Works without a network: only what the trust folder holds is believed, never a key that came with the file. The
    folder takes `{"issuer", "name", "keys"}` of registries; `{"issuer", "jwks"}` or HOST/PATH/.well-known/jwks.json
    of card issuers, with crl/KID.json beside it; signer certificates of countries as PEM, DER, base64 or JSON lists;
    `{"revoked": [hash]}` of withdrawn certificates.

    Ends with 0 only when every file is accepted.
    """
    now = moment(at)
    believed = trusted(trust)
    verdicts = _verdicts(files, believed, now)
    if online:
        verdicts = {path: _online(each, believed, now, registry) for path, each in verdicts.items()}
    if json:
        print_json([{"file": str(path), **_plain(verdicts[path])} for path in files])
    else:
        for path in files:
            _print(path, verdicts[path])
    raise typer.Exit(0 if all(verdict.accepted for verdict in verdicts.values()) else 1)


def moment(text: str | None) -> datetime:
    """The time somebody typed, in UTC where it names no zone; now when nobody typed one."""
    if text is None:
        return wall_clock()
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("this is no time", where="--at", remedy="write it as 2022-05-31T12:00:00Z") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def trusted(folder: Path) -> Directory:
    """Whom a trust folder says to believe; what in it could not be used is said aside."""
    believed = verifying.trust_folder(folder)
    for each in believed.problems:
        err.print(f"[yellow]not used[/] {escape(each)}", soft_wrap=True)
    return believed


def _verdicts(files: list[Path], believed: Directory, now: datetime) -> Mapping[Path, Verdict]:
    bodies = dict[str, bytes]()
    missing = dict[Path, Verdict]()
    for path in files:
        try:
            bodies[str(path)] = read_file(path)
        except RegistryError as error:
            missing[path] = verifying.unreadable(error)
    found = verifying.verify_files(bodies, believed, library.load(), now=now)
    return {**{Path(name): each for name, each in found.items()}, **missing}


def _online(verdict: Verdict, believed: Directory, now: datetime, address: str | None) -> Verdict:
    try:
        return verifying.withdrawn(verdict, believed, now=now, address=address)
    except RegistryError as error:
        return verifying.unreadable(error)


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {**asdict(verdict), "issued": verdict.issued, "expires": verdict.expires}


def _print(path: Path, verdict: Verdict) -> None:
    if not verdict.accepted:
        why = escape(f"{path} ({verdict.reason}): {verdict.sentence}")
        out.print(f"[bold red]REFUSED[/] {why}", soft_wrap=True)
        _print_warnings(verdict)
        return
    out.print(f"[bold green]GENUINE[/] {escape(str(path))} ({verdict.carrier})", soft_wrap=True)
    if verdict.issued:
        until = f"valid until {verdict.expires:%Y-%m-%d}" if verdict.expires else "it names no end"
        out.print(f"  issued by {verdict.issuer_name} <{verdict.issuer}>", markup=False, soft_wrap=True)
        out.print(f"  issued {verdict.issued:%Y-%m-%d}, {until}")
    for line in _lines(verdict.facts) if verdict.kind == OWN else _card_lines(verdict.facts):
        out.print(f"  {line}", markup=False, soft_wrap=True)
    _print_warnings(verdict)


def _print_warnings(verdict: Verdict) -> None:
    for code in verdict.warnings:
        out.print(f"  [yellow]note[/] {code}: {Fault(code).sentence}", soft_wrap=True)


def _card_lines(facts: Any) -> list[str]:
    """What a card of another issuer says, in words."""
    if "cards" in facts:
        return [line for each in facts["cards"] for line in _card_lines(each)]
    if "entry" in facts:
        return [line for entry in facts["entry"] for line in _resource_lines(entry["resource"])]
    if "nam" not in facts:
        return ["every key of this set is in your trust folder"]
    name = " ".join(filter(None, (facts["nam"].get(part) for part in ("gn", "fn")))) or facts["nam"].get("fnt", "")
    lines = [f"for {name}, born {facts['dob'] or 'unknown'}"]
    lines += [
        f"vaccine {each['mp']} on {each['dt']}, dose {each['dn']} of {each['sd']}" for each in facts.get("v") or ()
    ]
    lines += [f"test on {each['sc']}" for each in facts.get("t") or ()]
    return lines + [f"recovered; first found on {each['fr']}" for each in facts.get("r") or ()]


def _resource_lines(resource: Any) -> list[str]:
    if resource["resourceType"] == "Patient":
        names = [" ".join([*each.get("given", ()), each.get("family", "")]) for each in resource.get("name", ())]
        return [f"for {', '.join(names) or 'a person without a name'}, born {resource.get('birthDate', 'unknown')}"]
    if resource["resourceType"] != "Immunization":
        return [f"also holds: {resource['resourceType']}"]
    when = resource.get("occurrenceDateTime") or resource.get("occurrenceString")
    codes = [f"{each['system'].rpartition('/')[2]} {each['code']}" for each in resource["vaccineCode"]["coding"]]
    return [f"dose {when}: {_named_code(resource['vaccineCode']) or ', '.join(codes)}"]


def _named_code(concept: Any) -> str:
    return _named("+".join(sorted(library.load().antigens(concept))))


def _lines(facts: Any) -> list[str]:
    """What the short form on a QR code says, in words."""
    if "sha256" in facts:
        said = f"{'yes' if facts['agreed'] else 'no'} to {facts['organisation']} ({facts['domain']})"
        return [f"a family's receipt: {said}, until {facts['until']}, answered on {facts['given']}"]
    if "records" in facts:
        return [f"recorded by {facts['by']}", *(f"{each['when']}: {each['what']}" for each in facts["records"])]
    if "r" not in facts:
        return ["the whole summary is inside; open its page to read it"]
    lines = [f"for {facts.get('n', 'a person without a name')}, born {facts.get('b', 'unknown')} (as asked)"]
    lines += [
        f"dose {when}: {_against(vaccine)} ({_CERTAINTY.get(sure, sure)})" for when, vaccine, sure in facts.get("d", [])
    ]
    lines += [
        f"{_STATUS.get(status, status)}: {_named(what)} {day}".rstrip() for what, status, day in facts.get("u", [])
    ]
    lines += [f"completed years of school: {', '.join(map(str, facts['c']))}"] if facts.get("c") else []
    lines += [f"grade proposed here: {label}" for _, _, label in facts.get("g", [])]
    return lines


def _against(vaccine: str) -> str:
    """What a dose protects against, in words: the code holds a CVX code or antigens."""
    if not vaccine.startswith("cvx:"):
        return _named(vaccine)
    coding = {"system": "http://hl7.org/fhir/sid/cvx", "code": vaccine.removeprefix("cvx:")}
    return _named("+".join(sorted(library.load().antigens({"coding": [coding]})))) or vaccine


def _named(antigens: str) -> str:
    words = library.load().page_messages["en"]["antigens"]
    return ", ".join(words.get(each, each) for each in antigens.split("+") if each)


_STATUS = {"due": "due now, recommended from", "not-yet": "due later, from", "too-old": "no longer recommended"}
_CERTAINTY = {"c": "confirmed", "r": "recorded", "s": "stated", "d": "disputed by the family"}
