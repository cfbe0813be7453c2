"""Does what was signed have the form of an EU certificate? The EU DCC JSON schema 1.3.0, as tables.

Earlier versions asked less: a group could hold several entries, and one of the two standardised names was enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, cast

GROUPS = ("v", "t", "r")
_STRICT_FROM = (1, 3)
_MAX_TEXT = 80
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})")
_BORN = re.compile(r"((19|20)\d\d(-\d\d){0,2})?")
_BORN_EARLIER = re.compile(r"((19|20)\d\d(-\d\d){0,2})?(T.{1,30})?")
_STANDARD = re.compile(r"[A-Z<]{0,80}")
_COUNTRY = re.compile(r"[A-Z]{1,10}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT


def _is_code(value: object) -> bool:
    return isinstance(value, str)


def _is_standard(value: object) -> bool:
    return isinstance(value, str) and _STANDARD.fullmatch(value) is not None


def _is_country(value: object) -> bool:
    return isinstance(value, str) and _COUNTRY.search(value) is not None


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) > len("2021-01-01") and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_day(value: object) -> bool:
    # `format` is an annotation in JSON Schema, and the specification wants decoders to be permissive.
    try:
        return (
            isinstance(value, str) and bool(date.fromisoformat(value[:10])) and (value[10:] == "" or _is_moment(value))
        )
    except ValueError:
        return False


Check = Callable[[object], bool]
_COMMON: Mapping[str, Check] = {"tg": _is_code, "co": _is_country, "is": _is_text, "ci": _is_text}
_ENTRIES: Mapping[str, Mapping[str, Check]] = {
    "v": {"vp": _is_code, "mp": _is_code, "ma": _is_code, "dn": _is_count, "sd": _is_count, "dt": _is_day},
    "t": {"tt": _is_code, "sc": _is_moment, "tr": _is_code},
    "r": {"fr": _is_day, "df": _is_day, "du": _is_day},
}
_OPTIONAL: Mapping[str, Mapping[str, Check]] = {"t": {"nm": _is_text, "ma": _is_code, "tc": _is_text}}
_NAMES: Mapping[str, Check] = {"fn": _is_text, "fnt": _is_standard, "gn": _is_text, "gnt": _is_standard}


def problems(certificate: object) -> Iterator[str]:
    """The places of a certificate that are not as the schema wants them, such as `v[0].dn`; no values."""
    if not isinstance(certificate, Mapping):
        yield "."
        return
    held = cast("Mapping[str, Any]", certificate)
    version = _VERSION.fullmatch(str(held.get("ver")))
    if not isinstance(held.get("ver"), str) or version is None:
        yield "ver"
        return
    is_strict = (int(version[1]), int(version[2])) >= _STRICT_FROM
    born = held.get("dob")
    if not isinstance(born, str) or not (_BORN if is_strict else _BORN_EARLIER).fullmatch(born):
        yield "dob"
    yield from _name_problems(held.get("nam"), is_strict)
    yield from _group_problems(held, is_strict)


def _name_problems(name: object, is_strict: bool) -> Iterator[str]:
    if not isinstance(name, Mapping):
        yield "nam"
        return
    held = cast("Mapping[str, Any]", name)
    if "fnt" not in held and (is_strict or "gnt" not in held):
        yield "nam.fnt"
    yield from (f"nam.{part}" for part, check in _NAMES.items() if held.get(part) is not None and not check(held[part]))


def group(certificate: Mapping[str, Any]) -> str:
    """The group a certificate is of; the empty text when it has none."""
    return next((name for name in GROUPS if certificate.get(name)), "")


def _group_problems(held: Mapping[str, Any], is_strict: bool) -> Iterator[str]:
    present = [name for name in GROUPS if held.get(name)]
    if not present or (is_strict and len(present) > 1):
        yield ",".join(GROUPS)
    for name in present:
        entries = cast("list[object]", held[name]) if isinstance(held[name], list) else []
        if not entries or (is_strict and len(entries) > 1):
            yield name
        for at, entry in enumerate(entries):
            yield from (f"{name}[{at}].{place}" for place in _entry_problems(name, entry))


def _entry_problems(name: str, entry: object) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "."
        return
    held = cast("Mapping[str, Any]", entry)
    yield from (part for part, check in {**_COMMON, **_ENTRIES[name]}.items() if not check(held.get(part)))
    optional = _OPTIONAL.get(name, {})
    yield from (part for part, check in optional.items() if held.get(part) is not None and not check(held[part]))
