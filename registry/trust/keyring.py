"""Every key of one registry, as one value: it is kept in a file (mode 0600), never in the database.

* `wrapping`: by generation, one random key per 30-day epoch wraps the data keys of the dossiers opened in it. A
  rotation adds a generation and drops the former; where a token holds the wrapping keys there is none here.
* `match_key`, `index_key`: keyed hashes for matching and for every other lookup.
* `pseudonym_key`: the pairwise ids recipients see. `digest_key`: digests of documents.
* `summary_key`, `audit_key`: P-256 keys that sign summaries with their status list, and audit checkpoints.

All are drawn independently, none is derived from another. Wrapping keys are made for 36 epochs (almost three
years) ahead, so that an export made today still opens what will be sealed until then; one made later is
needed after that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from hashlib import sha256
from types import MappingProxyType
from typing import Any, cast

import orjson

from registry.errors import KeyProblem
from registry.trust import encoding, p256, passphrase, sealing

EPOCH_DAYS = 30
EPOCHS_AHEAD = 36
_VERSION = 2
_FLAT = 1
"""The version before there were generations: its wrapping keys are those of the first."""

_SECRETS = ("match_key", "index_key", "pseudonym_key", "digest_key")
_SIGNERS = ("summary_key", "audit_key")

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The keys. Printing it shows the edition and no key."""

    edition: int
    wrapping: Mapping[int, Mapping[int, bytes]] = field(repr=False)
    match_key: bytes = field(repr=False)
    index_key: bytes = field(repr=False)
    pseudonym_key: bytes = field(repr=False)
    digest_key: bytes = field(repr=False)
    summary_key: p256.Jwk = field(repr=False)
    audit_key: p256.Jwk = field(repr=False)

    def __post_init__(self) -> None:
        frozen = {generation: MappingProxyType(dict(held)) for generation, held in self.wrapping.items()}
        object.__setattr__(self, "wrapping", MappingProxyType(frozen))
        for name in _SIGNERS:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        wrapping = [key for held in self.wrapping.values() for key in held.values()]
        secrets = [*wrapping, *(getattr(self, name) for name in _SECRETS)]
        signers = [getattr(self, name) for name in _SIGNERS]
        if any(len(secret) != sealing.KEY_BYTES for secret in secrets):
            raise KeyProblem("a key of the keyring does not have 32 bytes")
        if any(problem for signer in signers for problem in p256.private_problems(signer)):
            raise KeyProblem("a signing key of the keyring is not a usable P-256 key")
        if len({*secrets}) < len(secrets) or self.summary_key["d"] == self.audit_key["d"]:
            raise KeyProblem("two keys of the keyring are the same")

    def wrapping_key(self, generation: int, epoch: int) -> bytes:
        """The key of an epoch. Raises KeyProblem when this keyring does not hold it."""
        try:
            return self.wrapping[generation][epoch]
        except KeyError:
            raise missing(generation, epoch) from None


def epoch_of(day: date) -> int:
    """The 30-day epoch a day lies in, counted from 1 January 1970."""
    return (day - date(1970, 1, 1)).days // EPOCH_DAYS


def fresh(random: Random, *, today: date, epochs: int = EPOCHS_AHEAD) -> Keyring:
    """A new keyring, with wrapping keys for this epoch and the following ones (none where a token holds them).

    `random` gives as many unpredictable bytes as it is asked for.
    """
    return Keyring(
        edition=1,
        wrapping={1: _wrapping(random, today, epochs)} if epochs else {},
        match_key=random(sealing.KEY_BYTES),
        index_key=random(sealing.KEY_BYTES),
        pseudonym_key=random(sealing.KEY_BYTES),
        digest_key=random(sealing.KEY_BYTES),
        summary_key=p256.fresh(random),
        audit_key=p256.fresh(random),
    )


def with_epochs(keyring: Keyring, random: Random, today: date, *, epochs: int = EPOCHS_AHEAD) -> Keyring:
    """The keyring with every wrapping key of its newest generation from today on; a key it has is never replaced."""
    if not keyring.wrapping:
        return keyring
    newest = max(keyring.wrapping)
    return _with(keyring, newest, {**_wrapping(random, today, epochs), **keyring.wrapping[newest]})


def with_generation(
    keyring: Keyring, generation: int, random: Random, today: date, *, epochs: int = EPOCHS_AHEAD
) -> Keyring:
    """The keyring with a further generation of wrapping keys; one it has already is not drawn again."""
    if generation in keyring.wrapping:
        return keyring
    return _with(keyring, generation, _wrapping(random, today, epochs))


