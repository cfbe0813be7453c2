"""What the readers of one hand-over share: the records, the source, and where problems are noted."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from adapters.edfi.index import Index
from adapters.edfi.tree import Record
from adapters.sdk.ledger import Ledger
from adapters.sdk.when import Dates, When

CORRECT = "correct it in the source system and hand the file over again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One conversion."""

    index: Index
    source: str
    country: str
    ledger: Ledger
    dates: Dates
    unused: dict[int, str] = field(default_factory=dict[int, str], repr=False)  # element -> why nothing came of it

    def date(self, record: Record, text: str) -> When | None:
        return self.dates.read(text, where=record.where)

    def set_aside(self, element: Element, reason: str) -> None:
        """Nothing came of this element; every value in it is then accounted for with the reason."""
        self.unused[id(element)] = reason
