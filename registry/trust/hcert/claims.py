"""What an HCERT says of itself: who issued it, when, until when, and the certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from registry.trust.fault import Fault
from registry.trust.hcert import cbor

_ISS, _EXP, _IAT, _HCERT, _EU_DCC = 1, 4, 6, -260, 1
_LAST_SECOND = 253402300799  # the end of the year 9999
# Territories whose certificates are signed by another country, and codes that stand for one country.
_PARENTS = {
    **dict.fromkeys(("FO", "GL"), "DK"),
    **dict.fromkeys(("GG", "JE", "IM", "GI", "XI", "UK"), "GB"),
    **dict.fromkeys(("CW", "AW", "SX", "BQ"), "NL"),
    **dict.fromkeys(("BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "WF", "YT"), "FR"),
    "AX": "FI",
    "SJ": "NO",
    "EL": "GR",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of one certificate, its content as plain values."""

    issuer: str | None
    issued: datetime
    expires: datetime
    certificate: Mapping[str, Any] = field(repr=False)


def read(payload: bytes) -> Claims | Fault:
    """The claims in the signed payload (specification, "Payload"; keys of RFC 8392)."""
    try:
        held = cbor.read(payload)
    except ValueError:
        return Fault.CWT
    if not isinstance(held, Mapping):
        return Fault.CWT
    claims = cast("Mapping[Any, Any]", held)
    issued, expires = _moment(claims.get(_IAT)), _moment(claims.get(_EXP))
    issuer, certificates = claims.get(_ISS), claims.get(_HCERT)
    if issued is None or expires is None or not (issuer is None or isinstance(issuer, str)):
        return Fault.CWT
    if not isinstance(certificates, Mapping) or _EU_DCC not in cast("Mapping[Any, Any]", certificates):
        return Fault.CWT
    content = plain(cast("Mapping[Any, Any]", certificates)[_EU_DCC])
    return Claims(issuer=issuer, issued=issued, expires=expires, certificate=content)


def _moment(value: object) -> datetime | None:
    if type(value) not in (int, float) or not math.isfinite(cast("float", value)):
        return None
    seconds = cast("float", value)
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds <= _LAST_SECOND else None


def plain(item: object) -> Any:
    """CBOR values as JSON has them; what JSON has not becomes None, which no check of the form lets pass."""
    if isinstance(item, Mapping):
        return {str(name): plain(value) for name, value in cast("Mapping[Any, Any]", item).items()}
    if isinstance(item, list | tuple):
        return [plain(each) for each in cast("list[Any]", item)]
    return item if isinstance(item, str | int | float | bool) else None


def same_country(one: str, other: str) -> bool:
    """Whether two ISO 3166 codes mean one country or a territory of it."""
    return _PARENTS.get(one, one) == _PARENTS.get(other, other)
