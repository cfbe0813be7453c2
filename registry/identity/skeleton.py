"""The consonant skeleton of a word: a good key, because spelling hardly moves it, and a poor score.

Vowels, h, kh and y are dropped, sounds that scripts and spellers exchange fall into one class, doubles collapse.
Where a sound has two common spellings (w kept or lost, th as t or s, g as k or j) up to three skeletons are kept,
the likeliest first. A word without any firm consonant (Aya) has the skeleton `-`, never an empty one.
"""

from __future__ import annotations

import re
from itertools import islice, product

EMPTY = "-"
_AT_MOST = 3
_VOWELS = "aeiouJHAWYEOI"

_CLASSES: dict[str, tuple[str, ...]] = {
    "b": ("b",), "p": ("b",), "f": ("f",), "v": ("v",), "m": ("m",), "n": ("n",), "l": ("l",), "r": ("r",),
    "k": ("k",), "G": ("k",), "g": ("k", "j"), "Q": ("k", ""), "j": ("j",), "Z": ("j", "s"), "s": ("s",),
    "S": ("s",), "C": ("s",), "z": ("s",), "t": ("t",), "T": ("t", "s"), "d": ("d",), "D": ("d", "s"),
    "c": ("k",), "x": ("",), "h": ("",), "y": ("",),
}  # fmt: skip
_SILENT = {*_VOWELS}
_DOUBLE = re.compile(r"(.)\1+")


def skeletons(sounds: tuple[str, ...]) -> tuple[str, ...]:
    """Up to three skeletons of a word's readings, the likeliest first."""
    found = dict.fromkeys(each for reading in sounds for each in _of_reading(reading))
    return tuple(islice(found, _AT_MOST))


def _of_reading(reading: str) -> list[str]:
    choices = [_choices(reading, place) for place in range(len(reading))]
    spelled = ("".join(each) for each in islice(product(*choices), _AT_MOST))
    return [_DOUBLE.sub(r"\1", each) or EMPTY for each in spelled]


def _choices(reading: str, place: int) -> tuple[str, ...]:
    sound = reading[place]
    if sound in "wWu":
        return _semivowel(reading, place)
    if sound in _SILENT:
        return ("",)
    return _CLASSES.get(sound, (sound,))


def _semivowel(reading: str, place: int) -> tuple[str, ...]:
    """W and u before a vowel may be the consonant; first in the word they are it."""
    after = reading[place + 1 : place + 2]
    if place == 0 and reading[0] == "W":  # no Arabic word begins with a vowel that is not carried by an alef
        return ("v",)
    if not after or after not in _VOWELS:
        return ("",)
    if place == 0:
        return ("v",)
    before = reading[place - 1]
    return ("v", "") if before in _VOWELS else ("", "v")
