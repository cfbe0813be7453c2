"""Does one provision speak about this question?  Certainly, certainly not, or nobody can tell.

Invariant: doubt never opens. A permit must match for certain, a deny matches as soon as it may: a record whose date
nobody wrote down is not inside the year that was opened, and not outside the year that was closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from registry.consent import texts
from registry.consent.agreement import Conditions, Effect, Meaning, Named, Node
from registry.consent.period import Period
from registry.consent.request import Item, Request
from registry.fhir.terminology import Coding

Told = bool | None
"""Whether a condition holds; None when what is known does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, about one record. `is_probe`: about no record in particular, may there be one at all?

    `by_name`: only a permit that names its labels counts, as for places, which are asked for separately.
    `purposes`: the purpose asked for, and in a foreign reading those that include it.
    """

    request: Request
    purposes: frozenset[Coding]
    item: Item
    now: datetime
    is_probe: bool = False
    by_name: bool = False


def matches(node: Node, question: Question) -> bool:
    """Whether the node decides on this question."""
    is_permit = node.effect is Effect.PERMIT
    told = [_asked(node.conditions, question), *_of_record(node, question)]
    if is_permit:
        return all(each is True for each in told) and bool(node.conditions.labels or not question.by_name)
    return all(each is not False for each in told)


def _asked(conditions: Conditions, question: Question) -> Told:
    """Whether who asks, for what, to do what and when fits. This is always known."""
    askers = question.request.askers
    return (
        conditions.period.covers(question.now)
        and (conditions.purposes is None or not conditions.purposes.isdisjoint(question.purposes))
        and (conditions.actions is None or question.request.action in conditions.actions)
        and not any(each.isdisjoint(askers) for each in conditions.actors)
    )


def _of_record(node: Node, question: Question) -> list[Told]:
    """What the conditions on the record say. A probe stands for any record: it may be opened, and is not closed."""
    return [
        _probed(node.effect) if question.is_probe and not _is_told(name, question.item, node) else check(node, question)
        for name, (stated, check) in _CHECKS.items()
        if stated(node.conditions)
    ]


def _probed(effect: Effect) -> Told:
    return effect is Effect.PERMIT


def _is_told(name: str, item: Item, node: Node) -> bool:
    """Whether even a probe can tell: it has the class of the asker's domain, and the provision names only classes."""
    is_ours = all(each <= texts.LABELS.keys() for each in node.conditions.labels)
    return name == "labels" and bool(item.classes) and is_ours


def _labelled(node: Node, question: Question) -> Told:
    """A deny needs one label of each set; a permit also that every sensitivity of the record is covered."""
    marks, sets = question.item.marks, node.conditions.labels
    if not marks:
        return None
    if any(each.isdisjoint(marks) for each in sets):
        return False
    return node.effect is Effect.DENY or _covers(frozenset[Coding]().union(*sets), marks)


def _covers(named: frozenset[Coding], marks: frozenset[Coding]) -> bool:
    """Every sensitivity, and what nobody here knows counts as one; without any, all classes or the confidentiality."""
    classes, private = marks & texts.LABELS.keys(), marks & texts.CONFIDENTIALITIES
    sensitive = marks - private - texts.HANDLING - (classes - texts.SENSITIVITIES)
    if sensitive:
        return sensitive <= named
    return any(each and each <= named for each in (classes, private))


def _of_kind(node: Node, question: Question) -> Told:
    kind, stated = question.item.kind, cast("frozenset[str]", node.conditions.kinds)
    return kind in stated if kind else None


def _written(node: Node, question: Question) -> Told:
    """A record of which only the year is known lies inside a year, and neither inside nor outside a month of it."""
    written, stated = question.item.written, cast("Period", node.conditions.data_period)
    if written is None:
        return None
    return True if written.within(stated) else None if written.meets(stated) else False


def _named(node: Node, question: Question) -> Told:
    return _all(_any(_is(each, question.item) for each in some) for some in node.conditions.data)


def _is(named: Named, item: Item) -> Told:
    """Whether the record is the one named, or stands to it as said."""
    if named.meaning is Meaning.AUTHORED_BY:
        return named.reference in item.authors if item.authors else None
    is_it = named.reference == item.ref
    return is_it or (named.meaning is not Meaning.INSTANCE and named.reference in item.related)


def _any(told: Iterable[Told]) -> Told:
    held = list(told)
    return True if True in held else None if None in held else False


def _all(told: Iterable[Told]) -> Told:
    held = list(told)
    return False if False in held else None if None in held else True


# What is to be checked, and where: a check is asked only of a node that states the condition.
_CHECKS: Final[dict[str, tuple[Callable[[Conditions], bool], Callable[[Node, Question], Told]]]] = {
    "labels": (lambda conditions: bool(conditions.labels), _labelled),
    "kinds": (lambda conditions: conditions.kinds is not None, _of_kind),
    "data_period": (lambda conditions: conditions.data_period is not None, _written),
    "data": (lambda conditions: bool(conditions.data), _named),
}
