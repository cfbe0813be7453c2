"""Children as the shapes give them into entries of the ledger: one Patient each, and their doses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from adapters.dhis2 import person
from adapters.dhis2.dose import Reader
from adapters.dhis2.register import Register
from adapters.dhis2.shapes import Child, reference
from adapters.sdk.ledger import Ledger
from adapters.sdk.when import Dates

_MAP_PROGRAM = "add the program to the mapping if it records immunizations"


def children(found: Iterable[Child], register: Register, ledger: Ledger, today: date) -> None:
    """Write everything the children of a file say into the ledger."""
    dates = Dates(ledger=ledger, notations=register.notations, today=today)
    reader = Reader(register=register, dates=dates, source=ledger.source)
    count = 0
    for count, child in enumerate(found, 1):  # noqa: B007
        _patient(child, register, dates)
        _doses(child, reader)
    if not count:
        ledger.inform("nothing-usable", "", "no child of this file could be taken, or there is none in it")


def _patient(child: Child, register: Register, dates: Dates) -> None:
    said = person.Attributes(register, dates.ledger)
    for node in (child.node, *child.enrolments):
        said.take(node.children("attributes") if node else ())
    if not _describes(child, said):
        dates.ledger.inform(
            "person-not-described",
            child.where,
            "only events or numbers of this child are here; its person is as before",
        )
        return
    if child.node and child.node.flag("potentialDuplicate"):
        dates.ledger.inform("suspected-duplicate", child.node.where, "the source itself suspects a duplicate")
    if not any(said.of_role("given")) and not any(said.of_role("family")):
        dates.ledger.warn("no-name", child.where, "no attribute that the mapping knows gives a name")
    dates.ledger.entry(child.number, person.content(child, said, register, dates, dates.ledger.source), child.where)


def _describes(child: Child, said: person.Attributes) -> bool:
    """Whether the file says who the child is; a number alone would replace what is known by nothing."""
    node = child.node
    return bool(said) or child.deleted or bool(node and "trackedEntityType" in node.holder)


def _doses(child: Child, reader: Reader) -> None:
    ledger, programs = reader.dates.ledger, reader.register.programs
    for enrolment in child.enrolments:
        enrolment.leave_out("status", "the state of the follow-up, not of the doses")
        if reference(enrolment, "program") not in programs:
            ledger.warn("unmapped-program", enrolment.where, "a program the mapping does not know", _MAP_PROGRAM)
    for event in child.events:
        if event.program not in programs:
            ledger.warn("unmapped-program", event.node.where, "an event of an unknown program", _MAP_PROGRAM)
            continue
        event.deleted = event.deleted or child.deleted
        dose = reader.dose(child.number, event)
        if dose:
            ledger.entry(child.number, dose, event.node.where)
