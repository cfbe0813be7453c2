"""One world and the files its four countries hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.sdk.world import (
    almara,
    bektar_iis,
    bektar_schools,
    clerks,
    corvia_schools,
    doses,
    people,
    reports,
    resend,
    schooling,
    story,
    truth,
)
from adapters.sdk.world.clerks import Record, Source
from adapters.sdk.world.people import Child
from adapters.sdk.world.reports import Report
from adapters.sdk.world.resend import Patient
from adapters.sdk.world.schooling import SchoolYear

SEED = 1
"""The seed of the committed examples."""

ADAPTERS = Path(__file__).parents[2]
EXAMPLES: Mapping[str, Path] = {
    "almara-dhis2.json": ADAPTERS / "dhis2/examples",
    "almara-dhis2-resend.json": ADAPTERS / "dhis2/examples",
    "bektar-iis.hl7": ADAPTERS / "hl7v2/examples",
    "bektar-iis-resend.hl7": ADAPTERS / "hl7v2/examples",
    "bektar-schools.zip": ADAPTERS / "oneroster/examples",
    "corvia-schools.xml": ADAPTERS / "edfi/examples",
    "truth.csv": ADAPTERS / "sdk/world/examples",
    "story.json": ADAPTERS / "sdk/world/examples",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everybody, and what each source wrote; `reports` and `years` go by source and its person number."""

    seed: int
    children: Sequence[Child]
    records: Mapping[str, Sequence[Record]]
    reports: Mapping[str, Mapping[str, Sequence[Report]]]
    years: Mapping[str, Mapping[str, Sequence[SchoolYear]]]

    def patients(self, source: Source) -> list[Patient]:
        held = self.reports[source.name]
        return [(record, held[record.person_id]) for record in self.records[source.name]]

    def learners(self, source: Source) -> list[tuple[Record, Sequence[SchoolYear]]]:
        held = self.years[source.name]
        return [(record, held[record.person_id]) for record in self.records[source.name]]


_IMMUNIZATION = (clerks.ALMARA_DHIS2, clerks.BEKTAR_IIS)
_SCHOOLS = (clerks.BEKTAR_SCHOOLS, clerks.CORVIA_SCHOOLS)


def world(seed: int) -> World:
    everybody = people.children(seed)
    histories = {child.id: doses.history(seed, child) for child in everybody}
    records = {source.name: clerks.records(seed, source, everybody) for source in (*_IMMUNIZATION, *_SCHOOLS)}
    return World(
        seed=seed,
        children=everybody,
        records=records,
        reports={
            source.name: {
                record.person_id: reports.of(seed, record, histories, both)
                for record, both in _with_double(records[source.name])
            }
            for source in _IMMUNIZATION
        },
        years={
            source.name: {
                record.person_id: schooling.of(seed, record, both)
                for record, both in _with_double(records[source.name])
            }
            for source in _SCHOOLS
        },
    )


def _with_double(records: Sequence[Record]) -> list[tuple[Record, list[Record]]]:
    """Each record with all records its source has of the same child."""
    by_child: dict[str, list[Record]] = {}
    for record in records:
        by_child.setdefault(record.child.id, []).append(record)
    return [(record, by_child[record.child.id]) for record in records]


def files(held: World) -> dict[str, bytes]:
    """All files by name."""
    almaran, bektari = held.patients(clerks.ALMARA_DHIS2), held.patients(clerks.BEKTAR_IIS)
    same, corrected = resend.again(held.seed, almaran)
    same_messages, corrected_messages = resend.again(held.seed, bektari)
    return {
        "almara-dhis2.json": almara.file(almaran),
        "almara-dhis2-resend.json": almara.file([*same, *((each.record, each.reports) for each in corrected)]),
        "bektar-iis.hl7": bektar_iis.file(bektar_iis.messages(bektari)),
        "bektar-iis-resend.hl7": bektar_iis.file(
            bektar_iis.messages(same_messages) + bektar_iis.corrections(corrected_messages)
        ),
        "bektar-schools.zip": bektar_schools.file(held.learners(clerks.BEKTAR_SCHOOLS)),
        "corvia-schools.xml": corvia_schools.file(held.learners(clerks.CORVIA_SCHOOLS)),
        "truth.csv": truth.file(held.records),
        "story.json": story.file(held.seed, held.children, held.records),
    }


def write(held: World, folder: Path | None = None) -> list[Path]:
    """Write all files into `folder`, or where the committed examples lie; answers the paths."""
    written: list[Path] = []
    for name, body in files(held).items():
        path = (folder or EXAMPLES[name]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        written.append(path)
    return written
