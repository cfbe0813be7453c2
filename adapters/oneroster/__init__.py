"""OneRoster 1.1 CSV: learners become Patients; their classes of a school and year one school enrolment.

Reads one zip archive of CSV files, with lenient headers. What a country's export means by its columns is
`mapping.toml`. Source: 1EdTech, OneRoster v1.1 CSV Tables, section 2.

Invariant: teachers, guardians, passwords, race and ethnicity never leave this package; a row that does not
fit its header is set aside whole, because a shifted cell is a wrong fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.oneroster import archive, enrolments, learners
from adapters.oneroster.export import Export
from adapters.sdk import mapping
from adapters.sdk.ledger import Ledger
from adapters.sdk.manifest import Manifest
from adapters.sdk.when import Dates
from registry.intake import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRosterAdapter:
    """The adapter of one country's export; another country's is the same with another mapping."""

    export: Export

    @property
    def manifest(self) -> Manifest:
        return self.export.manifest

    @property
    def kind(self) -> str:
        return self.manifest.kind

    @property
    def describes(self) -> str:
        return self.manifest.describes

    def convert(self, body: bytes, *, source: str, received_at: datetime) -> Submission:
        """Read one archive; see `registry.intake.Adapter`."""
        ledger = Ledger(source, self.kind)
        dates = Dates(ledger=ledger, notations=self.export.notations, today=received_at.date())
        sheets = archive.sheets(body, self.export, ledger)
        known = learners.read(sheets, self.export, dates)
        enrolments.read(sheets, known, self.export, dates)
        return ledger.submission(received_at)

    def leaves(self, body: bytes) -> int:
        """How many values the archive holds, for the conformance kit."""
        return archive.leaves(body, self.export)


def of(mapped: mapping.Mapping) -> OneRosterAdapter:
    """The adapter for the export a mapping describes."""
    return OneRosterAdapter(export=Export.of(mapped))


adapter = of(mapping.beside(__name__))
