"""How a desk spells a name: from the form a list gives, by the rules of spelling/*.txt, with a desk's freedom.

A *writing* names the way from a form to the paper: `levant>en` is the spoken name of the Levant heard by an English
desk, `levant>ru>en` an English desk copying Russian papers. Rules were written from how registrars spell, without
regard to any matcher.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from tests.support.families import zawgyi
from tests.support.families.lexicon import Name

TABLES = Path(__file__).parent / "spelling"

# A spelling is drawn from this many that the rules made once.
VARIANTS = 32

# Where the rules of a tongue end, those of its relatives go on.
RELATIVES = {
    **dict.fromkeys(("levant", "iraq", "sudan", "maghreb"), "arabic"),
    **dict.fromkeys(("uk", "ru"), "cyrillic"),
    **dict.fromkeys(("en", "fr", "de", "tr"), "latin"),
}
LIKEWISE = {("habesha", "de"): ("habesha", "en"), ("habesha", "fr"): ("habesha", "en")}
# Spoken forms in which a capital is another sound.
CAPITALS_COUNT = frozenset({"levant", "iraq", "sudan", "maghreb", "habesha"})
CONVERTED: Mapping[str, Callable[[str], str]] = {"zawgyi": zawgyi.encoded}


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be written for a piece of a name, and how often."""

    pattern: re.Pattern[str]
    outputs: tuple[str, ...]
    weights: tuple[int, ...]


Table = tuple[Rule, ...]
Piece = tuple[tuple[str, ...], tuple[int, ...]]

PASSED = Rule(re.compile(r"[\s\-]"), (r"\g<0>",), (1,))


@cache
def spellings(name: Name, writing: str) -> tuple[str, ...]:
    """How desks of this writing spell a name: a spelling drawn from the answer is as likely as among such desks.

    Raises KeyError if the name has no form that the writing starts from.
    """
    rng = Random(f"{name.key}|{writing}")
    if listed := name.forms.get(writing):
        return listed if len(listed) == 1 else tuple(rng.choices(listed, [6, 3, 2, 1, 1, 1][: len(listed)], k=VARIANTS))
    if ">" not in writing:
        raise KeyError(f"a name without the form {writing}")
    source, target = writing.split(">")[-2:]
    heard = spellings(name, writing.rpartition(">")[0])
    if target in CONVERTED:
        return tuple(CONVERTED[target](each) for each in heard)
    found, lowered = table(source, target), str if source in CAPITALS_COUNT else _lowered
    read = {text: tuple(_pieces(found, lowered(text))) for text in dict.fromkeys(heard)}
    same: dict[str, str] = {}  # of spellings that are drawn again and again one copy is enough
    drawn = (_cased(_spelt(read[rng.choice(heard)], rng), target) for _ in range(VARIANTS))
    return tuple(same.setdefault(each, each) for each in drawn)


@cache
def exists(name: Name, writing: str) -> bool:
    """Say whether a name can be spelt in a writing."""
    try:
        return bool(spellings(name, writing))
    except KeyError:
        return False


def _lowered(text: str) -> str:
    return text.replace("İ", "i").lower()


def _spelt(pieces: Iterable[Piece], rng: Random) -> str:
    """One spelling of a text that was cut into pieces."""
    return "".join(outputs[0] if len(outputs) == 1 else rng.choices(outputs, weights)[0] for outputs, weights in pieces)


def _pieces(rules: Table, text: str) -> Iterator[Piece]:
    at = 0
    while at < len(text):
        rule, match = _first(rules, text, at)
        yield tuple(match.expand(each) if "\\" in each else each for each in rule.outputs), rule.weights
        at = match.end()


def _first(rules: Table, text: str, at: int) -> tuple[Rule, re.Match[str]]:
    for rule in rules:
        if (match := rule.pattern.match(text, at)) and match.group():
            return rule, match
    raise KeyError(f"no spelling rule for {text[at]!r}, letter {at + 1} of a name: add one to spelling/")


@cache
def table(source: str, target: str) -> Table:
    """The rules from a tongue or script to a target, special ones first; raises KeyError if there are none."""
    relative = RELATIVES.get(source, source)
    wanted = [(source, target), LIKEWISE.get((source, target), (relative, target))]
    if source == target or {source, target} == {"uk", "ru"}:
        wanted.append((relative, relative))
    files = dict.fromkeys(TABLES / f"{tongue}-{written}.txt" for tongue, written in wanted)
    rules = [rule for file in files if file.exists() for rule in _rules(file.read_text(encoding="utf-8"))]
    if not rules:
        raise KeyError(f"no spelling rules from {source} to {target}")
    return (*rules, PASSED)


def _rules(text: str) -> Iterator[Rule]:
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, *alternatives = line.split()
            outputs = [each.partition("*") for each in alternatives]
            yield Rule(
                re.compile(pattern),
                tuple("" if text == "0" else text.replace("_", " ") for text, _, _ in outputs),
                tuple(int(weight or 1) for _, _, weight in outputs),
            )


def _cased(text: str, target: str) -> str:
    """Capitals at the beginning of every part, except where a rule says not."""
    if target == "tr":
        text = re.sub(r"(?<![^\s\-/])i", "İ", text)
    text = re.sub(r"(?<![^\s\-/])\w", lambda letter: letter.group().upper(), " ".join(text.split()))
    return text.replace("~", "")
