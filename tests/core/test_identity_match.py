"""Comparing and deciding: the laws that hold for all people, and what happens among several persons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry import library
from registry.errors import BadInput
from registry.identity import compare, demographics, keys, match
from registry.identity.demographics import Demographics
from registry.identity.match import PersonView, Reason, Resolution, Subject, Verdict, Veto
from registry.identity.weights import Rarity, Weights
from tests.support import naive_matching

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "matching"
FILE: dict[str, Any] = json.loads((SCHEMAS / "weights-1.json").read_text(encoding="utf-8"))
WEIGHTS = match.read(FILE, json.loads((SCHEMAS / "translated-names.json").read_text(encoding="utf-8")))


def person(
    given: str = "Amina", family: str = "Touati", born: str = "2014-05-17", *, sex: str = "female", **more: str
) -> Demographics:
    contacts = {"FTH": more.get("father"), "MTH": more.get("mother"), "GRFTH": more.get("grandfather")}
    return demographics.of(
        {
            "resourceType": "Patient",
            "id": "p",
            "name": [{"given": [given], "family": family}],
            "birthDate": born,
            "gender": sex,
            "contact": [
                {"relationship": [{"coding": [{"code": code}]}], "name": {"given": [name]}}
                for code, name in contacts.items()
                if name
            ],
            "address": [{"city": more["village"]}] if "village" in more else [],
            "telecom": [{"system": "phone", "value": more["phone"]}] if "phone" in more else [],
            "identifier": [{"system": "urn:n", "value": more["number"], "use": "official"}] if "number" in more else [],
        }
    )


GIVEN = ["Amina", "أمينة", "Амина", "Amira", "Hassan", "حسين", "Хусейн", "Karim", "Karima", "Mohamed Amine", "Baby"]
FAMILY = ["Touati", "تواتي", "Туати", "Haddad", "Hassan", ""]
BORN = ["2014-05-07", "2014-07-05", "2014-01-01", "2014", "2015-05-07", "2011-02-03", ""]
people = st.builds(
    person,
    st.sampled_from(GIVEN),
    st.sampled_from(FAMILY),
    st.sampled_from(BORN),
    sex=st.sampled_from(["female", "male", "unknown"]),
    father=st.sampled_from(["Ali", "علي", "Hassan", "Karim", ""]),
    mother=st.sampled_from(["Zineb", "Зейнаб", "Nadia", ""]),
    grandfather=st.sampled_from(["Omar", ""]),
    number=st.sampled_from(["1", "2", ""]),
)


@given(people, people)
def test_match_is_symmetric(left: Demographics, right: Demographics) -> None:
    one, other = match.decide(left, right, WEIGHTS), match.decide(right, left, WEIGHTS)
    assert one.verdict is other.verdict
    assert one.score == pytest.approx(other.score)
    assert set(one.vetoes) == set(other.vetoes)


@given(people, people)
def test_a_verdict_of_link_has_no_veto_and_evidence_of_the_child(left: Demographics, right: Demographics) -> None:
    found = match.decide(left, right, WEIGHTS)
    if found.verdict is Verdict.LINK:
        assert not found.vetoes
        is_of_parent = found.evidence.agrees("father") or found.evidence.agrees("mother")
        needed = WEIGHTS.thresholds.link_of_parent if is_of_parent else WEIGHTS.thresholds.link
        assert found.probability >= needed
        assert compare.is_of_child(found.evidence)


@given(people, people)
def test_what_would_be_linked_is_found_by_a_key(left: Demographics, right: Demographics) -> None:
    subjects = [Subject(id="l", source="a", demographics=left), Subject(id="r", source="b", demographics=right)]
    for one, other in naive_matching.every_link(subjects, WEIGHTS):
        assert keys.asked(one.demographics) & keys.stored(other.demographics)


@given(people, people, st.sampled_from(["father", "mother", "grandfather", "villages", "phones", "sex"]))
def test_a_missing_part_is_no_evidence(left: Demographics, right: Demographics, part: str) -> None:
    without = replace(left, **{part: None if part == "sex" else ()})
    field = {"villages": "village", "phones": "phone"}.get(part, part)
    assert compare.compare(without, right, WEIGHTS).level(field) in (None, "further", "crossed")


@given(people)
def test_more_agreement_never_lowers_the_score(one: Demographics) -> None:
    assume(not one.villages)
    village = person(village="Tizi").villages
    plain = match.decide(one, one, WEIGHTS).score
    assert match.decide(replace(one, villages=village), replace(one, villages=village), WEIGHTS).score >= plain - 1e-9


@given(people)
def test_keys_are_few_made_of_whole_parts_and_the_stored_ones_are_asked(one: Demographics) -> None:
    stored, asked = keys.stored(one), keys.asked(one)
    assert stored <= asked or len(asked) == 80
    assert len(stored) <= 40
    assert len(asked) <= 80
    assert all(part for key in asked for part in key.parts)


def test_a_record_without_names_and_numbers_has_no_key() -> None:
    assert keys.stored(person("Baby Boy", "Inconnu")) == frozenset()


def test_a_birth_date_with_day_and_month_exchanged_has_the_same_key() -> None:
    kinds = [{each for each in keys.stored(person(born=born)) if each.kind == "birth-name"} for born in BORN[:2]]
    assert kinds[0] == kinds[1] != set()


def test_letters_of_a_common_script_may_speak_against_what_another_script_leaves_open() -> None:
    both = [{"given": ["Wadih"], "family": "Touati"}, {"given": ["وديع"]}]
    other = [{"given": ["Wadeh"], "family": "Touati"}, {"given": ["وادع"]}]
    left, right, latin = (
        demographics.of({"resourceType": "Patient", "id": "p", "name": each, "birthDate": "2014-05-17"})
        for each in (both, other, other[:1])
    )
    assert match.decide(left, right, WEIGHTS).verdict is not Verdict.LINK
    assert compare.compare(left, latin, WEIGHTS).level("given") == "sound"


def test_the_years_beside_are_asked_but_not_stored() -> None:
    stored, asked = keys.stored(person(born="2014")), keys.asked(person(born="2014"))
    years = {each.parts[-1] for each in asked if each.kind == "names-year"}
    assert years == {"2013", "2014", "2015"}
    assert {each.parts[-1] for each in stored if each.kind == "names-year"} == {"2014"}


def test_a_household_weighs_no_more_than_its_cap() -> None:
    more = {"father": "Ali", "mother": "Zineb", "grandfather": "Omar", "village": "Tizi", "phone": "0555123456"}
    evidence = compare.compare(person(**more), person(**more), WEIGHTS).evidence
    shared = sum(each.weight for each in evidence if each.field in (*compare.HOUSEHOLD, "shared"))
    assert shared == pytest.approx(WEIGHTS.household_cap)
    clan = compare.compare(
        person(grandfather="Omar", village="Tizi"), person(grandfather="Omar", village="Tizi"), WEIGHTS
    )
    assert sum(each.weight for each in clan.evidence if each.field in (*compare.CLAN, "shared")) == pytest.approx(
        WEIGHTS.clan_cap
    )


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    common = Rarity(shares={("given", "mn"): 0.25})
    rare = Rarity(shares={("given", "mn"): 0.001})
    scores = [match.decide(person(), person(), WEIGHTS, rarity=each).score for each in (common, None, rare)]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3


def test_a_larger_registry_asks_for_more_evidence() -> None:
    assert WEIGHTS.among(300).prior == WEIGHTS.prior
    assert WEIGHTS.among(1_000_000).prior == -20
    found = match.decide(person(), person(), WEIGHTS)
    among_many = match.decide(person(), person(), WEIGHTS.among(1_000_000))
    assert (found.verdict, among_many.verdict) == (Verdict.LINK, Verdict.DISTINCT)


def test_the_explanation_tells_reasons_and_no_values() -> None:
    told = match.decide(person(father="Ali"), person("Amira", father="Ali"), WEIGHTS).explanation()
    assert told[0].startswith("These may be one person; please decide. Probability 9")
    assert "Speaks very strongly for: the birth date is the same day." in told
    assert any(each.startswith("Never automatic: another given name in the same family") for each in told)
    assert not [each for each in told if "Amina" in each or "Touati" in each or "2014" in each]


def test_weights_that_lack_something_are_refused() -> None:
    with pytest.raises(BadInput):
        match.read({key: value for key, value in FILE.items() if key != "caps"})


def test_every_level_there_is_has_a_weight() -> None:
    names = {each.name.lower() for each in compare.Likeness}
    for field in ("given", "father", "family", "grandfather", "mother"):
        assert names <= {level for told, level in WEIGHTS.levels if told == field}
    agreements = {each.value for each in compare.Agreement}
    assert agreements == {level for told, level in WEIGHTS.levels if told == "birth"}


def view(id: str, *members: tuple[str, Demographics]) -> PersonView:
    subjects = (Subject(id=f"{id}{at}", source=source, demographics=told) for at, (source, told) in enumerate(members))
    return PersonView(id=id, members=tuple(subjects))


def resolve(newcomer: Demographics, *persons: PersonView, source: str = "new") -> Resolution:
    subject = Subject(id="s", source=source, demographics=newcomer)
    found = match.resolve(subject, persons, WEIGHTS)
    assert match.resolve(subject, persons[::-1], WEIGHTS) == found
    return found


PARENTS = {"father": "Ali", "mother": "Zineb"}


def test_a_newcomer_is_linked_to_the_one_person_that_fits() -> None:
    found = resolve(person(**PARENTS), view("p", ("a", person(**PARENTS))), view("q", ("a", person("Lina", "Haddad"))))
    assert (found.link, found.also, found.reviews) == ("p", (), ())


def test_nobody_to_compare_with_is_nobody() -> None:
    assert resolve(person()) == Resolution(link=None, match=None)


def test_one_contradicting_dossier_of_a_person_is_a_veto() -> None:
    number = {**PARENTS, "number": "1"}
    mixed = view("p", ("a", person(**number)), ("b", person("Lina", **PARENTS)))
    found = resolve(person(**number), mixed)
    assert found.link is None
    assert [(each, other.vetoes) for each, other in found.reviews] == [("p", (Veto.TWIN,))]


def test_a_dossier_that_knows_little_is_no_contradiction() -> None:
    found = resolve(person(**PARENTS), view("p", ("a", person(**PARENTS)), ("b", person(born="2014"))))
    assert found.link == "p"


def test_two_persons_that_fit_equally_are_left_to_a_steward() -> None:
    one = view("p", ("a", person(father="Ali")))
    other = view("q", ("a", person(father="Said")))
    found = resolve(person(), one, other)
    assert found.link is None
    assert {each for each, _ in found.reviews} == {"p", "q"}
    assert found.match is not None
    assert Veto.RIVAL in found.match.vetoes


def test_a_twin_with_a_similar_name_does_not_take_the_place_of_the_child() -> None:
    amina, amira = view("p", ("a", person(**PARENTS))), view("q", ("a", person("Amira", **PARENTS)))
    assert resolve(person("Амина", "Туати", father="Али"), amina, amira).link == "p"
    assert resolve(person("Амина", "Туати", father="Али"), amira).link is None


def test_a_dossier_that_fits_both_cousins_of_one_name_is_linked_to_neither_whoever_is_asked_first() -> None:
    poor = view("p", ("c", person(born="2014-05-17")))
    cousin = view("q", ("a", person(father="Said")))
    assert resolve(person(father="Ali"), poor, source="a").link == "p"
    found = resolve(person(father="Ali"), poor, cousin, source="a")
    assert found.link is None
    assert found.match is not None
    assert Veto.RIVAL in found.match.vetoes


def test_of_two_persons_that_fit_a_bridge_none_is_joined_if_they_are_two_children() -> None:
    same = view("p", ("a", person(number="1")))
    one, other = view("q", ("b", person(father="Ali"))), view("r", ("b", person(father="Said")))
    found = resolve(person(number="1"), same, one, other)
    assert {found.link, *(each for each, _ in found.also)} == {"p"}


def test_a_twin_of_another_name_is_no_rival_however_well_its_household_is_known() -> None:
    child = view("p", ("a", person(mother="Zineb")))
    twin = view("q", ("a", person("Amira", **PARENTS, phone="0555123456")))
    found = resolve(person(**PARENTS, phone="0555123456"), child, twin)
    assert found.link == "p"
    assert resolve(person(**PARENTS, phone="0555123456"), twin).link is None


def test_a_slip_in_one_dossier_is_no_contradiction_where_another_says_it_right() -> None:
    misspelt = person("Yusra", **PARENTS), person("Yussa", **PARENTS)
    held = view("p", *zip(("a", "b"), misspelt, strict=True))
    assert resolve(person("Yusra", **PARENTS), held).link == "p"
    assert resolve(person("Yusra", **PARENTS), view("p", ("b", misspelt[1]))).link is None


def test_a_slip_is_heard_only_where_no_twin_who_may_be_meant_is_seen() -> None:
    held, told = view("p", ("a", person("Rabih", sex="male", **PARENTS))), person("Rbih", sex="male", **PARENTS)
    brother, twin = (view("q", ("a", person(name, sex="male", **PARENTS))) for name in ("Walid", "Rabiah"))
    assert compare.compare(told, held.members[0].demographics, WEIGHTS).level("given") == "near"
    assert resolve(told, held).link == resolve(told, held, brother).link == "p"
    assert resolve(told, held, twin).link is None


def test_a_name_that_is_only_similar_is_never_taken_for_a_slip() -> None:
    found = resolve(person("Hanan", **PARENTS), view("p", ("a", person("Hanar", **PARENTS))))
    assert found.link is None
    assert [other.vetoes[0] for _, other in found.reviews] == [Veto.TWIN]


_PARENTS = {"father": "Omar", "mother": "Zineb"}


@pytest.mark.parametrize(
    ("one", "other", "veto"),
    [
        pytest.param(
            person("Su Nwe", "Khin", "2001-07-15", **_PARENTS), person("Su Nwe", "May", "2001-07-15", **_PARENTS),
            Veto.PART, id="twins whose second names stand as family names",
        ),
        pytest.param(
            person("Sayed", "", "2014-11-15", **_PARENTS), person("Sayed Gul", "", "2014-11-15", **_PARENTS),
            Veto.PART, id="twins who share a first name",
        ),
        pytest.param(
            person(born="2011-01-01", **_PARENTS), person(born="2012-11-14", **_PARENTS),
            Veto.BESIDE, id="a girl named after the sister who died",
        ),
        pytest.param(
            person(born="2021", father="Omar", mother="Zineb"), person(born="2021-01-01", father="Omar", mother="Hawa"),
            Veto.MOTHER, id="namesakes of one street and one year",
        ),
    ],
)  # fmt: skip
def test_children_alike_in_all_but_one_thing_go_to_a_steward(
    one: Demographics, other: Demographics, veto: Veto
) -> None:
    found = match.decide(one, other, WEIGHTS)
    assert veto in found.vetoes
    assert found.verdict is not Verdict.LINK
    numbered = [replace(each, identifiers=person(number="7").identifiers) for each in (one, other)]
    assert veto not in match.decide(*numbered, WEIGHTS).vetoes


def test_a_part_of_a_name_is_enough_where_no_twin_is_in_sight() -> None:
    short, full = (person(each, "", "2014-11-15", **_PARENTS, phone="0791234567") for each in ("Sayed", "Sayed Gul"))
    held = PersonView(id="p", members=(Subject(id="1", source="home", demographics=full),))
    newcomer = Subject(id="2", source="host", demographics=short)
    twin = replace(full, given=person("Sayed Zalmay").given)
    beside = PersonView(id="q", members=(Subject(id="3", source="home", demographics=twin),))
    assert match.resolve(newcomer, [held], WEIGHTS).link == "p"
    assert match.resolve(newcomer, [held, beside], WEIGHTS).link is None


def test_a_child_without_a_name_may_be_any_twin() -> None:
    named, twin = view("p", ("a", person(**PARENTS))), view("q", ("a", person("Yasmine", **PARENTS)))
    unnamed = view("r", ("b", person("Baby", **PARENTS)))
    assert resolve(person(**PARENTS), unnamed).link == "r"
    assert resolve(person(**PARENTS), unnamed, twin, source="a").link is None
    assert resolve(person("Baby", **PARENTS), named, twin).link is None


def test_a_dossier_that_bridges_two_persons_is_linked_to_both() -> None:
    day = view("p", ("a", person(father="Ali")))
    mother = view("q", ("b", person(mother="Zineb", born="2014")))
    assert (
        match.decide(day.members[0].demographics, mother.members[0].demographics, WEIGHTS).verdict is not Verdict.LINK
    )
    found = resolve(person(**PARENTS), day, mother)
    assert (found.link, [each for each, _ in found.also]) == ("p", ["q"])


def test_a_source_that_knows_a_child_twice_is_believed_only_when_all_is_equal() -> None:
    held = view("p", ("a", person(**PARENTS)))
    assert resolve(person(**PARENTS), held, source="a").link == "p"
    assert resolve(person("Ameena", **PARENTS), held, source="a").link is None
    doubted = resolve(person(**PARENTS, born="2014"), held, source="a")
    assert doubted.link is None
    assert [other.vetoes for _, other in doubted.reviews] == [(Veto.SAME_SOURCE,)]


def test_a_child_entered_twice_elsewhere_is_still_linked_once() -> None:
    once, again = view("p", ("a", person(**PARENTS, number="1"))), view("q", ("a", person(**PARENTS, number="2")))
    found = resolve(person("Амина", "Туати", father="Али"), once, again)
    assert (found.link, found.also) == ("p", ())


def test_persons_contradict_each_other_by_what_they_say_and_not_by_what_they_lack() -> None:
    assert match.contradicts([person(**PARENTS)], [person("Amira", **PARENTS)], WEIGHTS)
    assert not match.contradicts([person(**PARENTS)], [person(born="2014")], WEIGHTS)


def test_a_slip_that_may_hide_a_twin_contradicts_a_newcomer_with_fellows() -> None:
    salah, saleh = (
        person("Salah", sex="male", **PARENTS),
        person("صالح", "تواتي", sex="male", father="علي", mother="زينب"),
    )
    assert not match.contradicts([saleh], [salah], WEIGHTS)
    assert match.contradicts([saleh, saleh], [salah], WEIGHTS)


def test_a_desk_is_answered_from_all_dossiers_of_a_person_together() -> None:
    known = view("p", ("a", person(mother="Zineb")), ("b", person("Амина", "Туати", father="Али")))
    asked = person("أمينة", "تواتي", "2014", mother="زينب", father="علي")
    found = match.identify(asked, [known], WEIGHTS)
    assert (found.person, found.reason) == ("p", Reason.FOUND)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (person("Lina", "Haddad", "2001-02-03"), Reason.NOBODY),
        (person(sex="male", **PARENTS), Reason.CONTRADICTED),
        (person(born="2014"), Reason.TOO_LITTLE),
    ],
)
def test_a_desk_that_does_not_know_enough_gets_nobody(asked: Demographics, reason: Reason) -> None:
    found = match.identify(asked, [view("p", ("a", person(**PARENTS)))], WEIGHTS)
    assert (found.person, found.reason) == (None, reason)


def test_a_desk_gets_nobody_while_two_persons_fit() -> None:
    known = [view("p", ("a", person(father="Ali"))), view("q", ("a", person(father="Said")))]
    assert match.identify(person(), known, WEIGHTS).reason is Reason.AMBIGUOUS
    assert match.identify(person(), [], WEIGHTS).reason is Reason.NOBODY


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("2014-05-17", "2012-05-17", "part"),
        ("2014-05-17", "2034-05-17", "part"),  # one digit
        ("1947-08-20", "2024-08-20", "other"),  # the grandfather's birthday
        ("2014-05-17", "2014-05-19", "part"),
    ],
)
def test_two_parts_of_a_birth_date_are_a_slip_only_where_the_year_may_be_one(left: str, right: str, level: str) -> None:
    assert compare.compare(person(born=left), person(born=right), WEIGHTS).level("birth") == level


def test_a_grandson_of_his_grandfathers_name_and_birthday_is_not_linked_with_him() -> None:
    told = {"given": "Ахмед", "family": "Салих", "sex": "male", "village": "аль-Джадида", "phone": "+999327327952"}
    old, young = (
        person(born=born, father=father, **told)
        for born, father in (("1947-08-20", "Мухаммад"), ("2024-08-20", "Мухаммед"))
    )
    assert match.decide(old, young, WEIGHTS).verdict is not Verdict.LINK


def test_where_there_are_no_family_names_father_and_mother_are_the_couple() -> None:
    told = {"given": "Tesfaye", "family": "", "father": "Gebre", "mother": "Abeba", "sex": "male"}
    left, right = person(born="2011-03-02", **told), person(born="2012-01-01", **told)
    assert compare.is_of_child(compare.compare(left, right, WEIGHTS))


@pytest.mark.parametrize("first", [0, 1])
def test_what_two_people_are_does_not_depend_on_whom_was_met_before(first: int) -> None:
    """Abdul Rahman is one name, or two given names that are joined where they are compared as a whole."""
    together, apart = (
        demographics.of({"name": [{"given": given, "family": "Haddad"}], "birthDate": "2015-03-04"})
        for given in (["Abdul Rahman"], ["Abdul", "Rahman"])
    )
    pairs = [(together, together), (together, apart)]
    alone = [match.decide(*each, _fresh()).score for each in pairs]
    shared = _fresh()
    found = {at: match.decide(*pairs[at], shared).score for at in (first, 1 - first)}
    assert [found[0], found[1]] == alone


def _fresh() -> Weights:
    """The weights shipped, with nothing remembered."""
    held = library.load().weights
    return replace(held, known=replace(held.known, told={}))
