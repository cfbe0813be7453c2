"""The little words of names: articles, abd, ibn, titles, and what was typed where no name was known.

A particle is never thrown away when nothing else would remain. Words are compared in plain Latin letters for Latin
and Cyrillic, in their own letters for Arabic.
"""

from __future__ import annotations

from enum import Enum

from registry.identity.scripts import Script


class Role(Enum):
    """What a word does to the words beside it."""

    WORD = "a name"
    ARTICLE = "belongs to the next word and carries no sound of its own"
    BINDS = "one name together with the next word: Abd al-Rahman, Abu Bakr"
    FAITH = "one name together with the word before: Nur al-Din"
    SON_OF = "says that the next name is an ancestor's"
    OF_FATHER = "says that the name before is the father's"
    TITLE = "not a name while others remain"


_LATIN = {
    Role.ARTICLE: "al el ul",
    Role.BINDS: "abd abdul abdel abdal abdil abdoul abdur abder abdus abdes abu abou aboo abo bou umm oum um",
    Role.FAITH: "din dine deen dini eddine eddin uddin ouddine addin aldin eldin",
    Role.SON_OF: "bin ibn ben bint bent binti ould wuld weld",
    Role.OF_FATHER: "ogly oglu oglou ogli uly uulu kyzy kizi kzy qizi gyzy",
    Role.TITLE: "haji hadji hadj hajj haj hajja hadja khadzhi khadzh sheikh cheikh shaykh sheik sheykh sidi"
    " moulay mulay lalla mr mrs ms mme mlle dr daw monsieur madame mister",
}
_ARABIC = {
    Role.ARTICLE: "ال",
    Role.BINDS: "عبد ابو أبو أم ام",
    Role.FAITH: "الدين",
    Role.SON_OF: "بن ابن إبن بنت ولد",
    Role.TITLE: "الحاج حاج الحاجة حاجة الشيخ شيخ سيدي مولاي السيد السيدة",
}
# The article takes the colour of a following sun letter: ar-Rahman, ash-Shami.
_COLOURED = frozenset(
    [
        "ar",
        "er",
        "as",
        "es",
        "ash",
        "esh",
        "ach",
        "ech",
        "ad",
        "ed",
        "an",
        "en",
        "at",
        "et",
        "az",
        "ez",
        "ur",
        "us",
        "ud",
        "un",
    ]
)


def _by_word(table: dict[Role, str]) -> dict[str, Role]:
    return {word: role for role, words in table.items() for word in words.split()}


_ROLES = {Script.LATIN: _by_word(_LATIN), Script.CYRILLIC: _by_word(_LATIN), Script.ARABIC: _by_word(_ARABIC)}


def role_of(word: str, next_word: str, script: Script) -> Role:
    """What `word` is, in plain letters (Arabic: its own); `next_word` is empty at the end."""
    role = _ROLES.get(script, {}).get(word, Role.WORD)
    if role is Role.WORD and word in _COLOURED and script is not Script.ARABIC:
        return Role.ARTICLE if next_word and next_word[0] == word[1] else Role.WORD
    return role


_NOT_A_NAME = frozenset(
    """
    unknown|unkn|unk|unnamed|no name|noname|not known|not stated|not given|none|nil|null|na|n a|n d|nd|fnu|lnu|nn
    anonymous|test|missing|baby|baby boy|baby girl|boy|girl|infant|newborn|new born|child|male|female|twin
    inconnu|inconnue|sans nom|sans prenom|sans prénom|nouveau ne|nouveau né|nouveau nee|nouveau née|bebe|bébé
    enfant|garcon|garçon|fille|fils|non connu|non connue|non renseigne|non renseigné|non renseignée|neant|néant
    jumeau|jumelle|anonyme|desconocido|desconocida|sin nombre|desconhecido|sem nome|unbekannt|bilinmiyor
    н д|нд|неизвестно|неизвестный|неизвестная|неизв|неизвестен|неизвестна|нет|нет данных|без имени|без имя
    не указано|не указан|младенец|новорожденный|новорождённый|новорожденная|ребенок|ребёнок|мальчик|девочка
    невідомо|невідомий|невідома|немає даних|без імені|немовля|новонароджений|новонароджена|дитина|хлопчик|дівчинка
    مجهول|مجهولة|غير معروف|غير معروفة|غير معلوم|بدون اسم|بلا اسم|لا يوجد|مولود|مولودة|رضيع|رضيعة|طفل|طفلة
    ያልታወቀ|አይታወቅም|ሕፃን|ህፃን
    """.replace("\n", "|").replace("    ", "").split("|")
) - {""}  # fmt: skip
_CHILD_OF = ("baby of ", "b o ", "infant of ", "son of ", "daughter of ", "fils de ", "fille de ", "bebe de ",
             "bébé de ", "enfant de ", "сын ", "дочь ", "ребенок ", "ابن ال")[:-1]  # fmt: skip
_COUNTING = frozenset(
    [
        "boy",
        "girl",
        "twin",
        "a",
        "b",
        "c",
        "one",
        "two",
        "three",
        "i",
        "ii",
        "iii",
        "jumeau",
        "jumelle",
        "garcon",
        "garçon",
        "fille",
    ]
)
_BABY = frozenset(["baby", "bebe", "bébé", "infant", "newborn", "twin", "jumeau", "jumelle", "bb"])


def is_placeholder(words: list[str]) -> bool:
    """Whether the words were typed because no name was known (Baby Boy, Inconnu, Н/Д, xxx)."""
    phrase = " ".join(words)
    if phrase in _NOT_A_NAME or phrase.startswith(_CHILD_OF):
        return True
    if len(set(phrase)) == 1 and (len(phrase) > 1 or phrase in "xх"):
        return True
    return words[0] in _BABY and all(word in _COUNTING or word in _BABY for word in words[1:2])
