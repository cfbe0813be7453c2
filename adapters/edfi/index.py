"""The records of one hand-over by name, and whom they are about; references are resolved here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from adapters.edfi import tree
from adapters.edfi.tree import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Built once per hand-over; nothing in it changes afterwards."""

    by_entity: dict[str, list[Record]] = field(repr=False)
    by_link: dict[str, Record] = field(repr=False)  # the `id` attribute of a record
    by_number: dict[tuple[str, str], Record] = field(repr=False)  # entity and its own number
    about: dict[tuple[str, str], list[Record]] = field(repr=False)  # entity and the student it is about

    def all(self, *entities: str) -> list[Record]:
        return [record for entity in entities for record in self.by_entity.get(entity, ())]

    def of_student(self, student: str, *entities: str) -> list[Record]:
        return [record for entity in entities for record in self.about.get((entity, student), ())]

    def knows_student(self, student: str) -> bool:
        return ("Student", student) in self.by_number

    def student(self, record: Record) -> str:
        """The number of the student a record is about; empty when it does not say."""
        return self._number(record, "Student", "StudentUniqueId")

    def school(self, record: Record) -> str:
        return self._number(record, "School", "SchoolId")

    def contact(self, record: Record) -> Record | None:
        link = _link(record, "ContactReference") or _link(record, "ParentReference")
        if link in self.by_link:
            return self.by_link[link]
        for kind in ("Contact", "Parent"):
            number = record.text(f"{kind}Reference", f"{kind}Identity", f"{kind}UniqueId")
            found = self.by_number.get((kind, number))
            if found:
                return found
        return None

    def _number(self, record: Record, kind: str, key: str) -> str:
        number = record.text(f"{kind}Reference", f"{kind}Identity", key)
        if number:
            return number
        linked = self.by_link.get(_link(record, f"{kind}Reference"))
        return linked.text(key) if linked and linked.entity == kind else ""


_NUMBERS = {
    "Student": "StudentUniqueId",
    "School": "SchoolId",
    "Contact": "ContactUniqueId",
    "Parent": "ParentUniqueId",
}


def build(records: Iterable[Record]) -> Index:
    """Sort the records of a hand-over. The first record of a number or link is the one references mean."""
    index = Index(by_entity=defaultdict(list), by_link={}, by_number={}, about=defaultdict(list))
    for record in records:
        index.by_entity[record.entity].append(record)
        link = record.element.get("id", "")
        if link:
            index.by_link.setdefault(link, record)
        number = record.text(_NUMBERS[record.entity]) if record.entity in _NUMBERS else ""
        if number:
            index.by_number.setdefault((record.entity, number), record)
    for found in list(index.by_entity.values()):
        for record in found:
            student = index.student(record)
            if student:
                index.about[record.entity, student].append(record)
    return index


def _link(record: Record, reference: str) -> str:
    return next((each.get("ref", "") for each in tree.children(record.element, reference)), "")
