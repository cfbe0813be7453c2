"""Questions about consents, made up at random: any number of them, the same for the same seed.

Most cases are plausible and some are broken on purpose. Dates cluster around `NOON`, so that first and last days,
months and years are hit. A case holds FHIR JSON, not our own tree, so that reading is compared as well.
"""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from registry.consent import decision, readings, texts, walking
from registry.consent.agreement import Agreement, Refused
from registry.consent.decision import Decision
from registry.consent.request import Facts, Item, OrganisationKind, Request
from registry.consent.texts import ContentClass
from registry.fhir import dates, resource
from registry.fhir.terminology import Coding
from tests.support import foreign_cases, naive_consent
from tests.support.naive_consent import Answer

Json = dict[str, Any]

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
PERSON = "Patient/child"
GRANTORS = (PERSON, "RelatedPerson/mother", "RelatedPerson/father", "PractitionerRole/officer")
CLINICS, SCHOOLS = ("clinic-1", "clinic-2"), ("school-1", "school-2")
COUNTRIES = ("XAL", "XBK", "XCV")

V, G, L = ContentClass.DOSES, ContentClass.SCHOOLING, ContentClass.PLACE
_LABELS = {held: {"system": coding.system, "code": coding.code} for coding, held in texts.LABELS.items()}
_TREAT = {"system": texts.TREATMENT.system, "code": texts.TREATMENT.code}
_EDUCONT = {"system": texts.EDUCATION_CONTINUITY.system, "code": texts.EDUCATION_CONTINUITY.code}
_STARTS = ("2025", "2026", "2026-03", "2026-03-31", "2026-03-31T12:00:00Z", "2026-04", "2026-04-01", "2027")
_ENDS = ("2026", "2026-03", "2026-03-31", "2026-03-30", "2026-03-31T11:59:59Z", "2026-02", "2025", "2027-02")
_MOMENTS = (
    NOON,
    datetime(2026, 3, 31, 23, 59, 59, 999_999, UTC),
    datetime(2026, 4, 1, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2026, 3, 31, 22, 30, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question and everything it depends on."""

    consents: tuple[Json, ...]
    request: Request
    items: tuple[Item, ...]
    facts: Facts
    now: datetime
    dialect: str = "continuity"


def cases(count: int, seed: int) -> Iterator[Case]:
    """`count` cases of one seed; five questions are asked of the same consents."""
    dice = Random(seed)
    made = 0
    while made < count:
        first = case(dice)
        for each in (first, *(again(first, dice) for _ in range(4)))[: count - made]:
            yield each
            made += 1


def again(first: Case, dice: Random) -> Case:
    """Another question to the same consents: other records, another person's facts, often another moment."""
    other = own(dice, ()) if first.dialect == "continuity" else _foreign(dice, ())
    request = other.request
    if dice.random() < 0.8:
        asked = first.request
        same = {
            "organisation": asked.organisation,
            "kind": asked.kind,
            "purpose": asked.purpose,
            "parties": asked.parties,
        }
        request = replace(request, **same)
    facts = replace(other.facts, person=first.facts.person)
    return replace(other, consents=first.consents, dialect=first.dialect, request=request, facts=facts)


def own_cases(count: int, seed: int) -> Iterator[Case]:
    """`count` cases of our own dialect."""
    dice = Random(seed)
    return (own(dice) for _ in range(count))


def case(dice: Random) -> Case:
    """One of ours or one of another dialect, in turn by chance."""
    return _foreign(dice) if dice.random() < 0.5 else own(dice)


def _foreign(dice: Random, given: tuple[Json, ...] | None = None) -> Case:
    now = dice.choice(_MOMENTS) if dice.random() < 0.5 else NOON
    request, dialect = foreign_cases.request(dice, now), dice.choice(foreign_cases.DIALECTS[:4])
    if dice.random() < 0.01:
        dialect = foreign_cases.DIALECTS[4]
    count = dice.choices((0, 1, 2, 3), (1, 8, 4, 2))[0] if given is None else 0
    consents = [foreign_cases.consent(dice, f"c{number}", request, dialect) for number in range(1, count + 1)]
    if dice.random() < 0.05:
        consents.append(consent(dice, "ours", request))
    items = tuple(foreign_cases.item(dice, number) for number in range(dice.choices((0, 1, 2, 4), (1, 6, 4, 2))[0]))
    return Case(consents=tuple(consents), request=request, items=items, facts=_facts(dice), now=now, dialect=dialect)


def own(dice: Random, given: tuple[Json, ...] | None = None) -> Case:
    """A case of our own dialect; its consents are made up too, unless they are given."""
    now = dice.choice(_MOMENTS) if dice.random() < 0.5 else NOON
    request = _request(dice, now)
    count = dice.choices((0, 1, 2, 3, 4), (1, 8, 5, 2, 1))[0] if given is None else 0
    consents = tuple(consent(dice, f"c{dice.choice((number, number, 1))}", request) for number in range(1, count + 1))
    items = tuple(_item(dice, number) for number in range(dice.choices((0, 1, 2, 4), (1, 4, 4, 2))[0]))
    return Case(consents=consents, request=request, items=items, facts=_facts(dice), now=now)


def agreements(case: Case) -> list[Agreement | Refused]:
    return [readings.read(resource.of(each), case.dialect) for each in case.consents]


def decided(case: Case) -> Decision:
    return decision.decide(agreements(case), case.request, case.items, case.facts, case.now)


def walked(case: Case) -> Decision:
    return walking.walk(agreements(case), case.request, case.items, case.facts, case.now)


def disagreements(count: int, seed: int) -> list[int]:
    """The numbers of the cases on which the two evaluators differ."""
    return list(_disagreements(count, seed))


def first_disagreement(count: int, seed: int) -> int | None:
    """The number of the first case on which they differ."""
    return next(_disagreements(count, seed), None)


def _disagreements(count: int, seed: int) -> Iterator[int]:
    both: Both | None = None
    for number, each in enumerate(cases(count, seed)):
        if both is None or both.of is not each.consents:
            both = Both(each)
        if not both.agree(each):
            yield number


class Both:
    """The two evaluators, each having read the same consents."""

    def __init__(self, case: Case) -> None:
        self.of = case.consents
        self._first = agreements(case)
        self._second = naive_consent.Read(case.consents, case.dialect)

    def agree(self, case: Case) -> bool:
        """Whether both say the same, with the registry's gates and without them."""
        asked = (case.request, case.items, case.facts, case.now)
        first = (_told(decision.decide(self._first, *asked)), _told(walking.walk(self._first, *asked)))
        return first == naive_consent.both(self._second, *asked)


def corpus(count: int, seed: int) -> list[bytes]:
    """Cases with the answers of the second evaluator, worked out once for many faults of the first.

    In portions, and as bytes, because whoever reads the package anew must read the cases anew.
    """
    made = list(cases(count, seed))
    asked = [list(each) for _, each in itertools.groupby(made, key=lambda case: id(case.consents))]
    answered = [(each, _second_answers(each)) for each in asked]
    return [pickle.dumps(answered[start : start + 20]) for start in range(0, len(answered), 20)]


def differs_from(answered: Iterable[bytes]) -> bool:
    """Whether the first evaluator, as it is in this process, answers any of these otherwise."""
    portions = (pickle.loads(each) for each in answered)  # noqa: S301 - nothing but what `corpus` made is read here
    return any(_first_answers(asked) != answers for each in portions for asked, answers in each)


def _first_answers(asked: Sequence[Case]) -> list[tuple[Answer, Answer]]:
    """What is said to questions to the same consents, with the registry's gates and without them."""
    read = agreements(asked[0])
    of = [(read, each.request, each.items, each.facts, each.now) for each in asked]
    return [(_told(decision.decide(*each)), _told(walking.walk(*each))) for each in of]


def _second_answers(asked: Sequence[Case]) -> list[tuple[Answer, Answer]]:
    read = naive_consent.Read(asked[0].consents, asked[0].dialect)
    return [naive_consent.both(read, each.request, each.items, each.facts, each.now) for each in asked]


def evaluators_agree(case: Case) -> bool:
    return Both(case).agree(case)


def _told(found: Decision) -> Answer:
    return Answer(found.outcome.value, frozenset(found.permitted), found.opened)


def _request(dice: Random, now: datetime) -> Request:
    kinds = (OrganisationKind.CLINIC, OrganisationKind.SCHOOL, dice.choice(list(OrganisationKind)))
    kind = dice.choices(kinds, (10, 10, 1))[0]
    own = texts.EDUCATION_CONTINUITY if kind is OrganisationKind.SCHOOL else texts.TREATMENT
    other = (
        texts.TREATMENT,
        texts.EDUCATION_CONTINUITY,
        Coding(system=texts.ACT_REASON, code="ETREAT"),
        Coding(system=texts.EDUCATION_PURPOSE, code="TREAT"),
    )
    return Request(
        organisation=dice.choice(SCHOOLS if kind is OrganisationKind.SCHOOL else CLINICS),
        kind=kind,
        jurisdiction=dice.choices((*COUNTRIES, "XAL-01", dice.choice(("xal", "AL", "", "XALX"))), (9, 9, 9, 3, 1))[0],
        purpose=own if dice.random() < 0.95 else dice.choice(other),
        at=now + timedelta(seconds=dice.choices((0, -60, 60), (40, 8, 1))[0]),
    )


def _item(dice: Random, number: int) -> Item:
    classes = dice.choices(
        (
            frozenset({V, L}),
            frozenset({G, L}),
            frozenset({V}),
            frozenset({G}),
            frozenset({L}),
            frozenset[ContentClass](),
            frozenset({V, dice.choice(list(ContentClass))}),
        ),
        (8, 8, 3, 3, 2, 1, 2),
    )[0]
    ref = f"Item/{dice.choice((number, number, number, 0))}"
    return Item(ref=ref, classes=classes, recorded_in=dice.choice((*COUNTRIES, None)))


def _facts(dice: Random) -> Facts:
    fled = (None, frozenset[str](), frozenset({"XAL"}), frozenset({"XAL", "XBK"}), frozenset({"XAL-02"}))
    births = (None, "2018", "2015-06-03", "2008-03-31", "2008-04-01", "2008", "1990", "2008-02-29")
    birth = dice.choices(births, (20, 8, 8, 2, 2, 2, 4, 1))[0]
    odd = frozenset({"XAL", "somewhere"})
    return Facts(
        person=frozenset({PERSON, "Patient/child-too"} if dice.random() < 0.97 else {"Patient/stranger"}),
        protected_from=dice.choice((*fled, odd)) if dice.random() < 0.5 else frozenset(),
        birth=dates.parse(birth) if birth else None,
        heard=dice.choices((None, frozenset({PERSON}), frozenset({"Patient/child-too"})), (20, 5, 1))[0],
        assent_age=dice.choices((None, 12, 10), (6, 1, 1))[0],
        unaccompanied=dice.choices((None, False, True), (6, 1, 1))[0],
    )


# --- consents -------------------------------------------------------------------------------------


def consent(dice: Random, consent_id: str, request: Request) -> Json:
    """A consent, more often than not about the asker; about one in ten is broken or of another dialect."""
    version = str(dice.choice((1, 1, 1, 2, 12)))
    grantor = dice.choices(GRANTORS, (2, 10, 4, 1))[0]
    content: Json = {
        "resourceType": "Consent",
        "id": consent_id,
        "meta": {"versionId": version, "profile": [texts.PROFILE]},
        "extension": _extensions(dice, consent_id, grantor),
        "status": dice.choices(("active", "inactive", "draft", "entered-in-error", "rejected"), (60, 3, 1, 1, 1))[0],
        "scope": copy.deepcopy(texts.SCOPE),
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": dice.choices((PERSON, "Patient/child-too", "Patient/other"), (90, 8, 3))[0]},
        "dateTime": dice.choices(("2025-12-01", "2026-03-31T11:00:00Z", "2025-05", "2026-03-31"), (12, 1, 3, 2))[0],
        "performer": [{"reference": grantor}],
        "policyRule": copy.deepcopy(texts.POLICY),
        "verification": [{"verified": True}] if dice.random() < 0.96 else [{"verified": True}, {"verified": False}],
        "provision": _root(dice, request),
    }
    if dice.random() < 0.05:
        dice.choice(BREAKS)(content, dice)
    return content


def _extensions(dice: Random, consent_id: str, grantor: str) -> list[Json]:
    shown = [
        {"url": "language", "valueCode": "ar"},
        {"url": "version", "valueString": "1"},
        {"url": "sha256", "valueString": "0f" * 32},
    ]
    found: list[Json] = [{"url": texts.TEXT, "extension": shown}]
    if grantor != PERSON:
        found.append({"url": texts.AUTHORITY, "extension": _authority(dice, grantor)})
    if dice.random() < 0.15:
        others = [each for each in ("c1", "c2", "c3") if each != consent_id]
        reference = {"reference": f"Consent/{dice.choice(others)}"}
        found.append({"url": texts.SUPERSEDES, "valueReference": reference})
    if dice.random() < 0.1:
        found.append({"url": texts.ASSENT, "valueBoolean": dice.random() < 0.7})
    if dice.random() < 0.15:
        country = {"system": texts.COUNTRIES, "code": dice.choice(COUNTRIES)}
        found.append({"url": texts.PROTECTED_FROM, "valueCoding": country})
    if dice.random() < 0.2:
        found.append({"url": texts.UTC_OFFSET, "valueString": dice.choice(("+03:00", "-05:30", "Z"))})
    return found


def _authority(dice: Random, grantor: str) -> list[Json]:
    officer = {"system": texts.OFFICER.system, "code": texts.OFFICER.code}
    kin = {"system": texts.ROLE_CODE, "code": "MTH"}
    end = dice.choices(("2030", "2026-03-31", "2026-03-30", "2026-03"), (12, 1, 1, 1))[0]
    return [
        {"url": "relationship", "valueCoding": kin if grantor.startswith("RelatedPerson") else officer},
        {"url": "end", "valueDateTime": end},
    ]


def _root(dice: Random, request: Request) -> Json:
    organisations = [request.organisation] if dice.random() < 0.9 else [dice.choice((*CLINICS, *SCHOOLS))]
    if dice.random() < 0.3:
        organisations.append(dice.choice((*CLINICS, *SCHOOLS)))
    root: Json = {"type": "deny", "period": _period(dice, plain=True)}
    if dice.random() < 0.98:
        root["actor"] = [_actor(each) for each in dict.fromkeys(organisations)]
    if dice.random() < 0.98:
        root["purpose"] = dice.choices(([_TREAT, _EDUCONT], [_TREAT], [_EDUCONT]), (8, 1, 1))[0]
    if dice.random() < 0.98:
        root["securityLabel"] = [
            _LABELS[each] for each in dice.choices(((V, G, L), (V, L), (G, L), (V, G), (L,)), (16, 2, 2, 2, 1))[0]
        ]
    root["provision"] = [_nested(dice, root, "permit", 2) for _ in range(dice.choice((0, 1, 1, 1, 1, 1, 2)))]
    if not root["provision"]:
        del root["provision"]
    return root


def _nested(dice: Random, parent: Json, usual: str, depth: int) -> Json:
    effect = usual if dice.random() < 0.85 else {"permit": "deny", "deny": "permit"}[usual]
    node: Json = {"type": effect}
    for name in ("actor", "purpose", "securityLabel"):
        if dice.random() < 0.15 * depth and (held := parent.get(name) or _anything(name)):
            node[name] = dice.sample(held, dice.randint(1, len(held)))
    if dice.random() < 0.1:
        node["period"] = _period(dice, plain=False)
    if dice.random() < 0.01:
        node["actor"] = [_actor(dice.choice((*CLINICS, *SCHOOLS)))]
    if depth < 5 and dice.random() < 0.3:
        view = {**parent, **node}
        other = {"permit": "deny", "deny": "permit"}[effect]
        node["provision"] = [_nested(dice, view, other, depth + 1) for _ in range(dice.choice((1, 1, 2)))]
    return node


def _anything(name: str) -> list[Json]:
    every = {
        "actor": [_actor(each) for each in (*CLINICS, *SCHOOLS)],
        "purpose": [_TREAT, _EDUCONT],
        "securityLabel": list(_LABELS.values()),
    }
    return every[name]


def _actor(organisation: str) -> Json:
    role = {"coding": [{"system": texts.RECIPIENT.system, "code": texts.RECIPIENT.code}]}
    return {"role": role, "reference": {"reference": f"Organization/{organisation}"}}


def _period(dice: Random, *, plain: bool) -> Json:
    if plain and dice.random() < 0.85:
        return {"start": "2025", "end": "2027-02"}
    live = dice.random() < 0.7
    period = {
        "start": dice.choice(_STARTS[:4] if live else _STARTS),
        "end": dice.choice(_ENDS[:3] if live else _ENDS),
    }
    if plain and dice.random() < 0.15:
        del period["start"]
    return period


# --- broken on purpose ----------------------------------------------------------------------------


def _first(content: Json) -> Json:
    return (content["provision"].get("provision") or [content["provision"]])[0]


def _put(name: str, value: Any) -> Callable[[Json, Random], None]:
    def broken(content: Json, _: Random) -> None:
        content[name] = copy.deepcopy(value)

    return broken


def _put_below(name: str, value: Any) -> Callable[[Json, Random], None]:
    def broken(content: Json, _: Random) -> None:
        _first(content)[name] = copy.deepcopy(value)

    return broken


def _drop(name: str) -> Callable[[Json, Random], None]:
    def broken(content: Json, _: Random) -> None:
        content.pop(name, None)

    return broken


def _drop_below(name: str) -> Callable[[Json, Random], None]:
    def broken(content: Json, _: Random) -> None:
        _first(content).pop(name, None)

    return broken


def _break_meta(content: Json, dice: Random) -> None:
    content["meta"] = dice.choice(
        (
            {"versionId": "1"},
            {"profile": [texts.PROFILE]},
            {"versionId": "1", "profile": ["http://hl7.org/fhir/StructureDefinition/Consent"]},
            {"versionId": "one", "profile": [texts.PROFILE]},
            {"versionId": "1", "profile": [texts.PROFILE, texts.PROFILE]},
        )
    )


def _break_extension(content: Json, dice: Random) -> None:
    held = content["extension"]
    change = dice.choice(("none", "twice", "unknown", "self"))
    changed = {
        "none": held[1:],
        "twice": [*held, held[0]],
        "unknown": [*held, {"url": "urn:other", "valueString": "but not on Sundays"}],
        "self": [
            *(each for each in held if each["url"] != texts.SUPERSEDES),
            {"url": texts.SUPERSEDES, "valueReference": {"reference": f"Consent/{content['id']}"}},
        ],
    }
    content["extension"] = changed[change]


def _widen(content: Json, _: Random) -> None:
    for name in ("actor", "period", "securityLabel"):
        content["provision"].pop(name, None)


def _deepen(content: Json, dice: Random) -> None:
    for _ in range(dice.choice((20, 40))):
        content["provision"] = {**content["provision"], "provision": [content["provision"]]}


BREAKS: tuple[Callable[[Json, Random], None], ...] = (
    _break_meta,
    _break_extension,
    _widen,
    _deepen,
    _put("status", "cancelled"),
    _put("modifierExtension", [{"url": "urn:not", "valueBoolean": True}]),
    _put("provision", {"type": "permit"}),
    _put("provision", "all"),
    _put("performer", []),
    _put("performer", [{"reference": "RelatedPerson/stranger"}, {"reference": PERSON}]),
    _put("performer", [{"reference": "Practitioner/nurse"}]),
    _put("dateTime", "yesterday"),
    _put("decision", "permit"),
    _put("scope", {"text": "privacy"}),
    _drop("dateTime"),
    _drop("verification"),
    _drop("provision"),
    _drop("policyRule"),
    _drop_below("type"),
    _put_below("type", "allow"),
    _put_below("action", [{"coding": [{"code": "access"}]}]),
    _put_below("data", [{"meaning": "instance", "reference": {"reference": "Immunization/1"}}]),
    _put_below("dataPeriod", {"start": "2020"}),
    _put_below("class", [{"system": "urn:ietf:bcp:13", "code": "Immunization"}]),
    _put_below("modifierExtension", [{"url": "urn:not", "valueBoolean": True}]),
    _put_below("purpose", [{"system": texts.ACT_REASON, "code": "HOPERAT"}]),
    _put_below("purpose", []),
    _put_below("securityLabel", [{"system": texts.CONTENT_CLASS, "code": "X"}]),
    _put_below("actor", [{"reference": {"reference": "Organization/clinic-1"}}]),
    _put_below("period", {"start": "2026-13"}),
    _put_below("period", {"start": "2027", "end": "2026"}),
)
