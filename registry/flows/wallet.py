"""The cards of other issuers, read out of whatever a family brings: text, JSON, pictures of QR codes, plain bytes.

Reading believes nothing; `registry.flows.foreign` decides. What a file holds is a list, since one file may carry
several cards, and one card may be spread over several codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from registry.trust import encoding
from registry.trust.fault import Fault
from registry.trust.hcert import reading
from registry.trust.shc import codes
from registry.trust.shc.codes import Chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCard:
    """A JWS that claims to be a SMART Health Card, with what its carrier already gave cause to warn of."""

    token: str
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The bytes of what claims to be an HCERT."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """JSON that somebody could have signed and nobody did: `kind` is payload, bundle or key-set."""

    kind: str
    content: Mapping[str, Any] = field(repr=False)


Held = HealthCard | Certificate | Bare | Chunk | Fault
"""What was found; a Fault where it claims to be a card and cannot be read as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """What one file holds."""

    carrier: str
    kind: str
    held: Sequence[Held]


SHC, HCERT, BARE, LINK = "smart-health-card", "hcert", "unsigned", "link"
_LINK = re.compile(r"(?:https://\S+#)?shlink:/\S*")
_BASE45 = re.compile(r"[0-9A-Z $%*+\-./:]{40,}")
_COSE_BEGINS = (b"\xd2", b"\x84", b"\xd8\x3d", b"\x78")
_MAX_CHARACTERS = 1 << 20
_ENDS = re.compile(r"\r?\n\Z")


def of_bytes(body: bytes) -> Wallet | None:
    """What bytes that are no text and no picture hold; None when nothing of ours to judge."""
    if not body.startswith(_COSE_BEGINS):
        return None
    return Wallet(carrier="bytes", kind=HCERT, held=[_certificate(reading.of_bytes(body))])


def of_text(text: str) -> Wallet | None:
    """What a text file holds; None when it is no card of others, or larger than any."""
    if len(text) > _MAX_CHARACTERS:
        return None
    plain = _ENDS.sub("", text.removeprefix("\ufeff"))
    core = plain.strip()
    if core.startswith("{"):
        return _of_json(plain, core)
    if core.lower().startswith("shc:"):
        return Wallet(carrier="qr-text", kind=SHC, held=_of_codes(plain))
    if _LINK.fullmatch(core):
        return Wallet(carrier="link", kind=LINK, held=[Fault.ELSEWHERE])
    return _of_certificate_text(plain.lstrip("\t\r\n"), core) or _of_token(plain, core)


def of_codes(texts: Sequence[tuple[str, int]]) -> Wallet | None:
    """What the QR codes of one picture hold, each with its version; None when none is a card of others."""
    cards = [each for each in texts if each[0].lower().startswith("shc:")]
    if cards:
        return Wallet(carrier="picture", kind=SHC, held=[_sized(codes.parse(text), text, at) for text, at in cards])
    if any(_LINK.fullmatch(text) for text, _ in texts):
        return Wallet(carrier="picture", kind=LINK, held=[Fault.ELSEWHERE])
    certificates = [text for text, _ in texts if text.startswith("HC") or _BASE45.fullmatch(text)]
    if certificates:
        held = [_certificate(reading.of_text(text)) for text in dict.fromkeys(certificates)]
        return Wallet(carrier="picture", kind=HCERT, held=held)
    return None


def _sized(chunk: Chunk | Fault, text: str, version: int) -> Held:
    """A code as it was found; one larger than the standard allows, or than its text needs, is told.

    Version 0 is that of a code whose version the reader does not say.
    """
    if isinstance(chunk, Fault):
        return chunk
    if version > codes.MAX_VERSION:
        return Fault.QR_VERSION
    inflated = 0 < codes.version_needed(text) < version
    if chunk.split:
        return chunk
    return HealthCard(token=chunk.token, warnings=(Fault.QR_VERSION,) if inflated else ())


def _of_codes(text: str) -> list[Held]:
    """Each line is one scanned code."""
    if text != text.strip():
        return [Fault.TRAILING]
    found = [codes.parse(line) for line in text.split("\n")]
    return [each if isinstance(each, Fault) or each.split else HealthCard(token=each.token) for each in found]


