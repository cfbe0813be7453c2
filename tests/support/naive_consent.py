"""May this leave?  The same rules told a second time, slowly, from the text of the protection reference.

Nothing of `registry.consent` is used but the shapes of question and facts. Every item is decided by itself, every
provision is compared with the path of provisions above it, every time is written out. `defect` plants one of the
seven defects found in a published consent engine (protection reference, section 4), to show that tests notice.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from registry.consent.request import Facts, Item, Request
from tests.support import naive_reading
from tests.support.naive_reading import CLASSES, EDUCATION, LOCIS, PRIVATE, Json, Path, demands, pairs, span, words

REASON = f"{naive_reading.V3}ActReason"
BTG = (REASON, "BTG")
SCHOOLING_PURPOSES = EDUCATION[:2]
RESEARCH = words("BIORCH CLINTRCH CLINTRCHNPC CLINTRCHPC PRECLINTRCH DSRCH POARCH TRANSRCH")
PURPOSES_OF_USE = words(
    "BIORCH BTG CAREMGT CLINTRCH CLINTRCHNPC CLINTRCHPC CLINTRL CLMATTCH COC COVAUTH COVERAGE DISASTER DONAT "
    "DSRCH ELIGDTRM ELIGVER ENROLLM ERTREAT ETREAT FAMRQT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL "
    "HMARKT HOPERAT HOUTCOMS HPAYMT HPRGRP HQUALIMP HRESCH HSYSADMIN HTEST LABELING MEMADMIN METAMGT MILCDM "
    "MILDCRG PATADMIN PATRQT PATSFTY PERFMSR POARCH POPHLTH PRECLINTRCH PUBHLTH PWATRNY RECORDMGT REMITADV "
    "SUPNWK SYSDEV THREAT TRAIN TRANSRCH TREAT"
)
HANDLING = words("NOREUSE NORELINK REDACT MASK PSEUD ANONY DEID ENCRYPT NOAUTH NODSCLCD PERSISTLABEL")
ENTITLED = words("doctor emergency-clinician nurse paramedic physician")
YES, NO, UNKNOWN = "yes", "no", "unknown"


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
    dialect: str = "continuity",
) -> Answer:
    """The registry's answer, with its gates."""
    return _Court(Read(consents, dialect, defect), request, facts, now).answer(items)


def both(read: Read, request: Request, items: Sequence[Item], facts: Facts, now: datetime) -> tuple[Answer, Answer]:
    """What the registry answers with its gates, and what the consents alone say."""
    gated = _Court(read, request, facts, now)
    return gated.answer(items), gated.without_gates().alone(items)


class Read:
    """Consents of one dialect, read once for any number of questions."""

    def __init__(self, consents: Sequence[Json], dialect: str, defect: Defect | None = None) -> None:
        self.all, self.defect = list(consents), defect
        loose = defect is Defect.NESTED_LIMITS_IGNORED
        self.readable = [each for each in consents if naive_reading.is_readable(each, dialect, loose=loose)]
        self.dialects = {id(each): naive_reading.dialect_of(each, dialect) for each in consents}
        self.every = {id(each): list(naive_reading.paths(each)) for each in self.readable}
        self.signed = {id(each): naive_reading.grantor(each, self.dialects[id(each)]) for each in self.readable}


@dataclass(frozen=True)
class _Record:
    """One item as the consents see it; a probe is any record, of a class where the asker's domain is known."""

    marks: frozenset[tuple[str, str]]
    item: Item | None = None
    by_name: bool = False


