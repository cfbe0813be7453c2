"""`continuity train-names` and `continuity evaluate names`: how names of one script are written in Latin letters."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from registry import library
from registry.cli import evaluating
from registry.cli.running import Json, out, print_json, read_file
from registry.errors import BadInput
from registry.identity import learning, pairs, retrieval, taught, transducer
from registry.identity.retrieval import Measured
from registry.identity.transducer import Transducer

Pairs = Annotated[Path, typer.Argument(help="Native name, tab, Latin name, one pair a line; - is the input.")]


def train_names(
    file: Pairs,
    to: Annotated[Path, typer.Option("--out", help="Where the table is written.")],
    version: Annotated[str, typer.Option(help="How judgements name the table.")] = "own-1",
    provenance: Annotated[str, typer.Option(help="Where the pairs come from, and under which licence.")] = "",
    hold_out: Annotated[
        float, typer.Option(help="Share of the native names that is not taught.", min=0, max=0.9)
    ] = 0.1,
    json: Json = False,
) -> None:
    """Learn from pairs how the names of one script are written in Latin letters.

    The table holds probabilities, no names. The names held out can be asked about: continuity evaluate names.
    """
    told = _read(file)
    kept = [each for each in told if not taught.is_held_out(each[0], hold_out)]
    script = pairs.script(told)
    table = {**learning.learn(kept, script=script.value, version=version), "provenance": provenance}
    to.write_bytes(orjson.dumps(table, option=orjson.OPT_SORT_KEYS) + b"\n")
    learned = {"script": script.value, "pairs": len(told), "taught": len(kept), "out": str(to)}
    if json:
        print_json(learned)
    else:
        out.print(f"{len(kept)} of {len(told)} pairs in {script.value} letters were taught; the table is in {to}")


@evaluating.app.command("names")
def names(
    file: Pairs,
    candidates: Annotated[int, typer.Option(help="Latin names each is looked for among.", min=2)] = 5000,
    queries: Annotated[int, typer.Option(help="Native names that are asked about.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Which ones are drawn.")] = 1,
    table: Annotated[Path | None, typer.Option(help="A table of train-names; otherwise the registry's own.")] = None,
    json: Json = False,
) -> None:
    """Find native names among Latin ones: how often the right one comes first, among five, and is accepted.

    Names the table was learned from are never asked about.
    """
    told = _read(file)
    judge = _table(table) if table else _own(told)
    measured = retrieval.measure(told, judge, candidates=candidates, queries=queries, seed=seed)
    if json:
        print_json(_plain(measured, judge))
    else:
        _show(measured, judge)


def _read(file: Path) -> list[pairs.Pair]:
    try:
        return pairs.read(read_file(file).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput("this is not UTF-8", where=f"{file}, byte {error.start}", remedy="save it as UTF-8") from None


def _table(path: Path) -> Transducer:
    try:
        return transducer.read(orjson.loads(read_file(path)))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("this is no table of names", where=f"{path}: {error}", remedy="make one: train-names") from None


def _own(told: list[pairs.Pair]) -> Transducer:
    script = pairs.script(told)
    known = library.load().weights.known.transducers
    if script not in known:
        scripts = ", ".join(sorted(each.value for each in known))
        problem = f"there is no table for {script.value} letters; there are: {scripts}"
        raise BadInput(problem, remedy="learn one: continuity train-names, then name it with --table")
    return known[script]


def _plain(measured: Measured, judge: Transducer) -> dict[str, Any]:
    beside = {f"anyascii_{name}": value for name, value in asdict(measured.ascii).items()}
    counts = {"queries": measured.queries, "candidates": measured.candidates, "left_out_as_taught": measured.taught}
    return {"table": judge.version, "script": judge.script, **counts, **asdict(measured.found), **beside}


def _show(measured: Measured, judge: Transducer) -> None:
    asked = f"{measured.queries} {judge.script} names, each among {measured.candidates} Latin ones"
    shown = Table(title=f"{asked} ({measured.taught} left out, because {judge.version} was learned from them)",
                  title_justify="left")  # fmt: skip
    for column in ("", "first", "among five", "accepted at 1 % false"):
        shown.add_column(column)
    for name, found in ((judge.version, measured.found), ("anyascii + Jaro-Winkler", measured.ascii)):
        shown.add_row(name, *(f"{each:.3f}" for each in asdict(found).values()))
    out.print(shown)
