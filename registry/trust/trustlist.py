"""Whom to believe: the public keys a verifier holds itself. Nothing in a token adds to them.

A trust file is JSON: `{"issuer": "...", "name": "...", "keys": [JWK, ...]}`, one per issuer. Keys are P-256,
named by their thumbprint, and belong to one issuer each; a private key in a trust file is refused loudly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

from registry.errors import BadInput
from registry.trust import encoding, p256

MAX_FILE_BYTES = 1 << 20
_MEMBERS = {"issuer", "name", "keys"}


@dataclass(frozen=True, slots=True)
class TrustList:
    """Public keys by (issuer, kid), and what people call the issuers."""

    keys: Mapping[tuple[str, str], p256.Jwk]
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for name in ("keys", "names"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        kids = [kid for _, kid in self.keys]
        unfit = any(key.get("kid") != kid or [*p256.public_problems(key)] for (_, kid), key in self.keys.items())
        if unfit or len({*kids}) < len(kids):
            raise ValueError("a trust list holds public P-256 keys, each under its thumbprint and one issuer")

    def key(self, issuer: str, kid: str) -> p256.Jwk | None:
        """The key of this name, if it is this issuer's."""
        return self.keys.get((issuer, kid))

    def issuer(self, kid: str) -> str | None:
        """Whose key this is."""
        return next((issuer for issuer, each in self.keys if each == kid), None)

    def by_issuer(self) -> dict[str, list[p256.Jwk]]:
        """The keys of each issuer."""
        owners = {issuer for issuer, _ in self.keys}
        return {issuer: [key for (owner, _), key in self.keys.items() if owner == issuer] for issuer in owners}

    def name(self, issuer: str) -> str:
        """What people call the issuer; the issuer itself when it has no name here."""
        return self.names.get(issuer, issuer)


def publish(issuer: str, name: str, keys: Iterable[p256.Jwk]) -> dict[str, Any]:
    """The content of a trust file for these keys; of private keys only the public half goes in."""
    return {"issuer": issuer, "name": name, "keys": [p256.public(key) for key in keys]}


def read(files: Mapping[str, bytes]) -> TrustList:
    """Read trust files, given by name. Raises one BadInput that lists every problem of every file."""
    contents = {file: _content(body) for file, body in sorted(files.items())}
    problems = [f"{file}: {each}" for file, content in contents.items() for each in _problems(content)]
    if not problems:
        problems = [*_clashes(contents)]
    if problems:
        raise BadInput("\n".join(("the trust files cannot be used", *problems)), remedy="correct or remove these files")
    return TrustList(
        keys={(each["issuer"], key["kid"]): key for each in contents.values() for key in each["keys"]},
        names={each["issuer"]: each["name"] for each in contents.values()},
    )


def _content(body: bytes) -> Mapping[str, Any]:
    return (encoding.json_object(body) if len(body) <= MAX_FILE_BYTES else None) or {}


def _problems(content: Mapping[str, Any]) -> Iterator[str]:
    if not content:
        yield "it is not a JSON object of at most 1 MiB, or one of its members is repeated"
        return
    if {*content} != _MEMBERS:
        yield f"it must have exactly these members: {', '.join(sorted(_MEMBERS))}"
    yield from (f"`{name}` must be a text" for name in ("issuer", "name") if not _is_text(content.get(name)))
    keys: object = content.get("keys")
    if not isinstance(keys, list) or not keys:
        yield "`keys` must list at least one key"
        return
    for place, key in enumerate(cast("list[object]", keys)):
        yield from (f"keys[{place}]: {problem}" for problem in p256.public_problems(key))


def _clashes(contents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with files that are each right: an issuer or a key that stands twice."""
    seen: dict[str, str] = {}
    for file, content in contents.items():
        for what, value in (("issuer", content["issuer"]), *(("key", key["kid"]) for key in content["keys"])):
            first = seen.setdefault(f"{what} {value}", file)
            if first is not file or (what == "key" and _count(content, value) > 1):
                yield f"{file}: {what} {value} stands twice (first in {first})"


def _count(content: Mapping[str, Any], kid: str) -> int:
    return sum(key["kid"] == kid for key in content["keys"])


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) == len(value) <= 200
