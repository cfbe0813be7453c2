"""`continuity decide` and `continuity evaluate`: decisions and links on their own, for anybody to check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.markup import escape

from registry.cli import linking
from registry.cli.running import Json, out, print_json, read_json
from registry.consent import asking, cases, decision, wording
from registry.consent.cases import Judged
from registry.consent.decision import Decision
from registry.errors import BadInput
from registry.flows.opening import wall_clock
from registry.identity.files import truth

app = typer.Typer(help="Check the registry's decisions and links with cases of your own.", no_args_is_help=True)


def decide(
    consents: Annotated[Path, typer.Option(help="One FHIR Consent, a list of them, or a Bundle; - is the input.")],
    request: Annotated[Path, typer.Option(help="Who asks for what, about which items; see decision cases.")],
    at: Annotated[str, typer.Option(help="The moment, as FHIR dateTime; otherwise the request's, or now.")] = "",
    dialect: Annotated[
        str, typer.Option(help="continuity, pcf-r4, r4 or hl7-notes; otherwise as the profiles say.")
    ] = "",
    json: Json = False,
) -> None:
    """Decide one request on the consents given, without a database, and print the decision as JSON.

    Ends with 0 whatever the decision is, and with 2 when a file cannot be used.
    """
    _ = json  # this command speaks nothing else
    stated = read_json(request)
    if not isinstance(stated, dict):
        raise BadInput("a request is a JSON object", where=str(request))
    held = cast("dict[str, Any]", stated)
    asked = asking.read(
        read_json(consents),
        held.get("request", held),
        held.get("items"),
        where=str(request),
        dialect=dialect or held.get("dialect"),
        beside=held,
        at=_moment(at, held),
    )
    found = decision.decide(asked.consents, asked.request, asked.items, asked.facts, asked.now)
    print_json({**plain(found), "at": asked.now.isoformat(), "unread": list(asked.strange)})


def _moment(at: str, held: dict[str, Any]) -> Any:
    if not at:
        inner = wording.inner(held.get("request", held))
        return None if any(name in inner for name in ("now", "time", "at")) else wall_clock()
    told = wording.moment(at)
    if told is None:
        raise BadInput("this is no FHIR dateTime", where="--at", remedy="write 2026-03-15T10:00:00Z")
    return told.start


@app.command("decisions")
def decisions(
    file: Annotated[Path, typer.Argument(help="A file of decision cases; - reads the standard input.")],
    json: Json = False,
) -> None:
    """Decide every case of a file and print where the answers differ from those expected.

    Ends with 0 only when all agree, and with 2 when the file cannot be used.
    """
    judged = cases.judge(read_json(file))
    differing = [each for each in judged if each.differences]
    if json:
        print_json(_report(judged))
    else:
        for each in differing:
            _print(each)
        unread = [place for each in judged for place in each.strange]
        if unread:
            out.print(f"not read: {escape(', '.join(unread))}", soft_wrap=True)
        out.print(f"{len(judged) - len(differing)} of {len(judged)} cases agree")
    raise typer.Exit(1 if differing else 0)


@app.command("links")
def links(
    true: Annotated[Path, typer.Option("--truth", help="Pairs known to be one person: two columns of ids.")],
    found: Annotated[Path, typer.Option("--links", help="What `continuity link` wrote.")],
    ordered: Annotated[
        bool, typer.Option("--ordered", help="The first id is of one file and the second of another: order matters.")
    ] = False,
    json: Json = False,
) -> None:
    """Hold links against known pairs: precision, recall and F1 of the links, and the share left to review.

    The order of the two ids does not matter unless said so. Ends with 2 when a file cannot be used.
    """
    measured = truth.measure(linking.read_truth(true), linking.read_links(found), ordered=ordered)
    if json:
        print_json(linking.figures(measured))
    else:
        linking.print_measured(measured)


def utf8(body: bytes, path: Path) -> str:
    """The text of a file of lines. Raises BadInput with the row when it is not UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = body[: error.start].count(b"\n") + 1
        raise BadInput("the file is not UTF-8", where=f"{path}, row {row}", remedy="save it as UTF-8") from None


def plain(found: Decision) -> dict[str, Any]:
    """A decision as plain JSON values."""
    return {
        "decision": found.outcome.value.upper().replace("-", "_"),
        "reason": found.reason.value,
        "permitted": list(found.permitted),
        "denied": list(found.denied),
        "opened": sorted(found.opened),
        "removed": sorted(each.value for each in found.removed_classes),
        "obligations": [each.value for each in found.obligations],
        "basis": [{"consent": consent, "version": version or None} for consent, version in found.basis],
    }


def _report(judged: list[Judged]) -> dict[str, Any]:
    differing = [each for each in judged if each.differences]
    return {
        "cases": len(judged),
        "agree": len(judged) - len(differing),
        "differ": len(differing),
        "differences": [asdict(each) for one in differing for each in one.differences],
        "unread": [place for each in judged for place in each.strange],
        "answers": [{"id": each.case, "pcf": plain(each.alone), "registry": plain(each.registry)} for each in judged],
    }


def _print(judged: Judged) -> None:
    out.print(f"[bold red]differs[/] {escape(judged.case)}", soft_wrap=True)
    for each in judged.differences:
        words = f"  {each.side} {each.what}: expected {each.expected}, found {each.found}"
        out.print(words, markup=False, soft_wrap=True)
    for side, found in (("pcf", judged.alone), ("registry", judged.registry)):
        out.print(f"  {side} answered {found.outcome.value} because {found.reason.value}", markup=False)
