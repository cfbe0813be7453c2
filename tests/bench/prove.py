"""`python -m tests.bench.prove [NAME...]`: the long proofs, a line of figures each, and JSON in prove-output/."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path

import orjson

from tests.bench import proofs
from tests.bench.proofs import Asked, Figures, Skipped

FOLDER = Path("prove-output")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.prove", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(proofs.PROOFS)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=Asked().seeds, help="worlds for the truth table")
    parser.add_argument("--kills", type=int, default=Asked().kills, help="how often each victim is killed")
    parser.add_argument("--acts", type=int, default=Asked().acts, help="how often an insider changes the audit log")
    parser.add_argument("--requests", type=int, default=Asked().requests, help="how often each kind of child is asked")
    parser.add_argument("--histories", type=int, default=Asked().histories, help="how many dose histories are told")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the JSON files")
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(proofs.PROOFS)
    if unknown:
        parser.error(f"there is no proof {', '.join(sorted(unknown))}; there are: {', '.join(proofs.PROOFS)}")
    asked = Asked(
        seeds=tuple(given.seeds),
        kills=given.kills,
        acts=given.acts,
        requests=given.requests,
        histories=given.histories,
    )
    given.out.mkdir(parents=True, exist_ok=True)
    return max([_proved(name, asked, given.out) for name in given.names or proofs.PROOFS])


def _proved(name: str, asked: Asked, folder: Path) -> int:
    began = time.monotonic()
    try:
        found = proofs.PROOFS[name](asked)
    except Exception:  # the other proofs go on
        traceback.print_exc()
        found: Figures | Skipped = {"holds": False}
    seconds = round(time.monotonic() - began, 1)
    if isinstance(found, Skipped):
        sys.stdout.write(f"{name:<11} skipped: {found.reason}\n")
        found = {"skipped": found.reason}
    else:
        sys.stdout.write(f"{name:<11} {'holds' if found['holds'] else 'FAILS'}  {_line(found)}  ({seconds} s)\n")
    sys.stdout.flush()
    (folder / f"{name}.json").write_bytes(orjson.dumps({**found, "seconds": seconds}, option=orjson.OPT_INDENT_2))
    return int(not found.get("holds", True))


def _line(figures: Figures) -> str:
    return ", ".join(f"{name} {_worded(value)}" for name, value in figures.items() if name not in ("holds", "seconds"))


def _worded(value: object) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {each}" for name, each in value.items()) + ")"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
