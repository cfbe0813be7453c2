"""`continuity link`: plain files linked or de-duplicated, without a registry or a database."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from registry import library
from registry.cli import linkreport
from registry.cli.running import Json, err, out, print_json, read_file, read_json, write_file
from registry.errors import BadInput
from registry.flows import linkfiles, persons_file, tablefile
from registry.flows.linked import Linked
from registry.flows.packed import People
from registry.flows.persons_file import PersonsFile
from registry.flows.spread import Progress as Told
from registry.flows.spread import Spread
from registry.flows.tablefile import Table
from registry.identity.files import comparing, truth
from registry.identity.files.columns import Guess
from registry.identity.match import Verdict

COLUMNS = ("id_a", "id_b", "probability", "verdict", "explanation")


def link(
    first: Annotated[Path, typer.Argument(metavar="A.csv", help="A table with a header; one row is one person.")],
    second: Annotated[
        Path | None, typer.Argument(metavar="[B.csv]", help="A second one; without it, duplicates within A.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--out", help="Write the pairs here, as CSV.")] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Which column says what, as JSON; otherwise guessed.")
    ] = None,
    map_out: Annotated[
        Path | None, typer.Option("--map-out", help="Write what was guessed, to correct and give with --map.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page with plots and sample pairs here.")] = None,
    true: Annotated[Path | None, typer.Option("--truth", help="Pairs known to be one person, for the report.")] = None,
    encoding: Annotated[
        str, typer.Option(help="How the files are written, where not UTF-8 (cp1256, cp1251, ...).")
    ] = "",
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 is one for each processor.")] = 0,
    json: Json = False,
) -> None:
    """Link the people of two plain files, or find who stands twice in one, by weights learned from the files.

    Needs no database. The pairs have the columns id_a, id_b, probability, verdict (link or review) and explanation.
    The id is the column `id`, or the first. Everything written is readable to you only: it is about people.
    """
    _require_room(output, report, map_out)
    tables = [_table(path, encoding) for path in (first, second) if path]
    contents: list[object] = [None] * len(tables)
    if map_file:
        contents = persons_file.maps(read_json(map_file), len(tables))
    guesses = [persons_file.guessed(table, content) for table, content in zip(tables, contents, strict=True)]
    if map_out:
        _write_map(map_out, guesses)  # before anything can fail: it is what helps then
    files = [persons_file.opened(table, guess) for table, guess in zip(tables, guesses, strict=True)]
    del tables  # the rows are packed, and the text of a large file is large
    if map_out:
        _write_map(map_out, [replace(each.guess, columns=each.rows.survey.columns) for each in files])
    if not json:
        _print_files(files)
    if not output:
        _print_nothing_linked(files, map_out, json=json)
        return
    people = People(tuple(each.rows for each in files))
    known_pairs = _oriented(people, read_truth(true)) if true else []
    spread = Spread(jobs=jobs or len(os.sched_getaffinity(0)))
    done = _linked(people, spread, known_pairs=known_pairs, show=not json)
    write_file(output, _csv(done), secret=True)
    measured = truth.measure(known_pairs, listed(done), ordered=people.second is not None) if true else None
    if report:
        write_file(report, linkreport.page(files, done, measured).encode(), secret=True)
    _report(files, done, measured, [each for each in (output, report, map_out) if each], json=json)


def _table(path: Path, encoding: str) -> Table:
    return tablefile.read(read_file(path), name=path.name, encoding=encoding)


def read_truth(path: Path) -> list[truth.Ids]:
    """The pairs of a truth file: its first two columns."""
    table = _table(path, "")
    return [(cells[0].strip(), cells[1].strip()) for _, cells in table.lines() if len(cells) > 1]


def read_links(path: Path) -> list[tuple[truth.Ids, str]]:
    """The pairs and verdicts of a file `link` wrote. Raises BadInput where it is another."""
    table = _table(path, "")
    missing = next((each for each in COLUMNS[:4] if each not in table.header), None)
    if missing:
        raise BadInput(
            "the file has no such column", where=f"{path.name}: {missing}", remedy="give what `continuity link` wrote"
        )
    one, other, verdict = (table.header.index(each) for each in ("id_a", "id_b", "verdict"))
    full = (cells for _, cells in table.lines() if len(cells) == len(table.header))
    return [((cells[one].strip(), cells[other].strip()), cells[verdict].strip()) for cells in full]


def listed(done: Linked) -> list[tuple[truth.Ids, str]]:
    """The pairs found, by the ids of their rows, with their verdicts."""
    people = done.people
    return [((people.id(each.left), people.id(each.right)), each.verdict.value) for each in done.pairs]


def _require_room(*paths: Path | None) -> None:
    """Raise BadInput now, and not after an hour, where a file cannot be written."""
    for path in filter(None, paths):
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            raise BadInput("the file cannot be written", where=str(path), remedy="name a file in a folder of yours")


def _linked(people: People, spread: Spread, *, known_pairs: Sequence[truth.Ids], show: bool) -> Linked:
    largest = max(map(len, people.files))
    rules = comparing.rules(library.load().weights, persons_file.known(), people=largest)
    left, right = _by_id(people)
    true = [(left[one], right[other]) for one, other in known_pairs if one in left and other in right]
    with _progress(show) as progress:
        shown = replace(spread, progress=progress)
        return linkfiles.link(people, rules, true=true, spread=shown)


def _oriented(people: People, pairs: Sequence[truth.Ids]) -> list[truth.Ids]:
    """The pairs with the id of the first file first, in whatever order they are known."""
    left, right = _by_id(people)
    return [
        (other, one) if (one not in left or other not in right) and other in left and one in right else (one, other)
        for one, other in pairs
    ]


def _by_id(people: People) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """The places of the rows by their ids, of the first file and of the second; of one file, of that one."""
    second = people.second or 0
    left = {people.id(place): place for place in range(second or len(people))}
    return left, {people.id(place): place for place in range(second, len(people))} if second else left


@contextmanager
def _progress(show: bool) -> Generator[Told]:
    """A bar for each step. It is drawn as work is done, not by a thread: processes are forked meanwhile."""
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*parts, console=err, auto_refresh=False, disable=not (show and err.is_terminal)) as bar:
        steps: dict[str, Any] = {}

        def advance(step: str, done: int, total: int) -> None:
            if step not in steps:
                steps[step] = bar.add_task(step)
            bar.update(steps[step], completed=done, total=total, refresh=True)

        yield advance


def _csv(done: Linked) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    people = done.people
    for each in done.pairs:
        shown = f"{int(each.match.probability * 1e6) / 1e6:.6f}"  # never rounded up to certainty
        writer.writerow([people.id(each.left), people.id(each.right), shown, each.verdict.value, each.explanation()])
    return text.getvalue().encode("utf-8", "replace")


def _write_map(path: Path, guesses: Sequence[Guess]) -> None:
    body = orjson.dumps(persons_file.written_map(guesses), option=orjson.OPT_INDENT_2)
    write_file(path, body + b"\n", secret=True)


def _print_nothing_linked(files: Sequence[PersonsFile], map_out: Path | None, *, json: bool) -> None:
    written = [str(map_out)] if map_out else []
    if json:
        print_json({"rows": [len(each.rows) for each in files], "remarks": _remarks(files), "written": written})
        return
    kept = f"Correct {map_out} and give it with --map" if map_out else "Keep it with --map-out FILE to correct it"
    words = f"Nothing was linked: --out FILE is where the pairs go. Are the columns right? {kept}."
    out.print(words, markup=False, soft_wrap=True)


def _remarks(files: Sequence[PersonsFile]) -> list[Mapping[str, str]]:
    return [
        {"file": each.name, "where": one.where, "message": one.says, "remedy": one.remedy}
        for each in files
        for one in each.remarks
    ]


def _print_files(files: Sequence[PersonsFile]) -> None:
    for each in files:
        _print_columns(each)
        for remark in each.remarks:
            out.print(f"  [yellow]note[/] {escape(f'{remark.where}: {remark.says}')}", soft_wrap=True)
            if remark.remedy:
                out.print(f"       {remark.remedy}", markup=False, soft_wrap=True)


def _print_columns(file: PersonsFile) -> None:
    out.print(f"[bold]{escape(file.name)}[/] {len(file.rows):,} rows", soft_wrap=True)
    for name, held in file.guess.columns.told():
        out.print(f"  {name:<16} {held}", markup=False, soft_wrap=True)
    if file.guess.unused:
        out.print(f"  {'not read':<16} {', '.join(file.guess.unused)}", markup=False, soft_wrap=True)


def _report(
    files: Sequence[PersonsFile], done: Linked, measured: truth.Measured | None, written: Sequence[Path], *, json: bool
) -> None:
    found = {
        "rows": [len(each.rows) for each in files],
        "compared": done.found.compared,
        "links": done.count(Verdict.LINK),
        "persons": done.persons,
        "reviews": done.count(Verdict.REVIEW),
        "weights": done.rules.weights.version,
    }
    if json:
        known = {"truth": figures(measured)} if measured else {}
        print_json({**found, **known, "remarks": _remarks(files), "written": [str(each) for each in written]})
        return
    out.print(f"{found['links']:,} links make {found['persons']:,} persons; {found['reviews']:,} pairs are for review")
    if done.found.cut:
        out.print(f"{done.found.cut:,} rows share so much with so many that only the nearest were compared")
    if measured:
        print_measured(measured)
    out.print(
        f"written: {', '.join(map(str, written))} (about people: keep them as you keep the files)",
        markup=False,
        soft_wrap=True,
    )


def figures(measured: truth.Measured) -> Mapping[str, Any]:
    """What was measured, as plain values."""
    return {
        "precision": measured.precision,
        "recall": measured.recall,
        "f1": measured.f1,
        "review_share": measured.review_share,
        "true_pairs": measured.true,
        "links": measured.links,
        "true_links": measured.found,
        "reviews": measured.reviews,
        "true_reviews": measured.true_in_review,
        "findings": list(measured.findings),
    }


def print_measured(measured: truth.Measured) -> None:
    """What was measured, for people."""
    for name, value, counts in (
        ("precision", measured.precision, f"{measured.found:,} of {measured.links:,} links are true"),
        ("recall", measured.recall, f"{measured.found:,} of {measured.true:,} true pairs are linked"),
        ("F1", measured.f1, ""),
        ("in review", measured.review_share, f"{measured.reviews:,} pairs, {measured.true_in_review:,} of them true"),
    ):
        out.print(f"{name:<10} {int(value * 1e5) / 1e5:.5f}  {counts}".rstrip(), markup=False, soft_wrap=True)
    for each in measured.findings:
        out.print(f"[yellow]note[/] {escape(each)}", soft_wrap=True)
