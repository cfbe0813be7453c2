"""`continuity consent open|card|text|give|withdraw`: what a family decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from registry.cli import persons
from registry.cli.running import Json, Key, User, authenticated, gathering, out, print_json, run, write_file
from registry.consent.interview import Interview
from registry.flows import asking, lost_card, match, rights, trail
from registry.flows.asking import Text
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.flows.question import Description
from registry.flows.rights import Answer, ConsentReceipt, Family, Withdrawal

app = typer.Typer(help="A family's own dossier: open it, say yes, say no, take it back.", no_args_is_help=True)

Card = Annotated[str, typer.Option(help="The family card.", prompt="Family card")]
Domain = Annotated[str, typer.Option(help="health (to a clinic) or education (to a school).")]
Recipient = Annotated[str, typer.Option("--organisation", help="Who may receive it: its registered name.")]
Until = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day it holds.")]
Language = Annotated[str, typer.Option(help="Language of the text read.")]


@app.command("open")
@gathering(description=persons.described)
def open_(
    description: Description,
    key: Key = "",
    json: Json = False,
) -> None:
    """Open the dossier of a family that comes for the first time; prints its card this once."""
    _hand_out_card(lambda registry, caller: rights.open_family(registry, caller, description), key=key, json=json)


@app.command("card")
@gathering(description=persons.described)
def card_(
    description: Description,
    key: Key = "",
    user: User = "",
    json: Json = False,
) -> None:
    """Replace a lost card, at the desk that opened the family's dossier; the old one dies at once.

    Elsewhere, or where the child is not found, a dossier of its own is opened: the answer is the same.
    """
    _hand_out_card(
        lambda registry, caller: lost_card.replaced(registry, caller, description), key=key, user=user, json=json
    )


def _hand_out_card(
    made: Callable[[Registry, Caller], Awaitable[Family]], *, key: str, user: str = "", json: bool
) -> None:
    async def work(registry: Registry) -> str:
        family = await made(registry, await authenticated(registry, key, user=user))
        await match.run(registry)
        await trail.sequence(registry)
        return family.card

    card = run(work)
    if json:
        print_json({"card": card})
    else:
        out.print(f"The family's card, shown this once: [bold]{card}[/]")


@app.command("text")
def text(
    domain: Domain,
    organisation: Recipient,
    until: Until,
    language: Language = "en",
    key: Key = "",
    json: Json = False,
) -> None:
    """Show the words to read to a family before it answers, and the questions by which it says back what they mean."""
    asked = Answer(domain=domain, organisation=organisation, until=until.date(), language=language)

    async def work(registry: Registry) -> Text:
        return await asking.read_out(registry, await authenticated(registry, key), asked)

    shown = run(work)
    if json:
        print_json(asdict(shown))
        return
    out.print(escape(shown.text), soft_wrap=True)
    for name, each in shown.teach_back.items():
        out.print(escape(f"{name}: {each['question']} ({each['right']})"), soft_wrap=True)


def _interviewed(
    teach_back: Annotated[str, typer.Option(help="Which question it answered: who, if-no or take-back.")] = "",
    family_language: Annotated[str, typer.Option(help="The language the family speaks best.")] = "",
    interviewer_language: Annotated[str, typer.Option(help="A language the interviewer speaks as well.")] = "",
    interpreter: Annotated[str, typer.Option(help="The interpreter's id, where the two differ.")] = "",
    private: Annotated[bool, typer.Option("--private", help="Nobody else could hear or see.")] = False,
    present: Annotated[
        list[str] | None, typer.Option(help="Who else was in the room: interpreter, witness, child, authority, ...")
    ] = None,
    reads: Annotated[bool, typer.Option("--reads", help="Somebody of the family reads this language.")] = False,
    witness: Annotated[str, typer.Option(help="Id of a witness of the family's choice, where it does not read.")] = "",
) -> Interview:
    """How the family was asked: for `gathering`."""
    return Interview(
        family_language=family_language,
        interviewer_language=interviewer_language,
        interpreter=interpreter,
        private=private,
        present=frozenset(present or ()),
        teach_back=teach_back,
        reads=reads,
        witness=witness,
    )


@app.command("give")
@gathering(interview=_interviewed)
def give(
    card: Card,
    domain: Domain,
    organisation: Recipient,
    until: Until,
    yes: Annotated[bool, typer.Option("--yes/--no", help="What the family answered; without --yes it is no.")] = False,
    places: Annotated[bool, typer.Option("--places", help="It may also learn where.")] = False,
    fled: Annotated[
        list[str] | None, typer.Option(help="A country that must never learn where; may be given again.")
    ] = None,
    relationship: Annotated[str, typer.Option(help="Guardian: MTH, FTH, GUARD, ...; or self.")] = "MTH",
    language: Language = "en",
    understood: Annotated[
        bool, typer.Option("--understood", help="The family said in its own words what it means.")
    ] = False,
    *,
    interview: Interview,
    page: Annotated[Path | None, typer.Option(help="Write the printable receipt to this file.")] = None,
    key: Key = "",
    json: Json = False,
) -> None:
    """Record a family's answer to one question. Health and education are asked apart; the default is no."""
    answer = Answer(
        domain=domain,
        organisation=organisation,
        until=until.date(),
        agreed=yes,
        places=places,
        fled=frozenset(fled or ()),
        relationship=relationship,
        language=language,
        understood=understood,
        interview=interview,
    )

    async def work(registry: Registry) -> ConsentReceipt:
        receipt = await rights.give(registry, await authenticated(registry, key), card, answer)
        await trail.sequence(registry)
        return receipt

    receipt = run(work)
    if page:
        write_file(page, receipt.page.encode())
    if json:
        print_json(asdict(receipt))
        return
    out.print(f"Recorded: {'yes' if receipt.agreed else 'no'} to {escape(receipt.organisation)} ({receipt.domain})")
    out.print(f"until {receipt.until}; places {'opened' if receipt.places else 'closed'}.")
    out.print(f"Consent {receipt.consent}; take it back with: continuity consent withdraw --card CARD")


@app.command("withdraw")
def withdraw(
    card: Card,
    consent: Annotated[str | None, typer.Option(help="Only this consent; otherwise all.")] = None,
    json: Json = False,
) -> None:
    """Take consent back. Every summary no longer allowed is revoked in the same moment."""

    async def work(registry: Registry) -> Withdrawal:
        ended = await rights.withdraw(registry, card, consent=consent)
        await trail.sequence(registry)
        return ended

    ended = run(work)
    if json:
        print_json(asdict(ended))
    else:
        out.print(f"Withdrawn: {ended.consents} consents; {ended.revoked} summaries died with them.")
