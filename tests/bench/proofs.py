"""The long proofs. Each returns its figures, with `holds` saying whether they are as they must be, or why it cannot
be made here."""

from __future__ import annotations

import asyncio
import gzip
import io
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry import library
from registry.errors import Unreadable
from registry.flows import adapters, opening
from registry.identity import demographics, match
from registry.identity.match import Verdict
from registry.intake import Severity
from registry.settings import Settings
from tests.bench import crashes as crash_trials
from tests.bench import (
    dose_histories,
    enumeration,
    existence,
    interference,
    learned,
    linkage,
    main_job,
    mutation,
    oblivion,
    placements,
    plans,
    retelling,
    revocation,
    tampering,
    theft,
    who_tables,
)
from tests.bench import durability as durable
from tests.bench import histories as life
from tests.bench import insider as insiders
from tests.bench import kills as kill_trials
from tests.bench.enumeration import Day
from tests.support import consent_cases, families, mutants, postgres, witnesses
from tests.support.consent_faults import FAULTS

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
WORKERS = 2
ROUNDS_A_WORLD = 30
HISTORIES_A_WORLD = 100


@dataclass(frozen=True, slots=True)
class Skipped:
    """A proof that cannot be made here."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asked for."""

    seeds: tuple[int, ...] = (404, 505, 606)
    kills: int = 20
    acts: int = 20_000
    requests: int = 20_000
    histories: int = 100_000


Figures = dict[str, Any]
Proof = Callable[[Asked], Figures | Skipped]


def crashes(asked: Asked) -> Figures:
    """Kill -9 of the importing process and of the database, at random moments."""
    outcome = crash_trials.prove(kills=asked.kills, children=60)
    for problem in outcome.problems:
        sys.stdout.write(f"  {problem}\n")
    return {"holds": not outcome.problems, **outcome.figures()}


def durability(_: Asked, *, kills: int = 50) -> Figures:
    """Kill -9 of service, worker, database and one of its processes, while families give and take back consent."""
    outcome = durable.prove([*durable.Victim] * kills)
    for problem in (*outcome.ended, *outcome.problems):
        sys.stdout.write(f"  {problem}\n")
    return {"holds": not outcome.problems, **outcome.figures()}


def leaks(_: Asked) -> Figures:
    """Everything a thief could take of the demo's database, and of one brought back from backups, searched."""
    with postgres.place() as folder:
        samples = main_job.write_world(folder / "world")
        sealed, plain = asyncio.run(theft.sealed_and_open(folder, samples, per_kind=40))
    found = {name: len(each) for name, each in sealed.found.items()}
    open_found = {name: len(each) for name, each in plain.found.items() if name not in theft.KEYLESS}
    canaries = len(plain.canaries)
    return {
        "holds": not any(found.values()) and canaries >= 200 and set(open_found.values()) == {canaries},
        "canaries": canaries,
        "kinds": len({each.kind for each in plain.canaries}),
        "megabytes": {name: round(size / 1e6, 1) for name, size in sealed.sizes.items()},
        "found_sealed": sum(found.values()),
        "found_unsealed": open_found,
    }


def erased(_: Asked) -> Figures:
    """People erased, and then every backup from before brought back: what of them can be read with all keys."""
    return oblivion.prove(people=20)


def insider(_: Asked) -> Figures:
    """A measure, not a promise: what a state with its own submissions at hand guesses from the clear columns."""
    return {"holds": True, **insiders.measure()}


def renewals(asked: Asked) -> Figures:
    """Kill -9 of `keys rotate` and `keys reseal`, at random moments."""
    outcomes = {name: kill_trials.prove(name, kills=asked.kills, dossiers=150) for name in ("rotate", "reseal")}
    for each in outcomes.values():
        for problem in each.problems:
            sys.stdout.write(f"  {problem}\n")
    return {
        "holds": not any(each.problems for each in outcomes.values()),
        **{f"kills_of_{name}": each.kills for name, each in outcomes.items()},
        **{f"runs_finished_of_{name}": each.finished for name, each in outcomes.items()},
        "problems": sum(len(each.problems) for each in outcomes.values()),
    }


