"""The shapes of tracker data, all read into one: children with their enrolments and events.

Nested (entity > enrolments > events), flat (three lists beside each other), export pages (`instances` or
the three lists, with a pager), a bare list, a single object; identifiers as text or as objects
`{"idScheme", "identifier"}`, the identifier sometimes absent. DHIS2 2.41 developer guide, chapter Tracker;
samples of dhis2-core 3f8c14a.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from adapters.sdk import readers
from adapters.sdk.account import Account, Node
from adapters.sdk.ledger import Ledger
from registry.errors import Unreadable

NAMES = {"attributes": "attribute", "dataValues": "dataElement"}
"""The lists whose objects are told apart by a code, for the coverage report."""

_LISTS = ("trackedEntities", "enrollments", "events")
_METADATA = ("programs", "programStages", "dataElements", "trackedEntityAttributes", "trackedEntityTypes")
_MORE_METADATA = ("optionSets", "organisationUnits", "relationshipTypes", "dataSets", "categories")
_EXPORT_TRACKER = "export the data themselves: GET /api/tracker/trackedEntities?fields=*"


@dataclass(slots=True, kw_only=True)
class Event:
    """One event, and what it inherits from the enrolment around or beside it."""

    node: Node
    program: str
    deleted: bool


@dataclass(slots=True, kw_only=True)
class Child:
    """One tracked entity as the file knows it; `node` is None when only its enrolments or events are in
    it."""

    number: str
    node: Node | None = None
    enrolments: list[Node] = field(default_factory=list[Node])
    events: list[Event] = field(default_factory=list[Event])
    deleted: bool = False

    @property
    def where(self) -> str:
        """The place to name in a finding about the child as a whole."""
        nodes = (self.node, *self.enrolments, *(event.node for event in self.events))
        return next((node.where for node in nodes if node), "")


def parsed(body: bytes) -> object:
    """The JSON of the file; Unreadable with words for whatever else DHIS2 calls an export."""
    start = readers.start(body)
    if start.startswith((b"event,", b'"event"')):
        raise Unreadable(
            "this is the CSV form of DHIS2 events, which does not say whom they are about",
            where="line 1",
            remedy="export JSON: GET /api/tracker/events.json?fields=*",
        )
    return readers.json_document(body)


def reference(node: Node, key: str) -> str:
    """An identifier given as text or as an object; empty when absent."""
    child = node.child(key)
    return child.text("identifier") if child else node.text(key)


def is_placeholder(number: str) -> bool:
    """Whether a template's blank was never filled in, such as `%id%`."""
    return number.startswith(("%", "{", "$")) or number.endswith("%")


def collect(document: object, ledger: Ledger, used: Account) -> list[Child]:
    """Every child of the file, in its order. Raises Unreadable when the document is not tracker data."""
    listed, collector = _listed(document, used), _Collector(ledger)
    deleting = isinstance(document, dict) and cast(dict[str, object], document).get("importStrategy") == "DELETE"
    for node in listed["trackedEntities"]:
        collector.entity(node, deleted=deleting)
    for node in listed["enrollments"]:
        collector.enrolment(node, "", deleted=deleting)
    for node in listed["events"]:
        collector.event(node, _Enrolled(deleted=deleting))
    return list(collector.children.values())


def _listed(document: object, used: Account) -> dict[str, list[Node]]:
    """The objects of the file under the three names."""
    if isinstance(document, list):
        root = Node(holder={"instances": document}, where="", account=used)
        return _sorted(root.children("instances"))
    if not isinstance(document, dict):
        raise Unreadable("this is not tracker data", remedy=_EXPORT_TRACKER)
    root = Node(holder=cast(dict[str, object], document), where="", account=used)
    _refuse_others(root.holder)
    if "instances" in root.holder:
        return _sorted(root.children("instances"))
    if _is_payload(root.holder):
        return {name: root.children(name) for name in _LISTS}
    return _sorted([root])


def _is_payload(holder: dict[str, object]) -> bool:
    own = ("trackedEntity", "enrollment", "event", "trackedEntityType", "program")
    return any(isinstance(holder.get(name), list) for name in (*_LISTS, "relationships")) and not any(
        isinstance(holder.get(name), str) for name in own
    )


def _refuse_others(holder: dict[str, object]) -> None:
    for reason, remedy in _other_kinds(holder):
        raise Unreadable(reason, remedy=remedy)


