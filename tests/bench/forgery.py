"""Forged cards and certificates by the thousand: of those that say something else than what was signed, none may pass.

Each attempt takes genuine cards and does one thing a forger could do without the issuer's key. What is accepted must
say, word for word, what a genuine one says (a signature can be turned into a second one of the same words).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import cbor2

from registry.trust import hcert, p256, shc
from registry.trust.directory import Directory
from registry.trust.directory import read as trust
from registry.trust.fault import Fault, Refusal
from registry.trust.hcert import reading
from tests.support import cards
from tests.support.cards import KEY, OTHER_KEY, Hcert

NOW = cards.NOW
TRUST: Directory = trust(
    {
        "a.json": cards.issuer_file(KEY),
        "b.json": cards.issuer_file(OTHER_KEY, issuer="https://other.example"),
        "at.der": cards.der(cards.signer()),
        "de.der": cards.der(cards.signer(country="DE", number=2)),
    }
)
CARDS = [cards.jws(cards.payload(nbf=cards.ISSUED + each)) for each in range(20)]
COSES = [
    Hcert().of({**cards.CONTENT, "v": [{**cards.VACCINATION, "ci": f"URN:UVCI:01:AT:{each}"}]}).cose
    for each in range(20)
]
STRANGER = p256.fresh(Random(99).randbytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many attempts were made, of which kinds, and how many passed that say something new."""

    attempts: int
    refused: Mapping[str, int]
    passed: int
    same_words: int


def prove(attempts: int, seed: int = 7) -> Outcome:
    """Forge so many cards, each kind in turn."""
    random, counts, passed, same = Random(seed), Counter[str](), 0, 0
    kinds = [*JWS_KINDS, *COSE_KINDS]
    for number in range(attempts):
        outcome = _tried(kinds[number % len(kinds)], random)
        if isinstance(outcome, Refusal):
            counts[outcome.fault.value] += 1
        elif _words(outcome) in GENUINE:
            same += 1
        else:
            passed += 1
    return Outcome(attempts=attempts, refused=counts, passed=passed, same_words=same)


def _tried(kind: Callable[[Random], Any], random: Random) -> shc.Card | hcert.Certificate | Refusal:
    made = kind(random)
    if isinstance(made, str) and not made.startswith("HC1:"):
        return shc.verify(made, TRUST.issuers, now=NOW)
    body = reading.of_text(made) if isinstance(made, str) else made
    return Refusal(fault=body) if isinstance(body, Fault) else hcert.verify(body, TRUST.signers, now=NOW)


def _words(card: shc.Card | hcert.Certificate) -> str:
    said = card.payload if isinstance(card, shc.Card) else [card.content, card.country, str(card.expires)]
    return json.dumps(said, sort_keys=True, default=str)


# --- health cards ----------------------------------------------------------------------------------


def _flipped(random: Random) -> str:
    card = random.choice(CARDS)
    at = random.randrange(len(card))
    return card[:at] + random.choice("ABCXYZabcxyz0189-_.") + card[at + 1 :]


def _cut(random: Random) -> str:
    card = random.choice(CARDS)
    return card[: random.randrange(len(card))]


def _spliced(random: Random) -> str:
    parts = [random.choice(CARDS).split(".")[at] for at in range(3)]
    return ".".join(parts)


def _resigned(random: Random) -> str:
    """Another content, signed by a stranger in the name of a trusted key."""
    claims = cards.payload(nbf=cards.ISSUED - random.randrange(10**6))
    return cards.jws(claims, key={**STRANGER, "kid": random.choice((KEY, OTHER_KEY))["kid"]})


def _of_another(random: Random) -> str:
    """Signed by a trusted issuer in the name of another."""
    return cards.jws(cards.payload(nbf=cards.ISSUED - random.randrange(10**6)), key=OTHER_KEY)


def _headed(random: Random) -> str:
    """A header with a key, another algorithm or another member, signed by a stranger."""
    changes: dict[str, Any] = random.choice(
        [{"alg": "none"}, {"alg": "HS256"}, {"jwk": p256.public(STRANGER)}, {"jku": "https://a"}, {"crit": ["x"]}, {}]
    )
    header = {"zip": "DEF", "alg": "ES256", "kid": KEY["kid"], **changes}
    return cards.jws(cards.payload(nbf=cards.ISSUED - random.randrange(10**6)), key=STRANGER, header=header)


def _malleable(random: Random) -> str:
    """The other signature of the same words, which anybody can compute."""
    text, _, signature = random.choice(CARDS).rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    other = order - int.from_bytes(raw[32:], "big")
    return f"{text}.{cards.encoded(raw[:32] + other.to_bytes(32, 'big'))}"


JWS_KINDS: list[Callable[[Random], Any]] = [_flipped, _cut, _spliced, _resigned, _of_another, _headed, _malleable]

# --- certificates ----------------------------------------------------------------------------------


def _flipped_cose(random: Random) -> bytes:
    body = bytearray(random.choice(COSES))
    for _ in range(random.randrange(1, 4)):
        body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return bytes(body)


def _flipped_text(random: Random) -> str:
    text = cards.text_of(random.choice(COSES))
    at = random.randrange(4, len(text))
    return text[:at] + random.choice("0A Z$%*+-./:") + text[at + 1 :]


def _spliced_cose(random: Random) -> bytes:
    parts = [cbor2.loads(random.choice(COSES)).value[at] for at in range(4)]
    return cbor2.dumps(cbor2.CBORTag(18, parts))


def _resigned_cose(random: Random) -> bytes:
    """Another content, signed by a stranger under the key id of a trusted signer."""
    claims = {1: "AT", 4: cards.EXPIRES + random.randrange(10**6), 6: cards.ISSUED, -260: {1: cards.CONTENT}}
    return replace(Hcert(), claims=claims, number=3).cose


def _of_another_country(random: Random) -> bytes:
    by = cards.signer(country="DE", number=2)
    return replace(Hcert(by=by, number=2), payload=None).having(exp=cards.EXPIRES + random.randrange(10**6)).cose


def _headed_cose(random: Random) -> bytes:
    algorithm, member = random.choice([-7, -37, -35, 5, 0, "ES256"]), random.choice([2, 5, 33])
    header = {1: algorithm, 4: cards.kid(cards.signer()), member: [1]}
    return replace(Hcert(), protected=header, number=3).cose


def _doubled(random: Random) -> bytes:
    """The protected payload kept, another one put beside it."""
    parts = list(cbor2.loads(random.choice(COSES)).value)
    forms = [[*parts, parts[2]], [parts[0], {}, [parts[2]], parts[3]], {18: parts}, parts[:3]]
    return cbor2.dumps(random.choice(forms))


def _packed(random: Random) -> str:
    packed = zlib.compress(random.choice(COSES)) + bytes([random.randrange(256)])
    return cards.text_of(b"") if random.random() < 0.1 else "HC1:" + cards.base45.b45encode(packed).decode()


COSE_KINDS: list[Callable[[Random], Any]] = [
    *(_flipped_cose, _flipped_text, _spliced_cose, _resigned_cose),
    *(_of_another_country, _headed_cose, _doubled, _packed),
]
GENUINE = frozenset(
    _words(each)
    for each in (
        *(shc.verify(each, TRUST.issuers, now=NOW) for each in CARDS),
        *(hcert.verify(each, TRUST.signers, now=NOW) for each in COSES),
    )
    if not isinstance(each, Refusal)
)
