"""What dossiers say of a person, read from the Patient each was last told."""

from __future__ import annotations

from uuid import UUID

from registry.fhir.resource import Content
from registry.identity import demographics, sketch
from registry.identity.demographics import Demographics
from registry.identity.match import Subject
from registry.identity.sketch import Sketch
from registry.store.dossiers import Dossier


class Reader:
    """Reads the demographics of dossiers, each once for what it says; forgotten with the work it was made for."""

    def __init__(self) -> None:
        self._read: dict[UUID, tuple[Content, Demographics]] = {}

    def told(self, dossier: Dossier) -> Demographics:
        """The demographics a dossier was last told; it must have a Patient."""
        about = dossier.about or {}
        known = self._read.get(dossier.id)
        if known is None or known[0] != about:
            known = self._read[dossier.id] = (about, demographics.of(about))
        return known[1]

    def subject(self, dossier: Dossier) -> Subject:
        return Subject(id=dossier.id.hex, source=dossier.source, demographics=self.told(dossier))

    def sketch(self, dossier: Dossier) -> Sketch:
        """Its sketch, also where it was filed before there were any."""
        return dossier.sketch or sketch.of(self.told(dossier))
