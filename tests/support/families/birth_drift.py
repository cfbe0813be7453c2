"""How birth dates drift."""

from __future__ import annotations

from calendar import monthrange
from random import Random

from tests.support.families import calendars
from tests.support.families.draft import Change, Draft


def unknown_day(draft: Draft, rng: Random) -> bool:
    """Nobody knows the day: the desk's filler, the year alone or a guess, the year often one off."""
    if not draft.person.undated:
        return False
    year = draft.person.born.year + rng.choices((0, -1, 1, -2, 2), (72, 11, 11, 3, 3))[0]
    draft.birth, draft.quality = rng.choices(
        (((year, 1, 1), "default"), ((year,), "year"), ((year, 7, 1), "default"), (_guess(year, rng), "guess")),
        (68, 12, 3, 17),
    )[0]
    return True


def _guess(year: int, rng: Random) -> tuple[int, int, int]:
    return year, rng.randint(1, 12), rng.choice((1, 5, 10, 15, 20, rng.randint(1, 28)))


def first_of_january(draft: Draft, _: Random) -> bool:
    draft.birth = (draft.person.born.year, 1, 1)
    return True


def year_only(draft: Draft, _: Random) -> bool:
    draft.birth = (draft.person.born.year,)
    return True


def month_only(draft: Draft, _: Random) -> bool:
    draft.birth = (draft.person.born.year, draft.person.born.month)
    return True


def from_age(draft: Draft, rng: Random) -> bool:
    """Reckoned back from an age, which grown people round to fives."""
    age = draft.age + rng.choice((0, 0, -1, 1))
    age = 5 * round(age / 5) if age >= 25 else max(0, age)
    draft.birth = (draft.visit.on.year - age, 1, 1)
    return True


def day_for_month(draft: Draft, _: Random) -> bool:
    born = draft.person.born
    draft.birth = (born.year, born.day, born.month)
    return (born.day <= 12 and born.day != born.month) or _restored(draft)


def _restored(draft: Draft) -> bool:
    born = draft.person.born
    draft.birth = (born.year, born.month, born.day)
    return False


def other_year(draft: Draft, rng: Random) -> bool:
    born = draft.person.born
    year = born.year + rng.choice((-1, 1))
    draft.birth = (year, born.month, min(born.day, monthrange(year, born.month)[1]))
    return True


def other_digit(draft: Draft, rng: Random) -> bool:
    """A digit of day or month typed wrongly."""
    born = draft.person.born
    days = [
        each for each in (born.day - 10, born.day + 10, born.day - 1, born.day + 1, born.day + 3) if 1 <= each <= 28
    ]
    months = [each for each in (born.month - 1, born.month + 1, born.month + 2) if 1 <= each <= 12]
    wrong_day = rng.random() < 0.7
    draft.birth = (
        (born.year, born.month, rng.choice(days)) if wrong_day else (born.year, rng.choice(months), min(born.day, 28))
    )
    return True


def missing(draft: Draft, _: Random) -> bool:
    draft.birth = ()
    return True


def off_by(days: int) -> Change:
    """The date converted by a table that is some days off, either way."""

    def change(draft: Draft, rng: Random) -> bool:
        draft.birth = calendars.off(draft.person.born, rng.choice((-days, days)))
        return True

    return change


def year_converted(calendar: str) -> Change:
    def change(draft: Draft, _: Random) -> bool:
        draft.birth = calendars.year_converted(calendar, draft.person.born)
        return True

    return change


def left_unconverted(calendar: str) -> Change:
    def change(draft: Draft, _: Random) -> bool:
        draft.birth = calendars.left_unconverted(calendar, draft.person.born)
        return True

    return change


def written(draft: Draft) -> str:
    """The date in ISO 8601, as far as it is known."""
    return "-".join(f"{each:0{width}d}" for each, width in zip(draft.birth, (4, 2, 2), strict=False))
