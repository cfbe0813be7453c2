"""Faults an engineer could make in placing a child, planted by hand; comparing with the oracle must find each."""

from __future__ import annotations

PACKAGE = "registry.continuity.education"

FAULTS: tuple[tuple[str, str, str, str], ...] = (
    # why, module, what stands there, what stands there instead
    ("a year to be repeated counts as completed", "completed", '"repeat": ((1,)', '"repeat": ((0,)'),
    ("an unfinished year counts as completed", "completed", '"not-completed": ((1,)', '"not-completed": ((0,)'),
    ("a running year counts as completed", "completed", '"in-progress": ((1,)', '"in-progress": ((0,)'),
    ("a promotion on conditions is certain", "completed", '"conditional": ((0, 1)', '"conditional": ((0,)'),
    ("an unknown result is a promotion", "completed", '"unknown": ((0, 1)', '"unknown": ((0,)'),
    ("an unknown result is a failure", "completed", '"unknown": ((0, 1)', '"unknown": ((1,)'),
    ("a promotion is no year", "completed", '"promoted": ((0,)', '"promoted": ((1,)'),
    (
        "the same year again instead of the next",
        "placement",
        "grade = here.grade(year + 1)",
        "grade = here.grade(year)",
    ),
    (
        "the level of the year that is over instead of the next",
        "placement",
        "following = there.grade(basis.completed + 1)",
        "following = there.grade(basis.completed)",
    ),
    (
        "the place in the level is not looked at",
        "placement",
        "found = one.at(following.isced, following.position)",
        "found = one.at(following.isced, 1)",
    ),
    (
        "the level is not looked at",
        "placement",
        "found = one.at(following.isced, following.position)",
        "found = one.at(1, following.position)",
    ),
    (
        "where a level is shorter the level after the next begins",
        "placement",
        "one.at(following.isced + 1, 1)",
        "one.at(following.isced + 2, 1)",
    ),
    ("the first grade is forgotten in the age", "placement", "year = age - entry + 1", "year = age - entry"),
    (
        "the birthday is not looked at",
        "placement",
        "on.year - born.year - ((on.month, on.day) < (born.month, born.day))",
        "on.year - born.year",
    ),
    (
        "a birthday on the day itself is not reached",
        "placement",
        "((on.month, on.day) < (born.month, born.day))",
        "((on.month, on.day) <= (born.month, born.day))",
    ),
    (
        "a grade below the next year is proposed",
        "placement",
        "if candidate.grade is None or candidate.grade.year >= least:",
        "if True:",
    ),
    ("over-age after one year", "placement", "entry + year - 1 + 2 for", "entry + year - 1 + 1 for"),
    ("over-age after three years", "placement", "entry + year - 1 + 2 for", "entry + year - 1 + 3 for"),
    ("over-age at the youngest limit", "placement", "if ages[0] >= max(limits):", "if ages[0] >= min(limits):"),
    ("over-age only beyond the limit", "placement", "if ages[0] >= max(limits):", "if ages[0] > max(limits):"),
    ("one way alone is an answer", "placement", "len(grades) == 1 and kinds == set(Kind)", "len(grades) == 1"),
    ("two ways are an answer", "placement", "len(grades) == 1 and kinds == set(Kind)", "len(grades) <= 2 and grades"),
    (
        "the school year that comes, always",
        "placement",
        "return past if on < spans.add(past, _SCHOOL_YEAR) else",
        "return past if False else",
    ),
    (
        "the school year that runs, always",
        "placement",
        "return past if on < spans.add(past, _SCHOOL_YEAR) else",
        "return past if True else",
    ),
    (
        "every school year starts in September",
        "placement",
        "return past if on <",
        "past = date(past.year, 9, 1)\n    return past if on <",
    ),
    (
        "the destination of the day and not of the school year",
        "placement",
        "year = starts.year if starts else on.year",
        "year = on.year",
    ),
    (
        "only the first source is heard there",
        "placement",
        "for there in basis.ladders:",
        "for there in basis.ladders[:1]:",
    ),
    (
        "only the first source is heard here",
        "placement",
        "found = (_same_place(here, one, following) for one in here.ladders)",
        "found = (_same_place(here, one, following) for one in here.ladders[:1])",
    ),
    ("the ladder of today for every year", "ladder", "each.valid_from <= year and", "each.valid_to is None and"),
    ("a ladder ends a year early", "ladder", "year <= each.valid_to)", "year < each.valid_to)"),
    (
        "a list without years speaks of every time",
        "ladder",
        "return dated if dated and all(",
        "return dated if False and all(",
    ),
    (
        "the start month of the last year on file",
        "ladder",
        "key=lambda each: (abs(each[0] - year), each[0])",
        "key=lambda each: -each[0]",
    ),
    (
        "primary is a year longer",
        "structure",
        "for position in range(1, years + 1):",
        "for position in range(1, years + 1 + (isced == 1)):",
    ),
    (
        "lower and upper secondary are exchanged",
        "structure",
        "(2, told.lower), (3, told.upper)",
        "(2, told.upper), (3, told.lower)",
    ),
    ("a row that contradicts itself is read one way", "structure", "if stated == by_age:", "if True:"),
    (
        "years without a row have no ladder",
        "structure",
        "for at in near for row in rows[at]",
        "for at in near for row in rows[at][:0]",
    ),
    ("a university is a grade", "gradelist", "elif level <= _GENERAL or re.search(", "elif True or re.search("),
)
