"""One hand-over of Ed-Fi interchanges into one Submission."""

from __future__ import annotations

from datetime import datetime

from adapters.edfi import coverage, health, index, person, schooling, tables, tree
from adapters.edfi.reading import Reading
from adapters.edfi.tree import Interchange
from adapters.sdk.ledger import Ledger
from adapters.sdk.when import Dates
from registry.intake import Submission

_NOTATIONS = ("YYYY-MM-DD", "YYYY-MM", "YYYY")


class EdFi:
    """The adapter of kind `edfi`."""

    kind = tables.RULES.manifest.kind
    describes = tables.RULES.manifest.describes
    manifest = tables.RULES.manifest

    def convert(self, body: bytes, *, source: str, received_at: datetime) -> Submission:
        """Read one interchange, several in one root element, or a zip of them."""
        interchanges = tree.read(body)
        records = [record for each in interchanges for record in each.records]
        ledger = Ledger(source, self.kind)
        _note_country(source, ledger)
        reading = Reading(
            index=index.build(records),
            source=source,
            country=tables.country(source),
            ledger=ledger,
            dates=Dates(ledger=ledger, notations=_NOTATIONS, today=received_at.date()),
        )
        for each in interchanges:
            _note_version(each, ledger)
        for read_all in (person.read_all, schooling.read_all, health.read_all):
            read_all(reading)
        for record in records:
            coverage.note(record, reading)
        submission = ledger.submission(received_at)
        if submission.entries:
            return submission
        ledger.inform("nothing-carried", "", "the hand-over holds nothing that is carried; see the coverage")
        return ledger.submission(received_at)

    def leaves(self, body: bytes) -> int:
        """How many values a hand-over holds, for the conformance kit."""
        records = (record for each in tree.read(body) for record in each.records)
        return sum(1 for record in records for _ in tree.leaves(record, {}))


def _note_country(source: str, ledger: Ledger) -> None:
    if not tables.country(source):
        text = "the mapping does not say which country this source belongs to; the records carry no country"
        ledger.warn("unknown-source", "", text, "add the source to [sources] of adapters/edfi/mapping.toml")


def _note_version(interchange: Interchange, ledger: Ledger) -> None:
    if interchange.version not in tables.VERSIONS:
        text = "a version of the data standard other than 5 and 6; read as if it were one of them"
        ledger.warn("unknown-version", interchange.where, text, "compare a few records with the source system")
