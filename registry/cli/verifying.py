"""`continuity verify`: is this paper or file genuine?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from registry import library
from registry.cli.running import Json, out, print_json, read_file
from registry.errors import RegistryError
from registry.flows import verify as verifying
from registry.flows.opening import wall_clock
from registry.flows.verify import Verdict
from registry.trust.trustlist import TrustList


def verify(
    files: Annotated[list[Path], typer.Argument(help="Summary (.jws), page (.html, .pdf), or picture of the QR code.")],
    trust: Annotated[Path, typer.Option(help="Folder with the trust files of the issuers you believe.")],
    online: Annotated[bool, typer.Option("--online", help="Also ask whether it was withdrawn.")] = False,
    registry: Annotated[str | None, typer.Option(help="Ask this address for the status list.")] = None,
    json: Json = False,
) -> None:
    """Say whether a summary is genuine, and what was signed.

    Works without a network: only keys in the trust folder are believed, never one that came with the file.
    Ends with 0 only when every file is accepted.
    """
    believed = verifying.trust_folder(trust)
    verdicts = [(path, _verdict(path, believed, online=online, address=registry)) for path in files]
    if json:
        print_json([{"file": str(path), **_plain(verdict)} for path, verdict in verdicts])
    else:
        for path, verdict in verdicts:
            _print(path, verdict)
    raise typer.Exit(0 if all(verdict.accepted for _, verdict in verdicts) else 1)


def _verdict(path: Path, trust: TrustList, *, online: bool, address: str | None) -> Verdict:
    try:
        verdict = verifying.verify(read_file(path), trust, library.load(), now=wall_clock())
        return verifying.withdrawn(verdict, trust, now=wall_clock(), address=address) if online else verdict
    except RegistryError as error:
        words = ". ".join(part for part in (error.what, error.remedy) if part)
        return Verdict(accepted=False, carrier="unknown", reason="unreadable", sentence=words)


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {**asdict(verdict), "issued": verdict.issued, "expires": verdict.expires}


def _print(path: Path, verdict: Verdict) -> None:
    if not verdict.accepted:
        why = escape(f"{path.name} ({verdict.reason}): {verdict.sentence}")
        out.print(f"[bold red]REFUSED[/] {why}", soft_wrap=True)
        return
    out.print(f"[bold green]GENUINE[/] {escape(path.name)} ({verdict.carrier})", soft_wrap=True)
    out.print(f"  issued by {verdict.issuer_name} <{verdict.issuer}>", markup=False, soft_wrap=True)
    out.print(f"  issued {verdict.issued:%Y-%m-%d}, valid until {verdict.expires:%Y-%m-%d}")
    for line in _lines(verdict.facts):
        out.print(f"  {line}", markup=False, soft_wrap=True)


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
