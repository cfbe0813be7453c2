"""Every installed adapter passes the conformance kit with its own examples, and the kit catches each kind of defect."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import adapters
from adapters import dhis2
from adapters.sdk import conformance
from registry.errors import Unreadable
from registry.fhir import resource
from registry.intake import Coverage, Entry, Fate, Finding, Severity, Submission

FOLDER = Path(adapters.__file__).parent
EXAMPLES = sorted(each for each in FOLDER.glob("*/examples/*") if each.suffix in (".json", ".hl7", ".zip", ".xml"))
KINDS = sorted(each.name for each in metadata.entry_points(group="registry.adapters"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_installed_adapter_says_its_kind_and_what_it_reads(kind: str) -> None:
    adapter = conformance.installed(kind)
    assert adapter.kind == kind
    assert adapter.describes


@pytest.mark.parametrize("kind", KINDS)
def test_every_adapter_refuses_or_explains_files_of_other_kinds(kind: str) -> None:
    adapter = conformance.installed(kind)
    nothing = Submission(source="s", adapter=kind, received_at=conformance.RECEIVED, entries=())
    trial = conformance.Trial(adapter=adapter, body=b"", submission=nothing, source="s", rounds=1, seed=1)
    assert list(conformance.CHECKS["other kinds"](trial)) == []


SAMPLE = b"""{"trackedEntities": [{"trackedEntity": "mpDviU8PWsJ", "trackedEntityType": "t", "attributes": [
 {"attribute": "GIVEN_NAME", "value": "Zoulikha"}, {"attribute": "FAMILY_NAME", "value": "Benmansour"},
 {"attribute": "MOTHER_NAME", "value": "Khadidja Ouyahia"}, {"attribute": "BIRTH_DATE", "value": "2015-03-12"},
 {"attribute": "NATIONAL_ID", "value": "1831903675"}, {"attribute": "PHONE", "value": "+21052699836"}],
 "enrollments": [{"enrollment": "lxfEFMgH5z4", "program": "ALMARA_EPI", "events": [
 {"event": "nYL2w1mMx35", "status": "COMPLETED", "occurredAt": "2015-05-10", "orgUnitName": "Centre", "dataValues":
 [{"dataElement": "VACCINE", "value": "PENTA1"}, {"dataElement": "LOT", "value": "K08807B"}]},
 {"event": "uz0FKeHRpk5", "status": "SCHEDULE", "dataValues": [{"dataElement": "VACCINE", "value": "PENTA2"}]}]}]}]}"""


def oneroster_sample() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("users.csv", "sourcedId,role,givenName,familyName\nu-77001,student,Zoulikha,Benmansour\n")
        archive.writestr("demographics.csv", "sourcedId,birthDate,sex\nu-77001,2015-03-12,female\n")
        archive.writestr("classes.csv", "sourcedId,grades,schoolSourcedId,termSourcedIds\nc1,03,s1,y1\n")
        archive.writestr("academicSessions.csv", "sourcedId,title,type,startDate\ny1,2022,schoolYear,2022-09-01\n")
        archive.writestr("enrollments.csv", "sourcedId,classSourcedId,userSourcedId,role\ne1,c1,u-77001,student\n")
    return target.getvalue()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("kind", "body"), [("dhis2", SAMPLE), ("oneroster", oneroster_sample())])
def test_an_adapter_of_the_kit_conforms_with_a_small_file(kind: str, body: bytes, seed: int) -> None:
    assert conformance.failures(conformance.installed(kind), body, rounds=300, seed=seed) == []


def test_a_small_file_cut_at_any_byte_is_refused_and_nothing_else() -> None:
    for end in range(len(SAMPLE)):
        with pytest.raises(Unreadable):
            dhis2.adapter.convert(SAMPLE[:end], source="s", received_at=conformance.RECEIVED)


# The adapters whose every value the kit can count; the others conform in everything else.
COUNTED = {"dhis2", "oneroster"}


@pytest.mark.skipif(not EXAMPLES, reason="the examples are not generated yet")
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_an_adapter_conforms_with_its_examples(file: Path) -> None:
    is_small = file.stat().st_size < 50_000
    assert found_in(file, conformance.CHECKS if is_small else conformance.GOOD_FILE) == []


@pytest.mark.prove
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_an_adapter_conforms_with_spoiled_copies_of_its_examples(file: Path, request: pytest.FixtureRequest) -> None:
    if "prove" not in request.config.option.markexpr:
        pytest.skip("a long proof; run it with -m prove")
    assert found_in(file, conformance.BAD_FILE, rounds=3) == []


def found_in(file: Path, checks: Iterable[str], rounds: int = 2) -> list[conformance.Failure]:
    kind, source = file.parent.parent.name, file.stem.removesuffix("-resend")
    adapter, body = conformance.installed(kind), file.read_bytes()
    found = conformance.failures(adapter, body, source=source, rounds=rounds, checks=checks)
    return [each for each in found if kind in COUNTED or each.check != "accounts for every value"]


# What the kit must catch --------------------------------------------------------------

Change = Callable[[Submission], Submission]


@dataclass(frozen=True)
class Faulty:
    """The DHIS2 adapter with one defect."""

    change: Change = lambda submission: submission
    leak: str = ""
    crash: type[Exception] | None = None
    kind: str = "dhis2"
    describes: str = "faulty"

    def convert(self, body: bytes, *, source: str, received_at: datetime) -> Submission:
        try:
            submission = dhis2.adapter.convert(body, source=source, received_at=received_at)
        except Unreadable as problem:
            if self.crash:
                raise self.crash from None
            raise Unreadable(problem.what + self.leak, where=problem.where, remedy=problem.remedy) from None
        return self.change(submission)

    def leaves(self, body: bytes) -> int:
        return dhis2.adapter.leaves(body)


def edited(edit: Callable[[dict[str, Any]], object]) -> Change:
    """Every resource edited."""

    def change(submission: Submission) -> Submission:
        entries: list[Entry] = []
        for entry in submission.entries:
            content = dict(entry.resource.content)
            edit(content)
            entries.append(replace(entry, resource=resource.of(content)))
        return replace(submission, entries=tuple(entries))

    return change


def with_finding(message: str) -> Change:
    finding = Finding(severity=Severity.WARNING, code="odd", where="line 1", message=message)
    return lambda submission: replace(submission, findings=(finding,))


class Forgetful:
    """Gives another answer every time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, submission: Submission) -> Submission:
        self.times += 1
        return with_finding(f"time {self.times}")(submission)


