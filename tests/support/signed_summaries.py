"""Summaries signed by an issuer of the tests' own, without a registry: what a printer and a verifier need."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson

from registry.continuity import history, summary
from registry.flows import verify
from registry.trust import p256, signing, trustlist
from tests.core import test_continuity_summary as made
from tests.core.continuity_records import doses, enrolment

KEY = p256.fresh(Random(7).randbytes)
TRUST = trustlist.read(
    {"own.json": orjson.dumps(trustlist.publish(made.RELEASE.issuer, made.RELEASE.issuer_name, [KEY]))}
)
NOW = made.RELEASE.issued + timedelta(days=1)


def signed(document: dict[str, Any], *, issued: datetime = made.RELEASE.issued) -> tuple[dict[str, Any], str]:
    """The payload of a document and its token, as the release step makes them."""
    claims: dict[str, Any] = {
        "iss": made.RELEASE.issuer,
        "iat": int(issued.timestamp()),
        "exp": int(made.RELEASE.expires.timestamp()),
        "jti": made.RELEASE.id,
    }
    card = signing.sign({**claims, "facts": summary.card(document)}, KEY, typ=verify.CARD, compress=True)
    payload = {**claims, "document": document, "card": card}
    return payload, signing.sign(payload, KEY, typ=verify.SUMMARY, compress=True)


def twenty_doses() -> list[history.Record]:
    """A child with a full history: uncertain, early and needless doses among it."""
    return doses(
        "bcg 2023-01-02, hepb 2023-01-02, opv 2023-01-05, penta 2023-02-13, opv 2023-02-13, pcv 2023-02-13,"
        "rota 2023-02-13, penta 2023-03-14, opv 2023-03-14, pcv 2023-03-14, rota 2023-03-14, penta 2023-04-15,"
        "opv 2023-04-15, ipv 2023-04-20, pcv 2023-05-16, measles 2023-08-20, mr 2023-11-02, mmr 2024-04-12,"
        "dtp 2024-07-12, opv 2024-07-12"
    )


def two_years(school: str = "School 7") -> list[history.Record]:
    return [
        enrolment(
            "Grade 4", "2021/2022", "XBK", label_language="en", language="en", school=school, start="2021-09",
            end="2022-06",
        ),
        enrolment(
            "5-й класс", "2022/2023", "XCV", "unknown", label_language="ru", language="ru", school="Школа №12",
            start="2022-09", end="2023-05",
        ),
    ]  # fmt: skip


def documents(language: str) -> dict[str, dict[str, Any]]:
    """A clinic's and a school's document in this language."""
    return {
        "clinic": made.clinic(twenty_doses(), language=language),
        "school": made.school(two_years(), language=language),
    }


def named(name: str, language: str = "en") -> dict[str, Any]:
    """A clinic's document for a child the asker called so."""
    document = made.clinic(twenty_doses()[:3], language=language)
    patient = next(each["resource"] for each in document["entry"] if each["resource"]["resourceType"] == "Patient")
    patient["name"] = [{"text": name}]
    return document
