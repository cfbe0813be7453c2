"""May this leave?  The same rules told a second time, slowly, from the text of the protection reference.

Nothing of `registry.consent` is used but the shapes of question and facts. Every item is decided by itself, every
provision is compared with the path of provisions above it, every time is written out. `defect` plants one of the
seven defects found in a published consent engine (protection reference, section 4), to show that tests notice.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

from registry.consent.request import Facts, Item, Request

Json = dict[str, Any]
OURS = "https://continuity-registry.example/fhir"
V3 = "http://terminology.hl7.org/CodeSystem/v3-"
TREAT, EDUCONT = (f"{V3}ActReason", "TREAT"), (f"{OURS}/CodeSystem/education-purpose", "EDUCONT")
LABELS = {
    (f"{OURS}/CodeSystem/content-class", "V"): "V",
    (f"{OURS}/CodeSystem/content-class", "G"): "G",
    (f"{V3}ActCode", "LOCIS"): "L",
}
MAY_RECEIVE = {"clinic": ("V", TREAT), "school": ("G", EDUCONT)}
KNOWN_STATUS = {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"}
KIN = "MTH FTH PRN ADOPTP STPPRN PRNFOST GUARD GRPRN GRMTH GRFTH AUNT UNCLE SIB SIS BRO"


class Defect(Enum):
    """The seven, in the letters of the reference."""

    NO_PURPOSE_MATCHES_ALL = "a"
    ONE_LEVEL_ONLY = "b"
    ROOT_ACTOR_UNCHECKED = "c"
    NESTED_LIMITS_IGNORED = "d"
    NEWEST_WINS = "e"
    EXCEPTION_SAYS_NOTHING = "f"
    BASE_IS_FLIPPED = "g"


@dataclass(frozen=True)
class Answer:
    outcome: str
    permitted: frozenset[str]
    opened: frozenset[str]


def decide(
    consents: Sequence[Json],
    request: Request,
    items: Sequence[Item],
    facts: Facts,
    now: datetime,
    defect: Defect | None = None,
) -> Answer:
    return _Court(consents, request, facts, now, defect).answer(items)


class _Court:
    def __init__(
        self, consents: Sequence[Json], request: Request, facts: Facts, now: datetime, defect: Defect | None
    ) -> None:
        self.request, self.facts, self.now, self.defect = request, facts, now, defect
        self.all = list(consents)
        self.readable = [each for each in consents if is_readable(each, defect)]
        self.theirs = [each for each in self.readable if each["patient"]["reference"] in facts.person]

    def answer(self, items: Sequence[Item]) -> Answer:
        refused = self._gate()
        if refused:
            return Answer("deny", frozenset(), frozenset())
        if not items:
            return Answer(self._domain(), frozenset(), frozenset())
        allowed = {item.ref for item in items} - {item.ref for item in items if not self._leaves(item)}
        if not allowed:
            said = self._domain()
            return Answer(said if said != "permit" else "deny", frozenset(), frozenset())
        placed = [item for item in items if item.ref in allowed and "L" in _letters(item)]
        shut = {item.ref for item in placed if not self._place_open(item)}
        opened = frozenset(item.ref for item in placed) - shut
        return Answer("permit", frozenset(allowed), opened)

    def _gate(self) -> bool:
        """Gate 1: whether something is missing or unknown, so that everything is refused."""
        request = self.request
        if not re.fullmatch(r"[A-Z][A-Z][A-Z](-[A-Z0-9]{1,3})?", request.jurisdiction) or request.at > self.now:
            return True
        if request.kind.value not in MAY_RECEIVE:
            return True
        if self._purpose() != MAY_RECEIVE[request.kind.value][1] and self.defect is not Defect.NO_PURPOSE_MATCHES_ALL:
            return True
        unread = [each for each in self.all if each not in self.readable]
        over = KNOWN_STATUS - {"active"}
        blocking = [each for each in unread if each.get("status") not in over]
        return bool(blocking) and self.defect is not Defect.EXCEPTION_SAYS_NOTHING

    def _purpose(self) -> tuple[str, str]:
        asked: Any = self.request.purpose
        return (asked.system, asked.code) if asked else ("", "")

    def _letter(self) -> str:
        return MAY_RECEIVE[self.request.kind.value][0]

    def _domain(self) -> str:
        return self._verdict(self._letter())

    def _leaves(self, item: Item) -> bool:
        letters = _letters(item)
        if not letters or letters - {self._letter(), "L"} or self._domain() != "permit":
            return False
        return letters != {"L"} or self._place_open(item)

    def _place_open(self, item: Item) -> bool:
        """Gate 0, then whether one consent opens domain and place together and none forbids the place."""
        asking = self.request.jurisdiction.split("-")[0]
        fled = set(self.facts.protected_from or ())
        for consent in self.theirs:
            fled |= {
                each["valueCoding"]["code"]
                for each in consent["extension"]
                if each["url"].endswith("/consent-protected-from")
            }
        strange = [each for each in fled if not re.fullmatch(r"[A-Z]{3}(-[A-Z0-9]{1,3})?", each)]
        if asking in {each[:3] for each in fled if each not in strange}:
            return False
        if (self.facts.protected_from is None or strange) and asking != str(item.recorded_in)[:3]:
            return False
        if self._verdict("L") == "deny":
            return False
        both = [c for c in self.theirs if self._says(c, self._letter()) == self._says(c, "L") == "permit"]
        return bool(both)

    def _verdict(self, letter: str) -> str:
        said = [(consent, self._says(consent, letter)) for consent in self.theirs]
        spoken = [(consent, word) for consent, word in said if word]
        if not spoken:
            return "no-consent"
        if self.defect is Defect.NEWEST_WINS:
            return max(spoken, key=lambda each: _span(each[0]["dateTime"], each[0])[0])[1]
        return "deny" if "deny" in [word for _, word in spoken] else "permit"

    def _says(self, consent: Json, letter: str) -> str:
        """What one consent says of a class: permit, deny or nothing."""
        if not self._stands(consent):
            return ""
        words = {node["type"] for node in self._deepest(consent, letter)}
        word = "deny" if "deny" in words else "permit" if words else ""
        heirs = [each for each in self.theirs if _replaces(each, consent)]
        if word == "permit" and (heirs or self._is_ended(consent["id"])):
            return ""
        if (
            word == "permit"
            and self.facts.heard is not None
            and consent["patient"]["reference"] not in self.facts.heard
        ):
            return ""
        newer = [each for each in heirs if _given(each) > _given(consent) and self._stands(each)]
        return "" if word == "deny" and newer else word

    def _is_ended(self, consent_id: str) -> bool:
        """Whether any version of it was withdrawn, a version that cannot be read included."""
        return any(
            each["id"] == consent_id and each.get("status") in ("inactive", "entered-in-error") for each in self.all
        )

    def _stands(self, consent: Json) -> bool:
        """Gate 2, but for the periods in the tree."""
        if consent["status"] != "active" or _given(consent) > self.now:
            return False
        checked = consent.get("verification", [])
        if not checked or not all(each["verified"] for each in checked):
            return False
        guardian = consent["performer"][0]["reference"].startswith("RelatedPerson/")
        if guardian and self.now > _span(_authority(consent)["end"], consent)[1]:
            return False
        grown = _grown_up(self.facts, self.now)
        return grown is None or grown != guardian

    def _deepest(self, consent: Json, letter: str) -> list[Json]:
        """The matching provisions that have no matching provision below them."""
        paths = list(_paths(consent["provision"], self.defect))
        hits = [path for path in paths if all(self._fits(node, at, consent, letter) for at, node in enumerate(path))]
        ends = [path for path in hits if not any(_is_below(other, path) for other in hits)]
        if self.defect is Defect.BASE_IS_FLIPPED:
            return [{"type": "deny" if len(path) == 1 else "permit"} for path in ends]
        return [path[-1] for path in ends]

    def _fits(self, node: Json, depth: int, consent: Json, letter: str) -> bool:
        nested_limits = self.defect is not Defect.NESTED_LIMITS_IGNORED or depth == 0
        if "period" in node and nested_limits:
            start = _span(node["period"].get("start", "0001"), consent)[0]
            end = _span(node["period"].get("end", "9999"), consent)[1]
            if not start <= self.now <= end:
                return False
        if "actor" in node and not (self.defect is Defect.ROOT_ACTOR_UNCHECKED and depth == 0):
            named = [each["reference"]["reference"] for each in node["actor"]]
            if f"Organization/{self.request.organisation}" not in named:
                return False
        any_purpose = self.defect is Defect.NO_PURPOSE_MATCHES_ALL
        if "purpose" in node and self._purpose() not in _pairs(node["purpose"]) and not any_purpose:
            return False
        labels = [LABELS[each] for each in _pairs(node["securityLabel"])] if "securityLabel" in node else [letter]
        return letter in labels


def _letters(item: Item) -> set[str]:
    return {each.value for each in item.classes}


def _pairs(codings: Sequence[Json]) -> list[tuple[str, str]]:
    return [(each["system"], each["code"]) for each in codings]


def _paths(provision: Json, defect: Defect | None) -> Iterator[tuple[Json, ...]]:
    """Every way from the root to a provision."""
    waiting: list[tuple[Json, ...]] = [(provision,)]
    while waiting:
        path = waiting.pop()
        yield path
        if defect is Defect.ONE_LEVEL_ONLY and len(path) == 2:
            continue
        waiting.extend((*path, below) for below in path[-1].get("provision", []))


def _is_below(other: tuple[Json, ...], path: tuple[Json, ...]) -> bool:
    return len(other) == len(path) + 1 and all(a is b for a, b in zip(other, path, strict=False))


def _given(consent: Json) -> datetime:
    return _span(consent["dateTime"], consent)[0]


def _extension(consent: Json, name: str) -> Json | None:
    return next((e for e in consent["extension"] if e["url"] == f"{OURS}/StructureDefinition/consent-{name}"), None)


def _authority(consent: Json) -> Json:
    held = _extension(consent, "authority")
    return {} if held is None else {e["url"]: e.get("valueCoding") or e.get("valueDateTime") for e in held["extension"]}


def _replaces(heir: Json, consent: Json) -> bool:
    named = _extension(heir, "supersedes")
    same = heir["performer"][0]["reference"] == consent["performer"][0]["reference"]
    return named is not None and same and named["valueReference"]["reference"] == f"Consent/{consent['id']}"


def _grown_up(facts: Facts, now: datetime) -> bool | None:
    if facts.birth is None:
        return None
    born = facts.birth
    month, day = born.month or 1, born.day or 1
    today = now.astimezone(UTC)
    return (today.year - born.year, today.month, today.day) >= (18, month, day)


# --- time written out -----------------------------------------------------------------------------


def _zone(consent: Json) -> timezone:
    for each in consent.get("extension", []):
        if each["url"] == "http://hl7.org/fhir/StructureDefinition/tz-offset" and each["valueString"] != "Z":
            sign = -1 if each["valueString"][0] == "-" else 1
            hours, minutes = map(int, each["valueString"][1:].split(":"))
            return timezone(sign * timedelta(hours=hours, minutes=minutes))
    return UTC


def _span(text: str, consent: Json) -> tuple[datetime, datetime]:
    """The first and the last microsecond a FHIR dateTime can mean."""
    if "T" in text:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment, moment if "." in text else moment.replace(microsecond=999_999)
    parts = [int(each) for each in text.split("-")]
    year, zone = parts[0], _zone(consent)
    first = datetime(year, parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1, tzinfo=zone)
    month = parts[1] if len(parts) > 1 else 12
    day = parts[2] if len(parts) > 2 else monthrange(year, month)[1]
    return first, datetime(year, month, day, 23, 59, 59, 999_999, zone)


# --- which consents can be read without doubt -----------------------------------------------------


def is_readable(consent: Json, defect: Defect | None = None) -> bool:
    """Whether everything that must be there is there, and nothing else."""
    try:
        return all(check(consent) for check in _CHECKS) and _tree_is_plain(consent, defect)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return False


def _shape(consent: Json) -> bool:
    known = (
        "resourceType id meta language text identifier extension status scope category patient dateTime performer "
        "policyRule verification provision"
    )
    ours = consent["meta"]["profile"] == [f"{OURS}/StructureDefinition/continuity-consent"]
    version = re.fullmatch("[1-9][0-9]*", consent["meta"]["versionId"])
    return ours and bool(version) and set(consent) <= set(known.split()) and consent["status"] in KNOWN_STATUS


def _frame(consent: Json) -> bool:
    scope = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
    policy = {"system": f"{OURS}/CodeSystem/consent-policy", "code": "default-no"}
    return consent["scope"] == {"coding": [scope]} and consent["policyRule"] == {"coding": [policy]}


def _people(consent: Json) -> bool:
    patient, (performer,) = consent["patient"]["reference"], consent["performer"]
    grantor = performer["reference"]
    if grantor == patient and _extension(consent, "authority") is None:
        return patient.startswith("Patient/")
    if not grantor.startswith("RelatedPerson/") or not patient.startswith("Patient/"):
        return False
    authority = _authority(consent)
    relation = authority["relationship"]
    _span(authority["end"], consent)
    return relation["system"] == f"{V3}RoleCode" and relation["code"] in KIN.split()


def _notes(consent: Json) -> bool:
    """Every extension is known and stands once (countries may repeat), and the text shown is stated."""
    urls = [each["url"] for each in consent["extension"]]
    names = ("text", "authority", "protected-from", "supersedes", "withdrawn")
    known = [f"{OURS}/StructureDefinition/consent-{name}" for name in names]
    many, single = known[2], [each for each in urls if each != known[2]]
    zone = "http://hl7.org/fhir/StructureDefinition/tz-offset"
    if set(urls) - {*known, zone} or len(single) != len(set(single)) or known[0] not in urls:
        return False
    named = _extension(consent, "supersedes")
    selfish = named is not None and named["valueReference"]["reference"] == f"Consent/{consent['id']}"
    _span(consent["dateTime"], consent)
    return not selfish and many in known


def _checked(consent: Json) -> bool:
    return "verification" not in consent or all(isinstance(e["verified"], bool) for e in consent["verification"])


_CHECKS = (_shape, _frame, _people, _notes, _checked)


def _tree_is_plain(consent: Json, defect: Defect | None) -> bool:
    if consent["provision"]["type"] != "deny":
        return False
    paths = list(_paths(consent["provision"], None))
    return all(len(path) <= 32 and _node_is_plain(path, consent, defect) for path in paths)


def _node_is_plain(path: tuple[Json, ...], consent: Json, defect: Defect | None) -> bool:
    node = path[-1]
    ignored = {"action", "data", "dataPeriod"} if defect is Defect.NESTED_LIMITS_IGNORED else set[str]()
    known = {"type", "period", "actor", "purpose", "securityLabel", "provision"}
    if set(node) - known - ignored or [] in node.values():
        return False
    if node["type"] not in ("permit", "deny"):
        return False
    return _terms_known(node) and _inside(path, consent) and (node["type"] == "deny" or _bounded(path))


def _terms_known(node: Json) -> bool:
    recipient = {"coding": [{"system": f"{V3}ParticipationType", "code": "IRCP"}]}
    actors = all(
        each["role"] == recipient and each["reference"]["reference"].startswith("Organization/")
        for each in node.get("actor", [])
    )
    purposes = set(_pairs(node.get("purpose", []))) <= {TREAT, EDUCONT}
    return actors and purposes and set(_pairs(node.get("securityLabel", []))) <= set(LABELS)


def _inside(path: tuple[Json, ...], consent: Json) -> bool:
    """A provision states nothing that lies outside what the provisions above it state."""
    node, above = path[-1], path[:-1]
    for name in ("actor", "purpose", "securityLabel"):
        stated = [each[name] for each in above if name in each]
        if name in node and stated and any(each not in stated[-1] for each in node[name]):
            return False
    if "period" not in node:
        return True
    start, end = _limits(node["period"], consent)
    outer = [_limits(each["period"], consent) for each in above if "period" in each]
    return start <= end and all(low <= start and end <= high for low, high in outer)


def _limits(period: Json, consent: Json) -> tuple[datetime, datetime]:
    low, high = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
    start = _span(period["start"], consent)[0] if "start" in period else low
    return start, _span(period["end"], consent)[1] if "end" in period else high


def _bounded(path: tuple[Json, ...]) -> bool:
    named = all(any(name in node for node in path) for name in ("actor", "purpose", "securityLabel"))
    return named and any("end" in node.get("period", {}) for node in path)
