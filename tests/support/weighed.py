"""What a matcher of dose records did with histories of which the truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from registry import library
from registry.continuity import history
from registry.continuity.history import DoseEvent, Record
from tests.support import retold
from tests.support.retold import Life


@dataclass(slots=True)
class Weighed:
    """`wrong`: events that hold records of two doses. `apart`: how often a dose told n times stands as more than one
    event: `marked` of those point, directly or not, to an event of the same dose; the others are `missed`."""

    histories: int = 0
    records: int = 0
    doses: int = 0
    repeats: int = 0
    wrong: int = 0
    marked: int = 0
    missed: int = 0
    doubted: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Weighed) -> None:
        for name in ("histories", "records", "doses", "repeats", "wrong", "marked", "missed", "doubted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples += other.examples


def events(life: Life) -> tuple[DoseEvent, ...]:
    meaning = library.load().meaning
    return history.events(life.records, meaning, birth=retold.partial(life.birth), today=life.today)


def retold_events(records: Iterable[Record]) -> tuple[DoseEvent, ...]:
    return history.events(records, library.load().meaning)


def weighed(many: Iterable[Life]) -> Weighed:
    found = Weighed()
    for life in many:
        found.add(judged(life, events(life)))
    return found


def judged(life: Life, told: Sequence[DoseEvent]) -> Weighed:
    """What became of the records of one life."""
    label = {each.resource.id: of for each, of in zip(life.records, life.of, strict=True)}
    truths = {each.id: {label[p.reference.partition("/")[2]] for p in each.provenances} for each in told}
    wrong = [each for each in told if len(truths[each.id]) > 1]
    doubtful = [each for each in told if each.possible_duplicate_of]
    same = {each.id for each in doubtful if truths[each.id] & truths[each.possible_duplicate_of or ""]}
    places = Counter(life.of)
    apart = [_in_excess([each for each in told if place in truths[each.id]]) for place in places]
    marked = [_in_excess([e for e in told if place in truths[e.id] and e.id in same], 0) for place in places]
    return Weighed(
        histories=1,
        records=len(life.records),
        doses=len(places),
        repeats=len(life.records) - len(places),
        wrong=len(wrong),
        marked=sum(map(min, zip(apart, marked, strict=True))),
        missed=sum(max(0, one - two) for one, two in zip(apart, marked, strict=True)),
        doubted=len(doubtful) - len(same),
        examples=[_shown(each, truths[each.id], life) for each in wrong[:1]],
    )


def _in_excess(events: Sequence[DoseEvent], one: int = 1) -> int:
    """How many events more than one stand for a dose; components side by side are one."""
    counted = Counter(antigen for each in events for antigen in each.antigens)
    return max(0, max(counted.values(), default=0) - one)


def _shown(event: DoseEvent, places: set[int], life: Life) -> str:
    told = [f"{p.source} {p.content['vaccineCode']} {p.content.get('occurrenceDateTime')}" for p in event.provenances]
    return f"{[life.given[place] for place in sorted(places)]} became one: {told}"
