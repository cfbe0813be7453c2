"""A name as tokens: what was written, its normal form, its reading in Latin letters, its sounds and skeletons.

`name` never loses a name: any text with a letter that is no placeholder gives at least one token, and no token has
an empty form. The original text always stays beside what was made of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from registry.identity import burmese, particles, romanise, scripts, skeleton
from registry.identity.particles import Role
from registry.identity.scripts import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One part of a name, `Abd al-Rahman` being one.

    `sounds` are the ways it may be read (see `romanise`), the likeliest first; `skeletons` serve keys only.
    """

    original: str
    script: Script
    normal: str
    romanised: str
    sounds: tuple[str, ...]
    skeletons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One spelling of one name of a person; its script is that of its first token."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def script(self) -> Script:
        return self.tokens[0].script

    def __hash__(self) -> int:
        """By the text alone: everything else is made of it, and pairs of people are looked up by their names."""
        return hash(self.text)

    @property
    def normal(self) -> tuple[str, ...]:
        return tuple(each.normal for each in self.tokens)

    @property
    def skeleton(self) -> str:
        """The likeliest skeleton of each token."""
        return " ".join(each.skeletons[0] for each in self.tokens)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    plain: str  # what particles are recognised by
    script: Script


# Apostrophes and the signs scholars write for ayn and hamza stand inside a word and carry no sound.
_INSIDE_A_WORD = re.compile("['’‘`´ʼʻʿʾʹ′\u200b-\u200f\u2060\ufeff\u00ad]")
_JOINED_ABD = re.compile("^عبدال(.{2,})$")
_JOINED_FAITH = re.compile("^(.{2,})الدين$")


@lru_cache(maxsize=1 << 13)
def name(text: str) -> Name | None:
    """Read one name; None for a placeholder or a text without letters.

    The cache holds single names, never whose they are.
    """
    words = _words(scripts.clean(text))
    if not words or particles.is_placeholder(words):
        return None
    return Name(text=text, tokens=tuple(_token(each) for each in _groups([_word(each) for each in words])))


def _words(cleaned: str) -> list[str]:
    kept = (each if _is_in_word(each) else " " for each in _INSIDE_A_WORD.sub("", cleaned))
    parted = (_JOINED_FAITH.sub("\\1 الدين", word) for word in "".join(kept).split())
    words = (_JOINED_ABD.sub("عبد ال\\1", word) for word in parted)
    parts = [part for word in words for part in word.split() if any(each.isalpha() for each in part)]
    return [each for part in parts for each in burmese.syllables(part)]


def _is_in_word(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character).startswith("M")


def _word(text: str) -> _Word:
    script = scripts.script_of(text)
    plain = text if script is Script.ARABIC else romanise.letters(text, script)
    return _Word(text, plain, script)


def _groups(words: list[_Word]) -> list[list[_Word]]:
    """Words that make one token together; titles and the words for `son of` fall away while a name remains."""
    groups: list[list[_Word]] = []
    binding = False
    for word, role in _with_roles(words):
        is_joined = binding or (role is Role.FAITH and bool(groups))
        binding = role in (Role.BINDS, Role.ARTICLE) or (role is Role.SON_OF and not groups)
        if role in _DROPPED and groups and not is_joined:
            continue
        if is_joined and groups:
            groups[-1].append(word)
        else:
            groups.append([word])
    return _without_titles(groups)


_DROPPED = (Role.SON_OF, Role.OF_FATHER)


def _with_roles(words: list[_Word]) -> Iterator[tuple[_Word, Role]]:
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else None
        role = particles.role_of(word.plain, after.plain if after else "", word.script)
        is_article_of_faith = role is Role.ARTICLE and after is not None and _is_faith(after)
        yield word, Role.FAITH if is_article_of_faith else role


def _is_faith(word: _Word) -> bool:
    return particles.role_of(word.plain, "", word.script) is Role.FAITH


def _without_titles(groups: list[list[_Word]]) -> list[list[_Word]]:
    names = [each for each in groups if not _is_title(each)]
    return names or groups


def _is_title(group: list[_Word]) -> bool:
    """Whether the last word of the group is a title (Hadj, El Hadj)."""
    return particles.role_of(group[-1].plain, "", group[-1].script) is Role.TITLE


def _token(words: list[_Word]) -> Token:
    return _read_token(tuple((word.text, word.script) for word in words))


@lru_cache(maxsize=1 << 14)
def _read_token(words: tuple[tuple[str, Script], ...]) -> Token:
    script = words[-1][1]
    texts = [text for text, _ in words]
    sounds = _arabic_readings(texts) if script is Script.ARABIC else _plain_readings(words)
    return Token(
        original=" ".join(texts),
        script=script,
        normal="".join(scripts.normal(text, each) for text, each in words),
        romanised="".join(romanise.letters(scripts.normal(text, each), each) for text, each in words),
        sounds=sounds,
        skeletons=skeleton.skeletons(sounds),
    )


