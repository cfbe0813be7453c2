"""DHIS2 Tracker JSON: tracked entities become Patients, events of the immunization program doses.

Reads what a client sends and what a server answers: nested, flat, identifiers as text or as objects, importer
payloads, export pages and single objects. What a country's register means by its codes is `mapping.toml`.

Invariant: nobody is invented. An object that does not say whom it is about is set aside with a finding, and a
person's demographics are never replaced by less because a page carried only their events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.dhis2 import convert, shapes
from adapters.dhis2.register import Register
from adapters.sdk import account, mapping, readers
from adapters.sdk.ledger import Ledger
from adapters.sdk.manifest import Manifest
from registry.intake import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Dhis2Adapter:
    """The adapter of one register; another country's is the same with another mapping."""

    register: Register

    @property
    def manifest(self) -> Manifest:
        return self.register.manifest

    @property
    def kind(self) -> str:
        return self.manifest.kind

    @property
    def describes(self) -> str:
        return self.manifest.describes

    def convert(self, body: bytes, *, source: str, received_at: datetime) -> Submission:
        """Read one file; see `registry.intake.Adapter`."""
        document = shapes.parsed(body)
        ledger, used = Ledger(source, self.kind), account.Account()
        found = shapes.collect(document, ledger, used)
        convert.children(found, self.register, ledger, received_at.date())
        codes = {*self.register.attributes, *self.register.data_elements}
        used.settle(document, ledger, ignored=self.register.ignored, names=shapes.NAMES, known=codes)
        return ledger.submission(received_at)

    def leaves(self, body: bytes) -> int:
        """How many values the file holds, for the conformance kit."""
        return account.count(readers.json_document(body))


def of(mapped: mapping.Mapping) -> Dhis2Adapter:
    """The adapter for the register a mapping describes."""
    return Dhis2Adapter(register=Register.of(mapped))


adapter = of(mapping.beside(__name__))
