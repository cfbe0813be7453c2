"""`continuity audit verify|show`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from registry.cli import receipting
from registry.cli.running import Json, Key, authenticated, out, print_json, read_file, run, write_file
from registry.flows import balp, cosigning, proofs, publish, rights, trail
from registry.flows.cosigning import Recollection
from registry.flows.opening import Registry
from registry.flows.trail import Line, Proof

app = typer.Typer(help="The audit log: prove it, or read one's own trail.", no_args_is_help=True)


app.command("receipt")(receipting.give)
app.command("check")(receipting.check)


@app.command("verify")
def verify(
    receipt: Annotated[
        list[Path] | None, typer.Option(help="Also against this receipt of a family; repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Prove the audit log consistent with its checkpoints and with what its witnesses remember; ends with 1 if not."""
    receipts = {str(path): read_file(path) for path in receipt or ()}

    async def work(registry: Registry) -> tuple[Proof, tuple[Recollection, ...]]:
        await trail.sequence(registry)
        async with cosigning.client() as http:
            await cosigning.push(registry, cosigning.configured(registry.settings), http)
            return await cosigning.verify(registry, http, others=proofs.claims(registry, receipts))

    proof, recalled = run(work)
    if json:
        print_json({"holds": proof.holds, **asdict(proof), "away": away(recalled)})
    else:
        out.print(sentence(proof))
        for each in (*proof.problems, *_about_witnesses(proof, recalled)):
            out.print(f"  {each}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if proof.holds else 1)


@app.command("trust")
def trust(
    out_file: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
    json: Json = False,
) -> None:
    """Write the trust file of the audit log: witnesses and holders of receipts believe its checkpoints by it."""

    async def work(registry: Registry) -> dict[str, Any]:
        return publish.log_trust_file(registry)

    published = run(work)
    if out_file:
        write_file(out_file, orjson.dumps(published, option=orjson.OPT_INDENT_2) + b"\n")
    if json or not out_file:
        print_json(published)


def away(recalled: Iterable[Recollection]) -> list[str]:
    """The witnesses that did not answer."""
    return [each.witness for each in recalled if each.text is None]


def _about_witnesses(proof: Proof, recalled: Sequence[Recollection]) -> Iterator[str]:
    yield from (f"the witness {name} has cosigned {size} of {proof.leaves} leaves" for name, size in proof.seen.items())
    yield from (f"the witness {name} did not answer; what it remembers was not asked" for name in away(recalled))
    if recalled:
        yield f"{proof.leaves - proof.witnessed} leaves lie after the last checkpoint that enough witnesses cosigned"


def sentence(proof: Proof) -> str:
    """What the proof says, in a sentence."""
    if not proof.holds:
        return "[bold red]The audit log was changed.[/]"
    return (
        f"[bold green]The audit log holds.[/] {proof.leaves} leaves, signed checkpoints: {proof.checkpoints}; "
        f"{proof.details_checked} readable events match their leaves."
    )


@app.command("export")
def export(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")],
    file: Annotated[Path | None, typer.Option("--out", help="Write it to this file instead.")] = None,
    key: Key = "",
    json: Json = False,
) -> None:
    """Export the log of these days as FHIR AuditEvents (IHE BALP), one on a line; needs an ombudsperson's key."""

    async def work(registry: Registry) -> list[dict[str, Any]]:
        await trail.sequence(registry)
        caller = await authenticated(registry, key)
        return await balp.export(registry, caller, first=first.date(), last=last.date())

    events = run(work)
    if file:
        write_file(file, balp.ndjson(events), secret=True)
    if json:
        print_json({"file": str(file), "events": len(events)} if file else events)
    elif not file:
        sys.stdout.buffer.write(balp.ndjson(events))


@app.command("show")
def show(
    person: Annotated[str, typer.Argument(metavar="CARD", help="The family card of the person.")],
    json: Json = False,
) -> None:
    """Tell a family who asked about its child, for what, and what was answered."""

    async def work(registry: Registry) -> tuple[Line, ...]:
        return await rights.own_trail(registry, person)

    lines = run(work)
    if json:
        print_json([asdict(each) for each in lines])
    else:
        out.print(table(lines))


def table(lines: tuple[Line, ...]) -> Table:
    """A family's trail for people; what is exact about organisations it never named stays out."""
    shown = Table(title="Who asked about your child", title_justify="left")
    for column in ("when", "what", "who", "about", "answer"):
        shown.add_column(column)
    for each in lines:
        when = each.at.strftime("%Y-%m-%d %H:%M" if each.organisation else "%Y-%m-%d")
        who = each.organisation or f"a {each.kind}"
        shown.add_row(when, each.action.replace("-", " "), who, each.domain or "", each.answer or "")
    return shown
