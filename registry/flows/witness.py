"""A witness of audit logs, for the office of an ombudsperson or an international body: its own key, its own memory.

It needs nothing of the registry but the public key of its log, and learns nothing but sizes and roots.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from registry.errors import BadInput, UnknownName
from registry.store import sightings, witnesskey
from registry.store.sightings import Sightings
from registry.trust import checkpoint, cosignature, p256, trustlist, witness
from registry.trust.checkpoint import Checkpoint, Note
from registry.trust.trustlist import TrustList
from registry.trust.witness import Outcome

TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """An opened witness."""

    name: str
    key: p256.Jwk = field(repr=False)
    logs: TrustList
    memory: Sightings


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a request, as HTTP says it."""

    outcome: Outcome
    text: str
    media: str


def init(folder: Path, *, name: str, display: str = "") -> Mapping[str, object]:
    """Begin a witness: draws its key and returns what it publishes, a trust file. Raises BadInput."""
    if not checkpoint.NAME.fullmatch(name):
        raise BadInput(
            "this name cannot be used", where="name", remedy="give an address without scheme: ombuds.example"
        )
    key = p256.fresh(secrets.token_bytes)
    published = trustlist.publish(name, display or name, [key])
    witnesskey.make(folder, published, key)
    return published


@contextmanager
def opened(folder: Path) -> Generator[Witness]:
    """The witness of this folder, alone. Raises BadInput and KeyProblem saying what is missing."""
    key = witnesskey.key(folder)
    own, logs = witnesskey.files(folder).get(witnesskey.PUBLISHED), witnesskey.files(folder / witnesskey.LOGS)
    name = trustlist.read({witnesskey.PUBLISHED: own}).issuer(key["kid"]) if own else None
    if name is None:
        raise _missing("the trust file of this key", folder / witnesskey.PUBLISHED, "bring it back from its copy")
    if not logs:
        raise _missing("the trust file of a log", folder / witnesskey.LOGS, "a log publishes its own at /audit/trust")
    with sightings.opened(folder) as memory:
        yield Witness(name=name, key=key, logs=trustlist.read(logs), memory=memory)


def _missing(what: str, where: Path, remedy: str) -> BadInput:
    return BadInput(f"{what} is missing", where=str(where), remedy=remedy)


def observe(own: Witness, body: str, *, now: datetime) -> Reply:
    """Cosign the checkpoint of a request, or say why not.

    Runs from reading the memory to writing it without a pause, so that no two requests can be judged by the same
    memory; call it from one thread.
    """
    request = witness.read(body)
    if request is None:
        return Reply(outcome=Outcome.MALFORMED, text="this is no request for a cosignature\n", media=TEXT)
    held = {origin: _remembered(text) for origin, text in own.memory.latest.items()}
    outcome = witness.decide(request, own.logs.by_issuer(), held)
    note = checkpoint.note(request.text)
    if isinstance(note, Note) and outcome is Outcome.COSIGN:
        return _cosigned(own, note, request.text, now)
    if isinstance(note, Note) and outcome.is_evidence:
        own.memory.record_contradiction(note.checkpoint.origin, request.text)
    if isinstance(note, Note) and outcome.status == Outcome.STALE.status:
        known = held.get(note.checkpoint.origin)
        return Reply(outcome=outcome, text=f"{known.size if known else 0}\n", media=SIZE)
    return Reply(outcome=outcome, text=f"{outcome.value}\n", media=TEXT)


def _cosigned(own: Witness, note: Note, text: str, now: datetime) -> Reply:
    line = cosignature.issue(text, own.name, own.key, at=now)
    # Of the signatures handed in only the log's own is kept: what strangers added is nobody's business here.
    kept = "".join(checkpoint.line(name, raw) for name, raw in note.signatures if name == note.checkpoint.origin)
    remembered = own.memory.latest.get(note.checkpoint.origin)
    if remembered is None or _remembered(remembered) != note.checkpoint:
        own.memory.record(note.checkpoint.origin, f"{note.body.decode()}\n{kept}{line}")
    return Reply(outcome=Outcome.COSIGN, text=line, media=TEXT)


def latest(own: Witness, origin: str) -> str:
    """The newest checkpoint of a log this witness cosigned, with its cosignature. Raises UnknownName."""
    text = own.memory.latest.get(origin)
    if text is None:
        raise UnknownName("no checkpoint of this log was cosigned here", where="origin")
    return text


def _remembered(text: str) -> Checkpoint:
    note = checkpoint.note(text)
    if not isinstance(note, Note):
        raise BadInput("the witness's memory holds what is no checkpoint", remedy="retire this witness")
    return note.checkpoint
