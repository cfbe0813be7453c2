"""Is this genuine? Decided offline from the verifier's own trust folder; no connection is opened.

Papers of registries are judged here, cards of other issuers by `registry.flows.foreign`.

A page must be word for word the page its signed token makes, so that nobody can print other words around a true
signature. Whether a summary was withdrawn is a separate question (`withdrawn`), asked only on demand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from registry.continuity.summary import page
from registry.errors import BadInput, RegistryError, Unavailable
from registry.flows import carriers, consent_receipt, foreign, papers, printing
from registry.flows.carriers import Carried
from registry.flows.verdict import OWN
from registry.flows.verdict import Verdict as Verdict
from registry.flows.wallet import Wallet
from registry.library import Library
from registry.trust import directory as trust
from registry.trust import qr, signing, status
from registry.trust.directory import Directory
from registry.trust.refusal import Refused
from registry.trust.signing import Verified
from registry.trust.trustlist import TrustList

SUMMARY = "continuity-summary+jwt"
CARD = "continuity-card+jwt"
_LANGUAGE = re.compile(r'<html lang="([a-z-]{2,8})"')
_ALTERED = (
    "The page is not the one that was signed: its words were changed, or another edition of this program made it."
)
_NO_STATUS = "It does not say where its standing is published, so nobody can tell whether it was withdrawn."
_WITHDRAWN = "It was withdrawn."


MOST_FILES = 20_000


def trust_folder(folder: Path) -> Directory:
    """Whom the files of a folder say to believe (`registry.trust.directory`).

    Raises BadInput where nothing in it can be used, and with every problem of the files of registries.
    """
    if not folder.is_dir():
        raise BadInput("there is no such trust folder", where=str(folder), remedy="give the folder of trust files")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES]
    if len(paths) > MOST_FILES:
        raise BadInput("the trust folder holds too many files", where=str(folder), remedy="give a folder of its own")
    directory = trust_files({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})
    if directory.is_empty:
        raise BadInput(
            "; ".join(("the trust folder holds no trust files that can be used", *directory.problems)),
            where=str(folder),
            remedy="ask the issuers for their keys and check them on another way",
        )
    return directory


def trust_files(files: Mapping[str, bytes]) -> Directory:
    """Whom these files say to believe, given by their paths in a trust folder."""
    return trust.read(files)


_SUFFIXES = {".json", ".pem", ".crt", ".cer", ".der", ".txt"}


def verify(body: bytes, believed: Directory | TrustList, library: Library, *, now: datetime) -> Verdict:
    """Read a paper or card in any form and say whether it is genuine. Never goes online."""
    directory = trust.of_registries(believed) if isinstance(believed, TrustList) else believed
    return _judged(carriers.read(body), directory, library, now)


def verify_files(
    bodies: Mapping[str, bytes], believed: Directory, library: Library, *, now: datetime
) -> Mapping[str, Verdict]:
    """Judge several files; codes of one split card may come in a file each."""
    read = {name: _read(body) for name, body in bodies.items()}
    whole = foreign.together({name: each for name, each in read.items() if isinstance(each, Wallet)})
    return {
        name: each if isinstance(each, Verdict) else _judged(whole.get(name, each), believed, library, now)
        for name, each in read.items()
    }


def _read(body: bytes) -> Carried | Wallet | Verdict:
    try:
        return carriers.read(body)
    except RegistryError as error:
        return unreadable(error)


def unreadable(error: RegistryError) -> Verdict:
    """The refusal of what cannot even be read."""
    words = ". ".join(part for part in (error.what, error.remedy) if part)
    return Verdict(accepted=False, carrier="unknown", reason="unreadable", sentence=words)


def _judged(carried: Carried | Wallet, believed: Directory, library: Library, now: datetime) -> Verdict:
    if isinstance(carried, Wallet):
        return foreign.verify(carried, believed, now=now)
    outcome = signing.verify(carried.token, believed.registries, typ=_type_of(carried.token), now=now)
    if isinstance(outcome, Refused):
        return _refused(carried, outcome.reason.value, outcome.reason.sentence)
    if not _is_unaltered(carried, outcome, library):
        return _refused(carried, "page-altered", _ALTERED)
    beside = foreign.verify(carried.beside, believed, now=now) if carried.beside else None
    return beside if beside and not beside.accepted else _accepted(carried, outcome, believed.registries)


def _type_of(token: str) -> str:
    """Which of our kinds of document this claims to be; the signature check then holds it to that."""
    claimed = signing.read_unverified(token)
    typ = claimed.header.get("typ") if isinstance(claimed, signing.Unverified) else None
    return typ if typ in (CARD, consent_receipt.TYPE, papers.TYPE) else SUMMARY


def _refused(carried: Carried, reason: str, sentence: str) -> Verdict:
    return Verdict(accepted=False, carrier=carried.carrier, reason=reason, sentence=sentence)


def _accepted(carried: Carried, outcome: Verified, trust: TrustList) -> Verdict:
    held = (outcome.payload.get(each) for each in ("document", "facts", "receipt", "paper"))
    facts: Mapping[str, Any] = next((each for each in held if each), None) or {}
    return Verdict(
        accepted=True,
        carrier=carried.carrier,
        issuer=outcome.issuer,
        issuer_name=trust.name(outcome.issuer),
        issued=outcome.issued,
        expires=outcome.expires,
        facts=facts,
        pointer=status.pointer(outcome.payload),
    )


def _is_unaltered(carried: Carried, outcome: Verified, library: Library) -> bool:
    """Whether a page says what was signed; what is no page says nothing of its own."""
    if carried.printed is not None:
        return _is_the_print(*carried.printed, outcome, carried.token, library)
    return carried.page is None or _is_the_page(carried.page, outcome, carried.token, library)


def _is_the_print(body: bytes, language: str, outcome: Verified, token: str, library: Library) -> bool:
    if language not in library.page_messages or "document" not in outcome.payload:
        return False
    return body == printing.pdf(outcome.payload, token, library, language=language)


def _is_the_page(text: str, outcome: Verified, token: str, library: Library) -> bool:
    if "receipt" in outcome.payload:
        return text == consent_receipt.render(outcome.payload, token, library)
    found = _LANGUAGE.search(text)
    if found is None or found[1] not in library.page_messages or "document" not in outcome.payload:
        return False
    return text == render(outcome.payload, token, library, language=found[1])


def render(payload: Mapping[str, Any], token: str, library: Library, *, language: str) -> str:
    """The page of a signed summary: everything on it comes out of the token."""
    return page.render(
        payload["document"],
        template=library.page_template,
        messages=library.page_messages,
        language=language,
        qr_text=qr.to_digits(payload["card"]),
        health_card=payload.get("health_card", ""),
        token=token,
    )


def withdrawn(verdict: Verdict, believed: Directory, *, now: datetime, address: str | None = None) -> Verdict:
    """Ask the status list online. `address` asks another place; the list must be signed by the same issuer.

    Raises Unavailable when the list cannot be fetched or believed: then nothing is known, in either direction.
    """
    if not verdict.accepted or verdict.kind != OWN:
        return verdict
    if verdict.pointer is None:
        return replace(verdict, accepted=False, reason="status-unknown", sentence=_NO_STATUS, facts={})
    outcome = signing.verify(_fetched(address or verdict.pointer.uri), believed.registries, typ=status.TYPE, now=now)
    if isinstance(outcome, Refused) or outcome.issuer != verdict.issuer:
        raise Unavailable("the status list is not signed by the issuer of the summary", remedy="ask the issuer")
    if status.is_withdrawn(outcome.payload, verdict.pointer):
        return replace(verdict, accepted=False, reason="withdrawn", sentence=_WITHDRAWN, facts={})
    return verdict


def _fetched(address: str) -> str:
    try:
        response = httpx.get(address, timeout=10, follow_redirects=False, trust_env=False)
        response.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(
            f"the status list cannot be fetched ({type(error).__name__})",
            where=address,
            remedy="try again with a connection; offline the summary is valid until its expiry",
        ) from None
    return response.text.strip()