def _of_certificate_text(plain: str, core: str) -> Wallet | None:
    if core.startswith("HC1:") and plain != core and not plain.startswith(core):
        return Wallet(carrier="qr-text", kind=HCERT, held=[Fault.TRAILING])
    raw = reading.of_hex(core) if len(core) >= 40 else None
    if raw is not None:
        return Wallet(carrier="hex", kind=HCERT, held=[_certificate(reading.of_bytes(raw))])
    if re.match(r"HC[0-9A-Z]?:", core) or _BASE45.fullmatch(plain):
        return Wallet(carrier="qr-text", kind=HCERT, held=[_certificate(reading.of_text(plain))])
    return None


def _of_token(plain: str, core: str) -> Wallet | None:
    """A JWS without a type: ours always have one, health cards never do."""
    parts = core.split(".")
    header = encoding.from_base64url(parts[0]) if len(parts) == 3 else None
    members = encoding.json_object(header) if header else None
    if members is None or "typ" in members:
        return None
    token: Held = HealthCard(token=core) if plain == core else Fault.TRAILING
    return Wallet(carrier="token", kind=SHC, held=[token])


def _certificate(body: bytes | Fault) -> Held:
    return body if isinstance(body, Fault) else Certificate(body=body)


# --- JSON ------------------------------------------------------------------------------------------


def _of_json(plain: str, core: str) -> Wallet | None:
    content = encoding.json_object(core.encode("utf-8", "surrogatepass"))
    if content is None:
        return None
    name = next((each for each in _SHAPES if each in content), None)
    wallet = _SHAPES[name](content) if name else None
    # Only SMART Health Cards speak of what may stand around them; other JSON may be written as one likes.
    if wallet and plain != core and wallet.kind in (SHC, BARE) and name != "keys":
        return Wallet(carrier=wallet.carrier, kind=wallet.kind, held=[Fault.TRAILING])
    return wallet


def _card_file(content: Mapping[str, Any]) -> Wallet:
    return _cards(content["verifiableCredential"])


def _resource(content: Mapping[str, Any]) -> Wallet | None:
    """A Bundle as a card holds it, or the answer of the `$health-cards-issue` operation."""
    if content["resourceType"] == "Bundle":
        return Wallet(carrier="json", kind=BARE, held=[Bare(kind="bundle", content=content)])
    parameters: object = content.get("parameter")
    if content["resourceType"] != "Parameters" or not isinstance(parameters, list):
        return None
    held = [cast("Mapping[str, Any]", each) for each in cast("list[object]", parameters) if isinstance(each, dict)]
    return _cards([each.get("valueString") for each in held if each.get("name") == "verifiableCredential"])


def _cards(tokens: object) -> Wallet:
    listed = cast("list[object]", tokens) if isinstance(tokens, list) else []
    held = [HealthCard(token=each) if isinstance(each, str) else Fault.MALFORMED for each in listed]
    return Wallet(carrier="file", kind=SHC, held=held or [Fault.MALFORMED])


def _bare(kind: str) -> Callable[[Mapping[str, Any]], Wallet]:
    return lambda content: Wallet(carrier="json", kind=BARE, held=[Bare(kind=kind, content=content)])


def _link(_: Mapping[str, Any]) -> Wallet:
    return Wallet(carrier="json", kind=LINK, held=[Fault.ELSEWHERE])


def _test_layout(content: Mapping[str, Any]) -> Wallet:
    """The layout of the EU's shared test data: the outermost form that is there is judged, as a scanner would."""
    given = next((name for name in _LAYERS if isinstance(content.get(name), str)), "")
    found = _LAYERS[given](content[given]) if given else Fault.MALFORMED
    return Wallet(carrier="json", kind=HCERT, held=[_certificate(found)])


def _unpacked(text: str) -> bytes | Fault:
    raw = reading.of_hex(text)
    return Fault.COMPRESSION if raw is None else reading.inflated(raw)


def _signed(text: str) -> bytes | Fault:
    raw = reading.of_hex(text)
    return Fault.COSE if raw is None else raw


_LAYERS: Mapping[str, Callable[[str], bytes | Fault]] = {
    "PREFIX": reading.of_text,
    "BASE45": reading.of_base45,
    "COMPRESSED": _unpacked,
    "COSE": _signed,
}
_SHAPES: Mapping[str, Callable[[Mapping[str, Any]], Wallet | None]] = {
    "TESTCTX": _test_layout,
    **dict.fromkeys(_LAYERS, _test_layout),
    "verifiableCredential": _card_file,
    "resourceType": _resource,
    "vc": _bare("payload"),
    "keys": _bare("key-set"),
    "rids": _bare("revocations"),
    "location": _link,
    "files": _link,
    "link": _link,
    "url": _link,
}
