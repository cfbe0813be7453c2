"""What vaccine codes and names mean: tables a physician can read, and our maps against what others publish."""

# ruff: noqa: E501 - one row of a table is one line

import gzip
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from registry import library
from registry.continuity.history import codes, names
from registry.fhir.terminology import Relation
from tests.bench.vaccines import compile as lists

ATC, CVX, SNOMED = "http://www.whocc.no/atc", "http://hl7.org/fhir/sid/cvx", "http://snomed.info/sct"
ICD11, EU = "http://id.who.int/icd/release/11/mms", "https://ec.europa.eu/health/documents/community-register/html/"
VACCINES = library.load().vaccines
DTP, PENTA = "DIPHTHERIA PERTUSSIS TETANUS", "DIPHTHERIA HEPB HIB PERTUSSIS TETANUS"
HEXA = "DIPHTHERIA HEPB HIB PERTUSSIS POLIO TETANUS"
IPV_PENTA = "DIPHTHERIA HIB PERTUSSIS POLIO TETANUS"


def _coded(*pairs: tuple[str, str], text: str = "") -> codes.Meaning:
    coding = [{"system": system, "code": code} for system, code in pairs]
    return codes.meaning(VACCINES, {"coding": coding, "text": text})


@pytest.mark.parametrize(
    ("text", "antigens", "cvx"),
    [
        # English
        ("BCG", "BCG", "19"),
        ("MMR vaccine", "MEASLES MUMPS RUBELLA", "03"),
        ("OPV 3", "POLIO", "182"),
        ("DTP-HepB-Hib", PENTA, "198"),
        ("PCV13", "PCV", "133"),
        ("PCV 1", "PCV", "152"),
        ("Td booster", "DIPHTHERIA TETANUS", "139"),
        # French
        ("ROR", "MEASLES MUMPS RUBELLA", "03"),
        ("Vaccin antirougeoleux", "MEASLES", "05"),
        ("RR1", "MEASLES RUBELLA", "04"),
        ("VPO-2", "POLIO", "182"),
        ("hépatite b", "HEPB", "45"),
        ("DTC-HepB-Hib 1", PENTA, "198"),
        ("fièvre jaune", "YF", "184"),
        # Arabic
        ("شلل الأطفال", "POLIO", "89"),
        ("لقاح شلل الأطفال الفموي", "POLIO", "182"),
        ("الحصبة", "MEASLES", "05"),
        ("الثلاثي الفيروسي", "MEASLES MUMPS RUBELLA", "03"),
        ("التهاب الكبد ب", "HEPB", "45"),
        ("اللقاح السداسي ٢", HEXA, "146"),
        ("بي سي جي", "BCG", "19"),
        # Ukrainian, Russian
        ("АКДС", DTP, "01"),
        ("БЦЖ", "BCG", "19"),
        ("ОПВ-3", "POLIO", "182"),
        ("ІПВ", "POLIO", "10"),
        ("КПК", "MEASLES MUMPS RUBELLA", "03"),
        ("Кір", "MEASLES", "05"),
        ("Пентаксим", IPV_PENTA, "170"),
        ("гепатит В", "HEPB", "45"),
        # Turkish
        ("KKK", "MEASLES MUMPS RUBELLA", "03"),
        ("KPA 2", "PCV", "152"),
        ("5'li karma aşı", IPV_PENTA, "170"),
        ("DaBT-İPA-Hib", IPV_PENTA, "170"),
        ("Suçiçeği", "VARICELLA", "21"),
        # Dari, Persian
        ("فلج اطفال", "POLIO", "89"),
        ("قطره پولیو", "POLIO", "182"),
        ("سرخک", "MEASLES", "05"),
        ("هپاتیت ب", "HEPB", "45"),
        ("ب ث ژ", "BCG", "19"),
        # Spanish
        ("Triple viral", "MEASLES MUMPS RUBELLA", "03"),
        ("sarampión", "MEASLES", "05"),
        ("fiebre amarilla", "YF", "184"),
        # trade names
        ("Infanrix Hexa", HEXA, "146"),
        ("Rotarix", "ROTA", "119"),
        ("M-M-R II", "MEASLES MUMPS RUBELLA", "03"),
        ("Stamaril", "YF", "183"),
        ("Synflorix", "PCV", "177"),
        # typing errors in long names
        ("Hepatits B", "HEPB", "45"),
        ("Measels", "MEASLES", "05"),
        ("Pneumovaxx", "PPSV", "33"),
        ("rotaviris", "ROTA", "122"),
        # names that mean different vaccines in different countries: only what all of them share is known
        ("penta", "DIPHTHERIA HIB PERTUSSIS TETANUS", "170 198"),
        ("خماسي", "DIPHTHERIA HIB PERTUSSIS TETANUS", "170 198"),
        ("DTP", "DIPHTHERIA TETANUS", "01 195"),
        ("Gardasil", "HPV", "62 165"),
        ("DTPa", DTP, "107 115"),
    ],
)
def test_a_name_means_these_antigens_and_can_be_these_vaccines(text: str, antigens: str, cvx: str) -> None:
    found = _coded(text=text)
    assert (found.antigens, found.cvx) == (set(antigens.split()), set(cvx.split()))
    assert found.reason is not None  # a name is never as good as a code


