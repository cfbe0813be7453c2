"""`continuity erase`: carrying out a decision that somebody's records stop existing."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from registry.cli.running import Json, out, print_json, run
from registry.errors import BadInput
from registry.flows import erasure
from registry.flows.erasure import Erased
from registry.flows.opening import Registry


def erase(
    decision: Annotated[str, typer.Option(help="Reference of the decision: a file number, never a name.")],
    dossier: Annotated[
        list[UUID] | None, typer.Option(help="A dossier named in the decision; may be repeated.")
    ] = None,
    source: Annotated[str, typer.Option(help="The source that handed the person over, with --number.")] = "",
    number: Annotated[str, typer.Option(help="The source's own number of the person.", show_default=False)] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again: nothing brings it back.")] = False,
    json: Json = False,
) -> None:
    """Erase the dossiers a decision names, for good and in every backup, and enter them in the erasure ledger.

    The person's dossiers of other sources are other decisions: name each.
    """
    if bool(source) != bool(number) or not (dossier or source):
        raise BadInput("nobody is named", remedy="give --dossier ID, or --source NAME together with --number")

    async def work(registry: Registry) -> Erased:
        ids = [*(dossier or ()), *([await erasure.of_source(registry, source, number)] if source else ())]
        return await erasure.erase(registry, ids, decision=decision)

    if not yes:
        typer.confirm("This destroys the records for good. Go on?", abort=True, err=True)
    erased = run(work)
    if json:
        print_json({"dossiers": erased.dossiers, "summaries": erased.summaries, "decision": decision})
    else:
        out.print(f"Erased: {erased.dossiers} dossiers; {erased.summaries} summaries died with them.")