def _arabic_readings(words: list[str]) -> tuple[str, ...]:
    """With and without the article; a last heh may be a teh marbuta, a last dotless yeh a yeh."""
    bare = [_without_article(each) for each in words]
    spellings = ["".join(bare)] if words != ["ال"] else words
    if bare != words and len(words) == 1:
        spellings.append("".join(words))
    if words[0] in ("بن", "ابن") and len(words) > 1:
        spellings.append("".join(bare[1:]))
    if "ق" in spellings[0]:  # in Sudan, the Gulf and for Ethiopian names it writes g: دينق is Deng
        spellings.append(spellings[0].replace("ق", "گ"))
    last = spellings[0][-1:]
    if last in _LAST_LETTERS and len(spellings[0]) > 2 and not spellings[0].endswith("لله"):
        spellings.append(spellings[0][:-1] + _LAST_LETTERS[last])
    # Pashto of the north says kh where that of the south says sh.
    spellings += [each.replace("ښ", "خ") for each in spellings if "ښ" in each]
    return tuple(dict.fromkeys(romanise.arabic_sounds(each) for each in spellings))


_LAST_LETTERS = {"ه": "ة", "ى": "ي"}


def _without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) >= 4 else word


# What a joined spelling may hide, in plain letters; the first reading is the likeliest.
# (pattern, replacement, whether the spelling as it is stays the first reading)
_HIDDEN = (
    # Abdelatif for Abdellatif.
    (re.compile(r"^[ae]bd[aeiou]{0,2}l([aeiou].+)$"), r"abdl\1", True),
    # Abdelkader, Abdulrahman, Abderrahmane, Abdessamad: the servant of X, without the article.
    (
        re.compile(r"^[ae]bd(?:h?[aeiou]{0,2}l|[aeou]{1,2}(?:ch|sh|([rsndtzl]))(?=sh|ch|\1))(.{2,})$"),
        r"abd\2",
        False,
    ),
    # Noureddine, Salah ad-Din, Kamaluddin.
    (re.compile(r"^(.{2,})[aeou](?:dd|ld)(?:i|ee|ie|ey|y)n[ei]?$"), r"\1din", False),
    # Elhassan, Ennaji, Echchabi: perhaps the article.
    (re.compile(r"^[ae]l([bcdfghjklmnpqrstvwxyz].{3,})$"), r"\1", True),
    (re.compile(r"^[aeu]([rsntdz]|sh|ch)\1(.{3,})$"), r"\1\2", True),
    (re.compile(r"^[aeu]ch(sh.{3,})$"), r"\1", True),
    # Benali, Ben Ali: perhaps the son of Ali.
    (re.compile(r"^b[ei]n(.{3,})$"), r"\1", True),
    # Akhmedovich, Akhmedovna, Akhmedivna: the father's name.
    (re.compile(r"^(.{3,}?)(?:[jy]?[oe][vw]|i[vw])(?:i|y)?(?:ch|tch|tsch|c|na)$"), r"\1", True),
    # German and Slavic writers in Latin letters mean y: Marjam, Natalija. Not the j of Djamila.
    (re.compile(r"^(.*(?<!d))j(.*)$"), r"\1y\2", True),
    # Dinka and Turkish writers mean ch and j: Acol, Circis; `distance` knows the two to be near.
    (re.compile(r"^(.*)c((?![hkeiy]).*|i.*s)$"), r"\1tch\2", True),
    # Russian softens l in foreign names: Bilyal, Lyutfi.
    (re.compile(r"^(.*)ly([au].*)$"), r"\1l\2", True),
)
_PATRONYMIC = re.compile(r"(?:[oe][vw]|i[vw])(?:ich|ych|itch|itsch|na)$")


def is_patronymic(text: str) -> bool:
    """Whether a name after the given name is a Slavic patronymic: Akhmedovich, Ахмедовна."""
    words = [_word(each) for each in _words(scripts.clean(text))]
    return len(words) == 1 and words[0].script is not Script.ARABIC and bool(_PATRONYMIC.search(words[0].plain))


_ARTICLE = re.compile(r"^(?:al|el|ul|[ae](?:r|s|sh|ch|d|n|t|z))$")


def _plain_readings(words: tuple[tuple[str, Script], ...]) -> tuple[str, ...]:
    ways = zip(*(romanise.spellings(scripts.normal(text, script), script) for text, script in words), strict=False)
    read = romanise.cyrillic_sounds if words[-1][1] is Script.CYRILLIC else romanise.sounds
    return tuple(dict.fromkeys(read(each) for texts in ways for each in _hidden(texts)))


def _hidden(texts: Sequence[str]) -> list[str]:
    """What a spelling, given in plain letters word by word, may stand for."""
    if len(texts) > 1 and _ARTICLE.match(texts[0]):
        texts = texts[1:]
    spellings = ["".join(texts)]
    for pattern, replacement, stays in _HIDDEN:
        hidden, found = pattern.subn(replacement, spellings[0])
        if found:
            spellings = [*spellings, hidden] if stays else [hidden, *spellings[1:]]
    return spellings
