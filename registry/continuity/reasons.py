"""Why an answer is what it is: a stable code and the facts that belong to it.

The code is what other languages translate (`schemas/templates/messages.json`); the English sentence stands here,
because an answer without its reason must be impossible. Facts are never names, birth dates or identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SENTENCES: Mapping[str, str] = {
    # certainty of a dose
    "primary-source": "Written down by the health service that gave it.",
    "health-authority": "A health authority confirms it.",
    "one-secondary-record": "One system holds a copy; the place that gave it has not confirmed it.",
    "told-only": "Told by the family; no paper or record was seen.",
    "disputed": "The family says that this record is wrong; nobody has settled it yet.",
    # findings on a dose
    "before-birth": "The date lies before the birth date: check both dates.",
    "in-the-future": "The date lies after the day of asking: check it.",
    "date-unknown": "The date is not known.",
    "date-partial": "Only the {known} is known.",
    "dates-a-day-apart": "The systems differ by one day.",
    "dose-numbers-differ": "The systems number this dose differently.",
    "vaccine-not-recognised": "The vaccine code is not one we know; the dose is shown and not counted.",
    "vaccine-inexact": "The vaccine is known only as one of several; what they share counts.",
    "vaccine-from-words": "The vaccine is read from its name; no code was given.",
    "vaccine-codes-differ": "The records name different vaccines for this dose; what they share counts.",
    "before-vaccine": "The date lies before {year}, the first year of this vaccine: check vaccine and date.",
    "unusual-age": "This vaccine is not usually given at that age: check vaccine and date.",
    "fits-exchanged": "With day and month exchanged ({date}) the date would fit.",
    "fits-calendar": "Read in the {calendar} calendar ({date}) the date would fit.",
    "date-converted": "The date was written in another calendar.",
    "day-month-exchanged": "The systems exchange day and month.",
    "told-in-parts": "Another system tells the components of this vaccine as doses of their own.",
    "implausible": "Written down, but it cannot be as it is written.",
    "possible-duplicate": "This may be the same dose as {of}; nobody has settled it yet.",
    # does a dose count
    "counts": "Counts as dose {dose}.",
    "extra": "Not needed for this series; it does no harm.",
    "depends-on-dates": "It depends on dates that are not fully known whether this counts.",
    "duplicate-not-counted": "Left out of the count: it may be the same dose as another.",
    "undated-not-counted": "Left out of the count until its date is known.",
    "told-not-counted": "Left out of the count until a clinician accepts what the family told.",
    "disputed-not-counted": "Left out of the count: the family says that this record is wrong.",
    "inexact-not-counted": "Left out of the count: the vaccine may have been another one.",
    "counts-in-grace": "Counts as dose {dose}: a few days early, within the days of grace.",
    "given-too-young": "Does not count: given before the minimum age.",
    "given-too-old": "Does not count: given after the maximum age.",
    "given-too-soon": "Does not count: given too soon after the dose before.",
    "given-in-conflict": "Does not count: given too soon after another live vaccine.",
    "other-product": "Does not count: this vaccine does not satisfy this dose here.",
    "to-be-repeated": "Does not count: marked to be repeated, or given after its expiry.",
    "not-in-schedule": "This rule set says nothing about this vaccine at this age.",
    # what is due
    "due": "Dose {dose} is due.",
    "not-yet": "Dose {dose} is not due yet.",
    "uncertain": "Dates are not fully known: {sure} to {possible} doses count.",
    "complete-here": "Complete by this rule set.",
    "aged-out": "No longer recommended at this age.",
    "ask-clinician": "A clinician must decide.",
    "birth-date-unknown": "The birth date is not known, so ages cannot be judged.",
    # which grade: what was completed
    "promoted": "Promoted from year {year}.",
    "conditional": "Moved up from year {year} on conditions; it may have to be made good.",
    "repeated": "Year {year} was to be repeated.",
    "unfinished": "Year {year} was not finished.",
    "in-progress": "Year {year} was going on; {months} months of it are on record.",
    "outcome-unknown": "The result of year {year} is not known.",
    "disputed-year": "The family says that the record of year {year} is wrong.",
    "label-ambiguous": "The name of the grade can mean more than one year.",
    "label-unknown": "The name of the grade is not in the ladder of that country and year.",
    "label-beyond-school": "The name is of study after or beside general schooling, not of a grade.",
    "sources-disagree": "The record's own number of the year and the ladder disagree.",
    "no-ladder": "No ladder is held for that country and year; the record's own year number is used.",
    "no-school-record": "No school year could be read; missing papers never block enrolment.",
    # which grade: candidates
    "years-parity": "Year {completed} was completed, so year {year} comes next.",
    "level-parity": "The same place in the level: year {position} of ISCED {level}.",
    "level-shorter-here": "ISCED {level} is shorter here, so the next level begins.",
    "age-parity": "Age {age} at the start of the school year.",
    "age-before-school": "Age {age} at the start of the school year is below the entry age here.",
    "below-next-year": "Below the year that comes next: not proposed by default.",
    "beyond-ladder": "Year {year} lies beyond the last grade of general schooling here.",
    "beyond-known": "What follows here is not known for that year; no grade is named.",
    # which grade: flags
    "over-age": "Two or more years older than the usual age: ask for an accelerated programme.",
    "perhaps-over-age": "Perhaps two or more years older than the usual age; not everything is known.",
    "ladders-disagree": "Sources put grades here in different levels: all readings are shown.",
    "setting": "Taught outside formal school: an assessment is advised.",
    "gap": "More than one year out of school on record: an assessment is advised.",
    "language-change": "The language of teaching differs: an assessment and language help are advised.",
    "disputed-record": "The family says that a record used here is wrong: ask the family; an assessment is advised.",
    "self-declared": "Told by the family without a document: usable; an assessment is advised.",
}


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """A reason by its code, with the facts its sentence needs."""

    code: str
    facts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return SENTENCES[self.code].format_map(dict(self.facts))


def because(code: str, /, **facts: object) -> Reason:
    """A reason; KeyError when no sentence stands for its code."""
    reason = Reason(code, tuple(sorted((name, str(value)) for name, value in facts.items())))
    str(reason)
    return reason
