"""The one place that turns what went wrong into a FHIR OperationOutcome.

Nothing of the request is echoed: validation messages of libraries quote their input, so only the place and our own
words go out, and a surprise is named by its class in the log and by nothing at all in the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

import orjson
import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from registry.errors import NotAuthenticated, RegistryError
from registry.fhir import outcome
from registry.fhir.outcome import Issue

FHIR_JSON = "application/fhir+json"
_log = structlog.get_logger()
_MOST_ISSUES = 100
_FIELD = re.compile("[a-z_]{1,40}")
_OF_STATUS = {
    400: ("structure", "the body is not JSON in UTF-8, nested too deeply, or names a field twice"),
    404: ("not-found", "there is nothing here; see /docs"),
    405: ("not-supported", "this path does not take this method; see /docs"),
    413: ("too-long", "this is more than is taken here; hand a large file over in parts"),
}


def answer(status: int, issues: Iterable[Issue]) -> Response:
    """An OperationOutcome with all of these issues."""
    body = orjson.dumps(outcome.operation_outcome(issues))
    return Response(body, status_code=status, media_type=FHIR_JSON)


async def of_error(_request: Request, error: Exception) -> Response:
    """One of our own errors, which carries its status, its FHIR code and words that quote nothing."""
    ours = cast(RegistryError, error)
    words = ". ".join(part for part in (ours.what, ours.remedy) if part)
    issue = Issue(
        severity="error", code=ours.fhir_code, diagnostics=words, expression=(ours.where,) if ours.where else ()
    )
    response = answer(ours.http_status, [issue])
    if isinstance(ours, NotAuthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def of_body(_request: Request, error: Exception) -> Response:
    """Every problem of a request's body, by its place and kind; the values stay out."""
    problems = cast(RequestValidationError, error).errors()
    issues = [_issue(each) for each in problems[:_MOST_ISSUES]]
    if len(problems) > _MOST_ISSUES:
        more = f"and {len(problems) - _MOST_ISSUES} problems more"
        issues.append(Issue(severity="information", code="informational", diagnostics=more))
    return answer(422, issues)


def _issue(problem: dict[str, Any]) -> Issue:
    words = _WORDS.get(problem["type"], "the value cannot be used here")
    code = "required" if problem["type"] == "missing" else "value"
    return Issue(severity="error", code=code, diagnostics=words, expression=(_place(problem),))


def _place(problem: dict[str, Any]) -> str:
    """Where it is. The name of a field that does not exist is the caller's own word: only one that could be a field's
    is repeated, not a person's."""
    path = [str(each) for each in problem["loc"][1:]]
    if problem["type"] == "extra_forbidden" and not _FIELD.fullmatch(path[-1]):
        path = path[:-1]
    return ".".join(path) or "body"


_WORDS = {
    "missing": "this is needed",
    "extra_forbidden": "there is no such field; see /docs",
    "json_invalid": "the body is not valid JSON",
    "string_type": "this must be text",
    "string_too_long": "this is too long",
    "literal_error": "this is not one of the allowed words; see /docs",
    "date_from_datetime_parsing": "this must be a day such as 2026-11-22",
    "date_parsing": "this must be a day such as 2026-11-22",
    "bool_parsing": "this must be true or false",
    "bool_type": "this must be true or false",
    "int_parsing": "this must be a whole number",
    "greater_than_equal": "this number is too small",
}


async def of_route(_request: Request, error: Exception) -> Response:
    """A path or method that does not exist, or a body that could not even be read."""
    status = cast(HTTPException, error).status_code
    code, words = _OF_STATUS.get(status, ("processing", "this request cannot be used; see /docs"))
    return answer(status, [Issue(severity="error", code=code, diagnostics=words)])


async def of_surprise(_request: Request, error: Exception) -> Response:
    """Something nobody expected: its class goes to the log, nothing goes out."""
    _log.error("surprise", error=type(error).__name__)
    words = "something went wrong inside the registry; nothing was half done"
    return answer(500, [Issue(severity="fatal", code="exception", diagnostics=words)])
