"""Codes and their antigens: laws of maps, and our map against the published code sets."""

# ruff: noqa: E501 - one row of a table is one line

import gzip
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry import library
from registry.errors import BadInput
from registry.fhir import terminology
from registry.fhir.terminology import Coding, Relation

CVX, ATC, NDC = "http://hl7.org/fhir/sid/cvx", "http://www.whocc.no/atc", "http://hl7.org/fhir/sid/ndc"
LOCAL = "urn:continuity:almara-dhis2:vaccine"
ROOT = library.FOLDER.parent

MAP = library.load().concept_maps["vaccine-to-antigen"]


def _antigens(system: str, code: str) -> set[str]:
    return {each.code for each in terminology.translate(MAP, system, code)}


def _codes(system: str) -> list[str]:
    return [code for source, code in MAP.targets if source == system]


@pytest.mark.parametrize(
    ("system", "code", "antigens"),
    [
        (CVX, "03", "MEASLES MUMPS RUBELLA"),
        (CVX, "198", "DIPHTHERIA TETANUS PERTUSSIS HEPB HIB"),
        (CVX, "33", "PPSV"),
        (CVX, "19", "BCG"),
        (ATC, "J07BD53", "MEASLES RUBELLA"),
        (ATC, "J07CA09", "DIPHTHERIA TETANUS PERTUSSIS POLIO HIB HEPB"),
        (NDC, "00006-4681-00", "MEASLES MUMPS RUBELLA"),
        (LOCAL, "VAR", "MEASLES"),  # anti-rougeoleux; the same letters mean varicella elsewhere
        (LOCAL, "RR1", "MEASLES RUBELLA"),
        (LOCAL, "VPO0", "POLIO"),
        (CVX, "998", ""),
        (CVX, "999", ""),
        (CVX, "3", ""),
        ("urn:x", "03", ""),
    ],
)
def test_a_code_means_these_antigens_and_no_others(system: str, code: str, antigens: str) -> None:
    assert _antigens(system, code) == set(antigens.split())


def test_a_vaccine_of_part_of_an_antigen_says_so() -> None:
    # Bivalent oral polio vaccine lacks type 2; an unspecified pneumococcal one may not be a conjugate.
    for system, code in ((CVX, "178"), (ATC, "J07BF04"), (CVX, "109"), (CVX, "167")):
        assert {each.relation for each in terminology.translate(MAP, system, code)} == {Relation.INEXACT}
        assert all(each.comment for each in terminology.translate(MAP, system, code))


def test_every_unspecified_formulation_of_a_childhood_vaccine_is_known() -> None:
    for code in [
        "17",
        "31",
        "45",
        "85",
        "88",
        "89",
        "90",
        "91",
        "107",
        "108",
        "109",
        "112",
        "122",
        "129",
        "137",
        "139",
        "147",
        "151",
        "152",
        "164",
        "182",
        "184",
        "213",
    ]:
        assert _antigens(CVX, code), code


CDSI = {
    "Diphtheria": "DIPHTHERIA", "Tetanus": "TETANUS", "Pertussis": "PERTUSSIS", "Polio": "POLIO", "HepB": "HEPB",
    "Hib": "HIB", "Rotavirus": "ROTA", "Measles": "MEASLES", "Mumps": "MUMPS", "Rubella": "RUBELLA",
    "Varicella": "VARICELLA", "HepA": "HEPA", "HPV": "HPV", "Yellow Fever": "YF", "Meningococcal": "MENINGO",
    "Meningococcal B": "MENB", "Influenza": "INFLUENZA", "COVID-19": "COVID19", "Typhoid": "TYPHOID",
    "Japanese Encephalitis": "JE", "Rabies": "RABIES", "Pneumococcal": "PCV", "TBE": "TBE", "Cholera": "CHOLERA",
    "Dengue": "DENGUE", "Ebola": "EBOLA",
}  # fmt: skip


@pytest.mark.shared_data
def test_every_cvx_code_agrees_with_the_cdsi_supporting_data(shared_data: Path) -> None:
    file = shared_data / "immunization" / "cdsi" / "supporting-data" / "ScheduleSupportingData.xml"
    published = {
        row.findtext("cvx"): {each.findtext("antigen") for each in row.findall("association")}
        for row in ElementTree.parse(file).getroot().iter("cvxMap")  # noqa: S314 - a file of ours
    }
    unpublished = [code for code in _codes(CVX) if code not in published]
    assert unpublished == ["19"]  # BCG is in the code set, and in no US schedule
    for code in _codes(CVX):
        if code in published:
            # CDSi has one pneumococcal antigen where we keep polysaccharide vaccine apart.
            ours = {"PCV" if each == "PPSV" else each for each in _antigens(CVX, code)}
            assert ours == {CDSI[str(each)] for each in published[code]}, code
    routine = {code for code, antigens in published.items() if antigens & set(CDSI) - {"Influenza", "COVID-19"}}
    assert routine - set(_codes(CVX)) == {"121"}  # live zoster vaccine: varicella only below 50 years


@pytest.fixture(scope="session")
def code_sets(shared_data: Path) -> dict[str, dict[str, Any]]:
    """The code sets by type, then by code, as XML elements."""
    body = gzip.decompress((shared_data / "immunization" / "codes" / "Compiled.xml.gz").read_bytes())
    return {
        str(each.findtext("type")): {str(code.findtext("value")): code for code in each.findall("code")}
        for each in ElementTree.fromstring(body).findall("codeset")  # noqa: S314 - a file of ours
    }


