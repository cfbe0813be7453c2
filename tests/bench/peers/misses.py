"""What `continuity link` missed and mistook in a world: every wrong link and some misses of each kind, as records.

Everything in these worlds is invented; nothing here may be run on people.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.peers.figures import Pair, ordered
from tests.bench.peers.worlds import World

Rows = Mapping[str, Mapping[str, str]]
_NOT_SHOWN = {"id", "source", "national_id", "ration_card"}


def told(world: World, *, each: int = 6, wrong: int = 60) -> Iterator[str]:
    """Lines: the wrong links, then for each kind of miss its share and some examples."""
    people, found = _rows(world.people), _found(world.folder / "links.csv")
    mistaken = sorted(pair for pair, row in found.items() if row["verdict"] == "link" and pair not in world.truth)
    yield f"{len(mistaken)} wrong links" + (f", the first {wrong} of them" if len(mistaken) > wrong else "")
    for pair in mistaken[:wrong]:
        yield from _shown(world, people, pair, found[pair])
    missed = sorted(pair for pair in world.truth if found.get(pair, {}).get("verdict") != "link")
    yield f"\n{len(missed)} of {len(world.truth)} pairs missed"
    yield from _shares(world, missed, found)
    for kind, pairs in _by_kind(world, missed, found).items():
        yield f"\n{kind}: {len(pairs)}"
        for pair in pairs[:: max(1, len(pairs) // each)][:each]:
            yield from _shown(world, people, pair, found.get(pair))


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def _found(path: Path) -> dict[Pair, Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {ordered(row["id_a"], row["id_b"]): row for row in csv.DictReader(file)}


def _shown(world: World, people: Rows, pair: Pair, row: Mapping[str, str] | None) -> Iterator[str]:
    for id in pair:
        cells = [value or "-" for name, value in people[id].items() if name not in _NOT_SHOWN]
        yield f"    {id}: {' | '.join(cells)}   [{world.labels[id]['drifts']}]"
    yield f"      {row['verdict']} {row['probability']}: {row['explanation']}" if row else "      not written"


def _kind(world: World, pair: Pair, row: Mapping[str, str] | None) -> str:
    births = {world.labels[each]["birth_quality"] for each in pair} - {"day"}
    scripts = {world.labels[each]["script"] for each in pair}
    said = "for review" if row else "not written"
    return f"{said}; {'two scripts' if len(scripts) > 1 else 'one script'}; birth {'+'.join(sorted(births)) or 'day'}"


def _by_kind(world: World, missed: Iterable[Pair], found: Mapping[Pair, Mapping[str, str]]) -> dict[str, list[Pair]]:
    kinds = defaultdict[str, list[Pair]](list)
    for pair in missed:
        kinds[_kind(world, pair, found.get(pair))].append(pair)
    return dict(sorted(kinds.items(), key=lambda each: -len(each[1]))[:14])


def _shares(world: World, missed: Sequence[Pair], found: Mapping[Pair, Mapping[str, str]]) -> Iterator[str]:
    """Why what was put to review was, and how much more often each drift is met among the missed."""
    reasons = Counter[str]()
    for pair in missed:
        if pair in found:
            words = found[pair]["explanation"].split(". ")
            reasons.update(
                [next((each for each in words if "Never automatic" in each or "Another" in each), "too low")]
            )
    yield f"  {sum(reasons.values())} of them for review: " + "; ".join(
        f"{n} {why}" for why, n in reasons.most_common(9)
    )
    every, of_missed = _drifts(world, world.truth), _drifts(world, missed)
    for drift, count in of_missed.most_common(25):
        yield f"  {drift}: in {count} missed pairs; missed {count / every[drift]:.0%} of those that have it"


def _drifts(world: World, pairs: Iterable[Pair]) -> Counter[str]:
    held = ({drift for id in pair for drift in world.labels[id]["drifts"].split(";")} or {""} for pair in pairs)
    return Counter(drift or "(none)" for each in held for drift in each)
