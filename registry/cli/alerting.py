"""`continuity alert list|lift`: who asks like one who fishes, for the operator and the ombudsperson."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from registry.cli.running import Json, out, print_json, run
from registry.flows import budgets
from registry.flows.opening import Registry
from registry.store.alerts import Alert

app = typer.Typer(help="Who asks like one who fishes: counts only, no person.", no_args_is_help=True)


@app.command("list")
def list_(json: Json = False) -> None:
    """The alerts that stand. Whoever is named finds nobody by description until its alert is lifted."""

    async def work(registry: Registry) -> Sequence[Alert]:
        return await budgets.standing(registry)

    alerts = run(work)
    if json:
        print_json([budgets.plain(each) for each in alerts])
        return
    table = Table()
    for column in ("alert", "since", "scope", "organisation", "user", "asked", "in vain"):
        table.add_column(column)
    for each in alerts:
        counts = (str(each.asked), str(each.silent))
        table.add_row(str(each.id), each.since.isoformat(), each.scope, each.organisation, each.user, *counts)
    out.print(table)


@app.command("lift")
def lift(id: Annotated[UUID, typer.Argument(help="The alert, as `alert list` names it.")], json: Json = False) -> None:
    """Let an organisation or user ask again, after somebody has spoken with it."""

    async def work(registry: Registry) -> None:
        await budgets.lift(registry, [id])

    run(work)
    if json:
        print_json({"lifted": str(id)})
    else:
        out.print("Lifted.")
