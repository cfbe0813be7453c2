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
    """What the flow must do with what leaves, as codes of v3-ActCode; those of break-glass are ours."""

    PSEUDONYMISE = "PSEUD"  # every recipient sees its own ids
    NO_REUSE = "NOREUSE"  # for this purpose only
    NO_RELINK = "NORELINK"
    REDACT = "REDACT"  # places were closed: say that something is not shown
    NOTIFY = "NOTIFY-AT-ONCE"  # break-glass: tell the person and an independent reviewer now
    REVIEW = "REVIEW-IN-72-HOURS"
    EXPIRE = "EXPIRE-IN-60-MINUTES"


def codings(system: str, codes: str) -> frozenset[Coding]:
    """The codes of one system, written with spaces between them."""
    return frozenset(Coding(system=system, code=each) for each in codes.split())


ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
CONSENT_ACTION: Final = "http://terminology.hl7.org/CodeSystem/consentaction"
RESOURCE_TYPES: Final = "http://hl7.org/fhir/resource-types"
ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
COUNTRIES: Final = "urn:iso:std:iso:3166"
EDUCATION_PURPOSE: Final = f"{CANONICAL}/CodeSystem/education-purpose"
CONTENT_CLASS: Final = f"{CANONICAL}/CodeSystem/content-class"

TREATMENT: Final = Coding(system=ACT_REASON, code="TREAT")
# v3-ActReason has no purpose for education: TRAIN means staff training and ENROLLM a health plan.
EDUCATION_CONTINUITY: Final = Coding(system=EDUCATION_PURPOSE, code="EDUCONT")
CREDENTIAL_CHECK: Final = Coding(system=EDUCATION_PURPOSE, code="EDUVER")
MONITORING: Final = Coding(system=EDUCATION_PURPOSE, code="RETMON")  # aggregates; of no single child
BREAK_GLASS: Final = Coding(system=ACT_REASON, code="BTG")
PURPOSES: Final = frozenset({TREATMENT, EDUCATION_CONTINUITY, CREDENTIAL_CHECK})
"""The purposes our own consents may name."""

EDUCATION: Final = frozenset({EDUCATION_CONTINUITY, CREDENTIAL_CHECK, MONITORING})
KNOWN_PURPOSES: Final = EDUCATION | codings(
    ACT_REASON,
    "BIORCH BTG CAREMGT CLINTRCH CLINTRCHNPC CLINTRCHPC CLINTRL CLMATTCH COC COVAUTH COVERAGE DISASTER DONAT "
    "DSRCH ELIGDTRM ELIGVER ENROLLM ERTREAT ETREAT FAMRQT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL "
    "HMARKT HOPERAT HOUTCOMS HPAYMT HPRGRP HQUALIMP HRESCH HSYSADMIN HTEST LABELING MEMADMIN METAMGT MILCDM "
    "MILDCRG PATADMIN PATRQT PATSFTY PERFMSR POARCH POPHLTH PRECLINTRCH PUBHLTH PWATRNY RECORDMGT REMITADV "
    "SUPNWK SYSDEV THREAT TRAIN TRANSRCH TREAT",
)
"""Purposes that exist (v3-ActReason, PurposeOfUse, and our own): another is refused unless a consent names it."""

LABELS: Final[Mapping[Coding, ContentClass]] = {
    Coding(system=CONTENT_CLASS, code="V"): ContentClass.DOSES,
    Coding(system=CONTENT_CLASS, code="G"): ContentClass.SCHOOLING,
    Coding(system=ACT_CODE, code="LOCIS"): ContentClass.PLACE,
}
"""The security labels a consent may name; place is HL7's own LOCIS, which others understand too."""

CODES: Final[Mapping[ContentClass, Coding]] = {held: coding for coding, held in LABELS.items()}
PLACE: Final = CODES[ContentClass.PLACE]
ADOLESCENT: Final = Coding(system=ACT_CODE, code="ADOL")

CONFIDENTIALITIES: Final = codings(CONFIDENTIALITY, "U L M N R V")
RESTRICTED: Final = Coding(system=CONFIDENTIALITY, code="R")
SENSITIVITIES: Final = codings(
    ACT_CODE,
    "ADOL BH CEL COGN DEMO DIA DOB DRGIS DVD EMOTDIS EMP ETH ETHUD GDIS GENDER HIV LIVARG LOCIS MARST MH MST "
    "OPIOIDUD PDS PHY PREGNANT PRS PSY PSYTHPN RACE REL SCA SDV SEX SICKLE SPI SSP STD SUD TBOO VIO",
)
"""Labels of sensitivity (v3-ActCode, InformationSensitivityPolicy): a permit must cover each a record carries."""

HANDLING: Final = codings(ACT_REASON, "HTEST") | codings(
    ACT_CODE, "NOREUSE NORELINK REDACT MASK PSEUD ANONY DEID ENCRYPT NOAUTH NODSCLCD PERSISTLABEL"
)
"""Labels that say how to handle a record, not how sensitive it is: they neither open nor close."""

ACTIONS: Final = frozenset({"collect", "access", "use", "disclose", "correct"})

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

# Speaks for a child who has nobody (protection reference, section 3, Minors); our own code, mapped to nothing.
OFFICER: Final = Coding(system=f"{CANONICAL}/CodeSystem/grantor-role", code="best-interest-officer")


def _ours(name: str) -> str:
    return f"{CANONICAL}/StructureDefinition/{name}"


PROFILE: Final = _ours("continuity-consent")
INTERVIEW: Final = _ours("consent-interview")  # how the family was asked
TEXT: Final = _ours("consent-text")  # what was read to the person: language, version, sha256
AUTHORITY: Final = _ours("consent-authority")  # of a guardian: relationship, end
PROTECTED_FROM: Final = _ours("consent-protected-from")  # a country the family names as fled
SUPERSEDES: Final = _ours("consent-supersedes")
WITHDRAWN: Final = _ours("consent-withdrawn")
ASSENT: Final = _ours("consent-assent")  # what the child itself said
UTC_OFFSET: Final = "http://hl7.org/fhir/StructureDefinition/tz-offset"
TIME_ZONE: Final = "http://hl7.org/fhir/StructureDefinition/timezone"
