"""Names of people in scripts for which no published pairs may be used, each with spellings found in Latin letters.

`ethiopic.tsv` (Amharic and Tigrinya), `dari-pashto.tsv` and `bengali.tsv` (most are names of Muslims of Bangladesh and
Rohingya) were collected by hand, from general knowledge of how these names are written; no list of people was used.
Native, tab, Latin, one pair a line. They examine what was learned and ruled elsewhere, and teach nothing.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