class _Court:
    def __init__(self, read: Read, request: Request, facts: Facts, now: datetime) -> None:
        self.request, self.facts, self.now, self.defect, self.is_alone = request, facts, now, read.defect, False
        self.all, self.readable, self.dialects = read.all, read.readable, read.dialects
        self.every, self.signed = read.every, read.signed
        self.theirs = [each for each in self.readable if each["patient"]["reference"] in facts.person]
        self.heard: dict[tuple[int, _Record], str] = {}

    def without_gates(self) -> _Court:
        other = copy.copy(self)
        other.is_alone, other.heard = True, {}
        return other

    # --- the answer -------------------------------------------------------------------------------

    def answer(self, items: Sequence[Item]) -> Answer:
        if self._refused_at_once():
            return _no("deny")
        said = self._verdict(self._probe())
        if self._purpose() == BTG:
            if not self._glass_may_break(said):
                return _no(said if said in ("no-consent", "deny") and self._emergency_holds(said) else "deny")
        elif said != "permit":
            return _no("no-consent" if said == "no-consent" else "deny")
        if not items:
            return Answer("permit", frozenset(), frozenset())
        words = {item: self._word(item, said) for item in items}
        shut = {item.ref for item, word in words.items() if word != "permit"}
        allowed = {item.ref for item in items} - shut
        if not allowed:
            refused = {word for word in words.values() if word != "permit"}
            only_silent = "no-consent" in refused and refused <= {"no-consent", *_LATER}
            return _no("no-consent" if only_silent else "deny")
        placed = [item for item in items if item.ref in allowed and "L" in _letters(item)]
        closed = {item.ref for item in placed if not self._place_open(item)}
        return Answer("permit", frozenset(allowed), frozenset(item.ref for item in placed) - closed)

    def alone(self, items: Sequence[Item]) -> Answer:
        if self.request.at > self.now or not self._purpose()[1] or self._unreadable():
            return _no("deny")
        said = self._verdict(_Record(frozenset()))
        if said != "permit":
            return _no(said)
        words = {item: self._word_alone(item) for item in items}
        shut = {item.ref for item, word in words.items() if word != "permit"}
        allowed = frozenset(item.ref for item in items) - shut
        if items and not allowed:
            first = next(word for word in words.values() if word != "permit")
            return _no("no-consent" if first == "no-consent" else "deny")
        return Answer("permit", allowed, frozenset())

    def _word_alone(self, item: Item) -> str:
        if item.person is not None and item.person not in self.facts.person:
            return "not theirs"
        marks = _marks(item)
        labelled = marks if marks - _handling() else marks | {PRIVATE[4]}
        return self._verdict(_Record(labelled, item))

    def _word(self, item: Item, said: str) -> str:
        """permit, deny or no-consent for one item, or the name of a gate that comes later than these."""
        marks, letters = _marks(item), _letters(item)
        known = {*naive_reading.KNOWN_LABELS, *_handling()}
        if (not marks - _handling() and not letters - {"V", "G", "L"}) or not marks <= known:
            return "unlabelled"
        if item.person is not None and item.person not in self.facts.person:
            return "not theirs"
        if not self._is_of_domain(item):
            return "class"
        if (LOCIS[0], "ADOL") in marks and any(each.startswith("RelatedPerson/") for each in self.request.parties):
            return "guardian"
        breaking = self._purpose() == BTG
        if breaking and not self._is_minimal(item):
            return "beyond"
        word = self._verdict(self._rest(item))
        if breaking and said == "no-consent" and word == "no-consent":
            word = "permit"
        if word != "permit" or self._place_open(item) or self._is_told_without(item):
            return word
        return "place"

    def _rest(self, item: Item) -> _Record:
        rest = _marks(item) - {LOCIS}
        return _Record(rest, item) if rest - _handling() else self._probe()

    def _is_told_without(self, item: Item) -> bool:
        """Whether something may be told of it when its places are not: a dose, a grade, or what has no place."""
        if _letters(item) & {"V", "G"}:
            return True
        asylum = item.recorded_in is not None and str(item.recorded_in)[:3] != self._country()
        if not re.fullmatch(_COUNTRY, str(item.recorded_in)) and item.recorded_in is not None:
            asylum = True
        return "L" not in _letters(item) and not (self._is_origin() and asylum)

    def _is_of_domain(self, item: Item) -> bool:
        letters = _letters(item) - {"L"}
        kind = self.request.kind.value
        own = {"clinic": "V", "school": "G"}.get(kind, "G" if self._purpose() in EDUCATION else "V")
        if letters or not item.labels:
            return letters <= {own}
        return own == "V" or item.kind in ("", "Basic", "DocumentReference")

    # --- gates ------------------------------------------------------------------------------------

    def _refused_at_once(self) -> bool:
        """Gate 1: whether something is missing or unknown, so that everything is refused."""
        request = self.request
        unstated = request.jurisdiction == "unstated"
        if (not unstated and not re.fullmatch(_COUNTRY, request.jurisdiction)) or request.at > self.now:
            return True
        if request.action not in ("collect", "access", "use", "disclose", "correct"):
            return True
        kind, purpose = request.kind.value, self._purpose()
        if kind not in ("clinic", "school", "unstated"):
            return True
        if self._unreadable():
            return True
        if self.defect is Defect.NO_PURPOSE_MATCHES_ALL:
            return False
        if kind == "school" and purpose not in SCHOOLING_PURPOSES:
            return True
        if kind == "clinic" and purpose in EDUCATION:
            return True
        exists = purpose in EDUCATION or (purpose[0] == REASON and purpose[1] in PURPOSES_OF_USE)
        return not exists and not self._names(purpose, self.readable)

    def _unreadable(self) -> bool:
        unread = [each for each in self.all if each not in self.readable]
        blocking = [each for each in unread if each.get("status") not in naive_reading.STATUSES - {"active"}]
        return bool(blocking) and self.defect is not Defect.EXCEPTION_SAYS_NOTHING

    def _names(self, purpose: tuple[str, str], consents: Sequence[Json]) -> bool:
        """Whether a provision speaks of this purpose by name, with what stands above it."""
        for consent in consents:
            for path in self.every[id(consent)]:
                sets = [set(pairs(each)) for each in demands(path, "purpose", self._dialect(consent))]
                if sets and purpose in set.intersection(*sets):
                    return True
        return False

    def _purpose(self) -> tuple[str, str]:
        asked: Any = self.request.purpose
        return (asked.system, asked.code) if asked else ("", "")

    def _glass_may_break(self, said: str) -> bool:
        """Only for a missing consent, or for those a consent names; never over a refusal."""
        if not self._emergency_holds(said):
            return False
        if said == "permit":
            return True
        return said == "no-consent" and not self._names(BTG, [each for each in self.theirs if self._stands(each)])

    def _emergency_holds(self, said: str) -> bool:
        request, declared = self.request, self.request.emergency
        if request.kind.value not in ("clinic", "unstated") or self._is_origin() or request.action != "access":
            return False
        if declared is None or not declared.reason.strip() or declared.safety is not True:
            return False
        entitled = request.role in ENTITLED or said == "permit"
        return entitled and timedelta(0) <= self.now - declared.declared < timedelta(minutes=60)

    def _is_minimal(self, item: Item) -> bool:
        letters = _letters(item)
        dose = "V" in letters and not letters - {"V", "L"} and item.kind in ("", "Immunization")
        return dose or (not letters and item.kind == "AllergyIntolerance")

    def _country(self) -> str:
        return self.request.jurisdiction.split("-")[0]

    def _fled(self) -> set[str]:
        fled = set(self.facts.protected_from or ())
        for consent in self.theirs:
            fled |= {
                each["valueCoding"]["code"]
                for each in consent.get("extension", [])
                if each["url"].endswith("/consent-protected-from")
            }
        return fled

    def _is_origin(self) -> bool:
        fled = self._fled()
        if self.request.jurisdiction == "unstated":
            return bool(fled)
        return self._country() in {each[:3] for each in fled if re.fullmatch(_COUNTRY, each)}

    def _place_open(self, item: Item) -> bool:
        """Gate 0, then whether one consent opens record and place together by name, and none forbids the place."""
        if "L" not in _letters(item) or self._purpose() == BTG:
            return False
        if self._is_origin() or self.request.jurisdiction == "unstated":
            return False
        strange = [each for each in self._fled() if not re.fullmatch(_COUNTRY, each)]
        recorded = item.recorded_in if re.fullmatch(_COUNTRY, str(item.recorded_in)) else "?"
        if (self.facts.protected_from is None or strange) and self._country() != str(recorded)[:3]:
            return False
        place, rest = _Record(frozenset({LOCIS}), item, by_name=True), self._rest(item)
        if "deny" in [self._says(each, place) for each in self.theirs]:
            return False
        return any(self._says(each, rest) == self._says(each, place) == "permit" for each in self.theirs)

    # --- consents ---------------------------------------------------------------------------------

    def _probe(self) -> _Record:
        letter = {"clinic": "V", "school": "G"}.get(self.request.kind.value)
        return _Record(frozenset(pair for pair, known in CLASSES.items() if known == letter))

    def _verdict(self, record: _Record) -> str:
        said = [(consent, self._says(consent, record)) for consent in self.theirs]
        spoken = [(consent, word) for consent, word in said if word]
        if not spoken:
            return "no-consent"
        if self.defect is Defect.NEWEST_WINS:
            return max(spoken, key=lambda each: span(each[0]["dateTime"], each[0])[0])[1]
        if "deny" in [word for _, word in spoken]:
            return "deny"
        return "permit" if self.is_alone or self._guardians_agree(spoken) else "guardians differ"

    def _guardians_agree(self, spoken: Sequence[tuple[Json, str]]) -> bool:
        """Whether each guardian who opens anything here opens this; without a guardian who opens it, they do."""
        agreeing = {self._guardian(consent) for consent, _ in spoken} - {None}
        opening = {self._guardian(each) for each in self.theirs if self._says(each, _Record(frozenset())) == "permit"}
        return not agreeing or opening - {None} <= agreeing

    def _guardian(self, consent: Json) -> str | None:
        found = self.signed[id(consent)]
        return found[0] if found and found[1] != "person" else None

    def _dialect(self, consent: Json) -> str:
        return self.dialects[id(consent)]

    def _says(self, consent: Json, record: _Record) -> str:
        """What one consent says of a record: permit, deny or nothing."""
        key = (id(consent), record)
        if key not in self.heard:
            self.heard[key] = self._heard(consent, record)
        return self.heard[key]

    def _heard(self, consent: Json, record: _Record) -> str:
        if self.is_alone:
            return self._told(consent, record) if consent["status"] == "active" else ""
        if not self._stands(consent):
            return ""
        word = self._told(consent, record)
        heirs = [each for each in self.theirs if self._replaces(each, consent)]
        if word == "permit" and (heirs or self._is_ended(consent["id"]) or not self._yes_counts(consent)):
            return ""
        if (
            word == "permit"
            and self.facts.heard is not None
            and consent["patient"]["reference"] not in self.facts.heard
        ):
            return ""
        newer = [each for each in heirs if _given(each) > _given(consent) and self._stands(each)]
        return "" if word == "deny" and newer else word

    def _told(self, consent: Json, record: _Record) -> str:
        words = {self._effect(path, consent) for path in self._deepest(consent, record)}
        return "deny" if "deny" in words else "permit" if words else ""

    def _effect(self, path: Path, consent: Json) -> str:
        if self.defect is Defect.BASE_IS_FLIPPED:
            return "deny" if len(path) == 1 else "permit"
        return naive_reading.effect(path, self._dialect(consent))

    def _replaces(self, heir: Json, consent: Json) -> bool:
        named = naive_reading.extension(heir, f"{naive_reading.EXTENSION}supersedes")
        ours, theirs = self.signed[id(heir)], self.signed[id(consent)]
        if named is None or ours is None or theirs is None or ours[0] != theirs[0]:
            return False
        return named["valueReference"]["reference"] == f"Consent/{consent['id']}"

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
        ours = self._dialect(consent) == "continuity"
        if (ours and not checked) or not all(each.get("verified") is True for each in checked):
            return False
        signed = self.signed[id(consent)]
        if signed is None:
            return True
        if signed[2] is not None and not signed[2][0] <= self.now <= signed[2][1]:
            return False
        grown = self._has_reached(18)
        return grown is None or grown != (signed[1] != "person")

    def _yes_counts(self, consent: Json) -> bool:
        """A yes of somebody known, who may speak for this child, and which the child does not contradict."""
        signed = self.signed[id(consent)]
        if signed is None:
            return False
        if signed[1] == "person":
            return True
        if self.facts.unaccompanied is not None and self.facts.unaccompanied != (signed[1] == "officer"):
            return False
        told = naive_reading.extension(consent, f"{naive_reading.EXTENSION}assent")
        if told is not None:
            return bool(told["valueBoolean"])
        age = self.facts.assent_age
        return age is None or self._has_reached(age) is False

    def _has_reached(self, years: int) -> bool | None:
        born = self.facts.birth
        if born is None:
            return None
        today = self.now.astimezone(UTC)
        return (today.year - born.year, today.month, today.day) >= (years, born.month or 1, born.day or 1)

    # --- provisions -------------------------------------------------------------------------------

    def _deepest(self, consent: Json, record: _Record) -> list[Path]:
        """The matching provisions that have no matching provision below them."""
        every = self.every[id(consent)]
        if self.defect is Defect.ONE_LEVEL_ONLY:
            every = [path for path in every if len(path) <= 2]
        hits = [path for path in every if self._fits(path, consent, record)]
        return [path for path in hits if not any(_is_below(other, path) for other in hits)]

    def _fits(self, path: Path, consent: Json, record: _Record) -> bool:
        """A permit must fit for sure, a deny as soon as it may."""
        if not self._asks(path, consent):
            return False
        permits = naive_reading.effect(path, self._dialect(consent)) == "permit"
        if permits and record.by_name and not self._demands(path, "securityLabel", consent):
            return False
        told = [
            self._about(name, path, consent, record, permits=permits)
            for name in ("securityLabel", "class", "dataPeriod", "data")
            if self._demands(path, name, consent)
        ]
        return all(word == YES for word in told) if permits else NO not in told

    def _demands(self, path: Path, name: str, consent: Json) -> list[Any]:
        ignored = ("period", "dataPeriod", "data", "action")
        if self.defect is Defect.NESTED_LIMITS_IGNORED and name in ignored:
            path = path[:1]
        if self.defect is Defect.ROOT_ACTOR_UNCHECKED and name == "actor":
            path = path[1:]
        return demands(path, name, self._dialect(consent)) if path else []

    def _asks(self, path: Path, consent: Json) -> bool:
        """Whether who asks, for what, to do what and when is what the provision speaks of."""
        local = self._dialect(consent) != "continuity"
        for period in self._demands(path, "period", consent):
            start, end = naive_reading.limits(period, consent, local=local)
            if not start <= self.now <= end:
                return False
        mine = {*self.request.parties, f"Organization/{self.request.organisation}"}
        for actors in self._demands(path, "actor", consent):
            if not mine & {each["reference"]["reference"] for each in actors}:
                return False
        for actions in self._demands(path, "action", consent):
            if self.request.action not in [each["coding"][0]["code"] for each in actions]:
                return False
        if self.defect is Defect.NO_PURPOSE_MATCHES_ALL:
            return True
        asked = {self._purpose()}
        if self.is_alone and self._purpose()[0] == REASON and self._purpose()[1] in RESEARCH:
            asked.add((REASON, "HRESCH"))
        return self._purposes_fit(path, consent, asked)

    def _purposes_fit(self, path: Path, consent: Json, asked: set[tuple[str, str]]) -> bool:
        sets = [set(pairs(each)) for each in self._demands(path, "purpose", consent)]
        return not sets or bool(set.intersection(*sets) & asked)

    def _about(self, name: str, path: Path, consent: Json, record: _Record, *, permits: bool) -> str:
        stated = self._demands(path, name, consent)
        if record.item is None and not (name == "securityLabel" and self._is_told(stated, record)):
            return YES if permits else NO
        if name == "securityLabel":
            return _labelled([set(pairs(each)) for each in stated], record.marks, permits=permits)
        item = record.item
        assert item is not None
        if name == "class":
            if not item.kind:
                return UNKNOWN
            return YES if all(item.kind in [each["code"] for each in some] for some in stated) else NO
        if name == "dataPeriod":
            return self._dated(stated, consent, item)
        return _least([_most([_is_it(each, item) for each in some]) for some in stated])

    def _is_told(self, stated: list[Any], record: _Record) -> bool:
        ours = {*CLASSES, LOCIS}
        return bool(record.marks) and all(set(pairs(each)) <= ours for each in stated)

    def _dated(self, stated: list[Any], consent: Json, item: Item) -> str:
        if item.written is None:
            return UNKNOWN
        spans = [naive_reading.limits(each, consent, local=True) for each in stated]
        low, high = max(start for start, _ in spans), min(end for _, end in spans)
        first, last = item.written.start, item.written.until - timedelta(microseconds=1)
        if low <= first and last <= high:
            return YES
        return UNKNOWN if first <= high and low <= last else NO


