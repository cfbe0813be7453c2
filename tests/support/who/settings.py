"""What a decision table is about: which option of our WHO schedule, which vaccine, and when its doses usually come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.support.who.workbook import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`ages` are those of a child who comes on time; `birth` doses come before the primary ones, uncounted.

    `kinds` say of which kind the vaccine is where it is not `vaccine`; `order` of which vaccine each dose is;
    `series_length` how many doses complete a series; with `only_dose` the table asks about that dose alone.
    """

    antigens: tuple[str, ...]
    vaccine: str
    ages: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    birth: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    order: tuple[str, ...] = ()
    series_length: int = 0
    only_dose: int = 0


def _of(antigen: str, vaccine: str, ages: str, option: str = "", **more: object) -> Setting:
    options = {antigen: option} if option else {}
    setting = Setting(antigens=(antigen,), vaccine=vaccine, ages=tuple(ages.split(", ")), options=options)
    return replace(setting, **more)  # pyright: ignore[reportArgumentType]


_DTP = ("DIPHTHERIA", "TETANUS", "PERTUSSIS")
_ON_TIME = _of(
    "DTP", "01", "6 weeks, 10 weeks, 14 weeks, 12 months, 4 years, 9 years", antigens=_DTP, kinds={"booster": "138"}
)
_LATE = _of("DTP", "01", "14 months, 15 months, 22 months, 35 months, 4 years", antigens=_DTP, kinds={"booster": "138"})
_PREGNANT = _of(
    "DTP", "01", "6 weeks, 10 weeks, 14 weeks, 20 years, 21 years, 22 years", antigens=_DTP, kinds={"booster": "138"}
)
_HIB = "6 weeks, 10 weeks, 14 weeks, 10 months"
_HIB_2 = "6 weeks, 14 weeks, 10 months"
_TBE = "3 years, 42 months, 55 months, 8 years, 12 years"

