"""The whole of whom a verifier believes: the files of one folder, of several trust networks.

| file | believed for |
|---|---|
| `*.json`: `{"issuer", "name", "keys"}` | what that registry signs, its SMART Health Cards included (`trustlist`) |
| `*.json`: `{"issuer", "jwks": {"keys"}}`, `name` if wanted | SMART Health Cards of that issuer |
| `*.json`: `{"keys"}`, as issuers publish it | the same; the issuer is said in one of the ways below |
| `HOST/PATH/.well-known/jwks.json` | the same, of `https://HOST/PATH` |
| `.../crl/KID.json` | which cards of that key were withdrawn |
| `*.json`: `{"participating_issuers": [{"iss", "name"}]}` | nothing; what people call these issuers |
| `*.pem`, `*.der`, lines of base64, `*.json` with certificates in base64 | HCERT certificates signed by them |
| `*.json`: `{"revoked": [...]}` | which HCERT certificates were withdrawn, by hash |

A key set names its issuer by `issuer` beside `keys`, by its path, or by the address in its own certificates. One that
names none is not used.

A file that cannot be used is told in `problems` and believed for nothing, so that one broken list does not stop a
desk. Lists of what was withdrawn are the exception: what such a list should have covered is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from cryptography import x509

from registry.errors import BadInput
from registry.trust import encoding, hcert, shc, trustlist
from registry.trust.fault import Fault
from registry.trust.hcert import lists, signers
from registry.trust.shc import issuers, keyset
from registry.trust.shc.issuers import Revocations
from registry.trust.trustlist import TrustList

_MAX_BYTES = 16 << 20
_OWN = {"issuer", "name", "keys"}
_MIRROR = re.compile(r"(?:.*?/)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?(?:/[^/]+)*)/\.well-known/jwks\.json")
_LIST = re.compile(r"(?:.*/)?crl/([A-Za-z0-9_-]{43})\.json")
_NOTHING = "it holds no key, certificate or list that is known here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Whom to believe for our own papers, for SMART Health Cards and for HCERT."""

    registries: TrustList = field(default_factory=lambda: TrustList(keys={}))
    issuers: shc.Issuers = field(default_factory=shc.Issuers)
    signers: hcert.Signers = field(default_factory=hcert.Signers)
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.registries.keys or self.issuers.keys or self.signers.by_kid)


@dataclass(slots=True)
class _Found:
    """What was read so far."""

    own: dict[str, bytes] = field(default_factory=dict[str, bytes])
    sets: list[tuple[str, list[keyset.Jwk]]] = field(default_factory=list[tuple[str, list[keyset.Jwk]]])
    names: dict[str, str] = field(default_factory=dict[str, str])
    withdrawn: dict[str, Revocations | Fault] = field(default_factory=dict[str, "Revocations | Fault"])
    certificates: list[x509.Certificate] = field(default_factory=list[x509.Certificate])
    revoked: list[bytes] = field(default_factory=list[bytes])
    problems: list[str] = field(default_factory=list[str])


def read(files: Mapping[str, bytes]) -> Directory:
    """Read the files of a trust folder, given by their paths in it (with `/`).

    Raises BadInput for a broken file of a registry, for a private key, and for a list of withdrawn certificates that
    cannot be read.
    """
    found = _Found()
    for path, body in sorted(files.items()):
        _read(found, path, body)
    own = trustlist.read(found.own)
    known = dict(of_registries(own).issuers.keys)
    for issuer, keys in found.sets:
        known |= {(issuer, key["kid"]): issuers.key(key, found.withdrawn.get(key["kid"])) for key in keys}
    return Directory(
        registries=own,
        issuers=shc.Issuers(keys=known, names={**found.names, **own.names}),
        signers=signers.of(found.certificates, found.revoked),
        problems=tuple(found.problems),
    )


def of_registries(own: TrustList) -> Directory:
    """Registries alone, each believed for its papers and its SMART Health Cards."""
    known = {(issuer, kid): issuers.key(key) for (issuer, kid), key in own.keys.items()}
    return Directory(registries=own, issuers=shc.Issuers(keys=known, names=own.names))


