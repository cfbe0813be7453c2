"""`python -m tests.bench.romanisers [SET...]`: names of other scripts found among Latin ones, beside what others use.

Every way is asked about the same names among the same names: what was learned (`transducer`), the registry's rules of
sound, its letters, and anyascii, uroman, rigour and ICU, these compared by Jaro-Winkler. The peers live in an
environment of their own (--peers; made when it is not there); one that cannot be installed is skipped and named.
Columns: rank 1, rank 5, recall at 1 % false accepts among the three wrong names nearest in ASCII letters (as in
`continuity evaluate names`), and the same among the three that the way itself holds nearest.

Sets: the reference data; pairs out of two published packages (`peers/pairs.py` names them); lists made by hand
(`tests.support.names`). The last two are small. The peers read Burmese in Unicode, converted by us from the Zawgyi
of the file; `icu-zawgyi` alone reads the file as it is.

This project uses the universal romanizer software 'uroman' written by Ulf Hermjakob, USC Information Sciences
Institute (2015-2020): Hermjakob, May and Knight, Out-of-the-box universal romanization tool uroman, ACL 2018.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyascii
import numpy as np
import orjson
from numpy.typing import NDArray

from registry import library
from registry.identity import distance, names, pairs, retrieval, taught, transducer, zawgyi
from registry.identity.retrieval import Exam, Found
from registry.identity.transducer import Transducer
from tests.support.names import FOLDER as BY_HAND

HERE = Path(__file__).parent / "peers"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "identity" / "names"
OUT = Path("prove-output")
OF_PACKAGES = OUT / "pairs"
_MOST_BY_RULES = 800_000
"""So many distances take about half a minute."""

SETS: Mapping[str, Path] = {
    "arabic": SHARED / "arabic.tsv",
    "cyrillic": SHARED / "russian.tsv",
    "burmese": SHARED / "burmese.tsv",
    "hebrew": SHARED / "hebrew.tsv",
    "persian": OF_PACKAGES / "persian.tsv",
    "bengali": OF_PACKAGES / "bengali.tsv",
    "devanagari": OF_PACKAGES / "devanagari.tsv",
    "ethiopic": OF_PACKAGES / "ethiopic.tsv",
    "dari-pashto-by-hand": BY_HAND / "dari-pashto.tsv",
    "bengali-by-hand": BY_HAND / "bengali.tsv",
    "ethiopic-by-hand": BY_HAND / "ethiopic.tsv",
}
PEERS = ("uroman", "rigour", "icu")
_ALSO = {"burmese": ("icu-burmese", "icu-zawgyi")}
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A way that cannot be gone here."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asked for."""

    candidates: int
    queries: int
    seed: int
    python: Path