_COUNTRY = "[A-Z][A-Z][A-Z](-[A-Z0-9]{1,3})?"
_LATER = ("unlabelled", "class", "guardian", "beyond", "not theirs", "place", "guardians differ")


def _no(outcome: str) -> Answer:
    return Answer(outcome if outcome in ("deny", "no-consent") else "deny", frozenset(), frozenset())


def _letters(item: Item) -> set[str]:
    return {each.value for each in item.classes}


def _marks(item: Item) -> frozenset[tuple[str, str]]:
    """Labels and classes; a class that no code stands for is told by its letter alone."""
    letters = _letters(item)
    coded = {pair for pair, letter in CLASSES.items() if letter in letters} | ({LOCIS} if "L" in letters else set())
    return frozenset({(each.system, each.code) for each in item.labels} | coded)


def _handling() -> set[tuple[str, str]]:
    return {(REASON, "HTEST")} | {(LOCIS[0], code) for code in HANDLING}


def _labelled(sets: list[set[tuple[str, str]]], marks: frozenset[tuple[str, str]], *, permits: bool) -> str:
    """A deny needs one label of each set; a permit also every sensitivity, or else all classes or all privacy."""
    if not marks:
        return UNKNOWN
    if any(not each & marks for each in sets):
        return NO
    if not permits:
        return YES
    named = set.union(*sets)
    classes = marks & {*CLASSES, LOCIS}
    private = marks & set(PRIVATE)
    sensitive = [each for each in marks if each not in CLASSES and each not in PRIVATE and each not in _handling()]
    if sensitive:
        return YES if set(sensitive) <= named else NO
    return YES if (classes and classes <= named) or (private and private <= named) else NO


def _is_it(data: Json, item: Item) -> str:
    reference, meaning = data["reference"]["reference"], data["meaning"]
    if meaning == "authoredby":
        if not item.authors:
            return UNKNOWN
        return YES if reference in item.authors else NO
    if reference == item.ref:
        return YES
    return YES if meaning != "instance" and reference in item.related else NO


def _most(words: list[str]) -> str:
    return YES if YES in words else UNKNOWN if UNKNOWN in words else NO


def _least(words: list[str]) -> str:
    return NO if NO in words else UNKNOWN if UNKNOWN in words else YES


def _is_below(other: Path, path: Path) -> bool:
    return len(other) > len(path) and all(a is b for a, b in zip(other, path, strict=False))


def _given(consent: Json) -> datetime:
    if "dateTime" not in consent:
        return naive_reading.FIRST
    return span(consent["dateTime"], consent, local=True)[0]
