"""What is wrong with one place of a resource, as a value that never repeats what stood there.

The table `REASONS` is the whole vocabulary of the checker: a stable reason, the FHIR issue type it belongs to
(http://hl7.org/fhir/R4/valueset-issue-type.html) and what a data manager reads. Invariants use their own key
(`pat-1`, `ext-1`, ...) as the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

REASONS: dict[str, tuple[str, str]] = {
    "bad-format": ("value", "is not written the way its type asks"),
    "control-character": ("value", "contains control characters"),
    "duplicate-key": (
        "structure",
        "an element occurs twice in one object; receivers would read it differently",
    ),
    "empty": ("structure", "is empty; leave the element out instead"),
    "expected-boolean": ("structure", "must be true or false, not in quotes"),
    "expected-list": ("structure", "must be a list"),
    "expected-number": ("structure", "must be a number, not in quotes"),
    "expected-object": ("structure", "must be an object"),
    "expected-text": ("structure", "must be text in quotes"),
    "impossible-date": ("value", "is not a day of the calendar"),
    "length-differs": ("structure", "must have as many entries as the list it annotates"),
    "missing": ("required", "is required"),
    "not-accepted": ("business-rule", "is not accepted"),
    "not-in-value-set": ("code-invalid", "is not one of the codes allowed here"),
    "not-the-fixed-value": ("value", "is not the one value allowed here"),
    "null": ("structure", "must not be null"),
    "out-of-range": ("value", "is out of range"),
    "reference-form": ("value", "must be Type/id, an absolute address ending so, or urn:uuid:"),
    "reference-target": ("value", "points to a kind of resource that is not allowed here"),
    "resource-not-accepted": ("not-supported", "the registry does not accept this kind of resource"),
    "too-deep": ("too-costly", "is nested too deeply"),
    "too-long": ("too-long", "is too long"),
    "too-many": ("structure", "occurs more often than allowed"),
    "too-many-problems": ("too-costly", "more problems follow and are not listed"),
    "two-values": ("structure", "only one value of this element is allowed"),
    "unknown-element": ("structure", "is not an element the profile knows"),
    "unknown-extension": ("extension", "is not an extension the profile knows"),
    "refused-by-models": ("structure", "is refused by the fhir.resources models"),
}

MOST = 500
"""Problems listed of one list or object; a hostile input cannot make the answer longer than itself."""

# Element names are in camel case. What else stands in the place of a name may be personal: not repeated.
_ELEMENT_NAME = re.compile(r"_?[a-z][A-Za-z]{0,39}|[A-Z][A-Za-z]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`where` is a FHIRPath-like place (`Patient.name[0].given[1]`), `code` a reason or a key."""

    where: str
    code: str
    message: str


def of(code: str, *, where: str = "", message: str = "") -> Problem:
    """A problem with the message of the table unless a better one, free of input, is given."""
    return Problem(where=where, code=code, message=message or REASONS[code][1])


def under(place: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a part, placed in the whole: `place` is an element name or an index such as `[0]`."""
    return [Problem(where=_joined(place, each.where), code=each.code, message=each.message) for each in problems]


def shown(name: str) -> str:
    """The name of an element when it can only be that."""
    return name if _ELEMENT_NAME.fullmatch(name) else "?"


def issue_type(problem: Problem) -> str:
    """The FHIR issue type of a problem; every reason outside the table is an invariant."""
    return REASONS[problem.code][0] if problem.code in REASONS else "invariant"


def _joined(place: str, rest: str) -> str:
    return f"{place}{'.' if rest and not rest.startswith(('[', '(')) else ''}{rest}"
