"""`python -m tests.bench.speed`: how long things take, as medians; a table, and JSON in prove-output/speed.json.

What is small is repeated until a run of it takes a fifth of a second, and the median of the runs is shown; what goes
through the database is measured over the whole of a made-up world.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import orjson
from fhir.resources.R4B import get_fhir_model_class

from registry import library
from registry.cli.acts import CLINIC, Play
from registry.cli.stage import HAND_OVERS, Samples
from registry.fhir import validate
from registry.fhir.resource import Resource
from registry.flows import adapters, ingest, match, opening, organisations, release, rights, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Kind
from registry.flows.release import Asked
from registry.identity import demographics
from registry.identity import keys as match_keys
from registry.identity import match as matching
from registry.intake import Submission
from registry.settings import Settings
from registry.store.functions import Function
from registry.trust import p256, sealing, signing, trustlist
from registry.trust.sealing import Label
from tests.bench import main_job
from tests.support import builders, postgres

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
RUNS, RUN_SECONDS = 7, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure, with its unit."""

    what: str
    value: float
    unit: str


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speed", description=__doc__)
    parser.add_argument("--children", type=int, help="a smaller world than the demo's")
    parser.add_argument("--questions", type=int, default=60, help="how many questions are asked")
    parser.add_argument("--out", type=Path, default=Path("prove-output/speed.json"), help="the JSON file")
    given = parser.parse_args(arguments)
    with postgres.place() as folder:
        samples = main_job.write_world(folder / "world", children=given.children)
        submissions = [(_body(samples, at), _converted(samples, at)) for at in range(len(HAND_OVERS))]
        resources = [entry.resource for _, submission in submissions for entry in submission.entries]
        found = [*_sealing(), *_matching(resources), *_validation(resources), *_signing()]
        found += asyncio.run(_through_the_database(folder, samples, submissions, given.questions))
    _show(found, given.out)
    return 0


def median(work: Callable[[], object]) -> float:
    """The median of several runs, in seconds for one time."""
    began = time.perf_counter()
    work()
    times = max(1, int(RUN_SECONDS / max(time.perf_counter() - began, 1e-7)))
    return statistics.median(_run(work, times) for _ in range(RUNS))


