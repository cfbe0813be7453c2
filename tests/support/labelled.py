"""The world of families as matching's training sees a registry: a sample of dossiers, with the truth beside it."""

from __future__ import annotations

from collections.abc import Sequence

from registry.flows.training import Known, Sample
from registry.identity import demographics
from registry.identity.match import Subject
from tests.support import families
from tests.support.families import Record, Truth


def sample(world: Sequence[tuple[Record, Truth]]) -> Sample:
    """The records as dossiers."""
    people = [
        Subject(id=record.id, source=record.source, demographics=demographics.of(families.patient(record)))
        for record, _ in world
    ]
    return Sample(people=people, known=[(each.source, each.id) for each in people], settled={})


def truth(world: Sequence[tuple[Record, Truth]]) -> dict[Known, str]:
    """Who each record is about."""
    return {(record.source, record.id): str(told.person) for record, told in world}