def without_generations(keyring: Keyring, *, before: int) -> Keyring:
    """The keyring without older generations: what they wrapped opens nowhere any more."""
    kept = {generation: held for generation, held in keyring.wrapping.items() if generation >= before}
    return replace(keyring, wrapping=kept)


def without_wrapping(keyring: Keyring) -> Keyring:
    """The keyring as it stays in memory: a wrapping key is fetched when it is needed, and soon forgotten."""
    return replace(keyring, wrapping={})


def _with(keyring: Keyring, generation: int, held: Mapping[int, bytes]) -> Keyring:
    return replace(keyring, wrapping={**keyring.wrapping, generation: held})


def dumps(keyring: Keyring) -> bytes:
    """The file's bytes: one line of JSON, with a check that tells damage from another key."""
    return _written(keyring, _VERSION)


def _written(keyring: Keyring, version: int) -> bytes:
    content = {each.name: _plain(getattr(keyring, each.name)) for each in fields(keyring)}
    if version == _FLAT:
        content["wrapping"] = content["wrapping"]["1"]
    content["version"] = version
    check = sha256(_json(content)).digest()
    return _json({**content, "check": encoding.to_base64url(check)}) + b"\n"


def loads(body: bytes) -> Keyring:
    """Read what `dumps` wrote. Raises KeyProblem when a single character differs."""
    content = encoding.json_object(body.strip())
    if content is None:
        raise _damaged()
    if content.get("version") not in (_FLAT, _VERSION):
        raise KeyProblem(
            "the key file is of an unknown version", remedy="use the program that wrote it, or a newer one"
        )
    try:
        keyring = _keyring(content)
        written = _written(keyring, content["version"])
    except (KeyError, TypeError, ValueError, AttributeError, KeyProblem):
        raise _damaged() from None
    if written.strip() != body.strip():
        raise _damaged()
    return keyring


def lock(
    keyring: Keyring,
    typed: str,
    *,
    salt: bytes,
    nonce: bytes,
    cost: passphrase.Cost = passphrase.STANDARD,
) -> bytes:
    """The keyring for keeping elsewhere, under a passphrase (12 characters or more, else BadInput)."""
    return passphrase.lock(dumps(keyring), typed, salt=salt, nonce=nonce, cost=cost) + b"\n"


def unlock(locked: bytes, typed: str) -> Keyring:
    """Read what `lock` made. Raises KeyProblem when the passphrase is wrong or the file damaged."""
    return loads(passphrase.unlock(locked, typed))


def _wrapping(random: Random, today: date, epochs: int) -> dict[int, bytes]:
    first = epoch_of(today)
    return {epoch: random(sealing.KEY_BYTES) for epoch in range(first, first + epochs)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return encoding.to_base64url(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in cast("Mapping[object, Any]", value).items()}
    return value


def _keyring(content: Mapping[str, Any]) -> Keyring:
    secrets = {name: _secret(content[name]) for name in _SECRETS}
    signers = {name: content[name] for name in _SIGNERS}
    held = {"1": content["wrapping"]} if content["version"] == _FLAT else content["wrapping"]
    wrapping = {int(generation): _epochs(keys) for generation, keys in held.items()}
    return Keyring(edition=int(content["edition"]), wrapping=wrapping, **secrets, **signers)


def _epochs(keys: Mapping[str, str]) -> dict[int, bytes]:
    return {int(epoch): _secret(text) for epoch, text in keys.items()}


def _secret(text: str) -> bytes:
    raw = encoding.from_base64url(text)
    if raw is None:
        raise ValueError("not base64url")
    return raw


def _json(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS)


def _damaged() -> KeyProblem:
    return KeyProblem(
        "the key file is damaged",
        remedy="restore it from a copy, or from the locked export with `continuity keys import --replace`",
    )


def missing(generation: int, epoch: int) -> KeyProblem:
    """What to say where the wrapping key of an epoch is not to be had."""
    first_day = date.fromordinal(date(1970, 1, 1).toordinal() + epoch * EPOCH_DAYS)
    return KeyProblem(
        f"there is no wrapping key of generation {generation} for epoch {epoch} (the 30 days from "
        f"{first_day.isoformat()})",
        remedy="these keys are older, or of another registry: import the newest with `continuity keys import`",
    )
