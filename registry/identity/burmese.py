"""Burmese words syllable by syllable, as people of Myanmar write them in Latin letters: အောင်ကျော် is Aung Kyaw.

Burmese stands without spaces and its names are rows of syllables, so each syllable is a word of the name. How a
syllable sounds is decided by its rime as a whole; tones are not written in Latin letters. After the customary
romanisation of names (Okell, A Guide to the Romanization of Burmese, 1971, the conventional transcription).
"""

from __future__ import annotations

import re

_INITIALS = {
    "က": "k", "ခ": "kh", "ဂ": "g", "ဃ": "g", "င": "ng", "စ": "s", "ဆ": "s", "ဇ": "z", "ဈ": "z", "ဉ": "ny", "ည": "ny",
    "ဋ": "t", "ဌ": "ht", "ဍ": "d", "ဎ": "d", "ဏ": "n", "တ": "t", "ထ": "ht", "ဒ": "d", "ဓ": "d", "န": "n", "ပ": "p",
    "ဖ": "ph", "ဗ": "b", "ဘ": "b", "မ": "m", "ယ": "y", "ရ": "y", "လ": "l", "ဝ": "w", "သ": "th", "ဟ": "h", "ဠ": "l",
    "အ": "", "ဿ": "th",
}  # fmt: skip
_WHOLE = {"ဣ": "i", "ဤ": "i", "ဥ": "u", "ဦ": "u", "ဧ": "e", "ဩ": "aw", "ဪ": "aw"}
_CLUSTERS = (("khy", "ch"), ("gy", "gy"), ("ngy", "ny"), ("yh", "sh"), ("thyh", "sh"), ("thh", "th"), ("wh", "wh"))
_RIMES = {
    "": "a", "ာ": "a", "ါ": "a", "ိ": "i", "ီ": "i", "ု": "u", "ူ": "u", "ေ": "e", "ဲ": "e", "ော": "aw", "ေါ": "aw",
    "ော်": "aw", "ေါ်": "aw", "ို": "o", "ံ": "an", "ုံ": "on", "ိံ": "ein", "က်": "et", "င်": "in", "စ်": "it",
    "ည်": "i", "ဉ်": "in", "တ်": "at", "န်": "an", "ပ်": "at", "မ်": "an", "ယ်": "e", "ဏ်": "an", "ဒ်": "at",
    "ိတ်": "eik", "ိန်": "ein", "ိပ်": "eik", "ိမ်": "ein", "ုတ်": "ok", "ုန်": "on", "ုပ်": "ok", "ုမ်": "on",
    "ုဏ်": "on", "ိဒ်": "eik", "ောက်": "auk", "ောင်": "aung", "ေါင်": "aung", "ေါက်": "auk", "ိုက်": "aik",
    "ိုင်": "aing", "ွန်": "un", "ွတ်": "ut", "ွပ်": "ut", "ွမ်": "un", "ွံ": "un",
}  # fmt: skip
_SYLLABLE = re.compile(
    "(?P<initial>[\u1000-\u102a\u103f])(?P<medials>[\u103b-\u103e]*)(?P<vowels>[\u102b-\u1032\u1036\u103a]*)"
    "(?P<tones>[\u1037\u1038]*)(?P<final>(?:[\u1000-\u1021](?:\u1037?\u103a|(?=\u1039)))?)[\u1037\u1038\u103a]*\u1039?"
)


def syllables(word: str) -> list[str]:
    """The syllables of a word in Unicode; the word itself where it has none."""
    found = [each[0] for each in _SYLLABLE.finditer(word)]
    return found if "".join(found) == word else [word]


def letters(syllable: str) -> str:
    """A syllable in Latin letters; empty for what is no syllable."""
    found = _SYLLABLE.fullmatch(syllable)
    if found is None:
        return ""
    final = f"{found['final'][:1]}\u103a" if found["final"] else ""
    vowels, medials = found["vowels"] + final, found["medials"]
    if "\u103d" in medials and f"\u103d{vowels}" in _RIMES:
        vowels, medials = f"\u103d{vowels}", medials.replace("\u103d", "")
    if found["initial"] in _WHOLE:
        return _WHOLE[found["initial"]] + (_RIMES.get(final, "n")[1:] if final else "")
    return _initial(found["initial"], medials) + _RIMES.get(vowels, _RIMES.get(found["vowels"], "a"))


def _initial(consonant: str, medials: str) -> str:
    glide = "y" if "\u103b" in medials or "\u103c" in medials else ""
    start = _INITIALS.get(consonant, "") + glide
    breathed = f"h{start}" if "\u103e" in medials and start[:1] in ("l", "m", "n") else start
    if breathed == start and "\u103e" in medials:
        breathed = start + "h"
    clustered = next((short for long, short in _CLUSTERS if breathed == long), breathed)
    return clustered + ("w" if "\u103d" in medials else "")
