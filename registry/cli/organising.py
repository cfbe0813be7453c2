"""`continuity organisation add|key` and `continuity review list|decide|links|part`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, cast
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from registry.cli.running import Json, Key, authenticated, out, print_json, run
from registry.errors import BadInput
from registry.flows import organisations, review
from registry.flows.opening import Registry
from registry.flows.organisations import Kind, Registration
from registry.flows.review import Linked, Shown
from registry.flows.seconding import Standing

app = typer.Typer(help="Sources, clinics, schools and stewards.", no_args_is_help=True)
reviews = typer.Typer(help="Who is who, for a steward: settle doubts, undo wrong links.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Short name: lower case letters, digits and hyphens.")]


@app.command("add")
def add(
    name: Name,
    kind: Annotated[Kind, typer.Option(help="What it is; this bounds what it can ask.")],
    country: Annotated[str, typer.Option(help="Country whose law it stands under (ISO 3166 alpha-3).")],
    display: Annotated[str, typer.Option(help="What people call it.")] = "",
    json: Json = False,
) -> None:
    """Register a source, clinic, school or steward; prints its key this once."""

    async def work(registry: Registry) -> Registration:
        return await organisations.register(registry, name=name, display=display or name, kind=kind, country=country)

    _show(run(work), json=json)


@app.command("key")
def key(
    name: Name,
    alone: Annotated[bool, typer.Option("--alone", help="End every key it had: one was stolen.")] = False,
    json: Json = False,
) -> None:
    """Give an organisation a further key, for example because it lost its own."""

    async def work(registry: Registry) -> Registration:
        return await organisations.new_key(registry, name, alone=alone)

    _show(run(work), json=json)


def _show(registration: Registration, *, json: bool) -> None:
    caller = registration.caller
    if json:
        print_json({"name": caller.name, "kind": caller.kind.value, "key": registration.key})
        return
    what = f"({caller.kind.value}, {caller.country})"
    out.print(f"[bold]{escape(caller.display)}[/] {what} is registered as {caller.name}.")
    out.print(f"Its key, shown this once: [bold]{registration.key}[/]")


@reviews.command("list")
def list_(key: Key = "", json: Json = False) -> None:
    """The open doubts, those that do most harm first, side by side."""

    async def work(registry: Registry) -> tuple[Shown, ...]:
        return await review.waiting(registry, await authenticated(registry, key))

    shown = run(work)
    if json:
        print_json([asdict(each) for each in shown])
        return
    for each in shown:
        out.print(_side_by_side(each))
    out.print(f"{len(shown)} open. Settle one with: continuity review decide ID link|distinct|unsure")


@reviews.command("show")
def show(id: Annotated[UUID, typer.Argument(help="The review.")], key: Key = "", json: Json = False) -> None:
    """One open doubt, side by side."""

    async def work(registry: Registry) -> Shown:
        return await review.one(registry, await authenticated(registry, key), id)

    shown = run(work)
    if json:
        print_json(asdict(shown))
    else:
        out.print(_side_by_side(shown))


@reviews.command("kin")
def kin(id: Annotated[UUID, typer.Argument(help="The review.")], key: Key = "", json: Json = False) -> None:
    """Declare to be related to a case: whoever did neither sees nor decides it any more."""

    async def work(registry: Registry) -> None:
        await review.declare_kin(registry, await authenticated(registry, key), id)

    run(work)
    if json:
        print_json({"review": id.hex, "kin": True})
    else:
        out.print("Recorded. Another steward decides this one.")


@reviews.command("decide")
def decide(
    id: Annotated[UUID, typer.Argument(help="The review.")],
    verdict: Annotated[str, typer.Argument(help="link, distinct or unsure")],
    key: Key = "",
    json: Json = False,
) -> None:
    """Say whether two records are one person (link), two (distinct), or not to be told (unsure).

    To split a person, or to link against a veto, two stewards have to say the same.
    """
    if verdict not in review.VERDICTS:
        raise BadInput(f"the verdict is one of: {', '.join(review.VERDICTS)}", where="verdict")

    async def work(registry: Registry) -> Standing:
        return await review.decide_doubt(registry, await authenticated(registry, key), id, verdict)

    standing = run(work)
    if json:
        said = None if standing is Standing.GONE else verdict
        print_json({"review": id.hex, "verdict": said, "standing": standing.value})
    else:
        out.print(_STANDINGS[standing])


@reviews.command("links")
def links(
    card: Annotated[str, typer.Option(help="Only those of the child whose family shows this card.")] = "",
    key: Key = "",
    json: Json = False,
) -> None:
    """The latest links that were made without a human, side by side."""

    async def work(registry: Registry) -> tuple[Linked, ...]:
        return await review.links(registry, await authenticated(registry, key), card=card)

    shown = run(work)
    if json:
        print_json([asdict(each) for each in shown])
        return
    for each in shown:
        out.print(_side_by_side(each))
        out.print(f"Were it wrong: continuity review part {each.left_id} {each.right_id}\n", soft_wrap=True)
    out.print(f"{len(shown)} shown.")


@reviews.command("part")
def part(
    left: Annotated[UUID, typer.Argument(help="One of two linked records, as `review links` names it.")],
    right: Annotated[UUID, typer.Argument(help="The other one.")],
    key: Key = "",
    json: Json = False,
) -> None:
    """Undo a wrong link, as the first or the second of two stewards: the two records are two people, and no rule
    joins them again."""

    async def work(registry: Registry) -> Standing:
        return await review.part(registry, await authenticated(registry, key), left, right)

    standing = run(work)
    if json:
        print_json({"left": left.hex, "right": right.hex, "standing": standing.value})
    elif standing is Standing.RECORDED:
        out.print("Recorded. What was released of the two as one child is withdrawn where it may no longer be.")
    else:
        out.print(_STANDINGS[standing])


_STANDINGS = {
    Standing.RECORDED: "Recorded.",
    Standing.WAITS: "Noted. It takes effect when a second steward says the same: continuity review list",
    Standing.GONE: "Settled: one of the two was erased meanwhile.",
}


def _side_by_side(shown: Shown | Linked) -> Table:
    named = f"{shown.review}  since" if isinstance(shown, Shown) else "linked"
    table = Table(title=f"{named} {shown.since}", title_justify="left", caption_justify="left")
    for column in ("", "left", "right"):
        table.add_column(column)
    for name in dict.fromkeys((*shown.left, *shown.right)):
        table.add_row(name, _words(shown.left.get(name)), _words(shown.right.get(name)))
    table.caption = "\n".join(shown.explanation)
    return table


def _words(value: object) -> str:
    """Demographics in one cell: the texts of a FHIR element without its structure."""
    if isinstance(value, dict):
        parts = cast("dict[str, Any]", value).items()
        return " ".join(_words(each) for name, each in parts if name not in ("system", "use", "coding"))
    if isinstance(value, list):
        return "; ".join(_words(each) for each in cast("list[Any]", value))
    return "" if value is None else escape(str(value))
