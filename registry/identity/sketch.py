"""A person in seven numbers: enough to rank many who may be meant before any of them is read and compared.

A sketch lies sealed in its dossier, as everything else does. It decides nothing: it says whom to look at first. Numbers
of identity are not in it: whoever shares one is looked at in any case.
Measured with the like facts of plain files (`files.nearby`) on 999,950 records without numbers, where some 244 others
share a key with each: of 2,643 pairs of one person 6 do not stand among the first 20 by keys and facts together, 44 by
the keys they share alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from registry.identity.demographics import BirthKind, Demographics
from registry.identity.names import Name

Sketch = tuple[int, ...]
"""A number for each fact, in the order of `_BITS`; 0 where the person has none."""

# What it says when a fact is the same, and when it is not, in bits: the weights shipped, rounded. A slip makes a fact
# another, so that one says only half of what it says where names are compared.
_BITS: dict[str, tuple[float, float]] = {
    "day": (13, -4),
    "given": (6.5, -3),
    "family": (9, -3),
    "father": (5.5, -3),
    "mother": (5.5, -3),
    "village": (7.5, -1),
    "year": (3.5, -3),
}


def of(person: Demographics) -> Sketch:
    """The sketch of a person."""
    birth = person.birth
    told = {
        "day": str(birth.date) if birth and birth.kind is not BirthKind.DEFAULT else "",
        "given": skeleton(person.given),
        "family": skeleton(person.family),
        "father": skeleton(person.father),
        "mother": skeleton(person.mother),
        "village": skeleton(person.villages),
        "year": str(birth.date.year) if birth else "",
    }
    return tuple(_number(told[each]) for each in _BITS)


def skeleton(spellings: Sequence[Name]) -> str:
    """The skeleton of a name's first spelling; empty where it has none."""
    return spellings[0].skeleton if spellings else ""


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()) if text else 0


def agreement(one: Sketch, other: Sketch) -> float:
    """What two sketches say for one person, in bits; what one of them lacks says nothing."""
    told = zip(one, other, _BITS.values(), strict=True)
    return sum((same if left == right else differs) for left, right, (same, differs) in told if left and right)