@pytest.mark.shared_data
def test_every_cvx_code_exists_and_is_a_vaccine(code_sets: dict[str, dict[str, Any]]) -> None:
    known = code_sets["VACCINATION_CVX_CODE"]
    assert [code for code in _codes(CVX) if code not in known] == []
    kinds = {str(known[code].findtext("concept-type")).strip() for code in _codes(CVX)}
    assert kinds <= {"vaccine", "foreign vaccine", "unspecified", "pending"}


@pytest.mark.shared_data
def test_every_ndc_code_means_what_its_cvx_code_means(code_sets: dict[str, dict[str, Any]]) -> None:
    for code in _codes(NDC):
        linked = [
            str(link.text)
            for name in ("VACCINATION_NDC_CODE_UNIT_OF_SALE", "VACCINATION_NDC_CODE_UNIT_OF_USE")
            for link in (code_sets[name][code].iter("link-to") if code in code_sets[name] else ())
            if link.get("codeset") == "VACCINATION_CVX_CODE"
        ]
        assert linked, code
        assert {frozenset(_antigens(CVX, each)) for each in linked} == {frozenset(_antigens(NDC, code))}, code


WORDS = {
    "diphtheria": "DIPHTHERIA", "tetanus": "TETANUS", "pertussis": "PERTUSSIS", "poliomyelitis": "POLIO",
    "haemophilus": "HIB", "measles": "MEASLES", "mumps": "MUMPS", "rubella": "RUBELLA", "varicella": "VARICELLA",
    "hepatitis a": "HEPA", "meningococcus a": "MENINGO", "typhoid": "TYPHOID", "rotavirus": "ROTA",
    "tuberculosis": "BCG", "yellow fever": "YF", "rabies": "RABIES", "papillomavirus": "HPV",
}  # fmt: skip


def test_every_disease_in_the_name_of_an_atc_code_is_among_its_antigens() -> None:
    body = library.json("maps/vaccine-to-antigen.json")
    rows = next(each for each in body["group"] if each["source"] == ATC)["element"]
    for row in rows:
        named = {antigen for word, antigen in WORDS.items() if word in row["display"]}
        named |= {"HEPB"} if "hepatitis B" in row["display"] else set()
        assert named <= _antigens(ATC, row["code"]), row["code"]


@pytest.mark.parametrize("file", sorted(ROOT.glob("adapters/*/mapping.toml")), ids=lambda each: each.parent.name)
def test_the_codes_an_adapter_writes_side_by_side_mean_the_same(file: Path) -> None:
    vaccines = tomllib.loads(file.read_text(encoding="utf-8")).get("vaccines", {})
    for local, row in vaccines.items():
        meanings = [
            _antigens(system, row[name]) for name, system in (("cvx", CVX), ("atc", ATC)) if isinstance(row, dict) and row.get(name)
        ]  # fmt: skip
        if file.parent.name == "dhis2":
            meanings.append(_antigens(LOCAL, local))
        assert all(meanings), local
        assert len({frozenset(each) for each in meanings}) <= 1, local


def test_codings_that_contradict_each_other_keep_only_what_all_say() -> None:
    mmr, measles, nonsense = ({"system": CVX, "code": code} for code in ("03", "05", "none"))
    assert {each.code for each in terminology.agreed(MAP, [mmr, measles])} == {"MEASLES"}
    assert {each.code for each in terminology.agreed(MAP, [nonsense, mmr])} == {"MEASLES", "MUMPS", "RUBELLA"}
    assert terminology.agreed(MAP, [{"system": CVX, "code": "19"}, mmr]) == ()
    assert terminology.agreed(MAP, [nonsense]) == terminology.agreed(MAP, []) == ()


def test_the_library_says_the_antigens_of_a_vaccine_code() -> None:
    loaded = library.load()
    assert loaded.antigens({"coding": [{"system": CVX, "code": "04"}], "text": "RR"}) == {"MEASLES", "RUBELLA"}
    assert loaded.antigens({"text": "MMR"}) == {"MEASLES", "MUMPS", "RUBELLA"}
    assert loaded.antigens({"text": "not a vaccine"}) == frozenset()


def test_a_coding_is_its_system_and_code_whatever_it_is_called() -> None:
    assert Coding(system="a", code="b", display="c") == Coding(system="a", code="b")
    assert Coding(system="a", code="b") != Coding(system="a", code="c")


TARGET = {"code": "X", "equivalence": "equal"}


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("no group", {"url": "u"}),
        ("a code twice", {"url": "u", "group": [{"source": "s", "target": "t", "element": [{"code": "1", "target": [TARGET]}] * 2}]}),
        ("a relation nobody knows", {"url": "u", "group": [{"source": "s", "target": "t", "element": [{"code": "1", "target": [{"code": "X", "equivalence": "same"}]}]}]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_broken_map_is_refused(what: str, content: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="ConceptMap"):
        pytest.fail(f"{what} was read as {terminology.read(content)}")


@pytest.mark.parametrize(
    ("read", "content", "words"),
    [
        (terminology.read_code_system, {"url": "u", "concept": [{"code": "a"}, {"code": "a"}]}, "CodeSystem"),
        (terminology.read_code_system, {"url": "u"}, "CodeSystem"),
        (lambda each: terminology.read_value_set(each, {}), {"url": "u", "compose": {"include": [{"system": "s"}]}}, "ValueSet"),
        (lambda each: terminology.read_value_set(each, {}), {"url": "u"}, "ValueSet"),
    ],
)  # fmt: skip
def test_a_broken_code_system_or_value_set_is_refused(
    read: Callable[[Any], Any], content: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        read(content)
