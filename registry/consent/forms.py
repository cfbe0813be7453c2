"""The forms in which a value may leave; each takes anything and gives None for what does not fit.

Invariant: a form applied to its own result changes nothing, and no form passes on anything that it was not
made for: strings are not numbers, true is not 1, an object is never a string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from registry.consent.places import Form, Places, Rule
from registry.fhir import dates, terminology
from registry.fhir.dates import PartialDate
from registry.fhir.terminology import Coding

Json = dict[str, Any]

_DIGITS: Final = re.compile(r"[1-9][0-9]?")
_ISCED: Final = re.compile(r"[0-9]{3}")
_WORDS_OF_CODING: Final = ("system", "version", "code", "display")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a form may need beside the value. `names` are the recipient's pseudonyms for references."""

    kind: str
    names: Mapping[str, str]
    places: Places


def applied(form: Form, value: Any, rule: Rule, context: Context) -> Any:
    """The value in the form; None when nothing may leave. A list is taken element by element."""
    if form in _OF_LISTS:
        return _OF_LISTS[form](value, context)
    if isinstance(value, list):
        each_value = (_one(form, each, rule, context) for each in cast("list[Any]", value))
        return [each for each in each_value if each is not None] or None
    return _one(form, value, rule, context)


def _one(form: Form, value: Any, rule: Rule, context: Context) -> Any:
    return _OF_VALUES[form](value, rule, context)


def _listed(value: Any, rule: Rule, _: Context) -> str | None:
    return value if isinstance(value, str) and value in rule.values else None


def _yes_no(value: Any, _: Rule, __: Context) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any, _: Rule, __: Context) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100 else None


def _digits(value: Any, _: Rule, __: Context) -> str | None:
    return value if isinstance(value, str) and _DIGITS.fullmatch(value) else None


def _decimal(value: Any, _: Rule, __: Context) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _isced(value: Any, _: Rule, __: Context) -> Json | None:
    codes = [each.get("code") for each in _objects(value)]
    code = codes[0] if len(codes) == 1 else None
    return {"code": code} if isinstance(code, str) and _ISCED.fullmatch(code) else None


def _day(value: Any, _: Rule, __: Context) -> str | None:
    # The time of day goes with its zone, which is a place.
    told = dates.parse(value) if isinstance(value, str) else None
    return str(told) if told else None


def _month(value: Any, _: Rule, __: Context) -> str | None:
    told = dates.parse(value) if isinstance(value, str) else None
    return str(PartialDate(told.year, told.month)) if told else None


def _unknown(value: Any, _: Rule, __: Context) -> str | None:
    return "unknown" if isinstance(value, str) else None


def _words(value: Any, _: Rule, __: Context) -> str | None:
    return value if isinstance(value, str) else None


def _removed(_: Any, __: Rule, ___: Context) -> None:
    return None


def _pseudonym(value: Any, _: Rule, context: Context) -> str | None:
    """The recipient's name for a reference; a name already given stays, one without a name is removed."""
    if not isinstance(value, str):
        return None
    return value if value in context.names.values() else context.names.get(value)


def _own_pseudonym(value: Any, rule: Rule, context: Context) -> str | None:
    reference = f"{context.kind}/{value}" if isinstance(value, str) else None
    named = _pseudonym(reference, rule, context)
    kind, _, own = named.partition("/") if named else ("", "", "")
    return own if own and kind == context.kind else None


def _international(value: Any, context: Context) -> list[Json] | Json | None:
    """Codings used everywhere, without words: a word is in a language. Brands become their kind."""
    kept = [_broad(each, context.places) for each in _codings(value)]
    return _as_given(value, _sorted(each for each in kept if _is_international(each, context.places)))


def _vaccine(value: Any, context: Context) -> list[Json] | Json | None:
    """International codings if they mean what all codings mean together, else the antigens alone.

    What was in doubt must stay so: without its local code a dose may not count for more than it did with it.
    """
    kept = _international(value, context)
    meant = _antigens(value, context)
    if set(meant) == set(_antigens(kept, context)):
        return kept
    return _as_given(value, _sorted(meant))


def _sorted(codings: Iterable[Coding]) -> list[Json]:
    """Each once, in an order that says nothing about who wrote them."""
    pairs = sorted({(each.system, each.code) for each in codings})
    return [{"system": system, "code": code} for system, code in pairs]


def _antigens(value: Any, context: Context) -> list[Coding]:
    plain = [{"system": each.system, "code": each.code} for each in _codings(value)]
    agreed = terminology.agreed(context.places.antigens, plain)
    return [Coding(system=each.system, code=each.code) for each in agreed]


def _all_codings(value: Any, _: Context) -> list[Json] | Json | None:
    words = [
        {name: each[name] for name in _WORDS_OF_CODING if isinstance(each.get(name), str)} for each in _objects(value)
    ]
    return _as_given(value, [each for each in words if each])


def _is_international(coding: Coding, places: Places) -> bool:
    """Whether its system is used everywhere and its code is one: words put where a code belongs stay here."""
    form = places.international.get(coding.system)
    return form is not None and form.fullmatch(coding.code) is not None


def _broad(coding: Coding, places: Places) -> Coding:
    return places.generalised.get(coding, coding)


def _codings(value: Any) -> list[Coding]:
    return [each for each in (_coding(one) for one in _objects(value)) if each]


def _coding(held: Mapping[str, Any]) -> Coding | None:
    system, code = held.get("system"), held.get("code")
    if not isinstance(system, str) or not isinstance(code, str):
        return None
    return Coding(system=system, code=code)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list, or the one object."""
    held = cast("list[Any]", value) if isinstance(value, list) else [value]
    return cast("list[Mapping[str, Any]]", [each for each in held if isinstance(each, Mapping)])


def _as_given(value: Any, found: list[Json]) -> list[Json] | Json | None:
    """A list where a list was given, else the one coding; None when nothing is left."""
    if not found:
        return None
    return found if isinstance(value, list) else found[0]


_OF_LISTS: Final[Mapping[Form, Callable[[Any, Context], Any]]] = {
    Form.INTERNATIONAL: _international,
    Form.VACCINE: _vaccine,
    Form.CODINGS: _all_codings,
}
_OF_VALUES: Final[Mapping[Form, Callable[[Any, Rule, Context], Any]]] = {
    Form.REMOVE: _removed,
    Form.LISTED: _listed,
    Form.YES_NO: _yes_no,
    Form.COUNT: _count,
    Form.DIGITS: _digits,
    Form.DECIMAL: _decimal,
    Form.ISCED: _isced,
    Form.DAY: _day,
    Form.MONTH: _month,
    Form.UNKNOWN: _unknown,
    Form.WORDS: _words,
    Form.PSEUDONYM: _pseudonym,
    Form.OWN_PSEUDONYM: _own_pseudonym,
}
