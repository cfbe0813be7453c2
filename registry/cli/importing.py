"""`continuity import`, `convert`, `match` and `held-twice`: files of national systems, and who is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from registry.cli.running import Json, err, out, print_json, read_file, run
from registry.errors import RegistryError
from registry.flows import adapters, ingest, match, receipts, trail, twice
from registry.flows.opening import Registry, wall_clock
from registry.flows.receipts import Receipt
from registry.flows.twice import Twice
from registry.intake import Fate, Submission

Kind = Annotated[str, typer.Option("--adapter", help="Kind of the file: dhis2, edfi, hl7v2, oneroster, ...")]
Files = Annotated[list[Path], typer.Argument(help="Files to hand over; - reads the standard input.")]


def import_files(
    files: Files,
    source: Annotated[str, typer.Option(help="Name of the registered source that hands over.")],
    adapter: Kind,
    json: Json = False,
) -> None:
    """Take files of a national system in, and link the people in them.

    Each file is one transaction: it is stored whole with a receipt for every row, or not at all. Bad rows are set
    aside with their reasons and the good ones go on. The same file twice changes nothing.
    """
    chosen = adapters.named(adapter)

    async def work(registry: Registry) -> list[tuple[Path, Receipt | RegistryError]]:
        done: list[tuple[Path, Receipt | RegistryError]] = []
        for path in files:
            try:
                body = read_file(path)
                submission = chosen.convert(body, source=source, received_at=registry.now())
                done.append((path, await ingest.ingest(registry, submission, body=body)))
            except RegistryError as error:  # the other files go on
                done.append((path, error))
        try:
            await _link(registry, show=not json)
        except RegistryError as error:  # what was stored has its receipt; linking goes on at the next import
            done.append((Path("linking"), error))
        return done

    _report(run(work), json=json)


def match_people(
    again: Annotated[bool, typer.Option("--again", help="Everybody, by the weights in use now.")] = False,
    json: Json = False,
) -> None:
    """Link the people that wait for it, as an import does at its end.

    With --again everybody is looked at once more: after new weights were named. Links that stand are kept.
    """

    async def work(registry: Registry) -> match.Report:
        if again:
            await match.again(registry)
        return await _link(registry, show=not json)

    report = run(work)
    if json:
        print_json(asdict(report))
    else:
        out.print(f"{report.seen:,} looked at: {report.linked:,} linked, {report.reviewed:,} put to a steward")


def held_twice(source: Annotated[str, typer.Option(help="Name of the registered source.")], json: Json = False) -> None:
    """Pairs of a source's own numbers that may be one person, by its own records alone, for the source to look at."""

    async def work(registry: Registry) -> tuple[Twice, ...]:
        found = await twice.of_source(registry, source)
        await trail.sequence(registry)
        return found

    found = run(work)
    if json:
        print_json([twice.plain(each) for each in found])
        return
    for each in found:
        out.print(f"{escape(each.numbers[0])} and {escape(each.numbers[1])}, since {each.since}", soft_wrap=True)
        out.print(f"  {escape(' '.join(each.words))}", soft_wrap=True)
    out.print(f"{len(found)} pairs of {escape(source)} may be one person.", soft_wrap=True)


async def _link(registry: Registry, *, show: bool) -> match.Report:
    with Progress(console=err, transient=True, disable=not show) as progress:
        task = progress.add_task("Linking people", total=None)
        report = await match.run(registry, progress=lambda count: progress.advance(task, count))
    await trail.sequence(registry)
    return report


def _report(done: list[tuple[Path, Receipt | RegistryError]], *, json: bool) -> None:
    if json:
        print_json([{"file": str(path), **_worded(result)} for path, result in done])
    else:
        for path, result in done:
            _print(path, result)
    failed = [result for _, result in done if isinstance(result, RegistryError)]
    if failed:
        raise typer.Exit(2)


