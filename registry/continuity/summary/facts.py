"""What a document says, in the words of one language: the one reading that narrative, page and print share.

Lists and texts only, in the order they are shown. Supplied text is made plain here (`words.plain`); nothing here is
markup. What a record does not say reads the same whether it was withheld or never known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry.continuity import elements
from registry.continuity.summary import document, schooling
from registry.continuity.summary.words import Words, plain, said, told
from registry.fhir.resource import Content

Facts = dict[str, Any]

_CRITERIA = {"30981-5": "earliest", "30980-7": "recommended", "59778-1": "overdue_from"}
_ORDER = ("due", "uncertain", "judgement", "birth-date-unknown", "not-yet", "too-old", "complete")


def of(view: Content, words: Words) -> Facts:
    """Everything the page of this document says."""
    held = document.entries(view)
    frame, person, issuer = (document.of_kind(held, each)[0] for each in ("Composition", "Patient", "Organization"))
    is_school = any(each.get("id") == "placement" for each in document.of_kind(held, "Basic"))
    return {
        "kind": "school" if is_school else "clinic",
        "release": elements.mapping(view.get("identifier")).get("value", ""),
        "name": plain(elements.first(person.get("name")).get("text")),
        "birth_date": plain(person.get("birthDate")),
        "issuer": plain(issuer.get("name")),
        "issued": _day(frame.get("date")),
        "expires": _day(document.own(frame, "valid-until")[0].get("valueDateTime")),
        **(schooling.facts(held, words) if is_school else clinic(held, words)),
    }


def _day(moment: Any) -> str:
    return elements.text(moment)[:10]


def clinic(held: Sequence[Content], words: Words) -> Facts:
    """What was given, how sure that is, what of it counts here and what is due."""
    given = document.of_kind(held, "Immunization")
    forecast = next(iter(document.of_kind(held, "ImmunizationRecommendation")), elements.NOTHING)
    answers = elements.mappings(forecast.get("recommendation"))
    dates = {each["id"]: each.get("occurrenceDateTime") for each in given}
    dues = _grouped([_due(each, words, dates) for each in answers])
    counted = _counted(answers, words)
    sources = _sources(document.of_kind(held, "Provenance"))
    return {
        "rules": _rules(forecast, words),
        "doses": [_dose(each, words, counted, sources) for each in given],
        "dues": dues,
        "today": [name for each in dues if each["status"] == "due" for name in each["against"]],
        "limits": [told(elements.text(each.get("valueString")), words) for each in document.own(forecast, "limit")],
    }


def _rules(forecast: Content, words: Words) -> str:
    rules = [document.inner(each) for each in document.own(forecast, "rule-set")]
    return "; ".join(f"{told(each['title'], words)} ({each['id']} {each['version']})" for each in rules)


def _sources(provenances: Iterable[Content]) -> dict[str, list[str]]:
    """By dose, who told of it, as far as the document says."""
    return {
        elements.text(elements.first(each.get("target")).get("reference")).rpartition("/")[2]: [
            plain(elements.mapping(agent.get("who")).get("display"))
            for agent in elements.mappings(each.get("agent"))
            if elements.mapping(agent.get("who")).get("display")
        ]
        for each in provenances
    }


def _dose(immunization: Content, words: Words, counted: Mapping[str, Facts], sources: Mapping[str, list[str]]) -> Facts:
    certainty = document.inner(document.own(immunization, "dose-certainty")[0])
    vaccine = elements.mapping(immunization.get("vaccineCode"))
    codes = [elements.text(each.get("code")) for each in elements.codings(vaccine)]
    name, number = plain(vaccine.get("text")), elements.text(immunization.get("id"))
    place = plain(elements.mapping(immunization.get("location")).get("display"))
    return {
        "id": number,
        "date": plain(immunization.get("occurrenceDateTime")) or words["page"]["unknown"],
        "vaccine": "" if set(name.split(" + ")) <= set(codes) else name,
        "against": [words["antigens"][code] for code in codes if code in words["antigens"]],
        "certainty": words["certainty"][certainty["certainty"]],
        "mark": certainty["certainty"],
        "why": words["reasons"].get(certainty["reason-code"], certainty.get("reason")),
        "place": " · ".join(dict.fromkeys([each for each in (place, *sources.get(number, ())) if each])),
        "findings": [said(each, words) for each in document.own(immunization, "dose-finding")],
        "counts": counted.get(number, {"verdict": "unknown", "why": []}),
    }


def _counted(answers: Iterable[Content], words: Words) -> dict[str, Facts]:
    """By dose: whether it counts (`yes`, `partly`, `no`), and why not, with the diseases each reason is about."""
    verdicts: dict[str, list[tuple[str, str, str]]] = {}
    for answer in answers:
        for each in document.own(answer, "dose-verdict"):
            facts = document.inner(each)
            row = (_antigen(answer, words), elements.text(facts["counts"]), said(each, words))
            verdicts.setdefault(elements.text(facts["dose"]), []).append(row)
    return {dose: _verdict(rows, words) for dose, rows in verdicts.items()}


def _verdict(rows: Sequence[tuple[str, str, str]], words: Words) -> Facts:
    against: dict[str, list[str]] = {}
    for name, counts, why in rows:
        if counts != "yes":
            against.setdefault(why, []).append(name)
    kinds = {counts for _, counts, _ in rows}
    verdict = "yes" if kinds == {"yes"} else "partly" if len(kinds) > 1 else next(iter(kinds))
    whose = words["page"]["comma"].join
    pattern = words["page"]["dose-reason"]
    return {
        "verdict": verdict,
        "why": [
            pattern.format(date=whose(names), reason=why) if verdict == "partly" else why
            for why, names in against.items()
        ],
    }


def _antigen(recommendation: Content, words: Words) -> str:
    code = elements.text(elements.codings(elements.first(recommendation.get("vaccineCode")))[0].get("code"))
    return words["antigens"].get(code, code)


def _due(recommendation: Content, words: Words, given: Mapping[str, Any]) -> Facts:
    statuses = [elements.text(each.get("code")) for each in _statuses(recommendation)]
    caution = elements.text(recommendation.get("description"))
    dated = {
        _CRITERIA[code]: elements.text(each.get("value"))
        for each in elements.mappings(recommendation.get("dateCriterion"))
        if (code := elements.text(elements.codings(elements.mapping(each.get("code")))[0].get("code"))) in _CRITERIA
    }
    return {
        "against": [_antigen(recommendation, words)],
        "status": statuses[0],
        "word": words["status"].get(statuses[0], statuses[0]),
        "overdue": "overdue" in statuses,
        "earliest": dated.get("earliest", ""),
        "recommended": dated.get("recommended", ""),
        "why": [said(each, words) for each in document.own(recommendation, "why")],
        "otherwise": [said(each, words) for each in document.own(recommendation, "otherwise")],
        "caution": told(caution, words),
        "uncounted": [
            _of_dose(each, words, given) for each in document.own(recommendation, "dose-verdict") if _uncounted(each)
        ],
    }


def _statuses(recommendation: Content) -> list[Content]:
    return elements.codings(elements.mapping(recommendation.get("forecastStatus")))


def _of_dose(verdict: Content, words: Words, given: Mapping[str, Any]) -> str:
    """Why a dose does not count, with its date, so that the reader knows which one is meant."""
    day = given.get(document.inner(verdict)["dose"]) or words["page"]["unknown"]
    return words["page"]["dose-reason"].format(date=day, reason=said(verdict, words))


def _uncounted(verdict: Content) -> bool:
    return document.inner(verdict)["counts"] != "yes"


def _grouped(dues: Iterable[Facts]) -> list[Facts]:
    """Antigens whose answer is the same share a row; the rows to act on come first."""
    rows: dict[str, Facts] = {}
    for each in map(_short, dues):
        same = str({name: value for name, value in each.items() if name != "against"})
        if same in rows:
            rows[same]["against"] += each["against"]
        else:
            rows[same] = each
    return sorted(rows.values(), key=lambda each: (_rank(each["status"]), not each["overdue"]))


def _short(due: Facts) -> Facts:
    """What is complete needs no reason on the page: how many doses it took is in the document."""
    return due | {"why": [], "caution": "", "uncounted": []} if due["status"] == "complete" else due


def _rank(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else len(_ORDER)
