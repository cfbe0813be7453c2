"""`python -m adapters.sdk.world [--seed N] [--out DIR]`: write the hand-overs of a world.

Without --out the committed examples are written anew, always from seed 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from adapters.sdk.world import hand_over


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m adapters.sdk.world", description=hand_over.__doc__)
    parser.add_argument("--seed", type=int, default=hand_over.SEED, help="another seed, another world")
    parser.add_argument("--out", type=Path, help="a folder; without it the committed examples (seed 1)")
    asked = parser.parse_args(arguments)
    if asked.out is None and asked.seed != hand_over.SEED:
        parser.error("the committed examples are of seed 1; name a folder with --out for another seed")
    for path in hand_over.write(hand_over.world(asked.seed), asked.out):
        sys.stdout.write(f"{path.stat().st_size:>9,} {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
