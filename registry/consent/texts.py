"""The words consents are written in: purposes, classes of content and the urls of our own extensions.

Invariant: codes match exactly or not at all. Nothing here knows that one purpose includes another, because in
v3-ActReason the descendants of HOPERAT include government and military command.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from registry.fhir import CANONICAL
from registry.fhir.terminology import Coding


class ContentClass(Enum):
    """The classes of the disclosure page. Items carry V, G and L; the others never leave."""

    EXISTENCE = "E"
    DEMOGRAPHICS = "D"
    DOSES = "V"
    SCHOOLING = "G"
    PLACE = "L"
    LINKS = "K"
    AUDIT = "A"


class Obligation(Enum):
    """What the flow must do with what leaves, as codes of v3-ActCode."""

    PSEUDONYMISE = "PSEUD"  # every recipient sees its own ids
    NO_REUSE = "NOREUSE"  # for this purpose only
    NO_RELINK = "NORELINK"
    REDACT = "REDACT"  # places were closed: say that something is not shown


ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
COUNTRIES: Final = "urn:iso:std:iso:3166"
EDUCATION_PURPOSE: Final = f"{CANONICAL}/CodeSystem/education-purpose"
CONTENT_CLASS: Final = f"{CANONICAL}/CodeSystem/content-class"

TREATMENT: Final = Coding(system=ACT_REASON, code="TREAT")
# v3-ActReason has no purpose for education: TRAIN means staff training and ENROLLM a health plan.
EDUCATION_CONTINUITY: Final = Coding(system=EDUCATION_PURPOSE, code="EDUCONT")
PURPOSES: Final = frozenset({TREATMENT, EDUCATION_CONTINUITY})

LABELS: Final[Mapping[Coding, ContentClass]] = {
    Coding(system=CONTENT_CLASS, code="V"): ContentClass.DOSES,
    Coding(system=CONTENT_CLASS, code="G"): ContentClass.SCHOOLING,
    Coding(system=ACT_CODE, code="LOCIS"): ContentClass.PLACE,
}
"""The security labels a consent may name; place is HL7's own LOCIS, which others understand too."""

# A Consent needs a scope and a policy (FHIR R4, Consent.scope and ppc-1); ours always says these two.
SCOPE: Final[Mapping[str, Any]] = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
}
POLICY: Final[Mapping[str, Any]] = {
    "coding": [{"system": f"{CANONICAL}/CodeSystem/consent-policy", "code": "default-no"}]
}

RECIPIENT: Final = Coding(system=PARTICIPATION, code="IRCP")

# Who can hold authority over a child, beside the child itself (v3-RoleCode; THO 5.3 and later).
GUARDIANS: Final = frozenset(
    {
        *("MTH", "FTH", "PRN", "ADOPTP", "STPPRN", "PRNFOST", "GUARD"),
        *("GRPRN", "GRMTH", "GRFTH", "AUNT", "UNCLE", "SIB", "SIS", "BRO"),
    }
)


def _ours(name: str) -> str:
    return f"{CANONICAL}/StructureDefinition/{name}"


PROFILE: Final = _ours("continuity-consent")
INTERVIEW: Final = _ours("consent-interview")  # how the family was asked
TEXT: Final = _ours("consent-text")  # what was read to the person: language, version, sha256
AUTHORITY: Final = _ours("consent-authority")  # of a guardian: relationship, end
PROTECTED_FROM: Final = _ours("consent-protected-from")  # a country the family names as fled
SUPERSEDES: Final = _ours("consent-supersedes")
WITHDRAWN: Final = _ours("consent-withdrawn")
UTC_OFFSET: Final = "http://hl7.org/fhir/StructureDefinition/tz-offset"
