"""Kill -9 of a running service and of its database: a small version of the long proof, and what it notices."""

from __future__ import annotations

from random import Random

import pytest

from registry.fhir import resource
from registry.fhir.resource import Resource
from tests.bench import durability, lives
from tests.bench.durability import Victim


def test_nothing_acknowledged_is_lost_and_no_consent_rises_again() -> None:
    outcome = durability.prove([Victim.SERVICE, Victim.DATABASE])
    assert outcome.problems == []
    assert outcome.kills == {Victim.SERVICE.value: 1, Victim.DATABASE.value: 1}
    assert outcome.taken_back == durability.LIVES
    assert outcome.acknowledged > 5 * durability.LIVES


def consents(*states: str) -> list[Resource]:
    return [resource.of({"resourceType": "Consent", "id": "c", "status": each}) for each in states]


DOSE = [resource.of({"resourceType": "Immunization", "id": "d"})]
HARM = {
    "a dose is lost": ([], consents("active"), False),
    "a dose is doubled": (DOSE * 2, consents("active"), False),
    "a consent is lost": (DOSE, [], False),
    "a withdrawal is lost": (DOSE, consents("active"), True),
    "a consent rose again": (DOSE, consents("active", "inactive", "active"), True),
    "a consent was ended by nobody": (DOSE, consents("active", "inactive"), False),
}


@pytest.mark.parametrize(("doses", "held", "is_taken_back"), HARM.values(), ids=HARM.keys())
def test_the_search_notices(doses: list[Resource], held: list[Resource], is_taken_back: bool) -> None:
    life = lives.new(1, Random(1))
    life.dose, life.consents, life.is_taken_back = "Immunization/d", ["c"], is_taken_back
    sound = consents("active", "inactive") if is_taken_back else consents("active")
    assert list(durability.unlike({"Immunization/d": DOSE, "Consent/c": sound}, life)) == []
    assert len(list(durability.unlike({"Immunization/d": doses, "Consent/c": held}, life))) == 1
