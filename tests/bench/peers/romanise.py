"""`python romanise.py WAY < names.json > latin.json`: a list of names as one romaniser writes them in Latin letters.

Runs in the environment of the peers, not the project's. What is not installed ends it with the reason.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

Romanise = Callable[[str], str]


def _uroman() -> Romanise:
    import uroman

    return uroman.Uroman().romanize_string


def _rigour() -> Romanise:
    from rigour.text.translit import ascii_text

    return ascii_text


def _icu(rules: str) -> Callable[[], Romanise]:
    def load() -> Romanise:
        import icu

        return icu.Transliterator.createInstance(rules).transliterate

    return load


WAYS: dict[str, Callable[[], Romanise]] = {
    "uroman": _uroman,
    "rigour": _rigour,
    "icu": _icu("Any-Latin"),
    "icu-burmese": _icu("my-my_Latn"),
    "icu-zawgyi": _icu("Zawgyi-my; my-my_Latn"),
}


def main(way: str) -> None:
    romanise = WAYS[way]()
    json.dump([romanise(each) for each in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except ImportError as missing:
        sys.exit(f"not installed: {missing.name}")
