"""The invariants our profiles name by key, as predicates over the element they stand on.

Keys of FHIR R4 (`pat-1`, `ext-1`, ...) mean what the specification says; keys `reg-n` are ours and their
sentence and FHIRPath stand in the profile. A key missing here is refused when a profile is read, so that none
is silently unchecked. A predicate judges only elements of the right shape and lets pass what it cannot read,
since the shape is a problem of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from registry.fhir import CANONICAL, dates

Holds = Callable[[Any], bool]

_language_tag = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*").fullmatch
_media_type = re.compile(r"[^/\s;]+/[^/\s;]+(?: ?;.*)?").fullmatch
_country = re.compile(r"[A-Z]{3}").fullmatch
_isced_programme = re.compile(r"[0-9]{3}").fullmatch
# The narrative may hold no script, form, object or event handler (FHIR R4, Narrative, 2.4.0.1 "xhtml").
_active_content = re.compile(
    r"<\s*(?:script|style|form|input|object|embed|iframe|link|meta|base)\b|\son[a-z]+\s*=|javascript:",
    re.IGNORECASE,
).search

_NOT_A_VALUE = frozenset(("id", "_id", "url", "_url", "extension"))
_RECORDING_COUNTRY = f"{CANONICAL}/CodeSystem/recording-country"


def _has_any(*names: str) -> Holds:
    wanted = frozenset(names)
    return lambda element: not wanted.isdisjoint(element)


def _implies(first: str, then: str) -> Holds:
    return lambda element: first not in element or then in element


def _value_or_extensions(element: Any) -> bool:
    # Whatever is neither the url, the id nor the nested extensions can only be a value.
    has_value = not _NOT_A_VALUE.issuperset(element)
    return has_value != ("extension" in element)


def _starts_before_it_ends(period: Any) -> bool:
    start, end = (dates.parse(str(period.get(name, ""))) for name in ("start", "end"))
    return start is None or end is None or start.first <= end.last


def _low_below_high(between: Any) -> bool:
    low, high = (_number(between.get(name)) for name in ("low", "high"))
    return low is None or high is None or low <= high


def _number(quantity: Any) -> float | None:
    value = _object(quantity).get("value")
    return value if isinstance(value, int | float) else None


def _both_or_only_extensions(ratio: Any) -> bool:
    both = "numerator" in ratio, "denominator" in ratio
    return all(both) or (not any(both) and "extension" in ratio)


def _is_not_home(contact: Any) -> bool:
    return contact.get("use") != "home"


def _one_safe_div(markup: Any) -> bool:
    text = markup.strip()
    return bool(text.startswith(("<div>", "<div ")) and text.endswith("</div>") and not _active_content(text))


def _names_recording_country(resource: Any) -> bool:
    tags = _list(_object(resource.get("meta")).get("tag"))
    ours = [tag for tag in tags if _object(tag).get("system") == _RECORDING_COUNTRY]
    return len(ours) == 1 and _has_country_code(ours[0])


def _has_country_code(coding: Any) -> bool:
    return bool(_country(_string(coding.get("code"))))


def _claims_enrolment_profile(resource: Any) -> bool:
    ours = f"{CANONICAL}/StructureDefinition/school-enrolment"
    claimed = (_string(each) for each in _list(_object(resource.get("meta")).get("profile")))
    return any(each.partition("|")[0] == ours for each in claimed)


def _present_within_possible(attendance: Any) -> bool:
    days = {
        _string(_object(each).get("url")): _object(each).get("valueUnsignedInt")
        for each in _list(attendance.get("extension"))
    }
    present, possible = days.get("daysPresent"), days.get("daysPossible")
    return not (isinstance(present, int) and isinstance(possible, int)) or present <= possible


def _object(value: Any) -> Mapping[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


HOLDS: Mapping[str, Holds] = {
    "att-1": _implies("data", "contentType"),
    "cpt-2": _implies("value", "system"),
    "ext-1": _value_or_extensions,
    "imm-1": _has_any("documentType", "reference"),
    "org-1": _has_any("identifier", "name"),
    "org-2": _is_not_home,
    "org-3": _is_not_home,
    "pat-1": _has_any("name", "telecom", "address", "organization"),
    "per-1": _starts_before_it_ends,
    "ppc-1": _has_any("policy", "policyRule"),
    "qty-3": _implies("code", "system"),
    "rat-1": _both_or_only_extensions,
    "rng-2": _low_below_high,
    "txt-1": _one_safe_div,
    "reg-1": _names_recording_country,
    "reg-2": lambda code: bool(_language_tag(code)),
    "reg-3": lambda code: bool(_media_type(code)),
    "reg-4": _has_country_code,
    "reg-5": lambda coding: bool(_isced_programme(_string(coding.get("code")))),
    "reg-6": _has_any("identifier", "display"),
    "reg-7": _claims_enrolment_profile,
    "reg-8": _present_within_possible,
}
