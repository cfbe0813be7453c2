"""Plain files linked by the flow itself: what was counted is what was compared."""

from __future__ import annotations

from random import Random

from registry.flows import linkfiles, persons_file, tablefile
from registry.flows.linked import Linked
from registry.flows.packed import People
from registry.flows.spread import Spread
from registry.identity.files import rivals
from tests.support import file_people


def _linked(households: int) -> Linked:
    dice = Random(3)
    lines = file_people.population(dice, households)
    again = [file_people.told_again(dice, each, f"{each['id']}-again", slips=1) for each in lines[::2]]
    table = tablefile.read(file_people.table([*lines, *again]), name="people.csv")
    people = People((persons_file.opened(table, persons_file.guessed(table)).rows,))
    return linkfiles.link(people, file_people.rules(len(people)), spread=Spread(jobs=1))


def test_every_compared_pair_is_counted_once_also_when_neighbours_moved_it() -> None:
    done = _linked(120)
    assert sum(done.found.scores.values()) == done.found.compared > 0
    assert min(done.found.scores.values()) > 0
    assert {match.evidence.level(rivals.FIELD) for *_, match in done.found.pairs} <= {*rivals.LEVELS}
    likely = sum(done.found.likely.values())
    listed = sum(match.probability for *_, match in done.found.pairs)
    assert listed <= likely < listed + 1  # the pairs that were not kept are hardly one person
