"""The table of drift: every way in which records of one person come to differ, how often, and where that is from.

A rate is the share of records to which the rule can apply. Spelling by ear, the fields a desk does not ask, moved
families, copied papers and new telephone numbers are drawn for a whole visit, in desk.py; how many people have no
known day of birth, in cultures.toml. "Assumption" is said where no figure was found: then the rate is what makes the
published totals come out, or simply small. "Reference" is a section of the project's reference on identity matching.
"""

from __future__ import annotations

from random import Random

from tests.support.families import birth_drift as birth
from tests.support.families import name_drift as names
from tests.support.families.draft import Draft, Rule
from tests.support.families.naming import FIELDS

_PARENTS = ("father", "grandfather", "family", "mother")

NAMES = (
    # Reference 1 and 5.2: translated and short names, which only a dictionary finds. Rates: assumption.
    Rule("short form", 0.015, names.short_form),
    Rule("translated name", 0.030, names.translated),
    # Reference 7 and 8: tokens split, missing, in another field. Rates: assumption, of forms of two name fields.
    Rule("part of given name left out", 0.030, names.part_left_out),
    Rule("title taken for a name", 0.080, names.titled),  # Reference 5.2: U, Daw, Ko, Ma, Maung may be name or title
    Rule("father's name for family", 0.030, names.forefather_for_family(0)),
    Rule("grandfather's name for family", 0.020, names.forefather_for_family(1)),
    Rule("mother's family for family", 0.010, names.other_family_of_mother),
    Rule("father's name after given", 0.040, names.father_after_given),
    Rule("family name in given field", 0.008, names.all_in_given),
    Rule("given and family exchanged", 0.012, names.exchanged("given", "family")),
    Rule("given and father exchanged", 0.005, names.exchanged("given", "father")),
    Rule("father and grandfather exchanged", 0.005, names.exchanged("father", "grandfather")),
    # Mothers: registers of the Levant and the Maghreb add the maiden name, clerks abroad the husband's. Assumption.
    Rule("mother with her own family", 0.300, names.mother_with_her_family),
    Rule("mother with husband's family", 0.100, names.mother_with_husbands_family),
    Rule("mother by her eldest son", 0.020, names.mother_by_her_son),
)

TEXTS = (
    # Reference 4.2, spelling drift; typing slips in names are found in 1 to 4 % of hand-keyed fields. Assumption.
    Rule("slip of the hand in given", 0.025, names.slip(("given",), "hand")),
    Rule("slip of the hand in another name", 0.045, names.slip(_PARENTS, "hand")),
    Rule("slip of the hand in village", 0.020, names.slip(("village",), "hand")),
    Rule("slip of the eye", 0.010, names.slip(FIELDS, "eye")),
    Rule("parts written together", 0.030, names.merged),
    Rule("one name drawn apart", 0.006, names.drawn_apart),
    Rule("cut at 10, 15 or 20 letters", 0.010, names.cut),
    # Reference 8: placeholders ("Baby Boy", "Unknown"). Rates: assumption; births are often registered unnamed.
    Rule("baby not yet named", 0.025, names.not_yet_named),
    Rule("father unknown", 0.006, names.unknown("father")),
    Rule("family unknown", 0.003, names.unknown("family")),
    Rule("mother unknown", 0.004, names.unknown("mother")),
    Rule("father left empty", 0.015, names.left_empty("father")),
    Rule("mother left empty", 0.020, names.left_empty("mother")),
    Rule("family left empty", 0.004, names.left_empty("family")),
    Rule("digit of a copied number", 0.010, names.wrong_digit),  # Assumption
    # Sex missing or wrong in 1 % of records. Assumption.
    Rule("other sex", 0.004, names.other_sex),
    Rule("sex left empty", 0.006, names.left_empty("sex")),
)

# At most one of these befalls a birth date: the first that does.
BIRTHS = (
    # Reference 4.2 and 7: 18 % of birth dates are 1 January or a year; see `undated` in cultures.toml.
    Rule("day of birth unknown", 1.000, birth.unknown_day),
    Rule("1 January", 0.055, birth.first_of_january, "default"),
    Rule("year only", 0.008, birth.year_only, "year"),
    Rule("month only", 0.005, birth.month_only, "month"),
    Rule("reckoned from age", 0.010, birth.from_age, "default"),
    # Reference 3, 8: swapped day and month, year one off. Rates: assumption.
    Rule("day for month", 0.020, birth.day_for_month, "swapped"),
    Rule("year one off", 0.015, birth.other_year, "shifted"),
    Rule("another digit", 0.010, birth.other_digit, "shifted"),
    Rule("birth date missing", 0.004, birth.missing, "missing"),
)


def _conversions(calendar: str, off: float, year: float, left: float, days: int) -> tuple[Rule, ...]:
    return (
        Rule(f"{calendar}, table some days off", off, birth.off_by(days), "shifted"),
        Rule(f"{calendar}, only the year converted", year, birth.year_converted(calendar), "shifted"),
        Rule(f"{calendar}, left unconverted", left, birth.left_unconverted(calendar), "calendar"),
    )


# Reference 8: an unconverted calendar shows as a fixed offset of years. Where the calendar of home is the official one
# (Afghanistan, Ethiopia) conversion is daily work; elsewhere rare. Rates: assumption.
CALENDARS = {
    "solar hijri": _conversions("solar hijri", 0.050, 0.020, 0.010, days=1),
    "ethiopian": _conversions("ethiopian", 0.040, 0.020, 0.015, days=1),
    "hijri": _conversions("hijri", 0.004, 0.002, 0.001, days=2),
    "buddhist": _conversions("buddhist", 0.000, 0.000, 0.006, days=1),
    "": (),
}

TWICE = 0.015
"""One source that holds a person twice (reference 7: sources know one child twice). Rate: assumption."""


def names_drift(draft: Draft, rng: Random, rate: float) -> None:
    """Drift of names before they are written; `rate` multiplies all rates."""
    _all(NAMES, draft, rng, rate)


def texts_drift(draft: Draft, rng: Random, rate: float) -> None:
    """Drift of what was written."""
    _all(TEXTS, draft, rng, rate)


def birth_drifts(draft: Draft, rng: Random, rate: float) -> None:
    """Drift of the birth date: one rule at most."""
    for rule in (*BIRTHS, *CALENDARS[draft.culture.calendar]):
        if rng.random() < rule.rate * rate and rule.change(draft, rng):
            draft.drifts.append(rule.name)
            draft.quality = rule.quality or draft.quality
            return


def _all(rules: tuple[Rule, ...], draft: Draft, rng: Random, rate: float) -> None:
    for rule in rules:
        if rng.random() < rule.rate * rate and rule.change(draft, rng):
            draft.drifts.append(rule.name)
