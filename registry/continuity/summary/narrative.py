"""The text of a document's sections: for a reader whose system understands nothing but text.

XHTML as FHIR narrows it, in the language of the document. Every text is escaped and isolated from the direction of
the words around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from registry.continuity.summary.document import Json
from registry.continuity.summary.facts import Facts
from registry.continuity.summary.words import Words, direction


def doses(facts: Facts, words: Words) -> str:
    """The doses, or that none may be shown."""
    say = words["page"]
    head = (say["date"], say["vaccine"], say["certainty"], say["counts-here"], say["check"])
    rows = [
        (
            each["date"],
            _named(each, say["comma"]),
            f"{each['certainty']}. {each['why']}",
            _lines([say[f"counts-{each['counts']['verdict']}"], *each["counts"]["why"]]),
            _lines(each["findings"]),
        )
        for each in facts["doses"]
    ]
    return _table(head, rows) or _paragraph(say["no-doses"])


def _named(dose: Facts, comma: str) -> str:
    return _lines([comma.join(dose["against"]), dose["vaccine"], dose["place"]])


def dues(facts: Facts, words: Words) -> str:
    """What is due, with reasons, by which rules, and what those leave out."""
    say = words["page"]
    head = (say["against"], say["status"], say["not-before"], say["recommended"], say["why"])
    rows = [
        (
            say["comma"].join(each["against"]),
            _lines([each["word"], say["overdue"] if each["overdue"] else ""]),
            each["earliest"],
            each["recommended"],
            _lines([*each["why"], *_otherwise(each, words), each["caution"]]),
        )
        for each in facts["dues"]
    ]
    ruled = _paragraph(f"{say['by-rules']} {facts['rules']}") if facts["rules"] else ""
    return (_table(head, rows) or _paragraph(say["no-dues"])) + ruled + _listing(facts["limits"])


def _otherwise(due: Facts, words: Words) -> list[str]:
    return [words["page"]["if-accepted"], *due["otherwise"]] if due["otherwise"] else []


def years(facts: Facts, words: Words) -> str:
    """The school years, or that none may be shown."""
    say = words["page"]
    head = (say["school-year"], say["grade"], say["result"], say["verified"])
    rows = [
        (each["when"], _lines([each["grade"], each["year"], each["school"]]), each["result"], each["verified"])
        for each in facts["years"]
    ]
    return _table(head, rows) or _paragraph(say["no-years"])


def placement(facts: Facts, words: Words) -> str:
    """The grades proposed here, each with its reasons, and what to look at."""
    say = words["page"]
    head = (say["way"], say["grade-here"], say["proposed"], say["why"])
    rows = [
        (
            each["way"],
            each["label"] or "–",
            say["proposed"] if each["proposed"] else say["not-proposed"],
            _lines(each["why"]),
        )
        for each in facts["candidates"]
    ]
    listed = _table(head, rows) or _paragraph(say["no-candidates"])
    return listed + _listing([*facts["history"], *facts["flags"]]) + _paragraph(say["advisory-school"])


def nothing(words: Words) -> str:
    """The registry holds nothing of this kind: not `none known`, but `no information`."""
    return _paragraph(words["page"]["no-information"])


def of(body: str, language: str) -> Json:
    """A body as Narrative."""
    said = f'lang="{language}" xml:lang="{language}" dir="{direction(language)}"'
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml" {said}>{body}</div>'}


def _lines(many: Iterable[str]) -> str:
    return "\n".join(each for each in many if each)


def _text(value: str) -> str:
    return "<br/>".join(f'<span dir="auto">{escape(each)}</span>' for each in value.split("\n") if each)


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(each)}</th>" for each in head)
    body = "".join("<tr>" + "".join(f"<td>{_text(each)}</td>" for each in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>" if rows else ""


def _listing(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in items) + "</ul>" if items else ""