def truth(asked: Asked) -> Figures:
    """Matching held against the truth of worlds nobody has looked at."""
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        measured = {seed: _truth_of(cluster, folder, seed) for seed in asked.seeds}
    return {
        "holds": all(
            each["recall"] >= 0.9 and each["review_share"] <= 0.05 and each["wrong_links"] == 0
            for each in measured.values()
        ),
        **{f"seed_{seed}": each for seed, each in measured.items()},
    }


def _truth_of(cluster: postgres.Cluster, folder: Path, seed: int) -> Figures:
    own = folder / f"seed-{seed}"
    samples = main_job.write_world(own / "world", seed=seed)

    async def measured(settings: Any) -> Figures:
        async with opening.opened(settings) as registry:
            play = await main_job.link(registry, settings, samples, own / "made")
        return dict(play.figures["matching"])  # pyright: ignore[reportArgumentType, reportCallIssue]

    with cluster.clone(own) as settings:
        return asyncio.run(measured(settings))


def conversion(_: Asked) -> Figures | Skipped:
    """Every published file of a kind we read, by its adapter; and every file at all by every adapter."""
    if not SHARED.is_dir():
        return Skipped("the reference data (../shared/data) is not beside the project")
    own = Counter[str]()
    for kind, body in _of_known_kinds():
        own.update(_converted(kind, body))
    bodies = [_opened(path) for path in sorted(SHARED.rglob("*")) if path.is_file()]
    any_kind = Counter[str]()
    for kind in adapters.kinds():
        for body in bodies:
            any_kind.update(_converted(kind, body))
    return {
        "holds": own["crashes"] == any_kind["crashes"] == 0 and own["resources"] > 0,
        **{name: own[name] for name in ("files", "resources", "findings", "errors", "refused", "crashes")},
        "every_file_by_every_adapter": any_kind["files"],
        "crashes_there": any_kind["crashes"],
    }


def _of_known_kinds() -> Iterator[tuple[str, bytes]]:
    sources, education = SHARED / "sources", SHARED / "education"
    yield from (("dhis2", path.read_bytes()) for path in sorted((sources / "dhis2").rglob("*.json")))
    yield from (("hl7v2", path.read_bytes()) for path in sorted((sources / "hl7v2").rglob("*.hl7")))
    yield from (("edfi", _opened(path)) for path in sorted((education / "edfi").iterdir()))
    yield "oneroster", _packed(sorted((education / "oneroster").glob("*.csv")))


