"""How much a request may bring: refused while it comes in, before a key is looked at and before it is kept.

A file of a national system may be large; everything else a desk or a family says is a few lines.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_OF_A_BODY = 512 * 1024
FILES = "/v1/submissions"


class BodyLimit:
    """Ends a request whose body says it is too long, or turns out to be."""

    def __init__(self, app: ASGIApp, *, most_of_a_file: int) -> None:
        self.app = app
        self.most_of_a_file = most_of_a_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.most_of_a_file if scope["path"] == FILES else MOST_OF_A_BODY
        seen = _declared(scope)

        async def counted() -> Message:
            nonlocal seen
            message: Message = {} if seen > most else await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413)  # what reads a body passes this one error on
            return message

        if seen <= most:
            seen = 0
        await self.app(scope, counted, send)


def _declared(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 20 else 0
