"""Decision cases: questions with the answers somebody expects, decided and compared.

A case (protection reference, section 4) expects one answer of the consents alone (`pcf`) and one of the registry with
its gates (`registry`, or "same"). The registry may be stricter, never wider: an expectation that claims wider is a
difference, whatever the registry answers. Break-glass alone opens what no consent names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from registry.consent import asking, decision, emergency, walking, wording
from registry.consent.asking import Asked
from registry.consent.decision import Decision
from registry.consent.reasons import Outcome
from registry.errors import BadInput
from registry.fhir.resource import Content

_CASE: Final = wording.words(
    "id source dialect consents consent request items expect deviation note notes description comment title because "
    "facts groups guardians relatedPersons kills"
)
_EXPECTED: Final = wording.words("decision permitted denied opened removed basis reason obligations residual note")
# To the asker, and in IHE PCF, there is one way to be refused.
_DECISIONS: Final[Mapping[str, bool]] = {
    "PERMIT": True,
    **dict.fromkeys(("DENY", "NO_CONSENT", "REFUSE", "REFUSED", "FORBID", "REJECT", "REJECTED"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One answer that is not the expected one. `side`: pcf or registry."""

    case: str
    side: str
    what: str
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One case: what it got, how that differs, and keys nobody read."""

    case: str
    asked: Asked
    alone: Decision
    registry: Decision
    differences: tuple[Difference, ...]
    strange: tuple[str, ...]


def judge(content: Any) -> list[Judged]:
    """Decide every case of a file: a list, or an object with `cases`.

    Raises BadInput with the place where the file is not what it must be.
    """
    stated = wording.inner(content).get("cases", content) if isinstance(content, Mapping) else content
    if not isinstance(stated, list):
        raise BadInput("a file of cases is a JSON list, or an object with `cases`", where="cases")
    listed = cast("list[Any]", stated)
    return [_judged(each, f"cases[{number}]") for number, each in enumerate(listed)]


def _judged(stated: Any, where: str) -> Judged:
    if not isinstance(stated, Mapping):
        raise BadInput("a case must be a JSON object", where=where)
    case = wording.inner(stated)
    expected = _expectations(case, f"{where}.expect")
    consents = case.get("consents", case.get("consent"))
    if consents is None:
        raise BadInput("a case needs `consents`, if only an empty list", where=f"{where}.consents")
    asked = asking.read(
        consents, case.get("request"), case.get("items"), where=where, dialect=case.get("dialect"), beside=case
    )
    of = (asked.consents, asked.request, asked.items, asked.facts, asked.now)
    found = {"pcf": walking.walk(*of), "registry": decision.decide(*of)}
    name = str(case.get("id", where))
    return Judged(
        case=name,
        asked=asked,
        alone=found["pcf"],
        registry=found["registry"],
        differences=tuple(_differences(name, expected, found, asked)),
        strange=(*(f"{where}.{each}" for each in case if each not in _CASE), *_unread(expected, where), *asked.strange),
    )


# --- what is expected -----------------------------------------------------------------------------


def _expectations(case: Content, where: str) -> dict[str, Content]:
    """The expectation of each side; `same` is the one of `pcf`."""
    stated = case.get("expect")
    held = wording.inner(stated)
    if isinstance(stated, str) or "decision" in held:
        return {"registry": _expectation(stated, where)}
    found = {"pcf": _expectation(held["pcf"], f"{where}.pcf")} if "pcf" in held else {}
    registry = held.get("registry", "same")
    if registry != "same":
        return {**found, "registry": _expectation(registry, f"{where}.registry")}
    if not found:
        raise BadInput("a case needs an expectation: `pcf`, `registry` or both", where=where)
    return {**found, "registry": found["pcf"]}


def _expectation(value: Any, where: str) -> Content:
    held: Content = {"decision": value} if isinstance(value, str) else wording.inner(value)
    if _decided(held) is None:
        words = ", ".join(("PERMIT", "DENY", "NO_CONSENT"))
        raise BadInput(f"an expectation needs a `decision`: {words}", where=f"{where}.decision")
    for name in ("permitted", "denied", "opened", "removed", "basis"):
        if not isinstance(held.get(name, []), list):
            raise BadInput("this must be a list", where=f"{where}.{name}")
    return held


def _decided(expected: Content) -> bool | None:
    told = expected.get("decision")
    return _DECISIONS.get(told.strip().upper().replace("-", "_")) if isinstance(told, str) else None


def _unread(expected: Mapping[str, Content], where: str) -> Iterator[str]:
    for side, held in expected.items():
        yield from (f"{where}.expect.{side}.{name}" for name in held if name not in _EXPECTED)


# --- how it differs -------------------------------------------------------------------------------


def _differences(
    case: str, expected: Mapping[str, Content], found: Mapping[str, Decision], asked: Asked
) -> Iterator[Difference]:
    for side, held in expected.items():
        for what, wanted, got in _compared(held, found[side]):
            if wanted != got:
                yield Difference(case=case, side=side, what=what, expected=wanted, found=got)
    if "pcf" in expected and not emergency.is_declared(asked.request) and _claims_wider(expected, asked):
        why = "the registry may be stricter than the consents alone, never wider"
        yield Difference(case=case, side="registry", what="claims wider", expected=why, found=None)


def _compared(expected: Content, found: Decision) -> Iterator[tuple[str, Any, Any]]:
    is_permit = found.outcome is Outcome.PERMIT
    if _decided(expected) is not is_permit:
        yield "decision", expected["decision"], _spoken(found)
    lists = {
        **{"permitted": found.permitted, "denied": found.denied, "opened": found.opened},
        "removed": [each.value for each in found.removed_classes],
        "basis": {consent for consent, _ in found.basis},
    }
    for name, refs in lists.items():
        if name in expected:
            yield name, sorted(_refs(expected[name])), sorted(refs)
    if "reason" in expected:
        yield "reason", expected["reason"], found.reason.value
    if "obligations" in expected:
        yield "obligations", sorted(map(str, expected["obligations"])), sorted(each.value for each in found.obligations)


def _refs(value: Any) -> set[str]:
    return {wording.reference(each) or wording.reference(wording.inner(each).get("ref")) for each in value}


def _claims_wider(expected: Mapping[str, Content], asked: Asked) -> bool:
    alone, registry = expected["pcf"], expected["registry"]
    if not _decided(registry):
        return False
    return not _decided(alone) or not _permitted(registry, asked) <= _permitted(alone, asked)


def _permitted(expected: Content, asked: Asked) -> set[str]:
    """The items an expectation lets go: those it names, else all but those it denies."""
    if "permitted" in expected:
        return _refs(expected["permitted"])
    return {each.ref for each in asked.items} - _refs(expected.get("denied", []))


def _spoken(found: Decision) -> str:
    return found.outcome.value.upper().replace("-", "_")
