"""What requests and answers look like, for `/docs` and for checking. Unknown fields are refused, not ignored."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException

from registry.trust import encoding


class Once(Request):
    """A request whose JSON says everything once."""

    @classmethod
    def of(cls, request: Request) -> Once:
        """The request, if it is one already: a body comes only once, too."""
        return request if isinstance(request, cls) else cls(request.scope, request.receive)

    async def json(self) -> Any:
        """Raises HTTPException 400 where an object repeats a name: a yes and a no in one answer are neither."""
        if encoding.repeats(await self.body()):
            raise HTTPException(400)
        return await super().json()


class Told(APIRoute):
    """A route that reads JSON only where it says everything once. Uploaded files are read by their adapters."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            return await handle(Once.of(request))

        return told


class Body(BaseModel):
    """A closed body: a misspelt field is a problem, not a silent loss."""

    model_config = ConfigDict(extra="forbid", str_max_length=10_000)


FORECAST = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "assessmentDate", "valueDate": "2026-03-15"},
        {"name": "patient", "resource": {"resourceType": "Patient", "birthDate": "2025-05", "gender": "female"}},
        {
            "name": "immunization",
            "resource": {
                "resourceType": "Immunization",
                "id": "1",
                "status": "completed",
                "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "20"}]},
                "occurrenceDateTime": "2025-08",
            },
        },
    ],
}
"""A question to `$immds-forecast`; days may be known to the month or the year only."""

Summary = Annotated[str, StringConstraints(max_length=200_000)]
"""A signed summary is longer than anything a person types; this one holds several hundred doses."""


class Person(Body):
    """A child as a desk describes one. Only `given` is needed; a birth date may be a year or a month."""

    given: str = Field(description="the child's own name, in any script", examples=["يسرى"])
    family: str = ""
    father: str = Field(default="", description="the father's own name")
    grandfather: str = ""
    mother: str = Field(default="", description="the mother's name")
    birth: str = Field(default="", description="2014, 2014-05 or 2014-05-31", examples=["2014-05"])
    sex: Literal["male", "female", "other", "unknown"] = "unknown"
    village: str = ""
    phone: str = ""
    identifier_system: str = ""
    identifier: str = ""


class Question(Body):
    """What a clinic or school asks with: a description, and the family's card or the reason the child is there."""

    person: Person
    card: str = Field(default="", description="the family card, if the family shows it")
    grounds: Literal["", "treatment", "enrolment"] = Field(
        default="", description="why the child is before the desk today, attested by Desk-User; needed without a card"
    )
    language: str = Field(default="en", description="language of the page")


class Released(BaseModel):
    """A summary: signed, printable, and as a code for a QR picture."""

    token: str = Field(description="the signed summary (JWS, ES256); its payload holds the FHIR document")
    card: str = Field(description="the signed short form that fits in a QR code")
    page: str = Field(description="the printable page")
    expires: str
    document: dict[str, Any] = Field(description="the FHIR document Bundle, as signed")


class Family(Body):
    """A family that comes for the first time, or without its card."""

    person: Person


class FamilyOpened(BaseModel):
    """The card of a family, shown this once."""

    card: str


class Interview(Body):
    """How the family was asked. A yes needs all of it, a no nothing; nothing stated means nothing was done."""

    family_language: str = Field(default="", description="the language the family speaks best (BCP 47)")
    interviewer_language: str = Field(default="", description="a language the interviewer speaks as well, if it is one")
    interpreter: str = Field(default="", description="the interpreter's id at the desk, where the two differ")
    private: bool = Field(default=False, description="nobody else could hear or see")
    present: frozenset[str] = Field(
        default=frozenset(), description="who else was in the room: interpreter, witness, child, authority, ..."
    )
    teach_back: str = Field(default="", description="which question the family answered in its own words")
    reads: bool = Field(default=False, description="somebody of the family reads the language of the text")
    witness: str = Field(default="", description="id of a witness of the family's choice, where it does not read")


class ConsentText(Body):
    """The question a desk is going to ask."""

    domain: Literal["health", "education"]
    organisation: str
    until: date
    language: str = "en"


