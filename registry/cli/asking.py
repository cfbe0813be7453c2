"""`continuity ask`: a clinic's or a school's question."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from registry import library
from registry.cli import persons
from registry.cli.running import Json, Key, User, authenticated, gathering, out, print_json, run, write_file
from registry.flows import emergencies, printing, release, trail
from registry.flows.emergencies import Declared
from registry.flows.opening import Registry
from registry.flows.question import Description
from registry.flows.release import Asked, Released


@gathering(description=persons.described)
def ask(
    description: Description,
    card: Annotated[str, typer.Option(help="The family card, if the family shows it.")] = "",
    present: Annotated[
        bool, typer.Option("--present", help="I attest that the child is here today to be treated, or enrolled.")
    ] = False,
    emergency: Annotated[
        str, typer.Option(help=f"Break the glass: {', '.join(emergencies.SAFETY)}. It is told of and reviewed.")
    ] = "",
    role: Annotated[str, typer.Option(help=f"In an emergency, the user's: {', '.join(emergencies.ROLES)}.")] = "",
    reason: Annotated[str, typer.Option(help="In an emergency, why; without the child's name.")] = "",
    language: Annotated[str, typer.Option(help="Language of the page.")] = "en",
    folder: Annotated[Path, typer.Option("--out", help="Folder for the summary and its page.")] = Path("."),
    ips: Annotated[
        Path | None, typer.Option(help="Also write the FHIR document (a clinic's is an International Patient Summary).")
    ] = None,
    key: Key = "",
    user: User = "",
    json: Json = False,
) -> None:
    """Ask for a child's summary, as a clinic (vaccinations) or a school (schooling).

    It needs the family's card, or `--present` and `--user`: who attests that the child is there.
    Writes the signed summary (.jws) and its page (.html, and .pdf to print). Whether nobody is known or nothing is
    allowed, the answer is the same; it ends with 3 then. In an emergency a clinic is told doses alone, for an hour.
    """
    declared = Declared(role=role, safety=emergency, reason=reason)

    async def work(registry: Registry) -> Released | None:
        caller = await authenticated(registry, key, user=user)
        why = release.GROUNDS.get(caller.kind, "") if present else ""
        asked = Asked(description=description, card=card, grounds=why, language=language)
        if emergency or role or reason:
            answer = await emergencies.ask(registry, caller, asked, declared)
        else:
            answer = await release.ask(registry, caller, asked)
        await trail.sequence(registry)
        return answer

    released = run(work)
    if released is None:
        _say_nothing(json=json)
        raise typer.Exit(3)
    summary, page, printed = write(released, folder)
    if ips:
        write_file(ips, orjson.dumps(released.document, option=orjson.OPT_INDENT_2), secret=True)
    if json:
        files = {"summary": str(summary), "page": str(page), "print": str(printed)}
        print_json({**files, "document": released.document})
    else:
        words = (
            f"The summary is in {summary}, its page in {page} (to print: {printed}); "
            f"valid until {released.expires_at:%Y-%m-%d %H:%M} UTC."
        )
        out.print(words, markup=False, soft_wrap=True)


def write(released: Released, folder: Path, *, name: str = "summary") -> tuple[Path, Path, Path]:
    """Write the signed summary and its page, to be read on a screen and to be printed."""
    files = {
        ".jws": released.token.encode(),
        ".html": released.page.encode(),
        ".pdf": printing.of(released.token, library.load(), language=released.language),
    }
    for ending, body in files.items():
        write_file(folder / f"{name}{ending}", body, secret=True)
    summary, page, printed = (folder / f"{name}{ending}" for ending in files)
    return summary, page, printed


def _say_nothing(*, json: bool) -> None:
    if json:
        print_json({"answer": None, "words": release.NOTHING})
    else:
        out.print(release.NOTHING, soft_wrap=True)
