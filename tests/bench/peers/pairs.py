"""`python pairs.py FOLDER`: pairs of native and Latin names out of two published packages, one file for each script.

Runs in the environment of the peers, not the project's. Sources: the list of person names inside rigour (MIT), which
is made of Wikidata (CC0 1.0): one line for each given or family name, with its labels in all languages; and the
given names of habesha-names (MIT), written by its authors and reviewed by a native speaker, no records of people.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata, resources
from itertools import product
from pathlib import Path

import zstandard

Pair = tuple[str, str]
_FRAME = bytes.fromhex("28b52ffd")
_LATIN = re.compile("[a-z\u00df-\u024f'’]{2,}")
_MOST_SPELLINGS = 6
"""A line with more is a name that every language translates (John, Joan, Ivan)."""

# Persian has kaf and yeh of its own; ye barree, heh goal and retroflex letters are Urdu, ae and oe Kurdish or Uyghur.
_NATIVE = {
    "bengali": re.compile("[\u0981-\u09ce\u09dc-\u09df]{2,}"),  # without the ra and wa of Assamese
    "devanagari": re.compile("[\u0900-\u0963]{2,}"),
    "ethiopic": re.compile("[\u1200-\u135a]{2,}"),
    "persian": re.compile("(?=.*[پچژگکی])[آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیأؤئءّ]{2,}"),
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [*_wikidata()]
    reviewed = [*_reviewed()]
    for script, native in _NATIVE.items():
        found = {each for line in lines for each in _pairs(line, native)}
        found |= {each for each in reviewed if native.fullmatch(each[0])}
        rows = sorted(found)
        (folder / f"{script}.tsv").write_text("".join(f"{name}\t{latin}\n" for name, latin in rows), encoding="utf-8")
        sys.stdout.write(f"{script}: {len(rows)} pairs of {len({name for name, _ in rows})} native names\n")


def _wikidata() -> Iterator[list[str]]:
    """The spellings of each name. The package keeps the list compressed inside its compiled part."""
    files = metadata.files("rigour") or []
    compiled = next(each for each in files if each.name.startswith("_core.") and each.suffix == ".so")
    for text in _texts(Path(str(compiled.locate())).read_bytes()):
        for line in text.splitlines():
            spellings, arrow, _ = line.partition(" => Q")
            if arrow:
                yield spellings.split(", ")


def _texts(compiled: bytes) -> Iterator[str]:
    for at in re.finditer(re.escape(_FRAME), compiled):
        try:
            yield zstandard.ZstdDecompressor().decompressobj().decompress(compiled[at.start() :]).decode()
        except (zstandard.ZstdError, UnicodeDecodeError, MemoryError):
            continue  # these four bytes stand there by chance


def _pairs(spellings: list[str], native: re.Pattern[str]) -> Iterator[Pair]:
    latin = [each for each in spellings if _LATIN.fullmatch(each)]
    if len(latin) <= _MOST_SPELLINGS:
        yield from product(filter(native.fullmatch, spellings), latin)


def _reviewed() -> Iterator[Pair]:
    listed = json.loads(resources.files("habesha_names").joinpath("data/given_names.json").read_text("utf-8"))
    for each in listed["entries"]:
        yield from ((each["fidel"], latin) for latin in (each["canonical"], *each["variants"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