def _other_kinds(holder: dict[str, object]) -> Iterator[tuple[str, str]]:
    if "resourceType" in holder:
        yield "this is a FHIR resource, not DHIS2 tracker data", "send it to the adapter of its kind"
    if "bundleReport" in holder or "httpStatusCode" in holder:
        yield "this is an answer of a DHIS2 server, not tracker data", _EXPORT_TRACKER
    if any(name in holder for name in _LISTS) or "instances" in holder:
        return
    if any(isinstance(holder.get(name), list) for name in (*_METADATA, *_MORE_METADATA)):
        yield "this is DHIS2 metadata, not tracker data", _EXPORT_TRACKER
    if "trackedEntityInstances" in holder or "trackedEntityInstance" in holder:
        yield "this is the tracker format of DHIS2 before 2.36", _EXPORT_TRACKER
    if "dataValues" in holder and "event" not in holder and "program" not in holder:
        yield "this is aggregate data of DHIS2, which knows no person", _EXPORT_TRACKER
    if not any(name in holder for name in _OWN_MEMBERS):
        yield "nothing in this file is a tracked entity, an enrolment or an event", _EXPORT_TRACKER


_OWN_MEMBERS = ("relationships", "trackedEntity", "trackedEntityType", "enrollment", "event", "programStage")


def _sorted(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    """Objects of one list put under the three names by what they carry."""
    found: dict[str, list[Node]] = {name: [] for name in _LISTS}
    for node in nodes:
        found[_kind(node.holder)].append(node)
    return found


def _kind(holder: dict[str, object]) -> str:
    if "programStage" in holder or "event" in holder or "dataValues" in holder:
        return "events"
    if "enrollment" in holder or "enrolledAt" in holder or "program" in holder:
        return "enrollments"
    return "trackedEntities"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Enrolled:
    """What an event inherits from its enrolment."""

    child: str = ""
    program: str = ""
    deleted: bool = False


class _Collector:
    """Puts enrolments and events to their children, whatever order they stand in."""

    def __init__(self, ledger: Ledger) -> None:
        self.children: dict[str, Child] = {}
        self._ledger = ledger
        self._enrolled: dict[str, _Enrolled] = {}

    def entity(self, node: Node, *, deleted: bool) -> None:
        number = node.text("trackedEntity")
        if not self._is_usable(number, node, "no-person-id", _NO_ID):
            return
        child = self._child(number)
        gone = deleted or node.flag("deleted")
        child.deleted = child.deleted or gone
        if child.node is not None:
            self._ledger.inform("repeated-entity", node.where, "the child stands in the file twice; the later holds")
        child.node = node
        for inner in node.children("enrollments"):
            self.enrolment(inner, number, deleted=gone)

    def enrolment(self, node: Node, child: str, *, deleted: bool) -> None:
        """An enrolment, nested in `child` or naming its own."""
        number = child or node.text("trackedEntity")
        if not self._is_usable(number, node, "no-person", _ASK_ALL):
            return
        inherited = _Enrolled(child=number, program=reference(node, "program"), deleted=deleted or node.flag("deleted"))
        self._child(number).enrolments.append(node)
        if own := node.text("enrollment"):
            self._enrolled[own] = inherited
        for inner in node.children("events"):
            self.event(inner, inherited)

    def event(self, node: Node, around: _Enrolled) -> None:
        """An event, nested in an enrolment or naming one."""
        known = around if around.child else self._enrolled.get(node.text("enrollment"), around)
        number = known.child or node.text("trackedEntity")
        if not self._is_usable(number, node, "no-person", _ASK_ALL):
            return
        gone = around.deleted or known.deleted or node.flag("deleted")
        program = reference(node, "program") or known.program
        self._child(number).events.append(Event(node=node, program=program, deleted=gone))

    def _child(self, number: str) -> Child:
        return self.children.setdefault(number, Child(number=number))

    def _is_usable(self, number: str, node: Node, code: str, remedy: str) -> bool:
        """Whether the object says whom it is about; else it is set aside with everything in it."""
        if number and not is_placeholder(number):
            return True
        if number:
            code, remedy = "placeholder-id", "send the file that the template was filled into"
        self._ledger.error(code, node.where, _PROBLEMS[code], remedy)
        node.leave_out_whole("set aside, see the findings")
        return False


_PROBLEMS = {
    "placeholder-id": "a blank of a template stands where the child's number belongs",
    "no-person": "the record does not say which child it is about",
    "no-person-id": "the tracked entity has no number of its own",
}
_ASK_ALL = "export with fields=*, or send the tracked entities and enrolments together with the events"
_NO_ID = "DHIS2 gives it one on import: send an export made after the import"
