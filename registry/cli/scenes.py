"""What the demo shows: tables of receipts, consents, summaries and verdicts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.panel import Panel
from rich.table import Table

from registry.cli.stage import HandOver
from registry.continuity import elements
from registry.continuity.summary import document
from registry.errors import RegistryError
from registry.fhir.resource import Content
from registry.flows import verify
from registry.flows.question import Description
from registry.flows.receipts import Receipt
from registry.flows.release import Released
from registry.flows.rights import ConsentReceipt
from registry.flows.verify import Verdict
from registry.library import Library
from registry.trust import p256, signing
from registry.trust.directory import Directory


def receipts(taken: Iterable[tuple[HandOver, Receipt]]) -> Table:
    """What every hand-over became."""
    table = Table(title="Receipts", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("from")  # the one column that may be broken into lines where the window is narrow
    table.add_column("format", no_wrap=True)
    for column in ("people", "stored", "same", "aside", "findings"):
        table.add_column(column, justify="right", no_wrap=True)
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


def summary(view: Content) -> Table:
    """A summary in short: doses and what is due, or school years and the grade proposed."""
    return _doses(view) if document.resources(view, "ImmunizationRecommendation") else _years(view)


def _doses(view: Content) -> Table:
    table = Table(title="What the clinic receives (no country, no clinic, no lot)", title_justify="left")
    for column in ("date", "dose", "certainty"):
        table.add_column(column)
    for each in document.resources(view, "Immunization"):
        facts = document.inner(document.own(each, "dose-certainty")[0])
        when = str(each.get("occurrenceDateTime") or each.get("occurrenceString"))
        table.add_row(when, str(each["vaccineCode"].get("text")), str(facts["certainty"]))
    table.caption, table.caption_justify = _due(view), "left"
    return table


def _due(view: Content) -> str:
    forecast = document.resources(view, "ImmunizationRecommendation")[0]
    words: dict[str, list[str]] = {}
    for each in forecast["recommendation"]:
        status = each["forecastStatus"]["coding"][0]["code"]
        words.setdefault(status, []).append(each["vaccineCode"][0]["coding"][0]["code"])
    return "\n".join(f"{status}: {', '.join(antigens)}" for status, antigens in words.items())


def _years(view: Content) -> Table:
    table = Table(title="What the school receives (no country, no school, no language)", title_justify="left")
    for column in ("begins", "year of schooling", "ISCED", "result"):
        table.add_column(column)
    years = [each for each in document.resources(view, "Basic") if each["id"] != "placement"]
    for each in years:
        grade, outcome = elements.parts(each, "grade"), elements.parts(each, "outcome")
        period = elements.mapping(elements.enrolment(each, "period"))
        isced = elements.mapping(grade.get("iscedProgramme"))
        row = (period.get("start"), grade.get("yearOfSchooling"), isced.get("code"), outcome.get("result"))
        table.add_row(*(str(value or "") for value in row))
    advice = next(each for each in document.resources(view, "Basic") if each["id"] == "placement")
    table.caption, table.caption_justify = _advice(advice), "left"
    return table


def _advice(advice: Content) -> str:
    candidates = [document.inner(each) for each in document.own(advice, "placement-candidate")]
    lines = [
        f"{'proposed' if each['proposed'] else 'considered'}, by {_WAYS[each['way']]}: {each.get('label', 'none')}"
        for each in candidates
    ]
    return "\n".join([*lines, "Advisory: the receiving school decides."])


_WAYS = {"A": "years of schooling", "B": "level", "C": "age"}


def papers(folder: Path, released: Released) -> list[tuple[str, bytes]]:
    """The papers of a summary, and forgeries of them."""
    token, page = released.token, released.page
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    return [
        ("the signed file", token.encode()),
        ("the printed page", page.encode()),
        ("the same as PDF", (folder / "summary-clinic.pdf").read_bytes()),
        ("the QR code alone, from its picture", (folder / "summary-clinic-qr.png").read_bytes()),
        ("one character of the file changed", changed.encode()),
        ("one word of the page changed", page.replace("</h1>", "!</h1>", 1).encode()),
        ("signed by a stranger", forged(released).encode()),
    ]


def forged(released: Released) -> str:
    """The same summary, signed with a key nobody trusts."""
    claimed = signing.read_unverified(released.token)
    payload: Mapping[str, Any] = claimed.payload if isinstance(claimed, signing.Unverified) else {}
    return signing.sign(payload, p256.fresh(secrets.token_bytes), typ=verify.SUMMARY, compress=True)


def verdict_on(body: bytes, trust: Directory, library: Library, *, now: datetime) -> Verdict:
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
