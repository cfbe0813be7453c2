"""The little words of names: articles, abd, ibn, titles, and what was typed where no name was known.

A particle is never thrown away when nothing else would remain. Words are compared in plain Latin letters,
those of Arabic in their own.
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
    " moulay mulay lalla moulvi maulavi mawlawi mr mrs ms mme mlle dr daw"
    " monsieur madame mister",
}
_ARABIC = {
    Role.ARTICLE: "ال",
    Role.BINDS: "عبد ابو أبو أم ام",
    Role.FAITH: "الدين",
    Role.SON_OF: "بن ابن إبن بنت ولد",
    Role.TITLE: "الحاج حاج الحاجة حاجة الشيخ شيخ سيدي مولاي السيد السيدة",
}


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# The article takes the colour of a following sun letter: ar-Rahman, ash-Shami.
_COLOURED = _listed("ar er as es ash esh ach ech ad ed an en at et az ez ur us ud un")


def _by_word(table: dict[Role, str]) -> dict[str, Role]:
    return {word: role for role, words in table.items() for word in words.split()}


_IN_PLAIN_LETTERS = (Script.LATIN, Script.CYRILLIC, Script.BENGALI, Script.DEVANAGARI)
_ROLES = {Script.ARABIC: _by_word(_ARABIC)} | dict.fromkeys(_IN_PLAIN_LETTERS, _by_word(_LATIN))


def role_of(word: str, next_word: str, script: Script) -> Role:
    """What `word` is, in plain letters (Arabic: its own); `next_word` is empty at the end."""
    role = _ROLES.get(script, {}).get(word, Role.WORD)
    if role is Role.WORD and word in _COLOURED and script is not Script.ARABIC:
        return Role.ARTICLE if next_word and next_word[0] == word[1] else Role.WORD
    return role


_NOT_A_NAME = frozenset(
    """
    unknown|unkn|unk|unnamed|no name|noname|not known|not stated|not given|not named|none|null|n a|n d|nd
    fnu|lnu|nn|n n|snp|bb|b b|anonymous|test|missing|boy|girl|child|female|daughter|tbd|to be named
    inconnu|inconnue|sans nom|sans prenom|sans prénom|enfant|garcon|garçon|fille|fils|non connu|non connue
    non renseigne|non renseigné|non renseignée|non déclaré|non declare|neant|néant|anonyme|à nommer|a nommer
    desconocido|desconocida|sin nombre|desconhecido|sem nome|unbekannt|bilinmiyor|isimsiz
    н д|нд|нет|нет данных|неизвестно|неизвестный|неизвестная|неизв|неизвестен|неизвестна|без имени|без имя
    не указано|не указан|не назван|не названа|ребенок|ребёнок|мальчик|девочка|сын|дочь
    невідомо|невідомий|невідома|немає даних|без імені|дитина|хлопчик|дівчинка|син|донька
    неизвестно име|без име|бебе|дете|момче|момиче
    مجهول|مجهولة|غير معروف|غير معروفة|غير معلوم|غير مسمى|غير مسماة|بدون اسم|بلا اسم|لا يوجد|لا اسم|ذكر|أنثى
    ያልታወቀ|አይታወቅም
    """.replace("\n", "|").replace("    ", "").split("|")
) - {""}  # fmt: skip
# What newborns are called until they have a name, followed by anything: Baby Boy, Bébé de Fatima, مولود فاطمة.
_NEWBORN = _listed(
    """
    baby babyboy babygirl babyof bebe bébé bb newborn infant neonate nouveauné nouveaune nourrisson twin jumeau
    jumelle unnamed младенец новорожденный новорождённый новорожденная новорождённая новорожденое немовля
    новонароджений новонароджена новонароджене новородено مولود مولودة المولود المولودة رضيع رضيعة الرضيع الرضيعة
    طفل طفلة الطفل الطفلة ሕፃን ህፃን ሕጻን ህጻን
    """
)  # fmt: skip
_NEWBORN_PHRASES = (
    "new born", "nouveau ne", "nouveau né", "nouvelle nee", "nouvelle née", "b o ", "boy of ", "girl of ", "son of ",
    "daughter of ", "child of ", "fils de ", "fille de ", "garcon de ", "garçon de ", "enfant de ", "сын ", "дочь ",
    "ребенок ", "ребёнок ", "син ", "донька ", "дитина ",
)  # fmt: skip


def is_placeholder(words: list[str]) -> bool:
    """Whether the words were typed because no name was known (Baby Boy, Inconnu, Н/Д, xxx)."""
    phrase = " ".join(words)
    if phrase in _NOT_A_NAME or words[0] in _NEWBORN or f"{phrase} ".startswith(_NEWBORN_PHRASES):
        return True
    return len(set(phrase)) == 1 and phrase < "\u0590" and (len(phrase) > 1 or phrase in "xх")