@pytest.mark.parametrize(
    "text",
    ["", "?", "vaccine", "hepatitis C", "hepatitis", "malaria", "Mantoux", "Диаскинтест", "tetanus immunoglobulin", "PCV11",
     "VAR", "rubeola", "حصبة", "الثلاثي", "triple", "vitamin A", "7", "xyz", "MenX"],
)  # fmt: skip
def test_what_is_not_surely_a_vaccine_we_know_is_not_recognised(text: str) -> None:
    assert _coded(text=text) == codes.UNKNOWN


@pytest.mark.parametrize(
    ("system", "code", "cvx", "relation"),
    [
        (CVX, "198", "198", Relation.EQUAL),
        (CVX, "89", "89", Relation.EQUAL),
        (ATC, "J07BD52", "03", Relation.EQUIVALENT),
        (ATC, "J07AJ52", "107 115", Relation.NARROWER),
        (ATC, "J07CA02", "130", Relation.INEXACT),
        (ATC, "J07BN01", "213", Relation.WIDER),
        (ATC, "J07BD51", "", Relation.INEXACT),  # measles and mumps: no CVX code, the antigens are known
        (ICD11, "XM7JP3", "102 198", Relation.NARROWER),
        (ICD11, "XM8TF3", "03", Relation.EQUIVALENT),
        (SNOMED, "871740006", "10", Relation.EQUIVALENT),
        (SNOMED, "836380007", "17", Relation.INEXACT),  # any vaccine with Hib
        (SNOMED, "1119349007", "213", Relation.WIDER),
        (EU, "EU/1/20/1525", "212", Relation.EQUIVALENT),
        ("urn:continuity:almara-dhis2:vaccine", "PENTA1", "198", Relation.EQUIVALENT),
        (CVX, "998", "", None),
        ("urn:x", "03", "", None),
    ],
)
def test_a_code_can_be_these_cvx_codes(system: str, code: str, cvx: str, relation: Relation | None) -> None:
    found = codes.meaning(VACCINES, {"coding": [{"system": system, "code": code}]})
    assert (found.cvx, found.relation) == (set(cvx.split()), relation)


@pytest.mark.parametrize(
    ("one", "two", "antigens", "cvx", "reason"),
    [
        ((CVX, "20"), (ATC, "J07AJ52"), DTP, "20", None),
        ((CVX, "107"), (ATC, "J07AJ52"), DTP, "107", None),
        ((CVX, "182"), (CVX, "178"), "POLIO", "178", None),
        ((ATC, "J07CA06"), (CVX, "170"), IPV_PENTA, "170", None),
        ((CVX, "02"), (CVX, "10"), "POLIO", "02 10", "vaccine-codes-differ"),
        ((CVX, "03"), (CVX, "05"), "MEASLES", "03 05", "vaccine-codes-differ"),
        ((CVX, "19"), (CVX, "03"), "", "03 19", "vaccine-codes-differ"),
        ((CVX, "03"), ("urn:x", "7"), "MEASLES MUMPS RUBELLA", "03", None),
    ],
)
def test_several_codings_narrow_each_other_or_say_that_they_differ(
    one: tuple[str, str], two: tuple[str, str], antigens: str, cvx: str, reason: str | None
) -> None:
    found, turned = _coded(one, two), _coded(two, one)
    assert (found.antigens, found.cvx) == (set(antigens.split()), set(cvx.split()))
    assert found == turned
    assert (found.reason and found.reason.code) == reason


def test_words_are_read_only_where_no_code_is_known() -> None:
    assert _coded((CVX, "19"), text="MMR").antigens == {"BCG"}
    assert _coded(("urn:x", "1"), text="MMR").antigens == {"MEASLES", "MUMPS", "RUBELLA"}
    shown = {"coding": [{"system": "urn:x", "code": "1", "display": "BCG vaccine"}]}
    assert codes.meaning(VACCINES, shown).cvx == {"19"}


MEANINGS = [*VACCINES.codes.values(), *VACCINES.names.values()]


@given(some.lists(some.sampled_from(MEANINGS), min_size=1, max_size=4), some.randoms())
def test_together_they_say_the_same_in_any_order_and_never_more_than_they_can_be(told: list[Any], random: Any) -> None:
    found = codes.together(told)
    mixed = sorted(told, key=lambda _: random.random())
    assert codes.together(mixed).antigens == found.antigens
    assert codes.together(mixed).particular == found.particular
    each = [VACCINES.products[code].antigens for code in found.particular]
    if found.reason:  # "pneumococcal" alone counts as conjugate vaccine, and says that it is not known exactly
        assert found.antigens <= frozenset().union(*each) or not each
    else:
        assert all(found.antigens <= antigens for antigens in each)


WORDS = sorted(name for name in VACCINES.names if name.isalpha())


