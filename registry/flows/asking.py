"""What a family is asked and how its answer becomes a Consent: the text read, the rules of an answer, the resource."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from registry.consent import grant, interview
from registry.consent.grant import Guardian, Notice
from registry.consent.interview import Interview
from registry.consent.texts import ContentClass
from registry.errors import BadInput
from registry.fhir import dates, resource
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Resource
from registry.flows import organisations
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.store.dossiers import Dossier
from registry.store.functions import Function

DOMAINS = {"health": ContentClass.DOSES, "education": ContentClass.SCHOOLING}
_RECIPIENTS = {"health": Kind.CLINIC, "education": Kind.SCHOOL}
MAJORITY_YEARS = 18
LONGEST = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the family answered to one question. Everything is no unless it says yes.

    `fled`: countries that must never learn where (ISO 3166 alpha-3), asked each time. `relationship`: v3-RoleCode
    of the guardian, or `self`. `language`: of the text read. `understood`: whether the family could say in its own
    words what it means, asked by the question that `interview` names.
    """

    domain: str
    organisation: str
    until: date
    agreed: bool = False
    places: bool = False
    fled: frozenset[str] = field(default=frozenset(), repr=False)
    relationship: str = "MTH"
    language: str = "en"
    understood: bool = False
    interview: Interview = field(default_factory=Interview)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is read to a family before it answers, and what it is asked to say back in its own words."""

    language: str
    version: str
    text: str
    sha256: str
    teach_back: Mapping[str, Mapping[str, str]]


async def read_out(registry: Registry, caller: Caller, answer: Answer) -> Text:
    """The text of one question in a language, before anybody answers. Of `answer` only the question is read."""
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    async with registry.database.transaction(Function.RIGHTS) as tx:
        recipient = await organisations.named(tx, answer.organisation)
    _refuse(_about_question(answer, recipient, registry.today()))
    shown = text(registry, answer, recipient)
    return Text(
        language=answer.language,
        version=registry.library.consent_texts["version"],
        text=shown,
        sha256=_digest(shown),
        teach_back=_words(registry, answer.language)["teach_back"],
    )


def text(registry: Registry, answer: Answer, recipient: Caller) -> str:
    """The words read to the family: the question, and apart from it the one about places."""
    words = _words(registry, answer.language)
    asked = f"{words[answer.domain]}\n{words['places']}"
    return asked.format(recipient=recipient.display, until=answer.until.isoformat())


def _words(registry: Registry, language: str) -> Mapping[str, Any]:
    languages: Mapping[str, Mapping[str, Any]] = registry.library.consent_texts["languages"]
    if language not in languages:
        known = ", ".join(sorted(languages))
        raise BadInput("there is no text in this language", where="language", remedy=f"use one of: {known}")
    return languages[language]


def _digest(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()


def check(registry: Registry, answer: Answer, recipient: Caller) -> None:
    """Raise BadInput with everything that keeps this answer from being one. A no needs no interview."""
    problems = [*_about_question(answer, recipient, registry.today())]
    if answer.places and not answer.agreed:
        problems.append("places cannot be opened where the answer is no")
    if answer.agreed:
        problems += _about_yes(registry, answer)
    _refuse(problems)


def _about_question(answer: Answer, recipient: Caller, today: date) -> Iterator[str]:
    if answer.domain not in DOMAINS:
        yield "`domain` is health or education"
    if recipient.kind is not _RECIPIENTS.get(answer.domain):
        yield "this organisation cannot receive this domain"
    if not today <= answer.until <= today + LONGEST:
        yield "`until` is a day from today to five years from now"


def _about_yes(registry: Registry, answer: Answer) -> Iterator[str]:
    if not answer.understood:
        yield "a yes needs the family to have said what it means (teach-back)"
    questions = _words(registry, answer.language)["teach_back"]
    if answer.interview.teach_back and answer.interview.teach_back not in questions:
        yield f"`teach_back` is one of: {', '.join(questions)}"
    yield from interview.faults(answer.interview, answer.language)


def _refuse(problems: Iterator[str] | list[str]) -> None:
    wrong = list(problems)
    if wrong:
        raise BadInput("; ".join(wrong), where="consent", remedy="correct this and record the answer again")


def compose(registry: Registry, family: Dossier, answer: Answer, text: str) -> Resource:
    """The Consent of this answer, in the family's own dossier."""
    asked = grant.Question(
        patient=f"Patient/{family.local}",
        organisation=answer.organisation,
        domain=DOMAINS[answer.domain],
        starts=dates.of(registry.today()),
        ends=dates.of(answer.until),
    )
    notice = Notice(
        language=answer.language,
        version=registry.library.consent_texts["version"],
        sha256=_digest(text),
        understood=answer.understood or not answer.agreed,
        interview=answer.interview,
    )
    said = grant.Answer(
        grantor=_grantor(family, answer),
        notice=notice,
        at=registry.now(),
        agreed=answer.agreed,
        places=answer.places,
        fled=answer.fled,
    )
    return resource.of(grant.compose(uuid.uuid4().hex, asked, said))  # noqa: TID251


def _grantor(family: Dossier, answer: Answer) -> str | Guardian:
    if answer.relationship == "self":
        return f"Patient/{family.local}"
    birth = dates.parse(str((family.about or {}).get("birthDate", "")))
    return Guardian(
        reference=f"RelatedPerson/{uuid.uuid4().hex}",  # noqa: TID251
        relationship=answer.relationship,
        authority_ends=_majority(birth) if birth else dates.of(answer.until),
    )


def _majority(birth: PartialDate) -> PartialDate:
    """The last day before the eighteenth birthday; of an inexact birth date the earliest it can mean."""
    first = birth.first
    last_day = 28 if (first.month, first.day) == (2, 29) else first.day
    return dates.of(first.replace(year=first.year + MAJORITY_YEARS, day=last_day) - timedelta(days=1))
