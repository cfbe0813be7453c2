"""How one clerk spells one name: a usual or an unusual form, habits of the script, and plain mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Name, Script

USUAL = 0.55  # how often the first spelling of a table is chosen


def by_ear(dice: Dice, name: Name, script: Script) -> str:
    """One of the ways the name is written, with the habits of the script."""
    ways = name.spellings[script]
    rest = (1 - USUAL) / max(len(ways) - 1, 1)
    chosen = dice.weighted([(way, rest if at else USUAL) for at, way in enumerate(ways)])
    return _by_habit(dice, chosen, _HABITS[script])


def misspelt(dice: Dice, text: str, script: Script) -> str:
    """The text with one mistake of a tired clerk: always another text, never another first letter."""
    places = [at for at in range(1, len(text)) if text[at].isalpha()]
    for _ in range(20):
        slip = dice.pick(_SLIPS)
        wrong = slip(dice, text, dice.pick(places), script) if places else text + text[-1:]
        if wrong != text:
            return wrong
    return text + text[-1:]


Habit = tuple[str, str, float]

_HABITS: Mapping[Script, Sequence[Habit]] = {
    Script.ARABIC: (
        ("[أإآ]", "ا", 0.25),  # the hamza is left out
        ("ة$", "ه", 0.10),
        ("ى$", "ي", 0.10),
        ("^عبد ", "عبد", 0.20),  # written together
        ("^ال", "", 0.06),  # the article is dropped
    ),
    Script.FRENCH: (
        ("[ïçèéâ]", "", 0.35),  # capitals and old keyboards have no accents
        ("^(El|Al) ", "", 0.10),
        ("nn", "n", 0.10),
        ("ss", "s", 0.08),
        ("e$", "", 0.05),
    ),
    Script.ENGLISH: (
        ("mm", "m", 0.10),
        ("ee", "i", 0.08),
        ("ou", "u", 0.10),
        ("h$", "", 0.08),
        ("-", " ", 0.15),
    ),
    Script.CYRILLIC: (
        ("^Аль-", "", 0.10),
        ("дж", "ж", 0.04),
        ("ль", "л", 0.08),
        ("йя", "я", 0.15),
        ("-", " ", 0.15),
    ),
}
_PLAIN = {"ï": "i", "ç": "c", "è": "e", "é": "e", "â": "a"}


def _by_habit(dice: Dice, text: str, habits: Sequence[Habit]) -> str:
    for pattern, instead, likely in habits:
        if dice.chance(likely):
            text = re.sub(pattern, lambda found: instead or _PLAIN.get(found.group(), ""), text)  # noqa: B023
    return text[:1].upper() + text[1:]


_LETTERS: Mapping[Script, str] = {
    Script.ARABIC: "ابتجحدرسعفقكلمنهوي",
    Script.FRENCH: "abcdefghilmnoprstuyz",
    Script.ENGLISH: "abcdefghijklmnoprstuyz",
    Script.CYRILLIC: "абвгдеиклмнопрстух",
}


def _left_out(_dice: Dice, text: str, at: int, _script: Script) -> str:
    return text[:at] + text[at + 1 :]


def _doubled(_dice: Dice, text: str, at: int, _script: Script) -> str:
    return text[:at] + text[at] + text[at:]


def _turned(_dice: Dice, text: str, at: int, _script: Script) -> str:
    return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]


def _another_key(dice: Dice, text: str, at: int, script: Script) -> str:
    return text[:at] + dice.pick(_LETTERS[script]) + text[at + 1 :]


_SLIPS: Sequence[Callable[[Dice, str, int, Script], str]] = (_left_out, _doubled, _turned, _another_key)
