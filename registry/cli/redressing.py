"""`continuity rights ...` for families, `continuity ombudsperson ...`, and `continuity correct` for desks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from registry.cli.running import Json, Key, authenticated, out, print_json, run
from registry.flows import correcting, disputes, emergencies, erasure_request, grievances, papers, records, trail
from registry.flows.correcting import Correction
from registry.flows.grievances import Complaint
from registry.flows.opening import Registry

app = typer.Typer(help="A family's rights: see, contest, have erased, complain.", no_args_is_help=True)
ombudsperson = typer.Typer(help="Complaints, emergencies and their clocks, for an ombudsperson.", no_args_is_help=True)

Card = Annotated[str, typer.Option(help="The family card.", prompt="Family card")]
Record = Annotated[str, typer.Argument(help="The record, as `rights records` names it.")]
Language = Annotated[str, typer.Option(help="A language there is a text in: en, fr, ar, uk, ru.")]
Number = Annotated[str, typer.Argument(help="The number given when it was filed.")]
ComplaintId = Annotated[UUID, typer.Argument(help="The complaint, as `ombudsperson list` names it.")]


def _done(work: Callable[[Registry], Awaitable[Any]]) -> Any:
    """Run the work and place its audit leaves at once, since no service does it here."""

    async def recorded(registry: Registry) -> Any:
        made = await work(registry)
        await trail.sequence(registry)
        return made

    return run(recorded)


def _say(made: Any, sentence: str, *, json: bool) -> None:
    if json:
        print_json(made)
    else:
        out.print(sentence, soft_wrap=True)


@app.command("records")
def records_(
    card: Card, language: Annotated[str, typer.Option(help="en, fr or ar.")] = "en", json: Json = False
) -> None:
    """Show a family what is held about its child, without any place."""

    async def work(registry: Registry) -> Sequence[records.OwnRecord]:
        return await records.own(registry, card, language=language)

    found = _done(work)
    if json:
        print_json([asdict(each) for each in found])
    else:
        out.print(_table(("id", "when", "what", "disputed", "corrected"), [asdict(each) for each in found]))


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table()
    for name in columns:
        table.add_column(name)
    for each in rows:
        table.add_row(*(_cell(each[name]) for name in columns))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return escape(f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value or ""))


@app.command("contest")
def contest(
    record: Record,
    card: Card,
    words: Annotated[str, typer.Option(help="What is wrong, in the family's own words.", prompt="What is wrong")],
    language: Language = "en",
    json: Json = False,
) -> None:
    """Say that a record is wrong: it is shown as disputed from then on and counts as uncertain."""
    made = _done(lambda registry: disputes.contest(registry, card, record, words=words, language=language))
    _say(asdict(made), f"Recorded. The record is shown as disputed. Proof: {made.leaf}", json=json)


@app.command("settle")
def settle(record: Record, card: Card, json: Json = False) -> None:
    """Take the word back about a record that was contested."""
    _done(lambda registry: disputes.settle(registry, card, record))
    _say({"record": record}, "Recorded. The record is as it was.", json=json)


@app.command("erase")
def erase(card: Card, key: Key = "", json: Json = False) -> None:
    """Ask, at a desk, that everything about the child be erased; it is done after seven days."""

    async def work(registry: Registry) -> erasure_request.Waiting:
        return await erasure_request.ask(registry, await authenticated(registry, key), card)

    made = _done(work)
    words = f"Everything is erased on {made.due:%Y-%m-%d}. Number, shown this once: {made.number}"
    _say(asdict(made), f"{words}\nTo keep it after all: continuity rights keep --card CARD", json=json)


@app.command("keep")
def keep(card: Card, json: Json = False) -> None:
    """End an erasure that waits: nothing is erased."""
    ended = _done(lambda registry: erasure_request.cancel(registry, card))
    _say({"erasures": ended}, f"{ended} erasures ended; nothing is erased.", json=json)


@app.command("erase-due")
def erase_due(json: Json = False) -> None:
    """Erase what has waited long enough; the service does this by itself."""
    erased = _done(erasure_request.run_due)
    _say({"dossiers": erased}, f"{erased} dossiers erased.", json=json)


@app.command("erasure")
def erasure(number: Number, json: Json = False) -> None:
    """Show how an erasure stands, also when the card opens nothing any more."""

    async def work(registry: Registry) -> erasure_request.Standing:
        return await erasure_request.follow(registry, number)

    made = _done(work)
    _say(asdict(made), f"{made.state}: {made.due or made.done:%Y-%m-%d}", json=json)


@app.command("complain")
def complain(
    words: Annotated[str, typer.Option(help="What happened, in your own words.", prompt="What happened")],
    language: Language = "en",
    about: Annotated[str, typer.Option(help=f"One of: {', '.join(grievances.ABOUT)}.")] = "other",
    organisation: Annotated[str, typer.Option(help="Whom it is about: a registered name.")] = "",
    card: Annotated[str, typer.Option(help="Your family card; leave it out to stay unknown.")] = "",
    json: Json = False,
) -> None:
    """Complain, in any supported language, with or without your name."""
    complaint = Complaint(words=words, language=language, about=about, organisation=organisation, card=card)
    made = _done(lambda registry: grievances.file(registry, complaint))
    clocks = f"You are heard by {made.acknowledge_by:%Y-%m-%d %H:%M} and answered by {made.decide_by:%Y-%m-%d}."
    _say(asdict(made), f"{clocks}\nNumber, shown this once: {made.number}", json=json)


@app.command("complaint")
def complaint(number: Number, json: Json = False) -> None:
    """Show how a complaint stands, and whether its clocks were kept."""

    async def work(registry: Registry) -> grievances.Standing:
        return await grievances.follow(registry, number)

    made = _done(work)
    if json:
        print_json(asdict(made))
    else:
        for name, value in asdict(made).items():
            out.print(f"{name.replace('_', ' ')}: {_cell(value)}", soft_wrap=True)


@ombudsperson.command("list")
def list_(key: Key = "", json: Json = False) -> None:
    """Every complaint with its clocks, those that are late first."""

    async def work(registry: Registry) -> Sequence[grievances.Case]:
        return await grievances.cases(registry, await authenticated(registry, key))

    found = [asdict(each) for each in _done(work)]
    if json:
        print_json(found)
        return
    columns = ("id", "about", "language", "words", "is_late", "acknowledge_by", "decide_by")
    out.print(_table(columns, [{**each, **each["standing"]} for each in found]))


@ombudsperson.command("acknowledge")
def acknowledge(complaint: ComplaintId, key: Key = "", json: Json = False) -> None:
    """Say that a complaint was heard."""

    async def work(registry: Registry) -> grievances.Standing:
        return await grievances.acknowledge(registry, await authenticated(registry, key), complaint)

    _say(asdict(_done(work)), "Recorded.", json=json)


@ombudsperson.command("decide")
def decide(
    complaint: ComplaintId,
    outcome: Annotated[str, typer.Argument(help=f"One of: {', '.join(grievances.OUTCOMES)}.")],
    answer: Annotated[str, typer.Option(help="Words for whoever complained.", prompt="Answer")],
    key: Key = "",
    json: Json = False,
) -> None:
    """Decide a complaint, with words for whoever complained."""

    async def work(registry: Registry) -> grievances.Standing:
        caller = await authenticated(registry, key)
        return await grievances.decide(registry, caller, complaint, outcome=outcome, answer=answer)

    _say(asdict(_done(work)), "Recorded.", json=json)


@ombudsperson.command("trail")
def trail_(complaint: ComplaintId, key: Key = "", json: Json = False) -> None:
    """Read who asked about the child of a complaint, with every detail; the family sees that you read it."""

    async def work(registry: Registry) -> Sequence[Mapping[str, Any]]:
        return await grievances.trail_of(registry, await authenticated(registry, key), complaint)

    found = _done(work)
    if json:
        print_json(found)
        return
    columns = ("at", "action", "organisation", "country", "domain", "answer")
    out.print(
        _table(columns, [{name: {**each, **each["details"]}.get(name, "") for name in columns} for each in found])
    )


@ombudsperson.command("emergencies")
def emergencies_(key: Key = "", json: Json = False) -> None:
    """Every emergency a clinic declared, those that wait for a review first."""

    async def work(registry: Registry) -> Sequence[emergencies.Emergency]:
        return await emergencies.waiting(registry, await authenticated(registry, key))

    found = [asdict(each) for each in _done(work)]
    if json:
        print_json(found)
        return
    for each in found:
        _show_emergency(each)


def _show_emergency(each: Mapping[str, Any]) -> None:
    late = " (late)" if each["is_late"] else ""
    told = "doses were told" if each["was_told"] else "withheld" if each["was_withheld"] else "nothing was told"
    by = f"{each['organisation']} ({each['country']}), {each['role']} {each['user']}"
    head = f"{each['id']}: {each['verdict'] or 'open'}, review by {each['review_by']:%Y-%m-%d %H:%M}{late}"
    out.print(f"{head}\n  {by}: {each['safety']}, {told}\n  {each['reason']}", markup=False, soft_wrap=True)


@ombudsperson.command("review")
def review(
    emergency: Annotated[UUID, typer.Argument(help="The emergency, as `ombudsperson emergencies` names it.")],
    verdict: Annotated[str, typer.Argument(help="justified or not-justified")],
    key: Key = "",
    json: Json = False,
) -> None:
    """Say whether an emergency was justified; the family then reads who declared it."""

    async def work(registry: Registry) -> emergencies.Emergency:
        return await emergencies.review(registry, await authenticated(registry, key), emergency, verdict)

    _say(asdict(_done(work)), "Recorded.", json=json)


@ombudsperson.command("counts")
def counts(json: Json = False) -> None:
    """How many complaints there were and how the clocks were kept."""
    found = run(grievances.counts)
    _say(found, "\n".join(f"{name}: {count}" for name, count in found.items()), json=json)


def paper(
    patient: Annotated[str, typer.Argument(help="Your own number of the child.")], key: Key = "", json: Json = False
) -> None:
    """Sign what your desk recorded of a child, for the family to take home."""

    async def work(registry: Registry) -> papers.Paper:
        return await papers.own(registry, await authenticated(registry, key), patient)

    made = _done(work)
    _say(asdict(made), made.token, json=json)


def correct(
    patient: Annotated[str, typer.Option(help="Your own number of the child.")],
    reference: Annotated[str, typer.Option(help="The record, as it was answered when you recorded it.")],
    why: Annotated[str, typer.Option(help=f"One of: {', '.join(correcting.WHY)}.")],
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The right day.")] = None,
    vaccine: Annotated[str | None, typer.Option(help="The right vaccine code.")] = None,
    grade: Annotated[str | None, typer.Option(help="The right grade, as the school writes it.")] = None,
    never: Annotated[bool, typer.Option("--never", help="It never happened.")] = False,
    key: Key = "",
    json: Json = False,
) -> None:
    """Correct what your desk recorded; the former version stays, with who changed it and why."""
    day = on.date() if on else None
    correction = Correction(why=why, on=day, vaccine=vaccine, grade=grade, happened=not never)

    async def work(registry: Registry) -> correcting.Corrected:
        caller = await authenticated(registry, key)
        return await correcting.correct(registry, caller, number=patient, reference=reference, correction=correction)

    made = _done(work)
    _say(asdict(made), f"Recorded as version {made.version}.", json=json)
