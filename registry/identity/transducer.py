"""Whether a name in another script and a name in Latin letters are one name: a transducer learned from pairs.

Each letter of the native word writes a piece of zero to three Latin letters, with a probability that depends on the
letters beside it. A word's evidence is the probability of all ways to cut the Latin name into such pieces, against
how common the Latin name is among names: log P(latin | native) - weight * log P(latin). That ratio holds the rarity
of the name already; no term frequency is added on top. What was learned is data (`schemas/matching/names`),
versioned, with the source and licence of its pairs; `learning` makes it.

The contexts are interpolated from the general to the special as Witten and Bell do (The Zero-Frequency Problem, IEEE
Transactions on Information Theory 37(4), 1991): a rare context says little more than the letter alone.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from registry.identity import scripts, taught
from registry.identity.pieces import LETTERS, LONGEST_PIECE
from registry.identity.taught import Taught

EDGE = "#"
FLOOR = 1e-9
"""What a piece nobody has seen is worth: a slip of the pen, not an impossibility."""
_LONGEST = 40
UNREAD = 1e-5
"""How likely a native letter that the table has never seen writes any piece."""
LEAST = 1e-300

# Latin letters that are no letter with a mark; all others lose their marks alone (Unicode, canonical decomposition).
_LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ə": "a", "ħ": "h"}
)


def letters(native: str) -> str:
    """A native name as the transducer reads it: letters and their marks; spaces and points fall away."""
    return "".join(each for each in scripts.clean(native) if each.isalpha() or unicodedata.category(each)[0] == "M")


def plain(latin: str) -> str:
    """A Latin name as the transducer reads it: the letters a to z, everything else falls away."""
    parted = unicodedata.normalize("NFD", latin.casefold().translate(_LATIN))
    return "".join(each for each in parted if each in LETTERS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spelling:
    """How common names are, letter by letter: a trigram model with a mark at the end, add `added`."""

    counts: Mapping[str, float]
    histories: Mapping[str, float]
    added: float

    def log_probability(self, latin: str) -> float:
        return math.fsum(map(self._of, _trigrams(latin)))

    def _of(self, trigram: str) -> float:
        seen, total = self.counts.get(trigram, 0.0), self.histories.get(trigram[:2], 0.0)
        return math.log((seen + self.added) / (total + self.added * (len(LETTERS) + 1)))


def spelling(counts: Mapping[str, float], *, added: float = 0.1) -> Spelling:
    histories: dict[str, float] = {}
    for trigram, count in counts.items():
        histories[trigram[:2]] = histories.get(trigram[:2], 0.0) + count
    return Spelling(counts=counts, histories=histories, added=added)


def _trigrams(latin: str) -> Iterator[str]:
    marked = f"{EDGE}{EDGE}{latin}{EDGE}"
    return (marked[at : at + 3] for at in range(len(marked) - 2))


def trigrams(latin: Sequence[str]) -> dict[str, float]:
    """How often each three letters stand beside each other in these names."""
    counts: dict[str, float] = {}
    for name in latin:
        for each in _trigrams(name):
            counts[each] = counts.get(each, 0.0) + 1
    return counts


def contexts(native: str, at: int) -> tuple[str, str]:
    """What stands beside a letter, the general first: the letter after it; the letters before and after it.

    (With the Latin letter written last as a further context fewer names are found: it knows too little.)
    """
    before = native[at - 1] if at else EDGE
    after = native[at + 1] if at + 1 < len(native) else EDGE
    return f"{native[at]}{after}", f"{before}{native[at]}{after}"


Pieces = Mapping[str, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Transducer:
    """What was learned about one script. `pieces`: letter -> piece -> probability; `seen`: context -> piece -> how
    often; `trust`: how often a context must be seen to count as much as the more general one; `taught`: the names."""

    script: str
    version: str
    pieces: Mapping[str, Pieces]
    seen: Mapping[str, Pieces]
    trust: float
    spelling: Spelling
    spelling_weight: float
    taught: Taught

    @cached_property
    def _totals(self) -> Mapping[str, float]:
        return {context: math.fsum(pieces.values()) for context, pieces in self.seen.items()}

    def written(self, native: str, at: int) -> Pieces | None:
        """The probability of every piece a letter may write here; None for a letter nobody has seen."""
        probabilities = self.pieces.get(native[at])
        if probabilities is None:
            return None
        for context in contexts(native, at):
            seen = self.seen.get(context)
            if seen:
                probabilities = self._mixed(probabilities, seen, self._totals[context])
        return probabilities

    def _mixed(self, general: Pieces, seen: Pieces, total: float) -> Pieces:
        share = self.trust / (total + self.trust)
        mixed = {piece: probability * share for piece, probability in general.items()}
        for piece, count in seen.items():
            mixed[piece] = mixed.get(piece, 0.0) + count / (total + self.trust)
        return mixed

    def log_odds(self, native: str, latin: str) -> float:
        """How much likelier the Latin name is if the native one was meant, in bits; both as `plain` and cleaned."""
        return _log_odds(self, native[:_LONGEST], latin[:_LONGEST])


@lru_cache(maxsize=1 << 16)
def _log_odds(transducer: Transducer, native: str, latin: str) -> float:
    """The cache holds pairs of single names, never whose they are."""
    if not native or not latin:
        return 0.0
    common = transducer.spelling_weight * transducer.spelling.log_probability(latin)
    return (_log_probability(transducer, native, latin) - common) / math.log(2)


def _log_probability(transducer: Transducer, native: str, latin: str) -> float:
    """The logarithm of the summed probability of all cuts of `latin` into one piece for each letter of `native`."""
    row, scale = [1.0] + [0.0] * len(latin), 0.0
    for at in range(len(native)):
        row = _next_row(row, _written(transducer, native, at), latin)
        largest = max(row)
        row, scale = [each / largest for each in row], scale + math.log(largest)
    return math.log(max(row[-1], LEAST)) + scale


@lru_cache(maxsize=1 << 14)
def _written(transducer: Transducer, native: str, at: int) -> Pieces | None:
    return transducer.written(native, at)


def _next_row(row: Sequence[float], written: Pieces | None, latin: str) -> list[float]:
    """How likely the letters so far wrote each beginning of the name, with one letter more."""
    if written is None:
        return [UNREAD * sum(row[max(end - LONGEST_PIECE, 0) : end + 1]) for end in range(len(row))]
    return [
        sum(
            row[end - length] * (written.get(latin[end - length : end], 0.0) + FLOOR)
            for length in range(min(LONGEST_PIECE, end) + 1)
        )
        for end in range(len(row))
    ]


def read(table: Mapping[str, Any]) -> Transducer:
    """A transducer from its file. Raises KeyError, TypeError or ValueError when something is missing."""
    return Transducer(
        script=str(table["script"]),
        version=str(table["version"]),
        pieces=table["pieces"],
        seen=table["seen"],
        trust=float(table["trust"]),
        spelling=spelling(table["trigrams"], added=float(table["added"])),
        spelling_weight=float(table["spelling_weight"]),
        taught=taught.read(table["taught"]),
    )
