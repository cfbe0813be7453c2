"""In which form a summary is answered: all of it, or, as `Accept` asks, the FHIR document or the printed page alone.

Each form is made of the one answer that passed the release step; saying nothing has one form for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Header, Response
from fastapi.concurrency import run_in_threadpool

from registry.api import answers, bodies
from registry.fhir.outcome import Issue
from registry.flows import printing, release
from registry.flows.opening import Registry
from registry.flows.release import Released

Accept = Annotated[str, Header(description="application/json: all; .../fhir+json: the document; .../pdf: the page")]
PDF = "application/pdf"
OFFERED: dict[int | str, dict[str, Any]] = {200: {"content": {answers.FHIR_JSON: {}, PDF: {}}}}
"""What `/docs` says of these answers."""


async def of(registry: Registry, released: Released | None, accept: str) -> bodies.Released | Response:
    """A summary as it was asked for, or the one answer that says nothing."""
    if released is None:
        return nothing_to_say()
    made = next((make for kind, make in _FORMS.items() if kind in accept), _all)
    return await made(registry, released)


def nothing_to_say() -> Response:
    """The one answer for nobody known, nothing allowed and everything in between."""
    return answers.answer(404, [Issue(severity="information", code="not-found", diagnostics=release.NOTHING)])


async def _all(_: Registry, released: Released) -> bodies.Released:
    return bodies.Released(
        token=released.token,
        card=released.card,
        page=released.page,
        expires=released.expires_at.isoformat(),
        document=dict(released.document),
    )


async def _document(_: Registry, released: Released) -> Response:
    return Response(orjson.dumps(released.document), media_type=answers.FHIR_JSON)


async def _print(registry: Registry, released: Released) -> Response:
    made = await run_in_threadpool(printing.of, released.token, registry.library, language=released.language)
    return Response(made, media_type=PDF)


_FORMS: Mapping[str, Callable[[Registry, Released], Awaitable[bodies.Released | Response]]] = {
    answers.FHIR_JSON: _document,
    PDF: _print,
}
