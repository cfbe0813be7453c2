"""`continuity attendance`: a school asks whether a child attended, and the system that knows answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer

from registry.cli import persons
from registry.cli.running import Json, Key, User, authenticated, gathering, out, print_json, run
from registry.flows import attendance, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.flows.question import Description

app = typer.Typer(help="Did this child attend? Schools ask, systems answer.", no_args_is_help=True)


def _done(key: str, work: Callable[[Registry, Caller], Awaitable[Any]], *, user: str = "") -> Any:
    """Run the work as an organisation and place its audit leaves at once, since no service does it here."""

    async def recorded(registry: Registry) -> Any:
        made = await work(registry, await authenticated(registry, key, user=user))
        await trail.sequence(registry)
        return made

    return run(recorded)


@app.command("ask")
@gathering(description=persons.described)
def ask(
    description: Description,
    card: Annotated[str, typer.Option(help="The family card.", prompt="Family card")],
    academic_year: Annotated[str, typer.Option(help="As the record writes it; otherwise the last on record.")] = "",
    key: Key = "",
    user: User = "",
    json: Json = False,
) -> None:
    """Ask, as a school and with the family, the system of the school before whether the child attended.

    You get a number and a day. Whether the question may be sent is not said: then the answer is `unknown`.
    """
    made = _done(
        key,
        lambda registry, caller: attendance.ask(registry, caller, description, card=card, academic_year=academic_year),
        user=user,
    )
    if json:
        print_json(asdict(made))
    else:
        out.print(f"Taken; answered by {made.answer_by:%Y-%m-%d}. Number, shown this once: {made.number}")


@app.command("follow")
def follow(
    number: Annotated[str, typer.Argument(help="The number given when it was asked.")],
    key: Key = "",
    json: Json = False,
) -> None:
    """Read, as the school that asked, how a question stands: waiting, yes, no or unknown."""
    made = _done(key, lambda registry, caller: attendance.follow(registry, caller, number))
    if json:
        print_json(asdict(made))
    else:
        late = " (nobody answered in time)" if made.is_late else ""
        out.print(f"{made.answer or 'waiting'}, answer by {made.answer_by:%Y-%m-%d}{late}")


@app.command("list")
def list_(key: Key = "", json: Json = False) -> None:
    """List, as a national system, the questions that wait for an answer, the late ones first."""
    found = _done(key, attendance.waiting)
    if json:
        print_json([asdict(each) for each in found])
    for each in found if not json else ():
        late = ", LATE" if each.is_late else ""
        words = f"{each.id}: {each.enrolment}, {each.academic_year}, {each.grade}; by {each.answer_by:%Y-%m-%d}{late}"
        out.print(words, markup=False, soft_wrap=True)


@app.command("answer")
def answer(
    question: Annotated[UUID, typer.Argument(help="The question, as `attendance list` names it.")],
    word: Annotated[str, typer.Argument(help="yes, no or unknown.")],
    key: Key = "",
    json: Json = False,
) -> None:
    """Answer, as a national system, whether the learner attended; the first answer stands."""
    _done(key, lambda registry, caller: attendance.answer(registry, caller, question, word))
    if json:
        print_json({"question": question.hex, "answer": word})
    else:
        out.print("Recorded.")


@app.command("overdue")
def overdue(key: Key = "", json: Json = False) -> None:
    """List, as the ombudsperson, the questions no system answered in time, the longest first."""
    found = _done(key, attendance.overdue)
    if json:
        print_json([asdict(each) for each in found])
    for each in found if not json else ():
        out.print(f"{each.id}: {each.source}, {each.days_late} days late", markup=False)