Way = Callable[[], Floats | Skipped]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.romanisers", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"some of: {', '.join(SETS)}")
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers"), help="the environment of the peers")
    parser.add_argument("--candidates", type=int, default=5000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    if unknown := set(given.sets) - set(SETS):
        parser.error(f"there is no set {', '.join(sorted(unknown))}; there are: {', '.join(SETS)}")
    python = _environment(given.peers)
    asked = Asked(candidates=given.candidates, queries=given.queries, seed=given.seed, python=python)
    _run([str(python), str(HERE / "pairs.py"), str(OF_PACKAGES)])
    figures = {each: _measured(each, asked) for each in given.sets or SETS}
    OUT.mkdir(exist_ok=True)
    (OUT / "romanisers.json").write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return 0


# --- the peers -------------------------------------------------------------------------------------


def _environment(folder: Path) -> Path:
    """The Python of the environment; rigour and ICU need the headers of ICU to be built, and may fail."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        for listed in ("requirements.txt", "requirements-icu.txt"):
            _run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(HERE / listed)])
    return python


def _run(command: Sequence[str], given: bytes = b"") -> bytes | Skipped:
    done = subprocess.run([*command], input=given, capture_output=True, check=False)
    if done.returncode == 0:
        return done.stdout
    reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
    sys.stdout.write(f"failed: {' '.join(command)}: {reason}\n")
    return Skipped(reason)


def _by_peer(way: str, asked: Asked, exam: Exam, spelled: Sequence[str]) -> Floats | Skipped:
    written = _run([str(asked.python), str(HERE / "romanise.py"), way], orjson.dumps([*spelled]))
    return written if isinstance(written, Skipped) else retrieval.nearness(exam, orjson.loads(written))


# --- the registry's own ways -----------------------------------------------------------------------


def _learned(exam: Exam, judge: Transducer | None) -> Floats | Skipped:
    return retrieval.evidence(exam, judge) if judge else Skipped("no table for this script")


def _by_rules(exam: Exam) -> Floats | Skipped:
    """How near the sounds are, as `likeness` has it."""
    if len(exam.queries) * len(exam.names) > _MOST_BY_RULES:
        return Skipped("too many pairs")
    latin = [*map(_sounds, exam.names)]
    return np.array([[-_apart(_sounds(query), each) for each in latin] for query in exam.queries])


def _sounds(text: str) -> tuple[str, ...]:
    read = names.name(text)
    if read is None:
        return (text,)
    return read.tokens[0].sounds if len(read.tokens) == 1 else ("".join(each.sounds[0] for each in read.tokens),)


def _apart(left: Sequence[str], right: Sequence[str]) -> float:
    return min(distance.between(one, other) for one in left for other in right)


def _letters(native: str) -> str:
    read = names.name(native)
    return "".join(each.romanised for each in read.tokens) if read else native


# --- measuring -------------------------------------------------------------------------------------


def _measured(which: str, asked: Asked) -> dict[str, Any]:
    if not SETS[which].exists():
        sys.stdout.write(f"\n{which}: skipped, there is no {SETS[which]}\n")
        return {"skipped": "no such file"}
    text = SETS[which].read_text(encoding="utf-8")
    told = pairs.read(text)
    judge = library.load().weights.known.transducers.get(pairs.script(told))
    known = judge.taught if judge else taught.read("")
    exam = retrieval.exam(told, known, candidates=asked.candidates, queries=asked.queries, seed=asked.seed)
    sys.stdout.write(f"\n{which}: {len(exam.queries)} names, each among {len(exam.names)}; {exam.taught} were taught\n")
    near = retrieval.nearness(exam, [*map(anyascii.anyascii, exam.queries)])
    ways: dict[str, Way] = {
        judge.version if judge else "learned": lambda: _learned(exam, judge),
        "rules": lambda: _by_rules(exam),
        "letters": lambda: retrieval.nearness(exam, [*map(_letters, exam.queries)]),
        "anyascii": lambda: near,
    } | {way: lambda way=way: _by_peer(way, asked, exam, _spelled(way, exam, text)) for way in _peers(which)}
    found = {name: _figures(name, way(), exam, near) for name, way in ways.items()}
    return {"queries": len(exam.queries), "candidates": len(exam.names), "taught": exam.taught, **found}


def _peers(which: str) -> tuple[str, ...]:
    return PEERS + _ALSO.get(which, ())


def _spelled(way: str, exam: Exam, text: str) -> Sequence[str]:
    """The names as this way is given them: as they were asked, but for Zawgyi, which is as it stood in the file."""
    if way != "icu-zawgyi":
        return exam.queries
    raw = [line.partition("\t")[0] for line in text.splitlines()]
    original = dict(zip(map(transducer.letters, zawgyi.in_one_encoding(raw)), raw, strict=True))
    return [original.get(each, each) for each in exam.queries]


def _figures(way: str, scores: Floats | Skipped, exam: Exam, near: Floats) -> dict[str, Any]:
    if isinstance(scores, Skipped):
        sys.stdout.write(f"  {way:<13} skipped: {scores.reason}\n")
        return {"skipped": scores.reason}
    found, own = (retrieval.found(scores, exam, by) for by in (near, scores))
    sys.stdout.write(f"  {way:<13} {_worded(found)}  {own.recall_at_1_percent:.3f}\n")
    sys.stdout.flush()
    return {**asdict(found), "recall_at_1_percent_of_its_own_nearest": own.recall_at_1_percent}


def _worded(found: Found) -> str:
    return "  ".join(f"{each:.3f}" for each in asdict(found).values())


if __name__ == "__main__":
    sys.exit(main())
