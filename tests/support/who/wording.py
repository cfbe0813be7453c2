"""What the cells of a decision table say, as conditions on a child.

A cell has a sentence for people and, on further lines, an expression. The expression is read; where the sentence
names another number of doses than the expression (a slip of the workbook), the sentence is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from registry.continuity import spans
from registry.continuity.spans import Span


class Since(Enum):
    """From what a time is measured, and to what."""

    BIRTH = "age today"
    FIRST_AT = "age at the first dose"
    LATEST_AT = "age at the latest dose"
    FIRST = "time since the first dose"
    LATEST = "time since the latest dose"
    PRIMARY = "time since the latest dose of the primary series"
    LIVE = "time since the latest live vaccine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """`least` <(=) time <(=) `most`; `never` where nothing of that kind was given. `polio` is bOPV or IPV."""

    of: Since
    least: Span | None = None
    least_included: bool = True
    most: Span | None = None
    most_included: bool = False
    never: bool = False
    polio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many doses were given: of a kind (primary, booster, birth, dose 0, supplementary), or of all."""

    kind: str
    compared: str
    number: int
    polio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something else that is, or (`holds` False) is not, so."""

    name: str
    value: str
    holds: bool = True


Condition = Time | Count | Fact

_LIMITS = {"lower": "6 weeks", "upper": "4 weeks"}
"""What our schedule takes where a table leaves the limit to the country (hepatitis B: schemas/schedules/who)."""
_SIGNS = {
    "“": '"', "”": '"', "’": "'", "−": "-", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "≠": "!=", "\t": " ", '""': '"',
}  # fmt: skip
_WORDS = {"No": 0, "One": 1, "Two": 2, "Three": 3, "Four": 4, "Five": 5}
_AMOUNT = r"(?:\d+ (?:day|week|month|year)s?|\{?Member States defined (?:lower|upper) limit\}?)"
_DATE = r"\"Date (?:and time )?of vaccination\" ?\(where (?P<filter>[^()]*(?:\([^()]*\))?[^()]*)\)"
_DONE = r"\"Date when primary vaccination series was completed\" ?\(where (?P<filter>[^()]*)\)"
_MEASURES = {
    Since.BIRTH: r"NOW ?- ?DOB|\"Age\"|DOB",
    Since.LATEST_AT: rf"(?:latest )?{_DATE} ?- ?DOB",
    Since.LATEST: rf"NOW ?- ?(?:latest )?{_DATE}",
    Since.PRIMARY: rf"NOW ?- ?{_DONE}",
}
_LEAST = rf"(?:(?P<least>{_AMOUNT}) ?(?P<low><=?) ?)?"
_MOST = rf"(?:(?P<sign><=|>=|<|>|=) ?(?P<amount>{_AMOUNT})|(?P<never>IS NULL))"
_RANGES = {of: re.compile(rf"{_LEAST}(?:{expression}) ?{_MOST}", re.IGNORECASE) for of, expression in _MEASURES.items()}
_COUNT = re.compile(r"Count of vaccines administered \(?where (?P<filter>.*?)\)* ?(?P<sign>=|>=|<) ?(?P<number>\d)$")
_LATEST_NUMBER = re.compile(
    r"Latest \"Dose number\" \(where (?P<filter>[^()]*)\) ?(?P<sign>=|>=|<) ?(?P<number>\d|\"Total doses in series\")"
)
_WEIGHT = re.compile(r"\"Birth weight in grams\" +(?P<sign>>=|<) ?2000")
_BRAND = re.compile(r"\"Vaccine brand\" \(where .*\) (?P<sign>=|!=) \"Vaccine brand\"")
_TOTAL = re.compile(r"\"Total doses in series\" (?P<sign>>|<=) 2")
_FACT = re.compile(
    r"\"(?P<name>[^\"]+)\" ?(?:\(where [^()]*\))? ?"
    r"(?:(?P<sign>!?=) ?[\"']?(?P<value>[^\"']+?)[\"']?|(?P<null>IS NULL))(?: ?\(where [^()]*\))?$"
)
_KINDS = {
    "Primary series": "primary",
    "Booster dose": "booster",
    "Dose 0": "dose 0",
    "Supplementary dose": "supplementary",
}


class NotUnderstood(Exception):
    """A cell that none of the patterns reads."""


def plain(text: str) -> str:
    """The text with one sign for each thing, and dates by short names."""
    for sign, other in _SIGNS.items():
        text = text.replace(sign, other)
    text = re.sub(r"'(week|month|year|day)s?'", r"\1", text)
    text = re.sub(r"''?Today's date|Today's date", "NOW", text).replace('"Date of birth"', "DOB")
    return re.sub(r"[  ]+", " ", text).strip().strip("'")


def conditions(cell: str) -> tuple[Condition, ...]:
    """What one cell demands. Raises NotUnderstood."""
    sentence, *formal = cell.split("\n")
    expression = plain(" ".join(formal) if formal else sentence)
    found = tuple(_conditions(expression, sentence.strip()))
    if not found:
        raise NotUnderstood(cell)
    return found


def _conditions(expression: str, sentence: str) -> Iterator[Condition]:
    if count := _COUNT.search(expression):
        yield from _count(count, sentence)
    elif number := _LATEST_NUMBER.search(expression):
        yield Fact(
            name=f"latest {_kind(number['filter']) or 'dose'} number {number['sign']}",
            value=number["number"].strip('"'),
        )
    elif weight := _WEIGHT.search(expression):
        yield Fact(name="Birth weight", value="low", holds=weight["sign"] == "<")
    elif brand := _BRAND.search(expression):
        yield Fact(name="Vaccine brand", value="the same", holds=brand["sign"] == "=")
    elif total := _TOTAL.search(expression):
        yield Fact(name="Total doses in series", value="more than two", holds=total["sign"] == ">")
    elif times := [each for of, pattern in _RANGES.items() if (each := _time(of, pattern, expression))]:
        yield times[-1]
    elif fact := _FACT.search(expression):
        yield Fact(name=fact["name"], value=fact["value"] or "NULL", holds=fact["sign"] != "!=")


def _count(found: re.Match[str], sentence: str) -> Iterator[Condition]:
    number = int(found["number"])
    spoken = next((value for word, value in _WORDS.items() if sentence.startswith(word + " ")), number)
    yield Count(
        kind=_kind(found["filter"]),
        compared=found["sign"],
        number=spoken if found["sign"] == "=" else number,
        polio=_polio(found["filter"]),
    )


def _kind(text: str) -> str:
    if re.search(r"Birth dose\" ?= ?TRUE", text, re.IGNORECASE):
        return "birth"
    return next((kind for name, kind in _KINDS.items() if name in text), "")


def _polio(text: str) -> str:
    found = re.search(r"Type of poliovirus dose\" ?= ?\"(bOPV|IPV)\"", text)
    return found[1] if found else ""


def _time(of: Since, pattern: re.Pattern[str], expression: str) -> Time | None:
    found = pattern.search(expression)
    if found is None:
        return None
    groups = found.groupdict()
    text = groups.get("filter") or ""
    of = _measured(of, text)
    if groups["never"]:
        return Time(of=of, never=True)
    least, sign, amount = groups["least"], groups["sign"], _span(groups["amount"])
    if sign in (">", ">="):
        return Time(of=of, least=amount, least_included=sign == ">=", polio=_polio(text))
    if sign == "=":
        return Time(of=of, least=amount, most=amount, most_included=True, polio=_polio(text))
    return Time(
        of=of,
        least=_span(least) if least else None,
        least_included=groups["low"] == "<=",
        most=amount,
        most_included=sign == "<=",
        polio=_polio(text),
    )


def _measured(of: Since, text: str) -> Since:
    if of is Since.LATEST and "Live vaccine" in text:
        return Since.LIVE
    if re.search(r"\"Dose number\" ?= ?1", text):
        return {Since.LATEST: Since.FIRST, Since.LATEST_AT: Since.FIRST_AT}[of]
    return of


def _span(text: str) -> Span:
    limit = next((value for name, value in _LIMITS.items() if name in text), None)
    return spans.read(limit or text.lower())
