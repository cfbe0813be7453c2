"""Commands run on their own, with the time and the memory they took."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil

ROOT = Path(__file__).resolve().parents[3]
PEERS = Path(os.environ.get("CONTINUITY_PEERS", ROOT / ".venv" / "peers" / "bin" / "python"))
"""The Python that has Splink and recordlinkage."""

_LOOK_SECONDS = 1.0
_LINK = "from registry.cli import main; main()"


class Failed(Exception):
    """A command ended badly; the text is the end of what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How long a command took, how much memory it and its children had at most, and what it printed."""

    seconds: float
    megabytes: float
    printed: bytes


def has_peers() -> bool:
    return PEERS.is_file()


def peer(module: str, *arguments: object) -> Ran:
    """A module of this package in the Python of the peers. Raises Failed."""
    return run([str(PEERS), "-m", f"tests.bench.peers.{module}", *map(str, arguments)])


def link(files: Sequence[Path], out: Path, *options: object) -> tuple[Ran, dict[str, Any]]:
    """`continuity link --json`, and what it printed. Raises Failed."""
    ran = run([sys.executable, "-c", _LINK, "link", *map(str, files), "--out", str(out), "--json", *map(str, options)])
    return ran, orjson.loads(ran.printed)


def run(command: Sequence[str]) -> Ran:
    """Run a command to its end, with the project on its path."""
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        peak = [0.0]
        watch = threading.Thread(target=_watch, args=(process, peak), daemon=True)
        watch.start()
        printed, complaints = process.communicate()
        seconds = time.perf_counter() - began
    watch.join()
    if process.returncode:
        raise Failed(complaints.decode("utf-8", "replace")[-1500:])
    return Ran(seconds=seconds, megabytes=peak[0], printed=printed)


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], _megabytes(process.pid))
        time.sleep(_LOOK_SECONDS)


def _megabytes(pid: int) -> float:
    """What a process and its children hold, pages they share counted once."""
    try:
        everyone = [pid, *(each.pid for each in psutil.Process(pid).children(recursive=True))]
        return sum(map(_share, everyone)) / 1024
    except (psutil.Error, OSError):
        return 0.0


def _share(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it ended meanwhile
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
