"""What a vaccine code or name says was given: which antigens, and which CVX codes it can be.

Codes of many systems are read through ConceptMaps into CVX, the code system the schedules reason in, and from there
into antigens. A code that is broader than any one product keeps all it can be; what all of those share is known, the
rest is not. What no map lists is not recognised, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from registry.continuity import elements
from registry.continuity.history import names
from registry.continuity.reasons import Reason, because
from registry.fhir import CANONICAL, terminology
from registry.fhir.resource import Content
from registry.fhir.terminology import ConceptMap, Relation

CVX = "http://hl7.org/fhir/sid/cvx"
NAMES = f"{CANONICAL}/CodeSystem/vaccine-name"
ROUTES = frozenset(("oral", "injected"))
_ALWAYS = (0, 12 * 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What one CVX code stands for. `covers`: the particular products of an unspecified code.

    `since`: the year the first such vaccine was used anywhere. `months`: the ages outside which a dose is unusual.
    `route`: of polio vaccines, because only the oral and the injected one are given against one disease on one day.
    """

    code: str
    antigens: frozenset[str]
    covers: frozenset[str] = frozenset()
    since: int | None = None
    months: tuple[int, int] = _ALWAYS
    route: str = ""

    @property
    def kind(self) -> frozenset[str]:
        """What tells a dose from others of its day: its antigens, and the route of a polio vaccine."""
        route = self.route or ("injected" if len(self.antigens) > 1 and "POLIO" in self.antigens else "")
        return self.antigens | (frozenset((route,)) if route else frozenset[str]())


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a vaccine code can be.

    `antigens`: against which all it can be protects. `cvx`: it is one of these, an unspecified code where one says
    all of it; empty when no CVX code does. `particular`: the same without unspecified codes. `relation`: of the CVX
    codes to what was said, None when that was not recognised. `kinds`: the kinds of dose it can be. `since`: there was
    none before that year. `reason`: why it is not known exactly.
    """

    antigens: frozenset[str] = frozenset()
    cvx: frozenset[str] = frozenset()
    particular: frozenset[str] = frozenset()
    relation: Relation | None = None
    kinds: frozenset[frozenset[str]] = frozenset()
    since: int | None = None
    months: tuple[int, int] = _ALWAYS
    reason: Reason | None = None


UNKNOWN = Meaning(reason=because("vaccine-not-recognised"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccines:
    """The tables: products by CVX code, meanings by (system, code) and by folded name."""

    products: Mapping[str, Product]
    codes: Mapping[tuple[str, str], Meaning] = field(repr=False)
    names: Mapping[str, Meaning] = field(repr=False)


def read(cvx: Mapping[str, Any], to_antigen: ConceptMap, to_cvx: ConceptMap, by_name: ConceptMap) -> Vaccines:
    """The tables out of the CVX CodeSystem and the maps. Raises KeyError naming a CVX code that is not in it."""
    products = {each["code"]: _product(each, to_antigen) for each in cvx["concept"]}
    alone = {
        key: Meaning(antigens=antigens, kinds=frozenset((antigens,)), relation=Relation.INEXACT)
        for key, targets in to_antigen.targets.items()
        if (antigens := frozenset(each.code for each in targets))
    }
    own = {(CVX, code): _of_products(products, [code], Relation.EQUAL) for code in products}
    mapped = {key: _translated(products, targets) for key, targets in to_cvx.targets.items()}
    named = {code: _translated(products, targets) for (_, code), targets in by_name.targets.items()}
    return Vaccines(products=products, codes={**alone, **mapped, **own}, names=named)


def _product(concept: Mapping[str, Any], to_antigen: ConceptMap) -> Product:
    said: dict[str, list[Any]] = {}
    for each in concept.get("property", ()):
        value = next(value for name, value in each.items() if name.startswith("value"))
        said.setdefault(each["code"], []).append(value)
    return Product(
        code=concept["code"],
        antigens=frozenset(each.code for each in terminology.translate(to_antigen, CVX, concept["code"])),
        covers=frozenset(said.get("covers", ())),
        since=said.get("since", [None])[0],
        months=(said.get("from-month", [_ALWAYS[0]])[0], said.get("to-month", [_ALWAYS[1]])[0]),
        route=said.get("route", [""])[0],
    )


def _translated(products: Mapping[str, Product], targets: Sequence[terminology.Translation]) -> Meaning:
    return _of_products(products, [each.code for each in targets], targets[0].relation)


def _of_products(products: Mapping[str, Product], codes: Iterable[str], relation: Relation) -> Meaning:
    """What all of `codes` share, and what each can be."""
    may_be = [products[code] for code in codes]
    particular = [products[code] for each in may_be for code in sorted(_reach(products, each.code))]
    kinds = frozenset(each.kind for each in particular)
    antigens = frozenset[str].intersection(*(each.antigens for each in may_be))
    is_exact = len(may_be) == 1 and relation is not Relation.INEXACT and antigens == shared(kinds)
    years = [each.since for each in may_be if each.since]
    return Meaning(
        antigens=antigens,
        cvx=frozenset(each.code for each in may_be),
        particular=frozenset(each.code for each in particular),
        relation=relation,
        kinds=kinds,
        since=min(years) if len(years) == len(may_be) else None,
        months=(min(each.months[0] for each in may_be), max(each.months[1] for each in may_be)),
        reason=None if is_exact else because("vaccine-inexact"),
    )


def _reach(products: Mapping[str, Product], code: str) -> frozenset[str]:
    """The particular products a code can be; itself when it is one."""
    covered = products[code].covers
    return frozenset[str].union(*(_reach(products, each) for each in covered)) if covered else frozenset((code,))


def meaning(vaccines: Vaccines, vaccine_code: Content) -> Meaning:
    """What a `vaccineCode` CodeableConcept says was given; UNKNOWN when no code or name of it is listed.

    Several codings narrow each other; where they contradict each other, what all of them share is kept and the
    reason says so. Words are read only where no code is known.
    """
    codings = elements.codings(vaccine_code)
    keys = {(elements.text(each.get("system")), elements.text(each.get("code"))) for each in codings}
    told = [vaccines.codes[key] for key in sorted(keys) if key in vaccines.codes]
    if told:
        return together(told)
    words = [vaccine_code.get("text"), *(each.get("display") for each in codings)]
    return next((found for each in words if each and (found := _named(vaccines, elements.text(each)))), UNKNOWN)


def _named(vaccines: Vaccines, text: str) -> Meaning | None:
    found = names.meant(vaccines.names, text)
    if found is None or not found.antigens:
        return None  # names of vaccines against different diseases say nothing
    return found if found.reason else replace(found, reason=because("vaccine-from-words"))


def together(told: Sequence[Meaning]) -> Meaning:
    """What several codings or records of one dose say together: each narrows the others.

    Where they contradict each other, all they name stays possible, only what all of them protect against counts, and
    the reason says so.
    """
    if len(told) == 1:
        return told[0]
    kinds = frozenset[frozenset[str]].intersection(*(each.kinds for each in told))
    products = [each.particular for each in told if each.particular]
    both = frozenset[str].intersection(*products) if products else frozenset[str]()
    if not kinds or (products and not both):
        return _contradicting(told, kinds)
    saying_it = [each for each in told if each.particular == both and each.kinds == kinds]
    return min(saying_it, key=_plainness) if saying_it else _narrowed(told, kinds, both)


def _plainness(meaning: Meaning) -> tuple[bool, int, list[str]]:
    return meaning.reason is not None, len(meaning.cvx), sorted(meaning.cvx)


def _narrowed(told: Sequence[Meaning], kinds: frozenset[frozenset[str]], both: frozenset[str]) -> Meaning:
    several = len(both) > 1
    return Meaning(
        antigens=shared(kinds),
        cvx=both,
        particular=both,
        relation=Relation.NARROWER if several else Relation.EQUIVALENT,
        kinds=kinds,
        since=max((each.since for each in told if each.since), default=None),
        months=(max(each.months[0] for each in told), min(each.months[1] for each in told)),
        reason=because("vaccine-inexact") if several else None,
    )


def _contradicting(told: Sequence[Meaning], kinds: frozenset[frozenset[str]]) -> Meaning:
    antigens = shared(kinds) if kinds else frozenset[str].intersection(*(each.antigens for each in told))
    return Meaning(
        antigens=antigens,
        cvx=frozenset[str]().union(*(each.cvx for each in told)),
        particular=frozenset[str]().union(*(each.particular for each in told)),
        relation=Relation.INEXACT if antigens else None,
        kinds=kinds or (frozenset((antigens,)) if antigens else frozenset()),
        since=min((each.since for each in told if each.since), default=None),
        months=(min(each.months[0] for each in told), max(each.months[1] for each in told)),
        reason=because("vaccine-codes-differ"),
    )


def shared(kinds: frozenset[frozenset[str]]) -> frozenset[str]:
    """The antigens all kinds have."""
    return frozenset[str].intersection(*kinds) - ROUTES
