"""The acts of the demo, in order. Each calls the same flows as the service and shows what came of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import segno
import uvicorn
from rich.progress import Progress

from registry.cli import asking, auditing, scenes, stage, truth
from registry.cli.running import err, out, write_file
from registry.cli.stage import HAND_OVERS, Samples
from registry.consent.interview import Interview
from registry.errors import Unavailable
from registry.flows import (
    adapters,
    desk,
    ingest,
    match,
    organisations,
    publish,
    question,
    release,
    rights,
    trail,
    verify,
)
from registry.flows.desk import Child
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.question import Description
from registry.flows.receipts import Receipt
from registry.flows.release import Asked, Released
from registry.settings import Settings
from registry.trust import qr

CLINIC, SCHOOL, STEWARD = "clinic-nadir", "school-nadir", "steward-almara"
_PEOPLE = (
    (CLINIC, "Nadir clinic", Kind.CLINIC, "XAL"),
    (SCHOOL, "Nadir school", Kind.SCHOOL, "XAL"),
    (STEWARD, "Steward of Almara", Kind.STEWARD, "XAL"),
)
_YEAR = timedelta(days=365)


@dataclass(kw_only=True)
class Play:
    """What one act hands to the next."""

    registry: Registry
    settings: Settings
    samples: Samples
    artefacts: Path
    callers: dict[str, Caller] = field(default_factory=dict[str, Caller])
    story: Mapping[str, Any] = field(default_factory=dict[str, Any])
    card: str = ""
    summaries: dict[str, Released] = field(default_factory=dict[str, Released])
    figures: dict[str, object] = field(default_factory=dict[str, object])

    @property
    def trust(self) -> Path:
        return self.artefacts / "trust"


def _act(number: int, title: str) -> None:
    out.print()
    out.rule(f"[bold]{number}. {title}[/]", align="left")


async def hand_over(play: Play) -> None:
    """Four systems of three countries hand over, two of them twice."""
    _act(1, "Three countries hand over what they hold")
    play.story = play.samples.story()
    await _register(play)
    receipts: list[tuple[stage.HandOver, Receipt]] = []
    with Progress(console=err, transient=True) as progress:
        for each in progress.track(HAND_OVERS, description="Reading and storing"):
            receipts.append((each, await _import(play, each)))
    out.print(scenes.receipts(receipts))
    again = await _import(play, HAND_OVERS[0])
    words = "known, nothing changed" if again.repeated else "[bold red]taken as new[/]"
    out.print(f"The first file once more: {words}.")
    play.figures["stored"] = sum(receipt.counts["stored"] for _, receipt in receipts)


async def _register(play: Play) -> None:
    sources = {(each.source, each.source, Kind.SOURCE, each.country): each for each in HAND_OVERS}
    shown: dict[str, str] = {}
    for name, display, kind, country in (*sources, *_PEOPLE):
        made = await organisations.register(play.registry, name=name, display=display, kind=kind, country=country)
        play.callers[name], shown[name] = replace(made.caller, user="desk-1"), made.key
    body = orjson.dumps(shown, option=orjson.OPT_INDENT_2)
    write_file(play.artefacts / "keys.json", body, secret=True)


async def _import(play: Play, each: stage.HandOver) -> Receipt:
    body = play.samples.file(each).read_bytes()
    adapter = adapters.named(each.adapter)
    submission = adapter.convert(body, source=each.source, received_at=play.registry.now())
    return await ingest.ingest(play.registry, submission, body=body)


async def link(play: Play) -> None:
    """Who is who across the sources."""
    _act(2, "Who is who, across alphabets and borders")
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("Linking people", total=await match.waiting(play.registry))
        await match.run(play.registry, progress=lambda count: progress.advance(task, count))
    measured = await truth.of(play.registry, play.samples.truth())
    out.print(truth.table(measured))
    play.figures["matching"] = measured.figures()


async def allow(play: Play) -> None:
    """The mother comes to the clinic and decides."""
    _act(3, "A mother decides")
    clinic = play.callers[CLINIC]
    family = await rights.open_family(play.registry, clinic, _girl(play))
    play.card = family.card
    await match.run(play.registry)
    until = play.registry.today() + _YEAR
    for domain, organisation in (("health", CLINIC), ("education", SCHOOL)):
        answer = rights.Answer(
            domain=domain,
            organisation=organisation,
            until=until,
            agreed=True,
            fled=frozenset({"XBK"}),
            language="ar",
            understood=True,
            interview=Interview(
                family_language="ar", interviewer_language="ar", private=True, teach_back="if-no", reads=True
            ),
        )
        receipt = await rights.give(play.registry, clinic, play.card, answer)
        out.print(scenes.consent(receipt))
    out.print(f"The family's card: [bold]{play.card}[/] (kept nowhere; only its keyed hash is)")


def _girl(play: Play) -> Description:
    """What the family itself says about its child when it comes."""
    girl = play.story["girl"]
    names = {name: girl[name]["arabic"] for name in ("given", "father", "grandfather", "mother")}
    return question.read(
        {
            **names,
            "family": girl["family_name"]["arabic"],
            "birth": girl["born"],
            "sex": girl["gender"],
            "village": girl["village"],
        }
    )


def _asked(asks: Mapping[str, str]) -> Description:
    renamed = {"birthDate": "birth", "gender": "sex"}
    return question.read({renamed.get(name, name): value for name, value in asks.items()})


def asked(play: Play, name: str, description: Description, language: str = "en") -> Asked:
    """A question of a desk before which the child stands."""
    why = release.GROUNDS[play.callers[name].kind]
    return Asked(description=description, grounds=why, language=language)


async def ask(play: Play) -> None:
    """The clinic and the school ask, each with what it knows."""
    _act(4, "The clinic and the school ask, and record")
    for name, languages in ((CLINIC, ("fr", "ar")), (SCHOOL, ("en",))):
        asks = _asked(play.story["asks"]["clinic" if name == CLINIC else "school"])
        out.print(scenes.question(play.callers[name].display, asks))
        released = await release.ask(play.registry, play.callers[name], asked(play, name, asks, languages[0]))
        if released is None:
            raise Unavailable("the demo's question was not answered", remedy="see the matching table above")
        play.summaries[name] = released
        _keep(play, name.partition("-")[0], released)
        out.print(scenes.summary(released.document))
    await _record(play)


def _keep(play: Play, name: str, released: Released) -> None:
    asking.write(released, play.artefacts, name=f"summary-{name}")
    write_file(play.artefacts / f"summary-{name}.json", orjson.dumps(released.document, option=orjson.OPT_INDENT_2))
    code = segno.make(qr.to_digits(released.card), error="l", micro=False)
    code.save(str(play.artefacts / f"summary-{name}-qr.png"), scale=4, border=4)


async def _record(play: Play) -> None:
    registry, today = play.registry, play.registry.today()
    clinic, school = play.callers[CLINIC], play.callers[SCHOOL]
    asks = {name: _asked(play.story["asks"][name]) for name in ("clinic", "school")}
    girl = Child(number="2026-118", description=asks["clinic"], summary=play.summaries[CLINIC].token)
    dose = desk.Dose(vaccine_system="http://hl7.org/fhir/sid/cvx", vaccine="113", display="Td", on=today)
    await desk.record_dose(registry, clinic, girl, dose)
    pupil = Child(number="A-77", description=asks["school"], summary=play.summaries[SCHOOL].token)
    year = f"{today.year}-{today.year + 1}"
    enrolment = desk.Enrolment(school=school.display, grade="الصف التاسع", academic_year=year, on=today, language="ar")
    await desk.record_enrolment(registry, school, pupil, enrolment)
    newcomer = _newcomer(play)
    await desk.register(registry, clinic, Child(number="2026-119", description=newcomer))
    await desk.register(registry, school, Child(number="A-78", description=newcomer))
    await match.run(registry)
    out.print("Recorded: a Td dose by the clinic, an enrolment by the school; each registered a boy nobody knew.")


def _newcomer(play: Play) -> Description:
    boy = play.story["newcomer"]
    names = {name: boy[name]["arabic"] for name in ("given", "father", "mother")}
    told = {"family": boy["family_name"]["arabic"], "birth": boy["birthDate"], "sex": boy["gender"]}
    return question.read({**names, **told, "village": boy["village"]})


async def check(play: Play) -> None:
    """The papers are checked without a network, and forgeries are refused."""
    _act(5, "Anyone can check the papers, without a network")
    play.trust.mkdir()
    own = orjson.dumps(publish.trust_file(play.registry), option=orjson.OPT_INDENT_2)
    write_file(play.trust / "registry-of-almara.json", own)
    rows = [(what, verify_one(play, body)) for what, body in scenes.papers(play.artefacts, play.summaries[CLINIC])]
    out.print(scenes.verdicts(rows))
    play.figures["verified"] = {what: verdict.reason or "genuine" for what, verdict in rows}


def verify_one(play: Play, body: bytes) -> verify.Verdict:
    """The verdict of `continuity verify` on these bytes."""
    trust = verify.trust_folder(play.trust)
    return scenes.verdict_on(body, trust, play.registry.library, now=play.registry.now())


async def take_back(play: Play) -> None:
    """Consent is withdrawn; from then on nothing is known."""
    _act(6, "Consent is taken back")
    ended = await rights.withdraw(play.registry, play.card)
    out.print(f"Withdrawn: {ended.consents} consents; {ended.revoked} summaries died with them.")
    before = play.summaries[CLINIC]
    answers = {name: await _ask_again(play, name) for name in (CLINIC, SCHOOL)}
    unknown = await release.ask(play.registry, play.callers[CLINIC], asked(play, CLINIC, _newcomer(play)))
    same = all(each is unknown is None for each in answers.values())
    out.print(f"Clinic and school ask again. Both are answered exactly as for an unknown child: [bold]{same}[/].")
    trust = verify.trust_folder(play.trust)
    verdict = verify_one(play, before.token.encode())
    async with _served(play) as address:
        online = await asyncio.to_thread(
            verify.withdrawn, verdict, trust, now=play.registry.now(), address=f"{address}/status-list"
        )
    out.print(scenes.verdicts([("the earlier summary, offline", verdict), ("the same, with --online", online)]))
    play.figures["withdrawn"] = {"same-as-unknown": same, "online": online.reason}


async def _ask_again(play: Play, name: str) -> Released | None:
    asks = _asked(play.story["asks"]["clinic" if name == CLINIC else "school"])
    return await release.ask(play.registry, play.callers[name], asked(play, name, asks))


@asynccontextmanager
async def _served(play: Play) -> AsyncGenerator[str]:
    """The real service, on a free port of the loopback address, for as long as the block lasts."""
    from registry.api import app

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app.application(play.settings), log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if running.done():
                running.result()
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def prove(play: Play) -> None:
    """The audit log is proved, and the family reads its own trail."""
    _act(7, "Who asked about this child")
    await trail.sequence(play.registry)
    proof = await trail.verify(play.registry)
    out.print(auditing.sentence(proof))
    lines = await rights.own_trail(play.registry, play.card)
    out.print(auditing.table(lines))
    play.figures["audit"] = {"holds": proof.holds, "leaves": proof.leaves}


ACTS: tuple[Callable[[Play], Awaitable[None]], ...] = (hand_over, link, allow, ask, check, take_back, prove)
