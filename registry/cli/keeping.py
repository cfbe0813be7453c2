"""`continuity keys export|import|rotate|reseal`: one lost file does not lose everything, and no key lasts for ever."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.running import Json, out, print_json, read_file, run, settings, write_file
from registry.errors import BadInput, KeyProblem
from registry.flows import resealing, rotation
from registry.store import keyfile
from registry.trust import keyring
from registry.trust.keyring import Keyring

app = typer.Typer(help="The key file: everything sealed is lost without it.", no_args_is_help=True)

Passphrase = Annotated[
    str,
    typer.Option(envvar="CONTINUITY_PASSPHRASE", prompt="Passphrase", hide_input=True, help="At least 12 characters."),
]


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to write the locked copy.")],
    passphrase: Passphrase,
    json: Json = False,
) -> None:
    """Write a copy of the key file locked under a passphrase. Keep copy and passphrase apart from the server.

    It opens what was sealed until today and, as wrapping keys are made ahead, for about three years more; after
    `continuity keys rotate` it opens nothing.
    """
    path = settings().keyring_path
    ring = keyfile.load(path)
    locked = keyring.lock(ring, passphrase, salt=secrets.token_bytes(16), nonce=secrets.token_bytes(12))
    write_file(file, locked, secret=True)
    _say(json, {"exported": str(file), "from": str(path)}, f"The keys of {path} are locked in {file}.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The locked copy.")],
    passphrase: Passphrase,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a key file that is there.")] = False,
    json: Json = False,
) -> None:
    """Bring the key file back from a locked copy."""
    path = settings().keyring_path
    ring = keyring.unlock(read_file(file), passphrase)
    if not replace and not keyfile.is_missing(path):
        _require_same(path, ring)
    path.parent.mkdir(parents=True, exist_ok=True)
    keyfile.replace(path, ring)
    _say(json, {"imported": str(path)}, f"The keys are in {path} again (mode 0600).")


@app.command("rotate")
def rotate(json: Json = False) -> None:
    """Wrap every data key by new wrapping keys and destroy the old ones, while the service goes on.

    Interrupted, it is finished by running it again. Vault backups and exported key files from before open nothing
    afterwards: make both anew.
    """
    rotated = run(rotation.rotate)
    if json:
        print_json(asdict(rotated))
    elif rotated.finished:
        out.print(f"{rotated.rewrapped} data keys are wrapped by generation {rotated.generation}; older keys are gone.")
        out.print("Earlier copies open nothing now: run `continuity vault backup` and `continuity keys export` again.")
    else:
        out.print("Not finished, and nothing destroyed: older transactions are still under way. Run it again later.")
    raise typer.Exit(0 if rotated.finished else 1)


@app.command("reseal")
def reseal(json: Json = False) -> None:
    """Draw every data key of before the last rotation anew and seal everything again, while the service goes on.

    For when an old copy of the vault and old keys may be in the same hands. Interrupted, it is finished by running it
    again. A dump from before needs a vault backup from before: make a new one of each.
    """
    done = run(resealing.reseal)
    if json:
        print_json(asdict(done))
    else:
        out.print(f"{done.drawn} data keys drawn anew, {done.cells} cells sealed anew.")
        out.print("Make a new dump and a new vault backup." if done.finished else "Not finished: run it again later.")
    raise typer.Exit(0 if done.finished else 1)


def _require_same(path: Path, ring: Keyring) -> None:
    """Raise BadInput unless the file in the way says the same: what another one sealed cannot be read without it."""
    try:
        problem = "" if keyfile.load(path) == ring else "another key file is there"
    except KeyProblem as error:
        problem = f"a file is in the way: {error.what}"
    if problem:
        raise BadInput(problem, where=str(path), remedy="move it to a safe place, or overwrite it with --replace")


def _say(json: bool, values: dict[str, str], words: str) -> None:
    if json:
        print_json(values)
    else:
        out.print(words, soft_wrap=True)
