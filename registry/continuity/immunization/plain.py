"""The plain form of a history: which keys it may have, and what each may hold. Nothing misspelt is passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.continuity import elements
from registry.continuity.immunization.given import Doubt
from registry.errors import BadInput
from registry.fhir import dates
from registry.fhir.resource import Content

WRITE_A_DATE = "write 2025-02-28, 2025-02 or 2025"
_ATC = "http://www.whocc.no/atc"


@dataclass(frozen=True, slots=True)
class _Key:
    fits: Callable[[Any], bool]
    what: str
    remedy: str


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_code(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, int) and not isinstance(value, bool))


def _is_date(value: Any) -> bool:
    return value is None or dates.parse(elements.text(value)) is not None


def _are_doubts(value: Any) -> bool:
    return isinstance(value, list) and all(each in _DOUBTS for each in elements.listed(value))


def _is_vaccine(value: Any) -> bool:
    return _is_code(value) or bool(elements.mapping(value))


_DOUBTS = [each.value for each in Doubt]
_DATE = _Key(_is_date, "no date", WRITE_A_DATE)
_WORDS = _Key(_is_text, "no text", "write words, or leave it out")
_CODE = _Key(_is_code, "no code", "write a code, like 03")
_LIST = _Key(lambda value: isinstance(value, list), "no list", "write a list, [] where there is none")

_VACCINES = {"cvx": _CODE, "atc": _CODE, "text": _WORDS}
_NAMED: Mapping[str, _Key] = _VACCINES | {"coding": _LIST}
_HISTORY: Mapping[str, _Key] = {
    "birthDate": _DATE,
    "sex": _Key(
        lambda value: (
            value is None or elements.text(value).casefold() in ("female", "male", "other", "unknown", "f", "m")
        ),
        "no sex we know",
        "write female, male, other or unknown",
    ),
    "doses": _LIST,
    "observations": _LIST,
}
_DOSE: Mapping[str, _Key] = _VACCINES | {
    "id": _WORDS,
    "date": _DATE,
    "vaccine": _Key(_is_vaccine, "no vaccine", 'write a code, or {"text": "..."}'),
    "mvx": _WORDS,
    "expires": _DATE,
    "flagged": _Key(lambda value: isinstance(value, bool), "neither true nor false", "write true or false"),
    "doubts": _Key(_are_doubts, "no list of doubts", f"choose of {', '.join(_DOUBTS)}"),
}
_OBSERVATION: Mapping[str, _Key] = {"code": _WORDS, "date": _DATE}


def check(history: Content) -> None:
    """Raises BadInput naming the place, never what stands there."""
    if "birthDate" not in history or "doses" not in history:
        raise BadInput("a history has a birthDate and a list of doses", where="history", remedy="see forecast --help")
    _check(history, _HISTORY, "")
    for name, keys in (("doses", _DOSE), ("observations", _OBSERVATION)):
        for place, each in enumerate(elements.listed(history.get(name))):
            _check(each, keys, f"{name}[{place}]")
    for place, each in enumerate(elements.listed(history["doses"])):
        where = f"doses[{place}]"
        if not {"vaccine", *_VACCINES} & each.keys():
            raise BadInput("a dose names its vaccine", where=where, remedy="give vaccine, cvx, atc or text")
        if isinstance(each.get("vaccine"), Mapping):
            _check(each["vaccine"], _NAMED, f"{where}.vaccine")


def _check(value: Any, keys: Mapping[str, _Key], where: str) -> None:
    if not isinstance(value, Mapping):
        raise BadInput("this is no object", where=where, remedy=f"its keys are {', '.join(keys)}")
    content = elements.mapping(value)
    if content.keys() - keys.keys():
        raise BadInput("a key is not known", where=where or "history", remedy=f"the keys are {', '.join(keys)}")
    for name, held in content.items():
        if not keys[name].fits(held):
            place = f"{where}.{name}" if where else name
            raise BadInput(keys[name].what, where=place, remedy=keys[name].remedy)


def vaccine_code(dose: Content, system: str) -> Content:
    """The vaccine of a dose as a `vaccineCode`; a bare code, and `cvx`, is of the `system` of the schedule."""
    named = dose.get("vaccine")
    told = {**dose, **elements.mapping(named)}
    bare = [] if named is None or isinstance(named, Mapping) else [named]
    codes = [
        *((system, each) for each in bare),
        *((system, told[name]) for name in ("cvx",) if name in told),
        *((_ATC, told[name]) for name in ("atc",) if name in told),
    ]
    words = told.get("text") or next((each for each in bare if isinstance(each, str)), None)
    codings = [{"system": each, "code": str(code)} for each, code in codes]
    return {"coding": [*codings, *elements.listed(told.get("coding"))], "text": words}
