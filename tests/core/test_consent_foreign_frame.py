"""What stands around the provisions of a foreign consent: who signed it, when, and in which zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from registry.consent import period, texts
from registry.consent.agreement import Grantor, Status
from registry.consent.period import Period
from tests.core.foreign_consents import CHILD, KIN, MOTHER, NEIGHBOUR, OTHER, extension, fled, in_dialect, mother, read

AUTHORITY = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
GUARDIANS = {MOTHER: Grantor(reference=MOTHER, relationship="MTH", authority=AUTHORITY)}
CONTAINED = [{"reference": "#m"}]
AUTHORISED = extension(
    texts.AUTHORITY,
    extension=[{"url": "relationship", "valueCoding": KIN}, {"url": "end", "valueDateTime": "2030"}],
)
# what is different , who is known to have signed
SIGNED: list[tuple[str, dict[str, Any], Grantor | None]] = [
    ("the person itself", {}, Grantor(reference=CHILD)),
    ("nobody", {"performer": None}, None),
    ("two", {"performer": [{"reference": CHILD}, {"reference": MOTHER}]}, None),
    ("another patient", {"performer": [{"reference": "Patient/other"}]}, None),
    ("a guardian known beside it", {"performer": [{"reference": MOTHER}]}, GUARDIANS[MOTHER]),
    ("somebody unknown", {"performer": [{"reference": "RelatedPerson/aunt"}]}, None),
    (
        "a guardian who stands in it",
        {"performer": CONTAINED, "contained": [mother()]},
        Grantor(reference="#m", relationship="MTH", authority=AUTHORITY),
    ),
    ("one who stands in it twice", {"performer": CONTAINED, "contained": [mother(), mother()]}, None),
    ("one who is not in it", {"performer": CONTAINED, "contained": [mother(id="x")]}, None),
    ("a name in it, nobody there", {"performer": CONTAINED}, None),
    ("no longer active", {"performer": CONTAINED, "contained": [mother(active=False)]}, None),
    ("active as text", {"performer": CONTAINED, "contained": [mother(active="true")]}, None),
    ("of another kind", {"performer": CONTAINED, "contained": [mother(resourceType="Person")]}, None),
    ("without authority", {"performer": CONTAINED, "contained": [{**mother(), "period": {"start": "2020"}}]}, None),
    ("a neighbour", {"performer": CONTAINED, "contained": [mother(relationship=[{"coding": [NEIGHBOUR]}])]}, None),
    (
        "a code of who knows what",
        {"performer": CONTAINED, "contained": [mother(relationship=[{"coding": [OTHER]}])]},
        None,
    ),
    (
        "a neighbour who is the mother",
        {
            "performer": CONTAINED,
            "contained": [mother(relationship=[{"coding": [NEIGHBOUR]}, {"coding": [OTHER, KIN]}])],
        },
        Grantor(reference="#m", relationship="MTH", authority=AUTHORITY),
    ),
    (
        "one whose authority it states",
        {"performer": [{"reference": MOTHER}], "extension": AUTHORISED},
        Grantor(
            reference=MOTHER, relationship="MTH", authority=Period(period.BEGINNING, datetime(2031, 1, 1, tzinfo=UTC))
        ),
    ),
]


@pytest.mark.parametrize(("told", "grantor"), [each[1:] for each in SIGNED], ids=[each[0] for each in SIGNED])
def test_who_signed_is_known_or_nobody(told: dict[str, Any], grantor: Grantor | None) -> None:
    assert read(in_dialect("pcf-r4", told), guardians=GUARDIANS).grantor == grantor


def test_what_the_frame_says() -> None:
    bare = read(in_dialect("pcf-r4", {}))
    assert (bare.given_at, bare.verified, bare.assent, bare.supersedes) == (period.ALWAYS, True, None, None)
    assert bare.protected_from == frozenset()
    told = read(
        in_dialect(
            "pcf-r4",
            {
                "dateTime": "2026-01-10",
                "scope": {"coding": [{"code": "patient-privacy"}]},
                "extension": [
                    *extension(texts.ASSENT, valueBoolean=False),
                    *extension(texts.SUPERSEDES, valueReference={"reference": "Consent/c0"}),
                    *fled("XAL"),
                    *fled("XBK"),
                    *extension("urn:other", valueString="may be ignored"),
                ],
            },
        )
    )
    assert (told.id, told.status, told.patient) == ("c1", Status.ACTIVE, CHILD)
    assert told.given_at == Period(datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 1, 11, tzinfo=UTC))
    assert (told.assent, told.supersedes, told.protected_from) == (False, "c0", {"XAL", "XBK"})


@pytest.mark.parametrize(
    ("verified", "is_verified"), [([True], True), ([True, False], False), (["true"], False), ([None], False)]
)
def test_one_failed_verification_is_not_outvoted(verified: list[Any], is_verified: bool) -> None:
    content = in_dialect("pcf-r4", {"verification": [{"verified": each} for each in verified]})
    assert read(content).verified is is_verified


BERLIN = extension(texts.TIME_ZONE, valueCode="Europe/Berlin")
# what is different , when 1 July 2026 begins there, in hours before UTC
ZONES: list[tuple[dict[str, Any], int]] = [
    ({}, 0),
    ({"dateTime": "2026-01-10"}, 0),
    ({"dateTime": "2026-01-10T10:00:00+03:00"}, 3),
    ({"dateTime": "2026-01-10T10:00:00"}, 0),
    ({"extension": BERLIN}, 2),
    ({"dateTime": "2026-01-10T10:00:00+03:00", "extension": BERLIN}, 2),
    ({"extension": extension(texts.UTC_OFFSET, valueString="-05:00")}, -5),
    ({"extension": [*BERLIN, *extension(texts.UTC_OFFSET, valueString="-05:00")]}, -5),
]


@pytest.mark.parametrize(("told", "hours"), ZONES)
def test_days_begin_where_the_consent_was_given(told: dict[str, Any], hours: int) -> None:
    found = read(in_dialect("pcf-r4", {**told, "provision": {"period": {"start": "2026-07-01"}}}))
    assert found.root.conditions.period.start == datetime(2026, 7, 1, tzinfo=UTC) - timedelta(hours=hours)


def test_a_time_without_zone_is_read_where_the_consent_was_given() -> None:
    stated = {"start": "2026-07-01T10:00:00", "end": "2026-07-01T10:00:00.5"}
    found = read(in_dialect("pcf-r4", {"extension": BERLIN, "provision": {"period": stated}}))
    start = datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert found.root.conditions.period == Period(start, start + timedelta(milliseconds=600))
    assert period.widened("2026-07-01T10:00:00", ZoneInfo("Europe/Berlin")) is None
    assert period.widened("2026-07-01T25:00:00", ZoneInfo("Europe/Berlin"), local=True) is None
