"""How names drift: before they are written (other names, other fields) and after (slips, cuts, words instead)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random

from tests.support.families import lexicon, naming, slavic, slips, spelling
from tests.support.families.draft import Change, Draft
from tests.support.families.lexicon import Name

# --- before they are written ----------------------------------------------------------------------

TITLES = {
    ("myanmar", "male", False): ("မောင်", "Maung, Mg"),
    ("myanmar", "female", False): ("မ", "Ma"),
    ("myanmar", "male", True): ("ဦး", "U"),
    ("myanmar", "female", True): ("ဒေါ်", "Daw"),
    ("rohingya", "male", True): ("ဦး", "U"),
    ("rohingya", "female", True): ("ဒေါ်", "Daw"),
}
"""What is put before a name and taken for a part of it: by culture, sex and whether the person is grown."""


def short_form(draft: Draft, rng: Random) -> bool:
    return _replaced(draft, draft.culture.short, rng)


def translated(draft: Draft, rng: Random) -> bool:
    return _replaced(draft, draft.culture.translated, rng)


def _replaced(draft: Draft, table: Mapping[str, list[Name]], rng: Random) -> bool:
    given = draft.names["given"]
    for at, name in enumerate(given):
        other = [each for each in table.get(name.key, ()) if spelling.exists(each, draft.visit.hand.writing)]
        if other:
            draft.names["given"] = (*given[:at], rng.choice(other), *given[at + 1 :])
            return True
    return False


def part_left_out(draft: Draft, rng: Random) -> bool:
    """One of several given names left out, or half of a joined one."""
    given = draft.names["given"]
    if len(given) > 1:
        at = rng.randrange(len(given))
        draft.names["given"] = given[:at] + given[at + 1 :]
        return True
    parts = given[0].parts if given else ()
    draft.names["given"] = (rng.choice(parts),) if parts else given
    return bool(parts)


def titled(draft: Draft, _: Random) -> bool:
    forms = TITLES.get((draft.culture.name, draft.person.sex, draft.age >= 18))
    if not forms or not spelling.exists(_title(*forms), draft.visit.hand.writing):
        return False
    draft.names["given"] = (_title(*forms), *draft.names["given"])
    return True


@cache
def _title(native: str, latin: str) -> Name:
    return Name({"my": (native,), "my>en": tuple(latin.split(", "))})


def forefather_for_family(generation: int) -> Change:
    """The father's (0) or grandfather's (1) name where the family name belongs."""

    def change(draft: Draft, _: Random) -> bool:
        if not draft.person.family or draft.culture.layout == "patronymic":
            return False
        draft.names["family"] = draft.person.line[generation]
        return True

    return change


def father_after_given(draft: Draft, _: Random) -> bool:
    draft.names["given"] = (*draft.names["given"], *draft.names["father"])
    return bool(draft.names["father"])


def all_in_given(draft: Draft, _: Random) -> bool:
    family = draft.names["family"]
    draft.names["given"], draft.names["family"] = (*draft.names["given"], *family), ()
    return bool(family)


def exchanged(one: str, other: str) -> Change:
    """The names of two fields exchanged."""

    def change(draft: Draft, _: Random) -> bool:
        if not (draft.names[one] and draft.names[other]):
            return False
        draft.names[one], draft.names[other] = draft.names[other], draft.names[one]
        return True

    return change


def mother_with_her_family(draft: Draft, _: Random) -> bool:
    mother = draft.person.mother
    if mother is None or not draft.names["mother"]:
        return False
    more = mother.maiden or mother.line[0]
    if draft.culture.layout == "patronymic":
        more = (slavic.patronymic(mother.line[0][0], "female"), *naming.surname(mother))
    draft.names["mother"] = (*mother.given, *more)
    return True


def mother_with_husbands_family(draft: Draft, _: Random) -> bool:
    """Where families have names and a wife keeps her own."""
    mother = draft.person.mother
    if mother is None or draft.names["mother"] != mother.given or draft.culture.layout == "patronymic":
        return False
    draft.names["mother"] = (*mother.given, *draft.person.family)
    return bool(draft.person.family)


def mother_by_her_son(draft: Draft, _: Random) -> bool:
    """Umm Ahmad, by her eldest son; among Arabs."""
    mother = draft.person.mother
    if mother is None or not mother.eldest_son or draft.culture.file != "arabic":
        return False
    draft.names["mother"] = (*draft.culture.names("umm").names, *mother.eldest_son)
    return True


def other_family_of_mother(draft: Draft, rng: Random) -> bool:
    """A child of a remarried or widowed mother under her own family name."""
    mother = draft.person.mother
    if mother is None or not draft.person.family or not mother.maiden or rng.random() < 0.5:
        return False
    draft.names["family"] = naming.gendered(draft.person, mother.maiden)
    return True


# --- after they are written -----------------------------------------------------------------------


def slip(fields: Sequence[str], how: str) -> Change:
    """A slip in one of the fields that are filled: of the hand, or of the eye."""
    changed = {"hand": slips.mistyped, "eye": slips.misread}[how]

    def change(draft: Draft, rng: Random) -> bool:
        filled = [field for field in fields if draft.texts.get(field)]
        if not filled:
            return False
        field = rng.choice(filled)
        before = draft.texts[field]
        draft.texts[field] = " ".join(changed(before, rng).split()) or before
        return draft.texts[field] != before

    return change


def cut(draft: Draft, rng: Random) -> bool:
    """All names cut at the width of the form."""
    letters = rng.choice(slips.LENGTHS)
    before = dict(draft.texts)
    for field in naming.FIELDS:
        draft.texts[field] = slips.cut(draft.texts[field], letters)
    return draft.texts != before


def merged(draft: Draft, _: Random) -> bool:
    before = draft.texts["given"], draft.texts["family"]
    draft.texts["given"], draft.texts["family"] = (slips.merged(each) for each in before)
    return (draft.texts["given"], draft.texts["family"]) != before


def drawn_apart(draft: Draft, rng: Random) -> bool:
    """A long name taken for two: Abdel kader, Mohammad zai."""
    text = draft.texts["given"]
    if " " in text or len(text) < 8 or re.search(r"[\u1000-\u109f]", text):
        return False
    at = rng.randint(3, len(text) - 3)
    draft.texts["given"] = f"{text[:at]} {text[at:]}"
    return True


def not_yet_named(draft: Draft, rng: Random) -> bool:
    """A baby recorded before it was named."""
    if draft.person.role != "child" or (draft.visit.slot != "home" and draft.age > 0):
        return False
    draft.texts["given"] = rng.choice(instead(f"baby {draft.person.sex}", draft.visit.language))
    return True


def unknown(field: str) -> Change:
    """A word for unknown in a field."""

    def change(draft: Draft, rng: Random) -> bool:
        draft.texts[field] = rng.choice(instead("unknown", draft.visit.language))
        return True

    return change


def left_empty(field: str) -> Change:
    def change(draft: Draft, _: Random) -> bool:
        had = bool(draft.texts[field])
        draft.texts[field] = ""
        return had

    return change


def wrong_digit(draft: Draft, rng: Random) -> bool:
    """A digit typed wrongly where a number was copied from other papers."""
    kinds = [kind for kind in ("national_id", "ration_card") if draft.texts[kind]]
    if draft.visit.slot == "home" or not kinds:
        return False
    kind, digit = rng.choice(kinds), str(rng.randrange(10))
    before = draft.texts[kind]
    at = rng.randrange(before.index("-") + 1 if "-" in before else 1, len(before))
    draft.texts[kind] = before[:at] + digit + before[at + 1 :]
    return draft.texts[kind] != before


def other_sex(draft: Draft, _: Random) -> bool:
    draft.texts["sex"] = {"male": "female", "female": "male"}[draft.texts["sex"]]
    return True


@cache
def instead(what: str, language: str) -> tuple[str, ...]:
    """The words of a language for what is not known; a desk without its own uses English."""
    said = lexicon.sections("said_instead")
    own = {"zawgyi": "my"}.get(language, language)
    return tuple(row["text"] for row in said.get(f"{what} {own}") or said[f"{what} en"])