def _opened(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _packed(files: Sequence[Path]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for path in files:
            archive.writestr(path.name, path.read_bytes())
    return whole.getvalue()


def _converted(kind: str, body: bytes) -> Mapping[str, int]:
    try:
        submission = adapters.named(kind).convert(body, source="trial", received_at=NOON)
    except Unreadable:
        return {"files": 1, "refused": 1}
    except Exception as error:  # a crash of any kind is what is counted
        sys.stdout.write(f"  {kind} crashed: {type(error).__name__}\n")
        return {"files": 1, "crashes": 1}
    return {
        "files": 1,
        "resources": len(submission.entries),
        "findings": len(submission.findings),
        "errors": sum(each.severity is Severity.ERROR for each in submission.findings),
    }


def mutations(_: Asked, *, count: int = 100_000) -> Figures:
    """Vaccination messages with things wrong with them: read or refused, never a crash, never a name told."""
    outcomes = Counter[str]()
    with ProcessPoolExecutor(WORKERS) as pool:
        for each in pool.map(_storm, [count // WORKERS] * WORKERS, range(1, WORKERS + 1)):
            outcomes.update(each)
    return {
        "holds": outcomes["read"] + outcomes["unreadable"] == count and not outcomes["told"] + outcomes["uncounted"],
        "messages": count,
        **outcomes,
    }


def _storm(count: int, seed: int) -> Counter[str]:
    from tests.adapters import test_hl7v2

    return test_hl7v2.storm(list(test_hl7v2._bodies()), count=count, seed=seed)  # pyright: ignore[reportPrivateUsage]


def consent(_: Asked, *, count: int = 1_000_000) -> Figures:
    """Two evaluators of consents, the second written slowly from the text of the law, asked the same questions."""
    with ProcessPoolExecutor(WORKERS) as pool:
        found = list(pool.map(consent_cases.disagreements, [count // WORKERS] * WORKERS, range(1, WORKERS + 1)))
    return {"holds": not any(found), "cases": count, "disagreements": sum(map(len, found))}


def faults(_: Asked, *, cases: int = 40_000) -> Figures:
    """Faults planted by hand in the first evaluator: comparing it with the second must find every one."""
    answered = consent_cases.corpus(cases, 20260316)

    def differs() -> bool:
        from tests.support import consent_cases  # as the process that reads the package anew knows it

        return consent_cases.differs_from(answered)

    alive = [why for why, *fault in FAULTS if mutants.survives(mutants.planted(*fault), differs, seconds=900)]
    return {"holds": not alive, "planted": len(FAULTS), "not_found": ", ".join(alive)}


def mutated(_: Asked) -> Figures:
    """Mutants of the consent package against everything that is said of consents; survivors need a written reason."""
    chosen = mutation.chosen()
    alive = [each.name for each in mutation.survivors(chosen, workers=WORKERS)]
    killed = 100 * (1 - len(alive) / len(chosen))  # survivors with a reason count as survivors
    reasons = mutation.explained()
    unexplained = [each for each in alive if each not in reasons]
    return {
        "holds": len(chosen) >= 200 and killed >= 98 and not unexplained,
        "mutants": len(chosen),
        "killed_percent": round(killed, 1),
        "survivors": len(alive),
        "unexplained": "; ".join(unexplained) or "none",
        "reasons_without_survivor": "; ".join(sorted(reasons.keys() - alive)) or "none",
    }


def noninterference(_: Asked, *, pairs: int = 20_000) -> Figures:
    """Worlds that differ in one protected fact, seen by who must not learn it; and planted leaks, all of them found."""
    compared = interference.compare(pairs, workers=WORKERS)
    with postgres.place() as folder:
        found = interference.leaks_found(folder)
    missed = sorted(name for name, each in found.items() if each is None)
    return {
        "holds": compared.pairs >= pairs and not compared.differing and not missed,
        "pairs": compared.pairs,
        "differing": len(compared.differing),
        "leaks_planted": len(found),
        "leaks_missed": ", ".join(missed) or "none",
    }


def withdrawals(_: Asked, *, rounds: int = 2_000) -> Figures:
    """Reads of every kind around a withdrawal, at random moments: none that begins after it is answered."""
    with ProcessPoolExecutor(WORKERS) as pool:
        parts = [*pool.map(_withdrawn, [rounds // WORKERS] * WORKERS, range(1, WORKERS + 1))]
    after, alive, before = (sum(getattr(each, name) for each in parts) for name in ("after", "alive", "before"))
    return {
        "holds": not after and not alive and before > 0,
        "interleavings": sum(each.rounds for each in parts),
        "reads_answered_before": before,
        "reads_answered_after": after,
        "summaries_alive_after": alive,
        "paths": dict(sum((each.paths for each in parts), Counter[str]())),
    }


def histories(_: Asked, *, count: int = 10_000) -> Figures:
    """Random lives of links: what stewards parted never returns by itself, and the log alone gives the same persons."""
    with ProcessPoolExecutor(WORKERS) as pool:
        parts = [*pool.map(_lived, [count // WORKERS] * WORKERS, range(1, WORKERS + 1))]
    whole = life.Outcome()
    for each in parts:
        whole.add(each)
    return {
        "holds": not whole.returned and not whole.differences and whole.acts["parted"] > 0,
        "histories": whole.histories,
        "acts": dict(whole.acts),
        "broken_links_returned": whole.returned,
        "rebuild_differences": whole.differences,
    }


def _lived(count: int, seed: int) -> life.Outcome:
    whole = life.Outcome()
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        while whole.histories < count:  # a registry that grew would only be slower
            own = folder / f"world-{whole.histories}"
            own.mkdir()
            with cluster.clone(own) as settings:
                few = min(count - whole.histories, HISTORIES_A_WORLD)
                whole.add(asyncio.run(life.play(settings, histories=few, seed=seed * 100_000 + whole.histories)))
    return whole


def lookalikes(_: Asked, *, count: int = 10_000) -> Figures:
    """Twins, siblings and namesakes of the independent world: the second child comes, only the first is known."""
    weights, decided = library.load().weights, Counter[tuple[str, str]]()
    for each in families.look_alikes(1, count):
        known, newcomer = (_subject(record) for record, _ in (each.one, each.other))
        found = match.resolve(newcomer, [match.PersonView(id="known", members=(known,))], weights)
        verdict = Verdict.LINK if found.link else Verdict.REVIEW if found.reviews else Verdict.DISTINCT
        decided[each.kind, verdict.value] += 1
    wrong = {kind: count for (kind, verdict), count in decided.items() if verdict == Verdict.LINK.value}
    return {
        "holds": not wrong,
        "pairs": decided.total(),
        "linked": sum(wrong.values()),
        "linked_by_kind": wrong,
        "for_review": sum(count for (_, verdict), count in decided.items() if verdict == Verdict.REVIEW.value),
    }


def _subject(record: families.Record) -> match.Subject:
    return match.Subject(id=record.id, source=record.source, demographics=demographics.of(families.patient(record)))


def _withdrawn(rounds: int, seed: int) -> revocation.Outcome:
    whole = revocation.Outcome()
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        while whole.rounds < rounds:  # children who pile up would make the next one slow to find, and prove no more
            own = folder / f"world-{whole.rounds}"
            own.mkdir()
            few = min(rounds - whole.rounds, ROUNDS_A_WORLD)
            with cluster.clone(own) as settings:
                played = revocation.interleave(settings, rounds=few, seed=seed * 100_000 + whole.rounds)
                whole.add(asyncio.run(played))
            sys.stdout.write(
                f"  {whole.rounds} withdrawals, {whole.after} reads after, {whole.alive} summaries alive\n"
            )
            sys.stdout.flush()
    return whole


def fishing(_: Asked, *, day: Day | None = None) -> Figures:
    """A virtual day of a dictionary tried with stolen credentials beside honest clinics at work."""
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        own = folder / "own"
        own.mkdir()
        with cluster.clone(own) as settings:
            outcome = asyncio.run(enumeration.play(settings, day or Day()))
    before = outcome.probes_before_alert
    return {
        "holds": outcome.confirmed <= 5
        and before is not None
        and before <= 100
        and outcome.honest_share >= 0.99
        and not outcome.honest_alerts,
        "people": outcome.people,
        "people_confirmed": outcome.confirmed,
        "probes": outcome.probes,
        "probes_about_their_own_patients": outcome.open_to_fishers,
        "probes_before_alert": before,
        "fishers_halted": outcome.halted,
        "honest_consented": outcome.consented,
        "honest_answered": outcome.answered,
        "honest_answered_only_by_card": outcome.by_card,
        "honest_halted": outcome.honest_alerts,
    }


def timing(asked: Asked, *, seconds: float = 0.4) -> Figures:
    """Absent, refused, never asked: does the time of the answer tell them apart? And is a planted millisecond seen?"""
    each = asked.requests
    told = {count: _spied(count, each, seconds) for count in existence.CANDIDATES}
    seen = {name: _spied(0, max(each // 5, 500), seconds, planted) for name, planted in existence.PLANTED.items()}
    return {
        "holds": all(one.best.auc <= existence.MOST for one in told.values())
        and all(one.proves for one in (*told.values(), *seen.values()))
        and {name: one.tells for name, one in seen.items()} == {name: name in existence.SEEN for name in seen},
        "requests_each": each,
        **{f"auc_{count}_candidates": str(one.best) for count, one in told.items()},
        **{f"late_share_{count}": round(one.late_share, 4) for count, one in told.items()},
        **{f"per_second_{count}": round(one.per_second, 1) for count, one in told.items()},
        "requests_each_of_the_controls": max(each // 5, 500),
        **{f"auc_of_{name}": str(one.best) for name, one in seen.items()},
    }


def _spied(candidates: int, each: int, seconds: float, planted: existence.Planted | None = None) -> existence.Verdict:
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        own = folder / "own"
        own.mkdir()
        with cluster.clone(own) as settings:
            return existence.spied(settings, candidates, each=each, seconds=seconds, planted=planted)


def audit(asked: Asked) -> Figures:
    """An insider with the database and every key, against the audit log and its witnesses."""
    share = asked.acts // WORKERS
    with ProcessPoolExecutor(WORKERS) as pool:
        found = list(pool.map(_insider, [share] * WORKERS, range(1, WORKERS + 1)))
    kinds = sum((each.kinds for each in found), Counter[str]())
    missed = [kind for each in found for kind in each.missed]
    for kind, times in Counter(missed).items():
        sys.stdout.write(f"  missed {times} times: {kind}\n")
    cosigned = sum(each.cosigned for each in found)
    return {
        "holds": not missed and not cosigned and kinds.total() == share * WORKERS,
        "mutations": kinds.total(),
        "kinds": len(kinds),
        "detected": kinds.total() - len(missed),
        "second_histories_cosigned": cosigned,
    }


def _insider(count: int, seed: int) -> tampering.Found:
    async def tried(folder: Path) -> tampering.Found:
        async with opening.opened(Settings(state=folder)) as registry:
            with witnesses.watched(registry, folder / "witnesses", "ombuds.example", "un.example") as watched:
                return await tampering.run(registry, watched, count=count, seed=seed)

    with postgres.place() as folder:
        return asyncio.run(tried(folder))


def files(_: Asked) -> Figures | Skipped:
    """The public test set of a client registry as a plain file."""
    folder = SHARED / "identity" / "uganda"
    if not folder.is_dir():
        return Skipped("the reference data (../shared/data) is not beside the project")
    found = linkage.measured(folder)
    return {"holds": found["precision"] >= 0.999 and found["recall"] >= 0.985, **found}


def trained(_: Asked, *, people: int = 3000, look_alikes: int = 10_000) -> Figures:
    """Weights learned from one independent world and tried on another: as careful as those shipped, and calibrated."""
    found = learned.figures(people=people, look_alikes=look_alikes)
    before, after = found["shipped"], found["learned"]
    return {
        "holds": after["wrong"] <= before["wrong"]
        and after["error"] <= 0.01
        and sum(after["look_alikes_linked"].values()) <= sum(before["look_alikes_linked"].values()),
        **found,
    }


def doses(asked: Asked) -> Figures:
    """Dose histories with partial dates, wrong dates and many codes: no two doses made one, nothing certain undone."""
    with ProcessPoolExecutor(WORKERS) as pool:
        share = asked.histories // WORKERS
        parts = list(pool.map(dose_histories.looked_at, [share] * WORKERS, range(1, WORKERS + 1)))
    whole, broken = dose_histories.Weighed(), Counter[str]()
    for found, laws, examples in parts:
        whole.add(found)
        broken.update(laws)
        for each in examples:
            sys.stdout.write(f"  {each}\n")
    return dose_histories.figures(whole, broken, dose_histories.unseen_faults(3_000, 1))


def placed(_: Asked) -> Figures | Skipped:
    """Every ordered pair of countries through the engine and the oracle; and faults planted in the engine."""
    if not (SHARED / "education").is_dir():
        return Skipped("the reference data (../shared/data) is not beside the project")
    return placements.figures(SHARED)


def who(_: Asked) -> Figures | Skipped:
    """WHO's decision tables, many children for each row; and faults planted in our WHO schedule."""
    if not (SHARED / who_tables.WORKBOOK).is_file():
        return Skipped("the reference data (../shared/data) is not beside the project")
    return who_tables.figures(SHARED)


def retold(_: Asked) -> Figures | Skipped:
    """The published histories in other codes, from three systems, a fifth of it twice: the same forecast."""
    if not (SHARED / "immunization").is_dir():
        return Skipped("the reference data (../shared/data) is not beside the project")
    found = retelling.figures(SHARED)
    same, other = (found["exactly"].get(name, 0) for name in ("same", "another"))
    return {"holds": not other and same >= 0.99 * found["histories"], **found}


def uncertain(_asked: Asked) -> Figures:
    """Forecasts for partly known days, held against completions of them."""
    return plans.histories(WORKERS)


def visits(_asked: Asked) -> Figures:
    """Visit plans, held against the best of all days."""
    return plans.plans(WORKERS)


_ALL = (
    placed,
    who,
    files,
    truth,
    conversion,
    mutations,
    consent,
    faults,
    mutated,
    leaks,
    erased,
    renewals,
    insider,
    audit,
    crashes,
    durability,
    noninterference,
    withdrawals,
    histories,
    lookalikes,
    trained,
    doses,
    fishing,
    timing,
    retold,
    uncertain,
    visits,
)
PROOFS: Mapping[str, Proof] = {each.__name__: each for each in _ALL}
