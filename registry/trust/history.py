"""One history, or two? What a log holds, against everything that was ever said of it.

A checkpoint says which root the log had at a size. Every checkpoint there is (of the log itself, in a witness's
memory, on a family's receipt) must be a beginning of the log as it stands; one that is not shows that what lay
before it was changed, whoever signed the new history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from registry.trust import merkle


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The log had this root at this size; `by` says whose word that is besides the log's, such as a witness."""

    size: int
    root: bytes
    by: str = ""


def contradictions(leaves: Sequence[bytes], claims: Iterable[Claim]) -> Iterator[str]:
    """What of the claims these leaf hashes do not bear out, in words."""
    given = sorted(claims, key=lambda each: each.size)
    roots = _roots(leaves, {each.size for each in given})
    for each in given:
        whose = f" of {each.by}" if each.by else ""
        if each.size > len(leaves):
            yield f"the log was cut: a checkpoint{whose} covers {each.size} leaves, {len(leaves)} are left"
        elif roots[each.size] != each.root:
            yield f"the log differs from the signed checkpoint of size {each.size}{whose}"


def _roots(leaves: Sequence[bytes], sizes: Iterable[int]) -> Mapping[int, bytes]:
    """The root at each of these sizes, as far as the leaves reach; the leaves are read once."""
    frontier, found = merkle.Frontier(), dict[int, bytes]()
    for size in sorted(size for size in sizes if size <= len(leaves)):
        frontier = frontier.extend(leaves[frontier.size : size])
        found[size] = frontier.root
    return found


def witnessed(seen: Mapping[str, int], quorum: int) -> int:
    """How many leaves so many witnesses have seen; `seen`: the largest size each cosigned."""
    sizes = sorted(seen.values(), reverse=True)
    return sizes[quorum - 1] if 0 < quorum <= len(sizes) else 0