# By the sheet, and within it the part of the decision id that tells the table; the first that fits.
_TABLES: Mapping[str, Mapping[str, Setting]] = {
    "BCG": {"": _of("BCG", "19", "birth")},
    "Hepatitis B": {
        "Birth": _of("HEPB", "08", "birth", "birth dose and three", only_dose=1),
        "3 doses": _of("HEPB", "08", "6 weeks, 14 weeks, 19 weeks", "birth dose and two", birth=True),
        "4 doses": _of("HEPB", "08", "6 weeks, 10 weeks, 14 weeks", "birth dose and three", birth=True),
        "Delayed": _of("HEPB", "08", "8 weeks, 12 weeks, 9 months", "birth dose and three"),
        "": _of("HEPB", "08", "birth", "birth dose and three"),
    },
    "Hepatitis B (old)": {
        "3 doses": _of("HEPB", "08", "birth, 6 weeks, 14 weeks, 19 weeks", "birth dose and two"),
        "4 doses": _of("HEPB", "08", "birth, 6 weeks, 10 weeks, 14 weeks", "birth dose and three"),
        "": _of("HEPB", "08", "8 weeks, 12 weeks, 9 months", "birth dose and three"),
    },
    "Polio": {
        "Birth": _of("POLIO birth dose", "178", "birth", "given"),
        "bOPV plus": _of("POLIO", "178", "6 weeks, 10 weeks, 14 weeks", "oral and injected"),
        "Sequential": _of(
            "POLIO",
            "10",
            "8 weeks, 12 weeks, 16 weeks, 20 weeks",
            "injected, then oral",
            order=("10", "10", "178", "178"),
        ),
        "IPV-only": _of("POLIO", "10", "8 weeks, 12 weeks, 16 weeks, 11 months", "injected only"),
        "": _of("POLIO", "178", "6 weeks", "oral and injected"),
    },
    "DTP": {"Delayed": _LATE, "Pregnancy starting": _PREGNANT, "Pregnancy": _LATE, "": _ON_TIME},
    "Hib": {
        "3 doses with": _of("HIB", "48", _HIB, "three doses and a booster"),
        "2 doses with": _of("HIB", "48", _HIB_2, "two doses and a booster"),
        "": _of("HIB", "48", _HIB, "three doses"),
    },
    "Pneumococcal": {
        "2 doses": _of("PCV", "133", "6 weeks, 14 weeks, 9 months, 13 months", "two doses and a booster"),
        "": _of("PCV", "133", "6 weeks, 10 weeks, 14 weeks, 6 months", "three doses"),
    },
    "Rotavirus": {"": _of("ROTA", "116", "6 weeks, 10 weeks, 14 weeks")},
    "Measles": {
        "Low": _of("MEASLES", "05", "12 months, 15 months", "from twelve months"),
        "dose 0": _of("MEASLES dose 0", "05", "6 months", "where measles is near"),
        "Supplementary": _of(
            "MEASLES",
            "05",
            "9 months, 15 months, 18 months",
            "from nine months, and a supplementary dose",
            series_length=2,
        ),
        "": _of("MEASLES", "05", "9 months, 15 months", "from nine months"),
    },
    "Rubella": {
        "Low": _of("RUBELLA", "06", "12 months", "from twelve months"),
        "": _of("RUBELLA", "06", "9 months", "from nine months"),
    },
    "HPV": {
        "Single": _of("HPV", "165", "9 years, 10 years, 11 years", "single dose"),
        "": _of("HPV", "165", "9 years, 10 years, 11 years", "two doses"),
    },
    "Typhoid": {
        "ViPS": _of("TYPHOID", "101", "2 years, 5 years", "polysaccharide vaccine"),
        "Ty21a": _of("TYPHOID", "25", "2192 days, 2194 days, 2196 days", "oral vaccine", series_length=3),
        "": _of("TYPHOID", "190", "6 months", "conjugate vaccine"),
    },
    "JE": {
        "attenuated": _of("JE", "129", "8 months", "live attenuated"),
        "recombinant": _of("JE", "129", "9 months", "live recombinant"),
        "": _of("JE", "134", "6 months, 7 months", "inactivated"),
    },
    "Yellow fever": {"": _of("YF", "37", "9 months", "where there is a risk")},
    "TBE": {each: _of("TBE", "77", _TBE, each) for each in ("FSME-Immun", "Encepur", "TBE-Moscow", "EnceVir")}
    | {"": _of("TBE", "77", _TBE, "FSME-Immun")},
    "Cholera": {
        "WC vaccines": _of("CHOLERA", "173", "1 year, 13 months, 5 years, 61 months", "whole cell", series_length=2),
        "3 doses": _of("CHOLERA", "172", "731 days, 738 days, 745 days", "whole cell with toxoid", series_length=3),
        "2 doses": _of("CHOLERA", "172", "2200 days, 2207 days", "whole cell with toxoid", series_length=2),
    },
    "Meningococcal": {
        "MenA conjugate vaccine 1": _of("MENINGO", "108", "9 months", "A conjugate from nine months"),
        "MenA conjugate vaccine 2": _of("MENINGO", "108", "3 months, 5 months", "A conjugate from three months"),
        "MenC": _of("MENINGO", "103", "2 months, 4 months, 17 months", "C conjugate"),
        "conjugate vaccines 1": _of("MENINGO", "114", "2 years", "ACWY conjugate from two years"),
        "conjugate vaccines 2": _of("MENINGO", "114", "9 months, 13 months", "ACWY conjugate from nine months"),
        "": _of("MENINGO", "32", "2 years, 6 years", "polysaccharide"),
    },
    "Hepatitis A": {
        "Live": _of("HEPA", "169", "18 months", "live, one dose"),
        "1 dose": _of("HEPA", "83", "12 months", "inactivated, one dose"),
        "2 doses": _of("HEPA", "83", "12 months, 18 months", "inactivated, two doses"),
        "": _of("HEPA", "169", "18 months", "live, one dose"),
    },
    "Rabies": {"": _of("RABIES", "18", "5 years, 61 months", "before exposure")},
    "Dengue": {
        "without": _of("DENGUE", "56", "9 years, 10 years, 11 years", "without a test"),
        "": _of("DENGUE", "56", "9 years, 10 years, 11 years", "after a test"),
    },
    "Mumps": {"": _of("MUMPS", "07", "12 months, 15 months", "given")},
    "Seasonal influenza": {"": _of("INFLUENZA", "15", "6 months, 7 months", "every year")},
    "Varicella": {
        "2 doses": _of("VARICELLA", "21", "12 months, 15 months", "two doses"),
        "": _of("VARICELLA", "21", "12 months", "one dose"),
    },
}
SETTINGS = {**_TABLES, "Cholera L2 Publication": _TABLES["Cholera"]}

# What a table says of one kind of vaccine only.
_SAID = {"Ty21a": "Ty21a", "Live attenuated hepatitis A": "Live", "Typbar": "TCV"}


def of(row: Row, about: str) -> Setting | None:
    """The setting of a row, for what it says `about` one vaccine; None where our schedule has nothing of the kind."""
    tables = SETTINGS.get(row.sheet)
    if tables is None:
        return None
    said = next((part for word, part in _SAID.items() if word in about), row.table)
    found = next(setting for part, setting in tables.items() if part.lower() in said.lower())
    return _named(about, found)


def _named(about: str, setting: Setting) -> Setting:
    """Only the antigens spoken of; a booster against pertussis is one that holds it."""
    if "Pertussis-containing" in about:
        return replace(setting, antigens=("PERTUSSIS",), kinds={})
    if "Tetanus" in about:
        return replace(setting, antigens=tuple(each for each in setting.antigens if each != "PERTUSSIS"))
    return setting
