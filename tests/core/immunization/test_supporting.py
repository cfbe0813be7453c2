"""CDSi supporting data, as published, becomes a schedule; a file at fault is told by name and place."""

import tarfile
from datetime import date
from pathlib import Path

import pytest

from registry.continuity import spans
from registry.continuity.immunization import supporting
from registry.continuity.immunization.schedule import Comparison, Context, Schedule, Season
from registry.errors import BadInput
from tests.core.immunization.supporting_files import ANTIGEN, FILES, SCHEDULE


def read(**changed: str) -> Schedule:
    files = {"antigen": ANTIGEN, "schedule": SCHEDULE} | changed
    return supporting.read({f"{name}.xml": text.encode() for name, text in files.items()})


def test_every_rule_of_a_file_is_read() -> None:
    rules = supporting.read(FILES)
    (series,) = rules.antigens["Alpha"].series
    (dose,) = series.doses
    assert (series.is_default, series.preference, series.equivalent_groups) == (True, 1, frozenset("23"))
    assert series.genders == {"female", "other"}
    assert series.maximum_age_to_start == spans.read("5 years")
    assert dose.ages[0].absolute_minimum == spans.read("12 months - 4 days")
    assert dose.ages[0].validity.covers(date(2023, 9, 12))
    assert not dose.ages[0].validity.covers(date(2023, 9, 11))
    (interval,) = dose.intervals  # the empty one is none
    assert (interval.from_most_recent, interval.minimum, interval.overrides) == (
        {"01", "02"},
        spans.read("8 weeks"),
        True,
    )
    assert dose.preferable[0].is_named
    assert dose.preferable[0].volume == 0.5
    (skip,) = dose.skips
    (condition,) = skip.sets[0].conditions
    assert (skip.context, skip.sets[0].needs_all, condition.comparison) == (Context.BOTH, False, Comparison.MORE_THAN)
    assert (condition.valid_only, condition.vaccines) == (True, {"01", "02"})
    assert (dose.recurs, dose.season) == (True, Season(starts=date(2024, 8, 22)))
    assert rules.antigens["Alpha"].immune_by_birth[0].before == date(1957, 1, 31)
    assert rules.vaccines["01"].associations[0].window.ends == spans.read("50 years")
    assert ("SNOMED", "77386006") in rules.observations["007"].codings


def test_every_series_and_dose_names_its_place() -> None:
    source = supporting.read(FILES).antigens["Alpha"].series[0].doses[0].source
    assert source is not None
    assert source.place == "Antigen Alpha.xml: antigenSupportingData/series[1]/seriesDose[1]"


def test_the_digest_is_of_the_files_alone() -> None:
    again = dict(reversed(FILES.items()))
    assert supporting.read(FILES).digest == supporting.read(again).digest
    assert read().digest != read(antigen=ANTIGEN.replace("12 months", "13 months")).digest


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("<minAge>12 months<", "<minAge>a year<", "antigen.xml: .*/seriesDose[1]/age[1]/minAge"),
        ("20230912", "2023", "antigen.xml: antigenSupportingData/series[1]/seriesDose[1]/age[1]/effectiveDate"),
        ("<seriesType>Standard<", "<seriesType>New<", "antigen.xml: antigenSupportingData/series[1]/seriesType"),
        ("<doseCount>1<", "<doseCount>many<", "antigen.xml: .*/set[1]/condition[1]/doseCount"),
        ("<cvx>01</cvx><beginAge>", "<beginAge>", "antigen.xml: .*/preferableVaccine[1]/cvx"),
        ("Dose 1", "Dose 2", "antigen.xml: antigenSupportingData/series[1]/seriesDose[1]/doseNumber"),
        ("<targetDisease>Alpha<", "<targetDisease>Beta<", "schedule.xml: scheduleSupportingData"),
        ("</series>", "", "antigen.xml, line 25, column"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_file_and_element(old: str, new: str, where: str) -> None:
    assert old in ANTIGEN
    with pytest.raises(BadInput) as refused:
        read(antigen=ANTIGEN.replace(old, new))
    for part in where.split(".*"):
        assert part in refused.value.where


def test_a_directory_without_the_schedule_file_is_refused() -> None:
    with pytest.raises(BadInput, match="needed: one file"):
        supporting.read({"antigen.xml": ANTIGEN.encode()})
    with pytest.raises(BadInput, match="needed: one file"):
        supporting.read({})


def test_xml_that_declares_entities_is_refused() -> None:
    with pytest.raises(BadInput, match="entities"):
        read(antigen='<!DOCTYPE a [<!ENTITY b "c">]>' + ANTIGEN)


def releases(shared_data: Path) -> dict[str, dict[str, bytes]]:
    folder = shared_data / "immunization" / "cdsi"
    with tarfile.open(folder / "supporting-data-2025-03.tar.gz") as packed:
        old = {each.name: file.read() for each in packed if (file := packed.extractfile(each))}
    return {"2025-03": old, "4.64": {each.name: each.read_bytes() for each in (folder / "supporting-data").iterdir()}}


def test_the_published_releases_are_read_whole(shared_data: Path) -> None:
    counted = {}
    for name, files in releases(shared_data).items():
        rules = supporting.read(files)
        series = [each for antigen in rules.antigens.values() for each in antigen.series]
        conflicts = sum(map(len, rules.conflicts.values()))
        counted[name] = (len(rules.antigens), len(series), sum(len(each.doses) for each in series), conflicts)
    assert counted == {"2025-03": (30, 148, 510, 576), "4.64": (30, 143, 484, 625)}
