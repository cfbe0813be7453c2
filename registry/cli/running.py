"""What every command shares: opening the registry, printing for people or machines, and ending clearly."""

from __future__ import annotations

import asyncio
import inspect
import os
import secrets
import socket
import sys
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from registry.errors import BadInput, NotAuthenticated, RegistryError, Unavailable
from registry.flows import organisations
from registry.flows.opening import Registry, opened
from registry.flows.organisations import Caller
from registry.settings import Settings
from registry.trust import encoding

Result = TypeVar("Result")

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Key = Annotated[
    str,
    typer.Option("--key", envvar="CONTINUITY_KEY", help="The organisation's key.", show_default=False),
]
User = Annotated[
    str,
    typer.Option("--user", envvar="CONTINUITY_USER", help="Who of the organisation calls, by its own opaque id."),
]


def gathering(**groups: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take the options of these functions, and give it what they return under the names here."""
    options = {name: inspect.signature(group, eval_str=True).parameters for name, group in groups.items()}

    def around(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            made = {name: group(**{each: given.pop(each) for each in options[name]}) for name, group in groups.items()}
            command(**given, **made)

        own = inspect.signature(command, eval_str=True)
        taken = [each for name, one in own.parameters.items() for each in options.get(name, {name: one}).values()]
        named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in taken]
        called.__signature__ = own.replace(parameters=named)  # type: ignore[attr-defined]  # what typer reads
        return called

    return around


def settings() -> Settings:
    """The settings of this process. Raises BadInput naming the variables that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = ", ".join(f"REGISTRY_{'_'.join(map(str, each['loc'])).upper()}" for each in error.errors())
        raise BadInput("these settings cannot be used", where=wrong, remedy="see: continuity --help") from None


def run(work: Callable[[Registry], Awaitable[Result]], *, using: Settings | None = None) -> Result:
    """Open the registry, do the work, close it."""

    async def opened_work() -> Result:
        async with opened(using or settings()) as registry:
            return await work(registry)

    return asyncio.run(opened_work())


async def authenticated(registry: Registry, key: str, *, user: str = "") -> Caller:
    """The organisation of the key given with --key or CONTINUITY_KEY, and who of it calls."""
    if not key:
        raise NotAuthenticated("this needs an organisation's key", remedy="give --key or set CONTINUITY_KEY")
    return await organisations.authenticate(registry, key, user=user)


def print_json(value: Any) -> None:
    """JSON for machines, one document on the standard output."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str) + b"\n")
    sys.stdout.buffer.flush()


def read_file(path: Path) -> bytes:
    """The bytes of a file; `-` reads the standard input."""
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"the file cannot be read ({error.strerror})", where=str(path), remedy="check its name and rights"
        ) from None


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises BadInput with the place, never with what stands there."""
    body = read_file(path).removeprefix(BOM_UTF8)  # some editors write one; JSON has none (RFC 8259, 8.1)
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # The decoder's own message may quote the input, so only the place is passed on.
        place = f"{path}, line {error.lineno}, column {error.colno}"
        raise BadInput("this is not valid JSON", where=place, remedy="correct the file") from None
    if encoding.repeats(body):  # one reader takes the first, another the last
        raise BadInput("a name stands twice in one object", where=str(path), remedy="correct the file")
    return content


def write_file(path: Path, body: bytes, *, secret: bool = False) -> None:
    """Write a file whole or not at all; `secret` makes it readable to its owner only."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise BadInput(
            f"the file cannot be written ({error.strerror})", where=str(path), remedy="make room, then do it again"
        ) from None


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises Unavailable where that cannot be."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise Unavailable(
            f"the address cannot be listened on ({error.strerror})",
            where=f"{host}:{port}",
            remedy="stop what listens there, or give --port 0 for a free one",
        ) from None


def end(error: RegistryError) -> NoReturn:
    """Say what went wrong, where, and what to do; end with 1 (2 when the input was at fault)."""
    err.print(f"[bold red]error[/] {escape(error.what)}", soft_wrap=True)
    if error.where:
        err.print(f"  where  {error.where}", soft_wrap=True, markup=False)
    if error.remedy:
        err.print(f"  next   {error.remedy}", soft_wrap=True, markup=False)
    raise SystemExit(2 if isinstance(error, BadInput) else 1)


def unwritten(error: OSError) -> NoReturn:
    """End when the system refused a write that nobody expected to fail: mostly a full disk behind the output."""
    # What is still buffered can never be written; Python would try once more and complain in its own words.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    end(
        Unavailable(
            f"something could not be read or written ({error.strerror})",
            where=str(error.filename or "the standard output"),
            remedy="is the disk full, or the place not allowed? Then do it again",
        )
    )
