"""`python -m tests.bench.cards`: how long a card takes to verify, how large our own are, how forgeries fare."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from registry.trust import hcert, shc
from registry.trust.hcert import reading
from registry.trust.shc import codes
from tests.bench import forgery
from tests.support import cards

DOSES = (1, 10, 20, 25, 30, 40)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cards", description=__doc__)
    parser.add_argument("--forgeries", type=int, default=100_000)
    asked = parser.parse_args(arguments)
    for what, work in {"SMART Health Card, from digits": _card, "HCERT, from HC1 text": _certificate}.items():
        for clock, name in ((time.perf_counter, "on the wall"), (time.thread_time, "of the processor")):
            middle, late = _timed(work, clock)
            sys.stdout.write(f"{what:32} p50 {middle:.2f} ms, p95 {late:.2f} ms {name}\n")
    for count in DOSES:
        sizes = sorted(len(_issued(count, seed)) for seed in range(200))
        fitting = sum(size <= codes.MAX_SINGLE for size in sizes)
        size = f"{sizes[0]}-{sizes[-1]} characters"
        sys.stdout.write(f"our card of {count:2} doses: {size}, {fitting} of {len(sizes)} fit one code\n")
    outcome = forgery.prove(asked.forgeries)
    same = f"{outcome.same_words:,} say the signed words"
    sys.stdout.write(f"{outcome.attempts:,} forgeries: {outcome.passed} passed, {same}\n")
    sys.stdout.write("".join(f"  {reason}: {count:,}\n" for reason, count in sorted(outcome.refused.items())))
    return 1 if outcome.passed else 0


def _timed(work: Callable[[int], None], clock: Callable[[], float], times: int = 2000) -> tuple[float, float]:
    """Milliseconds at the median and at the 95th percentile."""
    taken = list[float]()
    for at in range(times):
        begun = clock()
        work(at)
        taken.append((clock() - begun) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


TEXTS = [shc.numeric(each) for each in forgery.CARDS]
CERTIFICATES = [cards.text_of(each) for each in forgery.COSES]


def _card(at: int) -> None:
    chunk = codes.parse(TEXTS[at % len(TEXTS)])
    assert isinstance(chunk, codes.Chunk)
    assert isinstance(shc.verify(chunk.token, forgery.TRUST.issuers, now=cards.NOW), shc.Card)


def _certificate(at: int) -> None:
    body = reading.of_text(CERTIFICATES[at % len(CERTIFICATES)])
    assert isinstance(body, bytes)
    assert isinstance(hcert.verify(body, forgery.TRUST.signers, now=cards.NOW), hcert.Certificate)


def _issued(count: int, seed: int) -> str:
    issued = datetime(2026, 11, 22, tzinfo=UTC)
    expires = issued + timedelta(days=30)
    return shc.issue(
        cards.PERSON, cards.doses(count, seed), issuer=cards.ISSUER, key=cards.KEY, issued=issued, expires=expires
    )


if __name__ == "__main__":
    sys.exit(main())
