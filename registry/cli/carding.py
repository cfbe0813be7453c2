"""`continuity card`: cards and certificates of other issuers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from registry.cli.running import Json, out, print_json, read_file, run
from registry.cli.verifying import At, Trust, moment, trusted
from registry.flows import cards_in, match, receipts, trail
from registry.flows.cards_in import Taken
from registry.flows.opening import Registry

app = typer.Typer(help="Cards and certificates of other issuers.", no_args_is_help=True)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="Card, certificate, or picture or text of its QR code.")],
    trust: Trust,
    source: Annotated[str, typer.Option(help="Name of the registered desk or system that was shown the card.")],
    person: Annotated[str, typer.Option(help="The source's own id of the child, where it knows the child.")] = "",
    at: At = None,
    json: Json = False,
) -> None:
    """Take the doses of a card in, once it is believed; of a card that is refused nothing is stored."""
    believed, body = trusted(trust), read_file(file)

    async def work(registry: Registry) -> Taken:
        taken = await cards_in.add(
            registry, body, believed, source=source, person=person, at=moment(at) if at else None
        )
        if taken.receipt:
            await match.run(registry)
            await trail.sequence(registry)
        return taken

    _report(run(work), json=json)


def _report(taken: Taken, *, json: bool) -> None:
    verdict = taken.verdict
    said: dict[str, Any] = {"accepted": verdict.accepted, "reason": verdict.reason, "warnings": verdict.warnings}
    if json:
        print_json({**said, "receipt": receipts.plain(taken.receipt) if taken.receipt else None})
    elif taken.receipt:
        counts = ", ".join(f"{count} {name}" for name, count in taken.receipt.counts.items() if count)
        out.print(
            f"[bold green]taken[/] {escape(verdict.kind)} of {escape(verdict.issuer_name)}: {counts or 'no dose'}"
        )
    else:
        out.print(f"[bold red]REFUSED[/] ({verdict.reason}): {escape(verdict.sentence)}", soft_wrap=True)
    if not verdict.accepted:
        raise typer.Exit(1)