def _worded(result: Receipt | RegistryError) -> dict[str, Any]:
    if isinstance(result, RegistryError):
        return {"error": result.what, "where": result.where, "next": result.remedy}
    return receipts.plain(result)


def _print(path: Path, result: Receipt | RegistryError) -> None:
    if isinstance(result, RegistryError):
        err.print(f"[bold red]not taken[/] {escape(f'{path}: {result.what}')}", soft_wrap=True)
        for label, text in (("where", result.where), ("next", result.remedy)):
            if text:
                err.print(f"  {label}  {text}", markup=False, soft_wrap=True)
        return
    again = " (this very file had come before: nothing changed)" if result.repeated else ""
    out.print(f"[bold]{escape(path.name)}[/] {result.people} people{again}", soft_wrap=True)
    out.print("  " + ", ".join(f"{count} {name}" for name, count in result.counts.items() if count))
    aside = [row for row in result.rows if row.reasons]
    for row in aside[:10]:
        out.print(f"  [yellow]set aside[/] {escape(row.where)}: {escape('; '.join(row.reasons))}", soft_wrap=True)
    _print_findings(result.findings)
    _print_unknown(result.coverage)


def _print_findings(findings: tuple[Mapping[str, str], ...]) -> None:
    kinds = Counter((each["severity"], each["code"]) for each in findings)
    examples = {(each["severity"], each["code"]): each for each in reversed(findings)}
    for kind, count in sorted(kinds.items()):
        first = examples[kind]
        words = f"  {kind[0]} {kind[1]} x{count}, first at {first['where']}: {first['message']}"
        out.print(words, soft_wrap=True, markup=False)


def _print_unknown(coverage: tuple[Mapping[str, Any], ...]) -> None:
    unknown = [each["field"] for each in coverage if each["fate"] == Fate.UNKNOWN.value]
    if unknown:
        named = f"{', '.join(unknown[:8])}{' ...' if len(unknown) > 8 else ''}"
        out.print(f"  not understood: {named}", markup=False, soft_wrap=True)


def convert(
    file: Annotated[Path, typer.Argument(help="The file; - reads the standard input.")],
    adapter: Kind,
    source: Annotated[str, typer.Option(help="Name to convert under.")] = "trial",
    summary: Annotated[bool, typer.Option("--summary", help="Print counts instead of the whole.")] = False,
    json: Json = False,
) -> None:
    """Show what a file would become, as JSON: resources, findings, and what became of every field.

    Touches no database and stores nothing.
    """
    submission = adapters.named(adapter).convert(read_file(file), source=source, received_at=wall_clock())
    if summary and not json:
        _print_summary(file, submission)
    else:
        print_json(counts(submission) if summary else plain(submission))


def plain(submission: Submission) -> dict[str, Any]:
    """A Submission as plain JSON values."""
    return {
        "source": submission.source,
        "adapter": submission.adapter,
        "receivedAt": submission.received_at.isoformat(),
        "resources": [
            {"person": each.person, "where": each.where, "resource": each.resource.content}
            for each in submission.entries
        ],
        "findings": [_values(each) for each in submission.findings],
        "coverage": [_values(each) for each in submission.coverage],
    }


def counts(submission: Submission) -> dict[str, Any]:
    """How many of what a Submission holds."""
    return {
        "people": len({each.person for each in submission.entries}),
        "resources": dict(Counter(each.resource.kind for each in submission.entries)),
        "findings": dict(Counter(each.severity.value for each in submission.findings)),
        "fields": dict(Counter(each.fate.value for each in submission.coverage)),
    }


def _values(value: Any) -> dict[str, Any]:
    return {name: each.value if isinstance(each, Enum) else each for name, each in asdict(value).items()}


def _print_summary(file: Path, submission: Submission) -> None:
    table = Table(title=escape(file.name), title_justify="left", show_header=False)
    for name, value in counts(submission).items():
        table.add_row(name, str(value) if isinstance(value, int) else _listed(value))
    out.print(table)


def _listed(value: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in value.items()) or "none"
