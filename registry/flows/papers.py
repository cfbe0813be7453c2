"""The paper of what a desk recorded itself: signed, for the family to take home, whatever it answered to anything.

It holds the desk's own records of one number and nothing that came from elsewhere, so that it says neither that the
registry knows the child nor whether anybody allowed anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from registry.continuity import elements
from registry.errors import UnknownName
from registry.fhir.resource import Resource
from registry.flows import desk, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.store import documents, keys
from registry.store.functions import Function
from registry.trust import signing

TYPE = "continuity-paper+jwt"
LASTS = timedelta(days=10 * 365)
"""A vaccination card is for childhood and longer."""
_WRONG = "entered-in-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the desk recorded of one child, as plain facts and signed."""

    records: tuple[Mapping[str, Any], ...] = field(repr=False)
    token: str = field(repr=False)


async def own(registry: Registry, caller: Caller, number: str) -> Paper:
    """The paper of the child this desk knows by `number`. Raises UnknownName for a number it never used."""
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    async with registry.database.transaction(Function.DESK) as tx:
        known = await keys.only(tx, keys.index_hash(tx, "person", caller.name, desk.local_id(caller, number)))
        if known is None:
            raise UnknownName("you know no child of this number", where="patient", remedy="register the child first")
        held = documents.current(await documents.load(tx, [known])).values()
        paper = _signed(registry, caller, [each.resource for each in held])
        await trail.write(tx, registry, known, "paper-signed", caller, digest=trail.digest(asdict(paper)))
    return paper


def _signed(registry: Registry, caller: Caller, held: Iterable[Resource]) -> Paper:
    facts = sorted(filter(None, map(_fact, held)), key=lambda each: (each["when"], each["what"]))
    now = registry.now()
    claims = {
        "iss": registry.settings.issuer,
        "iat": int(now.timestamp()),
        "exp": int((now + LASTS).timestamp()),
        "jti": uuid.uuid4().hex,  # noqa: TID251
        "paper": {"by": caller.display, "records": facts},
    }
    token = signing.sign(claims, registry.database.keyring.summary_key, typ=TYPE, compress=True)
    return Paper(records=tuple(facts), token=token)


def _fact(held: Resource) -> Mapping[str, str] | None:
    content = held.content
    if held.kind == "Immunization" and content.get("status") != _WRONG:
        coding = elements.codings(elements.mapping(content.get("vaccineCode")))[0]
        return {"when": elements.text(content.get("occurrenceDateTime")), "what": elements.text(coding.get("code"))}
    if held.kind == "Basic" and elements.enrolment(content, "status") != _WRONG:
        begins = elements.mapping(elements.enrolment(content, "period")).get("start")
        return {"when": elements.text(begins), "what": elements.text(elements.parts(content, "grade").get("label"))}
    return None
