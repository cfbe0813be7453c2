"""`continuity audit receipt|check`: what a family takes home from the audit log, and how anybody checks it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape

from registry.cli.running import Json, out, print_json, read_file, run, write_file
from registry.errors import BadInput
from registry.flows import cosigning, proofs, trail
from registry.flows.opening import Registry
from registry.flows.proofs import Given
from registry.store import witnesskey
from registry.trust import checkpoint, p256, receipt, trustlist
from registry.trust.checkpoint import Checkpoint
from registry.trust.receipt import Believed, Receipt
from registry.trust.refusal import Reason, Refused


def give(
    person: Annotated[str, typer.Argument(metavar="CARD", help="The family card of the person.")],
    file: Annotated[Path, typer.Option("--out", help="Where to write the receipt.")] = Path("receipt.json"),
    json: Json = False,
) -> None:
    """Give a family a receipt of its events in the audit log, which shows any later loss without asking anybody."""

    async def work(registry: Registry) -> Given:
        await trail.sequence(registry)
        async with cosigning.client() as http:
            await cosigning.push(registry, cosigning.configured(registry.settings), http)
        return await proofs.for_family(registry, person)

    given = run(work)
    write_file(file, orjson.dumps(receipt.plain(given.receipt), option=orjson.OPT_INDENT_2) + b"\n")
    if json:
        print_json({"file": str(file), "events": len(given.receipt.entries), "waiting": given.waiting})
    else:
        out.print(f"{len(given.receipt.entries)} events are proved in {escape(str(file))}.", soft_wrap=True)


def check(
    file: Annotated[Path, typer.Argument(help="The receipt.")],
    trust: Annotated[Path, typer.Option(help="Folder with trust files, of logs in logs/, of witnesses in witnesses/.")],
    registry: Annotated[str, typer.Option(help="Also ask this registry whether its log still has all of it.")] = "",
    json: Json = False,
) -> None:
    """Say whether a receipt is genuine, without a network; ends with 1 when it is not, or its log lost something."""
    held = receipt.read(read_file(file))
    outcome = _checked(held, trust, registry) if held else Refused(Reason.MALFORMED)
    is_accepted = isinstance(outcome, Believed)
    if json:
        print_json({"file": str(file), "accepted": is_accepted, **_plain(outcome, held)})
    else:
        word = "[bold green]GENUINE[/]" if is_accepted else "[bold red]REFUSED[/]"
        out.print(f"{word} {escape(file.name)}", soft_wrap=True)
        for line in _lines(outcome, held):
            out.print(f"  {line}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if is_accepted else 1)


def _checked(held: Receipt, folder: Path, address: str) -> Believed | Refused:
    logs, witnesses = _keys(folder / "logs"), {name: key for name, (key, *_) in _keys(folder / "witnesses").items()}
    if not logs:
        raise BadInput(
            "the trust folder holds no trust file of a log",
            where=str(folder / "logs"),
            remedy="ask the registry for it (GET /audit/trust) and check it on another way",
        )
    outcome = receipt.verify(held, logs, witnesses, quorum=trail.quorum(witnesses))
    if isinstance(outcome, Believed) and address:
        return asyncio.run(_still(outcome, logs, address))
    return outcome


def _keys(folder: Path) -> Mapping[str, list[p256.Jwk]]:
    # Whom to believe for what is the folder a key lies in: a witness must not pass for a log, nor either for an
    # issuer of summaries, whose trust files lie one folder above.
    files = witnesskey.files(folder)
    return trustlist.read(files).by_issuer() if files else {}


async def _still(outcome: Believed, logs: Mapping[str, list[p256.Jwk]], address: str) -> Believed | Refused:
    """Whether the log as it is now continues the receipt's checkpoint."""
    async with cosigning.client() as http:
        growth = await proofs.grown(http, address, outcome.checkpoint.size)
    said = [checkpoint.verify(growth.text, key) for key in logs[outcome.checkpoint.origin]]
    later = next((each for each in said if isinstance(each, Checkpoint)), None)
    if later is None or not receipt.continues(outcome.checkpoint, later, growth.path):
        return Refused(Reason.OTHER_HISTORY)
    return outcome


def _plain(outcome: Believed | Refused, held: Receipt | None) -> dict[str, Any]:
    if isinstance(outcome, Refused) or held is None:
        reason = outcome.reason if isinstance(outcome, Refused) else Reason.MALFORMED
        return {"reason": reason.value, "sentence": reason.sentence}
    return {
        "log": outcome.checkpoint.origin,
        "size": outcome.checkpoint.size,
        "witnesses": dict(outcome.witnesses),
        "events": [dict(each.event) for each in held.entries],
    }


def _lines(outcome: Believed | Refused, held: Receipt | None) -> Iterator[str]:
    if isinstance(outcome, Refused) or held is None:
        yield str(outcome)
        return
    yield f"in the log {outcome.checkpoint.origin} when it had {outcome.checkpoint.size} leaves"
    yield from (f"seen by the witness {name} at {at:%Y-%m-%d %H:%M:%S} UTC" for name, at in outcome.witnesses.items())
    if not outcome.witnesses:
        yield "no witness you trust has seen it: this rests on the word of the log alone"
    for each in held.entries:
        words = (each.event.get(name) for name in ("at", "action", "organisation", "domain", "answer"))
        yield " ".join(str(word) for word in words if word)