def _run(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def _microseconds(what: str, work: Callable[[], object]) -> Measured:
    return Measured(what=what, value=median(work) * 1e6, unit="us")


def _sealing() -> list[Measured]:
    key, nonce, body = b"k" * 32, b"n" * 12, b"x" * 800
    label = Label(table="document", row="0" * 32, column="sealed", edition=1)
    sealed = sealing.seal(key, body, label=label, nonce=nonce)
    return [
        _microseconds("seal 800 bytes", lambda: sealing.seal(key, body, label=label, nonce=nonce)),
        _microseconds("open 800 bytes", lambda: sealing.unseal(key, sealed, label=label)),
        _microseconds("keyed hash", lambda: sealing.keyed_hash(key, "given-year", "amina", "2012")),
    ]


def _matching(resources: list[Resource]) -> list[Measured]:
    weights = library.load().weights
    patients = [each for each in resources if each.kind == "Patient"][:200]
    told = [demographics.of(each.content) for each in patients]
    same = cycle([(each, each) for each in told])
    other = cycle(list(zip(told, told[1:] + told[:1], strict=True)))
    each_patient, each_told = cycle(patients), cycle(told)
    return [
        _microseconds("read demographics", lambda: demographics.of(next(each_patient).content)),
        _microseconds("compare one person", lambda: matching.decide(*next(same), weights)),
        _microseconds("compare two persons", lambda: matching.decide(*next(other), weights)),
        _microseconds("key set of a dossier", lambda: match_keys.stored(next(each_told))),
    ]


def _validation(resources: list[Resource]) -> list[Measured]:
    """Our check and the models of fhir.resources on the very same resources, in the same run."""
    profiles = library.load().profiles
    some = [each for kind in ("Patient", "Immunization", "Basic") for each in _first(resources, kind, 60)]
    models = [(get_fhir_model_class(each.kind), each.content) for each in some]
    ours = median(lambda: [validate.problems(each, profiles) for each in some]) / len(some)
    theirs = median(lambda: [model.model_validate(content) for model, content in models]) / len(some)
    return [
        Measured(what="validate a resource", value=ours * 1e6, unit="us"),
        Measured(what="the same by fhir.resources", value=theirs * 1e6, unit="us"),
        Measured(what="times as fast as fhir.resources", value=theirs / ours, unit="x"),
    ]


def _first(resources: list[Resource], kind: str, count: int) -> list[Resource]:
    return [each for each in resources if each.kind == kind][:count]


def _signing() -> list[Measured]:
    key = p256.fresh(os.urandom)
    trust = trustlist.read({"own": orjson.dumps(trustlist.publish("https://issuer.example", "Issuer", [key]))})
    seconds = int(NOON.timestamp())
    body: dict[str, Any] = {
        "iss": "https://issuer.example",
        "iat": seconds,
        "exp": seconds + 3600,
        "n": ["x" * 40] * 100,
    }
    token = signing.sign(body, key, typ="t", compress=True)
    assert isinstance(signing.verify(token, trust, typ="t", now=NOON + timedelta(minutes=1)), signing.Verified)
    return [
        _microseconds("sign a summary", lambda: signing.sign(body, key, typ="t", compress=True)),
        _microseconds("verify a summary", lambda: signing.verify(token, trust, typ="t", now=NOON)),
    ]


def _body(samples: Samples, at: int) -> bytes:
    return samples.file(HAND_OVERS[at]).read_bytes()


def _converted(samples: Samples, at: int) -> Submission:
    each = HAND_OVERS[at]
    return adapters.named(each.adapter).convert(_body(samples, at), source=each.source, received_at=NOON)


async def _through_the_database(
    folder: Path, samples: Samples, submissions: list[tuple[bytes, Submission]], questions: int
) -> list[Measured]:
    settings = Settings(state=folder, answer_seconds=0)
    async with opening.opened(settings) as registry:
        begun = await _transactions(registry)
        await _register(registry)
        stored = await _timed(lambda: _ingest(registry, submissions))
        dossiers = await match.waiting(registry)
        linked = await _timed(lambda: match.run(registry))
        play = Play(registry=registry, settings=settings, samples=samples, artefacts=folder, story=samples.story())
        asked = await _ask(play, questions)
        leaves = await trail.sequence(registry)
        proved = await _timed(lambda: trail.verify(registry))
    rows = sum(len(submission.entries) for _, submission in submissions)
    return [
        Measured(what="an empty transaction, p50", value=statistics.median(begun) * 1e6, unit="us"),
        Measured(what="ingest", value=rows / stored, unit="rows/s"),
        Measured(what="match", value=dossiers / linked, unit="dossiers/s"),
        Measured(what="ask and release, p50", value=statistics.median(asked) * 1e3, unit="ms"),
        Measured(what="ask and release, p95", value=statistics.quantiles(asked, n=20)[-1] * 1e3, unit="ms"),
        Measured(what="prove the audit log", value=leaves / proved, unit="leaves/s"),
    ]


async def _transactions(registry: Registry) -> list[float]:
    """From taking a connection to giving it back, with the role taken on and one ticket shown."""

    async def one() -> None:
        async with registry.database.transaction(Function.DESK):
            pass

    return [await _timed(one) for _ in range(300)]


async def _register(registry: Registry) -> None:
    for name in dict.fromkeys(each.source for each in HAND_OVERS):
        await organisations.register(registry, name=name, display=name, kind=Kind.SOURCE, country="XAL")


async def _ingest(registry: Registry, submissions: list[tuple[bytes, Submission]]) -> None:
    for body, submission in submissions:
        await ingest.ingest(registry, submission, body=body)


async def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _ask(play: Play, questions: int) -> list[float]:
    """The clinic of the story asks about the girl, with the consent of her family, again and again."""
    registry = play.registry
    made = await organisations.register(registry, name=CLINIC, display=CLINIC, kind=Kind.CLINIC, country="XAL")
    described = main_job.asked(play, "clinic")
    family = await rights.open_family(registry, made.caller, main_job.girl(play))
    await match.run(registry)
    yes = rights.Answer(
        domain="health",
        organisation=CLINIC,
        until=registry.today() + timedelta(days=300),
        agreed=True,
        understood=True,
        fled=frozenset({"XBK"}),
        interview=builders.interviewed(),
    )
    await rights.give(registry, made.caller, family.card, yes)
    clinic, asking = replace(made.caller, user="desk-1"), Asked(description=described, grounds="treatment")
    assert await release.ask(registry, clinic, asking) is not None
    return [await _timed(lambda: release.ask(registry, clinic, asking)) for _ in range(questions)]


def _show(found: list[Measured], out: Path) -> None:
    wide = max(len(each.what) for each in found)
    for each in found:
        sys.stdout.write(f"{each.what:<{wide}}  {each.value:>10,.1f} {each.unit}\n")
    figures: Mapping[str, Any] = {each.what: {"value": round(each.value, 2), "unit": each.unit} for each in found}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    sys.exit(main())