@given(some.sampled_from(WORDS), some.sampled_from("abcdefghijklmnopqrstuvwxyzéابتклт"), some.integers(0, 30))
def test_one_wrong_letter_gives_the_same_meaning_or_none(name: str, letter: str, place: int) -> None:
    wrong = name[: place % len(name)] + letter + name[place % len(name) + 1 :]
    listed = VACCINES.names.get(names.fold(wrong), VACCINES.names[name])  # itself the name of another vaccine: MR, MMR
    assert names.meant(VACCINES.names, wrong) in (listed, None)


@given(some.text(max_size=60))
def test_any_text_is_read_without_harm(text: str) -> None:
    assert names.fold(names.fold(text)) == names.fold(text) or not names.fold(text)
    codes.meaning(VACCINES, {"text": text})


def test_the_tables_are_what_their_lists_say() -> None:
    for path, resource in lists.tables().items():
        assert library.text(path) == lists.written(resource), f"run `python -m tests.bench.vaccines` ({path})"
        assert json.loads(library.text(path)) == resource


# Against what others publish


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict[str, dict[str, Any]]:
    file = shared_data / "immunization" / "codes" / "Compiled.xml.gz"
    root = ElementTree.fromstring(gzip.decompress(file.read_bytes()))  # noqa: S314 - a file of ours
    return {
        str(each.findtext("type")): {str(code.findtext("value")).strip(): code for code in each.findall("code")}
        for each in root.findall("codeset")
    }


@pytest.mark.shared_data
def test_no_vaccine_begins_later_than_its_published_use(published: dict[str, dict[str, Any]]) -> None:
    late = []
    for code, product in VACCINES.products.items():
        used = published["VACCINATION_CVX_CODE"][code].findtext("use-date/not-before")
        assert product.since
        late += [code] if used and product.since > int(used[:4]) else []
    assert late == ["56"]  # dengue: the code set says 1970; the first vaccine was licensed in December 2015


@pytest.mark.shared_data
def test_the_codes_that_cover_others_are_the_unspecified_ones(published: dict[str, dict[str, Any]]) -> None:
    kinds = {code: each.findtext("concept-type") for code, each in published["VACCINATION_CVX_CODE"].items()}
    covering = {code for code, each in VACCINES.products.items() if each.covers}
    assert {code for code in covering if kinds[code] != "unspecified"} == {"500"}  # "product unknown", and is foreign
    # These have no particular product: one strength of Td, the historic code of hepatitis A for children.
    assert {code for code in VACCINES.products if kinds[code] == "unspecified"} - covering == {"196"}


@pytest.mark.shared_data
def test_our_trade_names_mean_what_the_code_set_says(published: dict[str, dict[str, Any]]) -> None:
    checked = 0
    for name, row in published["VACCINATION_TRADE_NAME"].items():
        ours = VACCINES.names.get(names.fold(name))
        theirs = {str(each.text) for each in row.iter("link-to") if each.get("codeset") == "VACCINATION_CVX_CODE"}
        if ours:
            checked += 1
            assert ours.particular & {part for each in theirs for part in _parts(each)}, name
    assert checked >= 60


def _parts(code: str) -> set[str]:
    return {code, *VACCINES.products[code].covers} if code in VACCINES.products else {code}


WHO = {
    "BCG": "BCG", "Cholera": "CHOLERA", "Diphtheria": "DIPHTHERIA", "Hepatitis A": "HEPA", "Hepatitis B": "HEPB",
    "Hib": "HIB", "Haemophilus": "HIB", "HPV": "HPV", "Influenza": "INFLUENZA", "Japanese": "JE", "Measles": "MEASLES",
    "Mumps": "MUMPS", "Pertussis": "PERTUSSIS", "Polio": "POLIO", "Rabies": "RABIES", "Rotavirus": "ROTA", "Rubella": "RUBELLA",
    "Tetanus": "TETANUS", "Tick": "TBE", "Typhoid": "TYPHOID", "Varicella": "VARICELLA", "Yellow": "YF", "COVID": "COVID19",
    "Dengue": "DENGUE",
}  # fmt: skip


@pytest.mark.shared_data
@pytest.mark.filterwarnings("ignore:Data Validation extension")
def test_codes_of_the_who_vaccine_library_hold_the_antigen_they_stand_under(shared_data: Path) -> None:
    """An outside check: no code that we map lacks the antigen under which WHO's dictionary lists it."""
    file = shared_data / "immunization" / "who" / "IMMZ DAK_core data dictionary.xlsx"
    rows = list(openpyxl.load_workbook(file, read_only=True)["IMMZ.Z Vaccine library"].iter_rows(values_only=True))
    under, known, wrong = "", 0, []
    for row in rows[1:]:
        under = str(row[2] or under)
        wanted = {antigen for word, antigen in WHO.items() if under.startswith(word)}
        for column, system in ((15, ICD11), (32, ATC), (35, SNOMED)):
            found = VACCINES.codes.get((system, str(row[column] or "").strip()))
            if found and wanted:
                known += 1
                wrong += [] if wanted <= frozenset().union(*found.kinds) else [(under, row[column])]
    # The dictionary puts this under Hib; ATC means Synflorix, whose carrier is a protein of other strains.
    assert wrong == [("Hib-containing vaccines", "J07AL52")]
    assert known >= 150
