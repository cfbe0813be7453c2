"""What the demo shows: tables of receipts, consents, summaries and verdicts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from rich.panel import Panel
from rich.table import Table

from registry.cli.stage import HandOver
from registry.errors import RegistryError
from registry.fhir import CANONICAL, resource
from registry.fhir.resource import Content
from registry.flows import verify
from registry.flows.ingest import Receipt
from registry.flows.question import Description
from registry.flows.release import Released
from registry.flows.rights import ConsentReceipt
from registry.flows.verify import Verdict
from registry.library import Library
from registry.trust import p256, signing
from registry.trust.trustlist import TrustList


def receipts(taken: Iterable[tuple[HandOver, Receipt]]) -> Table:
    """What every hand-over became."""
    table = Table(title="Receipts", title_justify="left")
    for column in ("from", "format", "people", "stored", "same", "aside", "findings"):
        table.add_column(column, justify="left" if column in ("from", "format") else "right", no_wrap=True)
    for each, receipt in taken:
        counts = [receipt.counts[name] for name in ("stored", "unchanged", "set-aside")]
        numbers = (receipt.people, *counts, len(receipt.findings))
        table.add_row(each.display, each.adapter, *(str(number) for number in numbers))
    return table


def consent(receipt: ConsentReceipt) -> Panel:
    """A consent as the family heard it, with its answer."""
    answer = "yes" if receipt.agreed else "no"
    head = (
        f"{receipt.domain} to {receipt.organisation}: {answer}; where it happened: {'yes' if receipt.places else 'no'}"
    )
    return Panel(receipt.text, title=head, title_align="left")


def question(asker: str, asks: Description) -> str:
    """What a desk typed."""
    told = {name: getattr(asks, name) for name in ("given", "family", "father", "mother", "birth", "sex")}
    typed = ", ".join(f"{name} {value}" for name, value in told.items() if value and value != "unknown")
    return f"[bold]{asker}[/] asks with what it knows: {typed}"


def summary(document: Content) -> Table:
    """A summary in short: doses and what is due, or school years and the grade proposed."""
    resources = [each["resource"] for each in document["entry"]]
    kinds = {each["resourceType"] for each in resources}
    return _doses(resources) if "ImmunizationRecommendation" in kinds else _years(resources)


def _doses(resources: Sequence[Content]) -> Table:
    table = Table(title="What the clinic receives (no country, no clinic, no lot)", title_justify="left")
    for column in ("date", "dose", "certainty", "sources"):
        table.add_column(column)
    for each in resources:
        if each["resourceType"] == "Immunization":
            facts = _parts(each, "dose-certainty")
            when = each.get("occurrenceDateTime") or each.get("occurrenceString")
            table.add_row(when, each["vaccineCode"].get("text", ""), facts["certainty"], str(facts["sources"]))
    table.caption = _due(resources)
    table.caption_justify = "left"
    return table


def _due(resources: Sequence[Content]) -> str:
    forecast = next(each for each in resources if each["resourceType"] == "ImmunizationRecommendation")
    words: dict[str, list[str]] = {}
    for each in forecast["recommendation"]:
        status = each["forecastStatus"]["coding"][0]["code"]
        words.setdefault(status, []).append(each["vaccineCode"][0]["coding"][0]["code"])
    return "\n".join(f"{status}: {', '.join(antigens)}" for status, antigens in words.items())


def _years(resources: Sequence[Content]) -> Table:
    table = Table(title="What the school receives (no country, no school, no language)", title_justify="left")
    for column in ("begins", "year of schooling", "ISCED", "result"):
        table.add_column(column)
    basics = [each for each in resources if each["resourceType"] == "Basic" and each["id"] != "placement"]
    for each in basics:
        grade = _parts(each, "enrolment-grade")
        period = resource.extension_value(each, _url("enrolment-period")) or {}
        outcome = _parts(each, "enrolment-outcome").get("result", "")
        isced = grade.get("iscedProgramme") or {}
        table.add_row(period.get("start", ""), str(grade.get("yearOfSchooling", "")), isced.get("code", ""), outcome)
    advice = next(each for each in resources if each["id"] == "placement")
    table.caption = _advice(advice)
    table.caption_justify = "left"
    return table


def _advice(advice: Content) -> str:
    lines = []
    for each in resource.extensions(advice, _url("placement-candidate")):
        facts = {part["url"]: _value(part) for part in each["extension"]}
        chosen = "proposed" if facts.get("proposed") else "considered"
        lines.append(f"{chosen} {facts['way']}: {facts.get('label', 'none')}")
    return "\n".join(lines) + "\nAdvisory: the receiving school decides."


def _url(name: str) -> str:
    return f"{CANONICAL}/StructureDefinition/{name}"


def _parts(each: Content, name: str) -> dict[str, object]:
    outer = next(resource.extensions(each, _url(name)), {"extension": []})
    return {part["url"]: _value(part) for part in outer["extension"]}


def _value(part: Content) -> object:
    return next((value for name, value in part.items() if name.startswith("value")), None)


def papers(folder: Path, released: Released) -> list[tuple[str, bytes]]:
    """The papers of a summary, and forgeries of them."""
    token, page = released.token, released.page
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    return [
        ("the signed file", token.encode()),
        ("the printed page", page.encode()),
        ("the QR code alone, from its picture", (folder / "summary-clinic-qr.png").read_bytes()),
        ("one character of the file changed", changed.encode()),
        ("one word of the page changed", page.replace("</h1>", "!</h1>", 1).encode()),
        ("signed by a stranger", forged(released).encode()),
    ]


def forged(released: Released) -> str:
    """The same summary, signed with a key nobody trusts."""
    claimed = signing.read_unverified(released.token)
    payload = claimed.payload if isinstance(claimed, signing.Unverified) else {}
    return signing.sign(payload, p256.fresh(secrets.token_bytes), typ=verify.SUMMARY, compress=True)


def verdict_on(body: bytes, trust: TrustList, library: Library, *, now: datetime) -> Verdict:
    """What `continuity verify` says; what cannot be read is refused like what is forged."""
    try:
        return verify.verify(body, trust, library, now=now)
    except RegistryError as error:
        return Verdict(accepted=False, carrier="unknown", reason="unreadable", sentence=error.what)


def verdicts(rows: Iterable[tuple[str, Verdict]]) -> Table:
    """Verdicts side by side."""
    table = Table(show_header=False)
    for what, verdict in rows:
        word = "[bold green]GENUINE[/]" if verdict.accepted else "[bold red]REFUSED[/]"
        table.add_row(what, word, verdict.sentence or f"issued by {verdict.issuer_name}")
    return table
