"""Is a card of another issuer genuine? SMART Health Cards and HCERT, judged offline against the verifier's own folder.

What carries no signature is judged for its form, so that an issuer can be told what is wrong, and always refused. A
set of keys is accepted only when the folder believes every key of it already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from registry.flows import verdict
from registry.flows.verdict import Verdict
from registry.flows.wallet import Bare, Certificate, HealthCard, Held, Wallet
from registry.trust import hcert, shc
from registry.trust.directory import Directory
from registry.trust.fault import Fault, Refusal
from registry.trust.shc import codes, content, issuers, jws, keyset
from registry.trust.shc.codes import Chunk
from registry.trust.shc.issuers import Revocations

Card = shc.Card | hcert.Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One thing a file held: the card where it is believed, else why not."""

    card: Card | None
    verdict: Verdict


def judge(held: Wallet, directory: Directory, *, now: datetime) -> list[Judged]:
    """Judge everything a file holds, each for itself."""
    found = _one(held.held)
    return [_JUDGES[type(each)](each, directory, now, held) for each in found]


def verify(held: Wallet, directory: Directory, *, now: datetime) -> Verdict:
    """Judge a file as a whole: accepted only when everything in it is."""
    verdicts = [each.verdict for each in judge(held, directory, now=now)]
    first = next((each for each in verdicts if not each.accepted), verdicts[0])
    warnings = tuple(dict.fromkeys(code for each in verdicts for code in each.warnings))
    several = {"cards": [each.facts for each in verdicts]} if len(verdicts) > 1 else first.facts
    return replace(first, warnings=warnings, facts=several if first.accepted else {})


def _one(held: Sequence[Held]) -> Sequence[Held]:
    """The codes of one split card put together."""
    chunks = [each for each in held if isinstance(each, Chunk)]
    if not chunks or len(chunks) < len(held):
        return [Fault.CHUNKS_MISSING if isinstance(each, Chunk) else each for each in held]
    outcome = codes.joined(chunks)
    return [outcome if isinstance(outcome, Fault) else HealthCard(token=outcome[0], warnings=outcome[1])]


def _of_fault(held: Any, _: Directory, __: datetime, of: Wallet) -> Judged:
    return Judged(card=None, verdict=verdict.refused(held, carrier=of.carrier, kind=of.kind))


def _of_card(held: Any, directory: Directory, now: datetime, of: Wallet) -> Judged:
    outcome = shc.verify(held.token, directory.issuers, now=now)
    if isinstance(outcome, Refusal):
        warnings = (*held.warnings, *outcome.warnings)
        said = verdict.refused(outcome.fault, carrier=of.carrier, kind=of.kind, warnings=warnings)
        return Judged(card=None, verdict=said)
    accepted = Verdict(
        accepted=True,
        carrier=of.carrier,
        kind=of.kind,
        warnings=verdict.codes((*held.warnings, *outcome.warnings)),
        issuer=outcome.issuer,
        issuer_name=directory.issuers.name(outcome.issuer),
        issued=outcome.issued,
        expires=outcome.expires,
        facts=outcome.bundle,
    )
    return Judged(card=outcome, verdict=accepted)


def _of_certificate(held: Any, directory: Directory, now: datetime, of: Wallet) -> Judged:
    outcome = hcert.verify(held.body, directory.signers, now=now)
    if isinstance(outcome, Refusal):
        return Judged(card=None, verdict=verdict.refused(outcome.fault, carrier=of.carrier, kind=of.kind))
    accepted = Verdict(
        accepted=True,
        carrier=of.carrier,
        kind=of.kind,
        warnings=verdict.codes(tuple(outcome.warnings)),
        issuer=outcome.country,
        issuer_name=outcome.country,
        issued=outcome.issued,
        expires=outcome.expires,
        facts=outcome.content,
    )
    return Judged(card=outcome, verdict=accepted)


# --- what nobody signed ----------------------------------------------------------------------------


def _of_bare(held: Any, directory: Directory, now: datetime, of: Wallet) -> Judged:
    fault, warnings = _BARE[held.kind](held.content, directory, now)
    if fault is None:
        return Judged(card=None, verdict=Verdict(accepted=True, carrier=of.carrier, kind=held.kind))
    return Judged(card=None, verdict=verdict.refused(fault, carrier=of.carrier, kind=held.kind, warnings=warnings))


Outcome = tuple[Fault | None, tuple[Fault, ...]]


def _payload(held: Mapping[str, Any], _: Directory, now: datetime) -> Outcome:
    found, times = content.of_payload(held), jws.times_of(held, now)
    late = [times] if isinstance(times, Fault) else []
    odd = () if isinstance(times, Fault) else times.warnings
    return [*found.errors, *late, Fault.UNSIGNED][0], (*odd, *found.warnings)


def _bundle(held: Mapping[str, Any], _: Directory, __: datetime) -> Outcome:
    found = content.of_bundle(held)
    return [*found.errors, Fault.UNSIGNED][0], tuple(found.warnings)


def _key_set(held: Mapping[str, Any], directory: Directory, _: datetime) -> Outcome:
    keys = keyset.keys_of(held)
    if keys is None:
        return Fault.KEYS, ()
    faults = [fault for key in keys for fault in keyset.faults(key)]
    unknown = [] if all(each.get("kid") in directory.issuers.owners for each in keys) else [Fault.UNKNOWN_SIGNER]
    return next(iter([*faults, *unknown]), None), ()


def _revocations(held: Mapping[str, Any], _: Directory, __: datetime) -> Outcome:
    return (Fault.UNSIGNED if isinstance(issuers.revocations(held), Revocations) else Fault.REVOCATION), ()


_BARE: Mapping[str, Callable[[Mapping[str, Any], Directory, datetime], Outcome]] = {
    "payload": _payload,
    "bundle": _bundle,
    "key-set": _key_set,
    "revocations": _revocations,
}
_JUDGES: Mapping[type, Callable[[Any, Directory, datetime, Wallet], Judged]] = {
    Fault: _of_fault,
    HealthCard: _of_card,
    Certificate: _of_certificate,
    Bare: _of_bare,
}


def together(files: Mapping[str, Wallet]) -> Mapping[str, Wallet]:
    """Each file, where codes of one split card were given as several files with the whole set in each of them."""
    chunks = [each for held in files.values() for each in held.held if isinstance(each, Chunk)]
    counts = {each.count for each in chunks}
    sets = {count: [each for each in chunks if each.count == count] for count in counts}
    return {
        name: replace(held, held=sets[held.held[0].count])
        if len(held.held) == 1 and isinstance(held.held[0], Chunk)
        else held
        for name, held in files.items()
    }
