"""Pairs of one name in two scripts, as a file gives them: native, tab, Latin, one pair a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from registry.errors import BadInput
from registry.identity import scripts, transducer, zawgyi
from registry.identity.scripts import Script

Pair = tuple[str, str]
_OR = re.compile("[၊،,;/]")
"""What stands between several spellings of one name."""


def read(text: str) -> list[Pair]:
    """Every pair of native and plain Latin letters. Raises BadInput naming the first line that is none."""
    told = [_line(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not told:
        raise BadInput("there is no pair", remedy="write the native name, a tab, the Latin name, one pair a line")
    natives = zawgyi.in_one_encoding([native for native, _ in told])
    return [*_each(zip(natives, (latin for _, latin in told), strict=True))]


def _line(number: int, line: str) -> Pair:
    native, tab, latin = line.lstrip("\ufeff").partition("\t")
    if not tab or not latin.strip():
        raise BadInput("this is no pair", where=f"line {number}", remedy="write the native name, a tab, the Latin name")
    return native, latin.partition("\t")[0]


def _each(told: Iterable[Pair]) -> Iterator[Pair]:
    for native, latin in told:
        plain = transducer.plain(latin)
        spellings = filter(None, map(transducer.letters, _OR.split(native)))
        yield from ((each, plain) for each in spellings if plain)


def script(pairs: Iterable[Pair]) -> Script:
    """The script of most native names."""
    return Counter(scripts.script_of(native) for native, _ in pairs).most_common(1)[0][0]