def _read(found: _Found, path: str, body: bytes) -> None:
    content = _content(body) if len(body) <= _MAX_BYTES else None
    listed = _LIST.fullmatch(path)
    if listed or (content is not None and "rids" in content):
        _take_list(found, path, content, listed[1] if listed else "")
    elif content is None:
        _take_certificates(found, path, [] if path.endswith(".json") else lists.certificates(body))
    elif {*content} >= _OWN:
        found.own[path] = body
    else:
        kind = next((name for name in _KINDS if name in content), "")
        _KINDS[kind](found, path, content)


def _content(body: bytes) -> Mapping[str, Any] | None:
    """A JSON object, a JSON list as `{"": list}`, or the JSON after a line of signature, as one country has it."""
    text = body.strip()
    start = text.find(b"\n{") + 1 if text[:1] not in (b"{", b"[") else 0
    if text[start : start + 1] == b"[":
        return encoding.json_object(b'{"":' + text + b"}")
    return encoding.json_object(text[start:]) if text[start : start + 1] == b"{" else None


def _take_list(found: _Found, path: str, content: Mapping[str, Any] | None, kid: str) -> None:
    held = issuers.revocations(content)
    kid = kid or (held.kid if isinstance(held, Revocations) else str(content and content.get("kid")))
    if isinstance(held, Fault):
        found.problems.append(f"{path}: {held.sentence}")
    found.withdrawn[kid] = held if found.withdrawn.get(kid, held) == held else Fault.REVOCATION


def _take_certificates(found: _Found, path: str, held: Iterable[x509.Certificate]) -> None:
    fitting = [each for each in held if signers.signer(each)]
    if not fitting:
        found.problems.append(f"{path}: {_NOTHING}")
    found.certificates.extend(fitting)


def _take_keys(found: _Found, path: str, content: Mapping[str, Any]) -> None:
    keys = keyset.keys_of(content)
    issuer = _issuer(content, path, keys or [])
    faults = {fault for key in keys or [] for fault in keyset.faults(key, issuer)}
    if Fault.KEY_PRIVATE in faults:
        raise BadInput(f"a trust file holds a private key: {path}", remedy="remove it; its owner must replace the key")
    good = [key for key in keys or [] if not any(keyset.faults(key, issuer))]
    if not issuer or keys is None:
        faults.add(Fault.KEYS)
    if issuer and good:
        found.sets.append((issuer, good))
        found.names |= {issuer: content["name"]} if isinstance(content.get("name"), str) else {}
    why = "it does not say whose keys these are" if keys and not issuer else ""
    found.problems.extend(f"{path}: {why or fault.sentence}" for fault in faults)


def _take_wrapped(found: _Found, path: str, content: Mapping[str, Any]) -> None:
    inner: object = content["jwks"]
    keys = cast("Mapping[str, Any]", inner).get("keys") if isinstance(inner, dict) else None
    _take_keys(found, path, {**content, "keys": keys})


def _issuer(content: Mapping[str, Any], path: str, keys: list[keyset.Jwk]) -> str:
    if isinstance(content.get("issuer"), str):
        return content["issuer"]
    mirrored = _MIRROR.fullmatch(path)
    if mirrored:
        return f"https://{mirrored[1]}"
    certified = keyset.named_issuers(keys)
    return certified.pop() if len(certified) == 1 else ""


def _take_names(found: _Found, path: str, content: Mapping[str, Any]) -> None:
    listed = cast("list[Any]", content["participating_issuers"])
    try:
        found.names |= {str(each["iss"]): str(each["name"]) for each in listed}
    except (TypeError, KeyError):
        found.problems.append(f"{path}: {_NOTHING}")


def _take_revoked(found: _Found, path: str, content: Mapping[str, Any]) -> None:
    held = lists.hashes(content["revoked"])
    if held is None:
        raise BadInput(f"the trust list of withdrawn certificates cannot be read: {path}", remedy="fetch it anew")
    found.revoked.extend(held)


def _take_json(found: _Found, path: str, content: Mapping[str, Any]) -> None:
    _take_certificates(found, path, lists.in_json(content))


_KINDS: Mapping[str, Callable[[_Found, str, Mapping[str, Any]], None]] = {
    "jwks": _take_wrapped,
    "keys": _take_keys,
    "participating_issuers": _take_names,
    "revoked": _take_revoked,
    "": _take_json,
}
