"""`continuity audit verify|show`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from registry.cli.running import Json, out, print_json, run
from registry.flows import rights, trail
from registry.flows.opening import Registry
from registry.flows.trail import Line, Proof

app = typer.Typer(help="The audit log: prove it, or read one's own trail.", no_args_is_help=True)


@app.command("verify")
def verify(json: Json = False) -> None:
    """Prove the audit log consistent with its signed checkpoints; ends with 1 when it is not."""

    async def work(registry: Registry) -> Proof:
        await trail.sequence(registry)
        return await trail.verify(registry)

    proof = run(work)
    if json:
        print_json({"holds": proof.holds, **asdict(proof)})
    else:
        out.print(sentence(proof))
        for each in proof.problems:
            out.print(f"  {each}", markup=False)
    raise typer.Exit(0 if proof.holds else 1)


def sentence(proof: Proof) -> str:
    """What the proof says, in a sentence."""
    if not proof.holds:
        return "[bold red]The audit log was changed.[/]"
    return (
        f"[bold green]The audit log holds.[/] {proof.leaves} leaves, signed checkpoints: {proof.checkpoints}; "
        f"{proof.details_checked} readable events match their leaves."
    )


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
