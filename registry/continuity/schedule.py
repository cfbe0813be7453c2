"""A vaccination schedule as data: rules that each name the document, the edition and the place they come from.

A rule without a full source is refused: an unsourced age is an opinion, and this one is about a child's body.
Rules of one antigen fall into plans (started on time, started late, one product); the plan is chosen per child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from registry.continuity import elements, spans
from registry.continuity.spans import Span
from registry.errors import BadInput

_SOURCE_PARTS = ("document", "edition", "place")
_ZERO = Span(text="birth")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule comes from; every part is said."""

    document: str
    edition: str
    place: str

    def __str__(self) -> str:
        return f"{self.document} ({self.edition}), {self.place}"


class Beyond(Enum):
    """What is said of a missing dose from its latest age on."""

    TOO_OLD = "too-old"
    COMPLETE = "complete"
    JUDGEMENT = "judgement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One dose of one plan. Intervals are measured from the dose that counted before."""

    dose: int
    minimum_age: Span
    recommended_age: Span
    minimum_interval: Span | None
    overdue_age: Span | None
    latest_age: Span | None
    beyond: Beyond
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A way to complete an antigen: doses in order. With `products`, only doses of these codes count."""

    antigen: str
    name: str
    rules: tuple[Rule, ...]
    products: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A named, versioned rule set; `limits` says in plain words what it does not know."""

    id: str
    title: str
    version: str
    licence: str
    limits: tuple[str, ...]
    cautions: Mapping[str, str]
    plans: tuple[Plan, ...]

    @property
    def antigens(self) -> tuple[str, ...]:
        """Every antigen once, in the order of the rules."""
        return tuple(dict.fromkeys(plan.antigen for plan in self.plans))

    def plans_for(self, antigen: str) -> tuple[Plan, ...]:
        return tuple(plan for plan in self.plans if plan.antigen == antigen)


def read(json: Mapping[str, Any]) -> Schedule:
    """Read a schedule. Raises BadInput naming the first rule that is incomplete, unsourced or out of order."""
    documents = json.get("documents", {})
    rows = [(place, row, name) for place, row in enumerate(_list(json, "rules")) for name in _list(row, "antigens")]
    plans: dict[tuple[str, str], list[tuple[int, Mapping[str, Any]]]] = {}
    for place, row, antigen in rows:
        plans.setdefault((antigen, _text(row, "plan", place)), []).append((place, row))
    return Schedule(
        id=_text(json, "id", None),
        title=_text(json, "title", None),
        version=_text(json, "version", None),
        licence=_text(json, "licence", None),
        limits=tuple(_list(json, "limits")),
        cautions=dict(json.get("cautions", {})),
        plans=tuple(_plan(antigen, name, rows, documents) for (antigen, name), rows in plans.items()),
    )


def _plan(antigen: str, name: str, rows: Sequence[tuple[int, Mapping[str, Any]]], documents: Mapping[str, Any]) -> Plan:
    rules = tuple(_rule(row, place, documents) for place, row in rows)
    if [each.dose for each in rules] != list(range(1, len(rules) + 1)):
        raise BadInput(f"the doses of plan `{name}` are not 1, 2, 3, ... in order", where=_where(rows[0][0]))
    if any(each.minimum_interval is None for each in rules[1:]):
        raise BadInput("every dose after the first needs a minimum interval", where=_where(rows[0][0]))
    products = {frozenset((each["system"], each["code"]) for each in row.get("only_products", ())) for _, row in rows}
    if len(products) != 1:
        raise BadInput(f"the rules of plan `{name}` name different products", where=_where(rows[0][0]))
    return Plan(antigen=antigen, name=name, rules=rules, products=products.pop())


def _rule(row: Mapping[str, Any], place: int, documents: Mapping[str, Any]) -> Rule:
    minimum = _span(row, "minimum_age", place) or _ZERO
    latest = _span(row, "latest_age", place)
    if latest is not None and "beyond" not in row:
        raise BadInput("a latest age needs `beyond`: what holds from then on", where=_where(place))
    return Rule(
        dose=int(row["dose"]),
        minimum_age=minimum,
        recommended_age=_span(row, "recommended_age", place) or minimum,
        minimum_interval=_span(row, "minimum_interval", place),
        overdue_age=_span(row, "overdue_age", place),
        latest_age=latest,
        beyond=Beyond(row.get("beyond", "too-old")),
        source=_source(row.get("source"), place, documents),
    )


def _source(given: Any, place: int, documents: Mapping[str, Any]) -> Source:
    """The full source; `{"of": name, "place": ...}` takes document and edition from the list of documents."""
    named = elements.mapping(given)
    if not named:
        raise BadInput("a rule without a source", where=_where(place))
    full: dict[str, Any] = {**documents.get(elements.text(named.get("of")), {}), **named}
    if missing := [part for part in _SOURCE_PARTS if not full.get(part)]:
        raise BadInput(f"the source does not name its {', '.join(missing)}", where=_where(place))
    return Source(**{part: full[part] for part in _SOURCE_PARTS})


def _span(row: Mapping[str, Any], name: str, place: int) -> Span | None:
    text = row.get(name)
    try:
        return None if text is None else _ZERO if text == "birth" else spans.read(text)
    except BadInput as error:
        raise BadInput(error.what, where=f"{_where(place)}.{name}", remedy=error.remedy) from None


def _text(json: Mapping[str, Any], name: str, place: int | None) -> str:
    value = json.get(name)
    if not isinstance(value, str) or not value:
        raise BadInput(f"`{name}` is missing", where="schedule" if place is None else _where(place))
    return value


def _list(json: Mapping[str, Any], name: str) -> list[Any]:
    value = json.get(name)
    if not isinstance(value, list) or not value:
        raise BadInput(f"`{name}` is missing or empty", where="schedule")
    return value  # pyright: ignore[reportUnknownVariableType]


def _where(place: int) -> str:
    return f"rules[{place}]"