DEFECTS: dict[str, tuple[Faulty, str]] = {
    "loses a value": (Faulty(lambda s: replace(s, coverage=s.coverage[1:])), "accounts for every value"),
    "ignores without a reason": (
        Faulty(lambda s: replace(s, coverage=(*s.coverage, Coverage(field="x", fate=Fate.IGNORED, count=0)))),
        "accounts for every value",
    ),
    "tells a name": (Faulty(with_finding("no such name: zoulikha")), "discreet"),
    "tells a mother": (Faulty(with_finding("Khadidja Ouyahia is unknown")), "discreet"),
    "tells a number": (Faulty(with_finding("1831903675 stands twice")), "discreet"),
    "tells in a refusal": (Faulty(leak=" near Benmansour"), "cut off"),
    "crashes when cut": (Faulty(crash=KeyError), "cut off"),
    "crashes on other files": (Faulty(crash=RecursionError), "other kinds"),
    "has odd ids": (Faulty(edited(lambda c: c.update(id="a b"))), "well-formed ids"),
    "has no FHIR": (Faulty(edited(lambda c: c.update(identifier={"value": "x"}))), "valid FHIR"),
    "has no country": (Faulty(edited(lambda c: c.pop("meta"))), "recording country"),
    "is forgetful": (Faulty(Forgetful()), "deterministic"),
    "is another": (Faulty(kind="other"), "says who and what"),
    "reads nothing": (Faulty(crash=KeyError), "damaged"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_the_kit_catches_an_adapter_that(name: str) -> None:
    adapter, check = DEFECTS[name]
    assert check in {each.check for each in conformance.failures(adapter, SAMPLE, rounds=60)}


def test_the_kit_itself_never_repeats_the_file() -> None:
    for adapter, _ in DEFECTS.values():
        for each in conformance.failures(adapter, SAMPLE, rounds=10):
            assert "zoulikha" not in each.detail.casefold()


def test_the_command_says_which_file_conforms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(SAMPLE)
    bad.write_bytes(b"{}")
    assert conformance.main(["dhis2", str(good), "--rounds", "5"]) == 0
    assert conformance.main(["dhis2", str(bad)]) == 1
    written = capsys.readouterr().out
    assert "good.json: conforms" in written
    assert "reads: the file is refused" in written