class ConsentWords(BaseModel):
    """What is read to the family, and what it is asked to say back in its own words."""

    language: str
    version: str
    text: str
    sha256: str
    teach_back: dict[str, dict[str, str]]


class Consent(ConsentText):
    """A family's answer to one question. Everything is no unless it says yes."""

    card: str
    agreed: bool = False
    places: bool = False
    fled: frozenset[str] = Field(default=frozenset(), description="countries that must never learn where (XAL, ...)")
    relationship: str = Field(default="MTH", description="v3-RoleCode of the guardian, or self")
    understood: bool = Field(default=False, description="the family said in its own words what it means")
    interview: Interview = Field(default_factory=Interview)


class ConsentReceipt(BaseModel):
    """What the family takes home; no name of the child is in it."""

    consent: str
    language: str
    domain: str
    organisation: str
    agreed: bool
    places: bool
    until: date
    text: str
    withdraw: str = Field(description="how to take it back, in the family's language")
    leaf: str
    commitment: str
    token: str = Field(description="the signed receipt (JWS, ES256), to be checked without a network")
    page: str = Field(description="the printable receipt")


class HeldTwice(BaseModel):
    """Two numbers of a source that may be one person."""

    numbers: tuple[str, str]
    words: tuple[str, ...] = Field(description="what of your own two records agrees and differs, the weightiest first")
    since: date


class CardOnly(Body):
    """The family shows its card."""

    card: str


class Withdrawal(Body):
    """Withdraw one consent, or all of them when none is named."""

    card: str
    consent: str | None = None


class Withdrawn(BaseModel):
    """What ended with it."""

    consents: int
    revoked: int


class TrailLine(BaseModel):
    """One line of a family's own trail."""

    at: str
    action: str
    kind: str
    organisation: str | None
    purpose: str | None
    domain: str | None
    answer: str | None


class NewPerson(Body):
    """A child this desk registers."""

    person: Person
    patient: str = Field(description="the desk's own number of the child")


class Dose(Body):
    """A dose a clinic gave today."""

    person: Person
    patient: str = Field(description="the clinic's own number of the child")
    vaccine_system: str = "http://hl7.org/fhir/sid/cvx"
    vaccine: str = Field(description="code of the vaccine")
    display: str = ""
    on: date
    lot: str = ""
    dose_number: int | None = Field(default=None, ge=1)
    summary: Summary = Field(default="", description="the summary this clinic was given about the child, if any")


class Enrolment(Body):
    """An enrolment a school makes today."""

    person: Person
    patient: str = Field(description="the school's own number of the child")
    school: str = Field(description="name of the school")
    grade: str = Field(description="the grade as the school writes it")
    language: str = Field(default="und", description="language of instruction (BCP-47)")
    academic_year: str = Field(examples=["2026-2027"])
    on: date
    summary: Summary = Field(default="", description="the summary this school was given about the child, if any")


class Review(BaseModel):
    """Two dossiers side by side: demographics and evidence, nothing of health or education."""

    review: str
    probability: float
    since: date
    proposed: str = Field(description="what another steward said, where two have to; otherwise empty")
    left: dict[str, Any]
    right: dict[str, Any]
    explanation: list[str]


class Decision(Body):
    """What a steward decided."""

    verdict: Literal["link", "distinct", "unsure"]


class Settled(BaseModel):
    """What came of a steward's word: two have to say the same to split a person or to link against a veto."""

    review: str
    verdict: str | None = Field(description="as said; null when one of the two was erased meanwhile")
    standing: str = Field(description="recorded; waits for a second steward; one of the two was erased meanwhile")


class Parted(BaseModel):
    """What came of a steward's word that two linked dossiers are two people."""

    left: str
    right: str
    standing: str = Field(description="recorded; waits for a second steward")


class Link(BaseModel):
    """Two dossiers that a rule linked, side by side: demographics and evidence."""

    left_id: str
    right_id: str
    since: date
    left: dict[str, Any]
    right: dict[str, Any]
    explanation: list[str]


class Parting(Body):
    """Two linked dossiers that are two people."""

    left: UUID = Field(description="as `left_id` of a link")
    right: UUID = Field(description="as `right_id` of a link")
