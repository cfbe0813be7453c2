"""What requests and answers of redress look like. Unknown fields are refused, as in `bodies`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from registry.api.bodies import Body, CardOnly, Person


class Records(CardOnly):
    """A family looks at what is held about its child."""

    language: str = "en"


class Record(BaseModel):
    """One record, without any place."""

    id: str = Field(description="this family's own name of the record, to contest it by")
    kind: Literal["dose", "school-year"]
    when: str
    what: str
    disputed: bool
    corrected: str | None


class Named(CardOnly):
    """One of the family's records."""

    record: str


class Dispute(Named):
    """The family says that a record is wrong."""

    words: str = Field(description="in the family's own words; they stay sealed")
    language: str = "en"


class Contested(BaseModel):
    """From now on the record is shown as disputed."""

    record: str
    at: datetime
    leaf: str


class Correction(Body):
    """A desk corrects what it recorded itself; what is left out stays."""

    patient: str = Field(description="the desk's own number of the child")
    reference: str = Field(description="of the record, as it was answered when it was recorded")
    why: Literal[
        "typing-error", "wrong-child", "wrong-date", "wrong-vaccine", "wrong-grade", "never-happened", "family-told"
    ]
    on: date | None = None
    vaccine: str | None = None
    grade: str | None = None
    happened: bool = True


class Corrected(BaseModel):
    """A new version; the former one is kept."""

    reference: str
    version: int
    leaf: str


class Patient(Body):
    """A child this desk knows."""

    patient: str = Field(description="the desk's own number of the child")


class Paper(BaseModel):
    """What this desk recorded itself, signed for the family to take home."""

    records: list[dict[str, str]]
    token: str


class ErasureWaiting(BaseModel):
    """Erasure begins when the time to think has passed; the card ends it before."""

    number: str = Field(description="to follow it by, shown this once")
    due: datetime
    leaf: str


class Ended(BaseModel):
    erasures: int


class Number(Body):
    """The number of a complaint or of an erasure, as its filer holds it."""

    number: str


class ErasureStanding(BaseModel):
    """How an erasure stands."""

    state: Literal["waiting", "due", "done"]
    due: datetime | None
    done: datetime | None
    dossiers: int


class Complaint(Body):
    """A complaint, in any supported language, with or without a name."""

    words: str
    language: str = "en"
    about: Literal["consent", "record", "service", "staff", "erasure", "emergency", "other"] = "other"
    organisation: str = Field(default="", description="whom it is about, if one")
    card: str = Field(default="", description="of a family that gives its own; leave it out to stay unknown")


class Filed(BaseModel):
    """The number is shown this once; whoever holds it follows the complaint."""

    number: str
    acknowledge_by: datetime
    decide_by: datetime


class Standing(BaseModel):
    """How a complaint stands, and whether one of its clocks ran out."""

    filed: datetime
    acknowledge_by: datetime
    acknowledged: datetime | None
    decide_by: datetime
    decided: datetime | None
    outcome: str | None
    answer: str | None
    is_late: bool


class Case(BaseModel):
    """A complaint as the ombudsperson reads it."""

    id: str
    words: str
    language: str
    about: str
    organisation: str
    has_trail: bool
    standing: Standing


class Outcome(Body):
    """What the ombudsperson decided, with words for whoever complained."""

    outcome: Literal["upheld", "partly-upheld", "not-upheld", "passed-on"]
    answer: str


class Event(BaseModel):
    """One event of the audit with all its details; never what a record says."""

    leaf: str
    action: str
    at: str
    details: dict[str, Any]


class EmergencyQuestion(Body):
    """A clinic asks where nobody can be asked: doses alone, for an hour, and it is reviewed."""

    person: Person
    card: str = Field(default="", description="the family card, if it is found")
    language: str = Field(default="en", description="language of the page")
    role: Literal["doctor", "emergency-clinician", "nurse", "paramedic", "physician"] = Field(
        description="of the clinician who declares it, and whose id stands in Desk-User"
    )
    safety: Literal["unconscious", "life-threatening", "outbreak-contact", "no-guardian-reachable"]
    reason: str = Field(description="in the clinician's words, without the child's name; sealed, for the reviewer")


class Emergency(BaseModel):
    """One declaration as it is reviewed."""

    id: str
    organisation: str
    country: str
    user: str
    role: str
    safety: str
    reason: str
    declared: datetime
    review_by: datetime
    was_told: bool
    was_withheld: bool = Field(description="the asker was over its budget, or halted")
    verdict: str | None
    is_late: bool


class Verdict(Body):
    """What the ombudsperson found."""

    verdict: Literal["justified", "not-justified"]


class Reviewed(BaseModel):
    """The verdict that stands, and whether it came within 72 hours."""

    id: str
    verdict: str
    is_late: bool


class Alert(BaseModel):
    """Somebody asks like one who fishes, or declares too many emergencies: who and how often, no person."""

    id: str
    since: date
    scope: str
    organisation: str
    user: str
    asked: int
    silent: int


class AttendanceQuestion(CardOnly):
    """A school asks, with the family, whether the child attended."""

    person: Person
    academic_year: str = Field(default="", description="as the record writes it; otherwise the last on record")


class AttendanceAsked(BaseModel):
    """Taken. Whether it may be sent on is not said."""

    number: str = Field(description="shown this once; whoever holds it follows the question")
    answer_by: datetime


class AttendanceStanding(BaseModel):
    """How a question stands; no answer yet while it waits, `unknown` when the clock ran out."""

    answer: Literal["yes", "no", "unknown"] | None
    answer_by: datetime
    is_late: bool


class AttendanceWaiting(BaseModel):
    """A question in the words of the system that handed the record over."""

    id: str
    person: str
    enrolment: str
    academic_year: str
    grade: str
    answer_by: datetime
    is_late: bool


class AttendanceOverdue(BaseModel):
    """A question nobody answered in time."""

    id: str
    source: str
    days_late: int


class AttendanceAnswer(Body):
    """What the system says."""

    answer: Literal["yes", "no", "unknown"]
