"""Bengali and Devanagari words as their people write them in Latin letters: রহমান is Rahman, or Rohman.

A consonant without a vowel sign bears a vowel of its own, which is not spoken at the end of a word nor between a
syllable that ends and one that begins with a vowel; which ones fall is decided from the end of the word (Ohala,
Aspects of Hindi Phonology, 1983, the deletion of schwa). Both blocks of Unicode follow ISCII, letter by letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.identity.scripts import Script

_BENGALI_BLOCK, _APART = (0x0980, 0x09FF), 0x80
_VIRAMA = "\u094d"

# What Bengali sounds otherwise than Devanagari: ya is ja, but for the dotted one; after a consonant it only colours
# the vowel, and ba is wa; o and the dotted ya make wa; pha is f. ৎ is ত without a vowel.
_BENGALI = (
    (re.compile("^ওয়(?=[াে])"), "ৱ"),
    (re.compile("(?<=[ওোুউ])য়(?=[াে])"), "ৱ"),
    (re.compile("(?<!র)্য(?!়)"), ""),
    (re.compile("(?<=[^বমর]্)ব"), "ৱ"),
    (re.compile("য(?!়)"), "জ"),
    (re.compile("ৎ"), "ত্"),
    (re.compile("ফ"), "ফ়"),
)

_CONSONANTS = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "ng", "च": "ch", "छ": "ch", "ज": "j", "झ": "jh", "ञ": "n",
    "ट": "t", "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n", "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n",
    "प": "p", "फ": "ph", "ब": "b", "भ": "bh", "म": "m", "य": "y", "र": "r", "ल": "l", "ळ": "l", "व": "v",
    "श": "sh", "ष": "sh", "स": "s", "ह": "h", "ৰ": "r", "ৱ": "w",
    "क़": "q", "ख़": "kh", "ग़": "gh", "ज़": "z", "ड़": "r", "ढ़": "rh", "फ़": "f", "य़": "y",
}  # fmt: skip
_VOWELS = {
    "अ": "a", "आ": "a", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u", "ऋ": "ri", "ऍ": "e", "ए": "e", "ऐ": "ai", "ऑ": "o",
    "ओ": "o", "औ": "au",
}  # fmt: skip
_SIGNS = {
    "ा": "a", "ि": "i", "ी": "i", "ु": "u", "ू": "u", "ृ": "ri", "ॅ": "e", "े": "e", "ै": "ai", "ॉ": "o", "ो": "o",
    "ौ": "au", _VIRAMA: "",
}  # fmt: skip
_NASALS = {"ं": "n", "ँ": "n"}
_SOUND = re.compile(f"(?P<letter>.\u093c?)(?P<sign>[{''.join(_SIGNS)}]?)")


@dataclass(frozen=True, slots=True)
class _Sound:
    """A consonant and its vowel; an unwritten vowel is None."""

    consonant: str
    vowel: str | None


def readings(word: str, script: Script) -> tuple[str, ...]:
    """A cleaned word in Latin letters, the likeliest first.

    Two: an unwritten vowel after two consonants at the end is spoken (Sukanta) or not (Arnest). In Bengali four of
    each: the vowel is a or o, and j may be z.
    """
    sounds = _spoken([*map(_sound, _SOUND.finditer(_in_devanagari(word)))])
    spelled = [_written(each, vowel) for each in (sounds, _cut(sounds)) for vowel in _UNWRITTEN.get(script, "a")]
    return (*spelled, *(each.replace("j", "z") for each in spelled)) if script is Script.BENGALI else (*spelled,)


_UNWRITTEN = {Script.BENGALI: "ao"}


def _in_devanagari(word: str) -> str:
    for pattern, letters in _BENGALI:
        word = pattern.sub(letters, word)
    return "".join(map(_letter, word))


def _letter(letter: str) -> str:
    first, last = _BENGALI_BLOCK
    is_shared = first <= ord(letter) <= last and letter not in _CONSONANTS
    return chr(ord(letter) - _APART) if is_shared else letter


def _sound(found: re.Match[str]) -> _Sound:
    letter, sign = found["letter"], found["sign"]
    if letter in _VOWELS:
        return _Sound("", _VOWELS[letter])
    consonant = _CONSONANTS.get(letter) or _CONSONANTS.get(letter[0])
    if consonant is None:
        return _Sound(_NASALS.get(letter, ""), "")
    return _Sound(consonant, _SIGNS[sign] if sign else None)


def _spoken(sounds: list[_Sound]) -> list[_Sound]:
    """The word without the unwritten vowels that are not spoken."""
    for at in range(len(sounds) - 1, 0, -1):
        if sounds[at].vowel is None and sounds[at - 1].vowel != "" and _is_silent(sounds, at):
            sounds[at] = _Sound(sounds[at].consonant, "")
    return sounds


def _is_silent(sounds: list[_Sound], at: int) -> bool:
    if at + 1 == len(sounds):
        return True
    after = sounds[at + 1]
    return bool(after.consonant) and after.vowel != ""


def _cut(sounds: list[_Sound]) -> list[_Sound]:
    *before, last = sounds or [_Sound("", "")]
    return [*before, _Sound(last.consonant, last.vowel or "")] if before else sounds


def _written(sounds: list[_Sound], unwritten: str) -> str:
    return "".join(each.consonant + (unwritten if each.vowel is None else each.vowel) for each in sounds)
