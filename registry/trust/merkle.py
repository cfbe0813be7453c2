"""A Merkle tree as in RFC 6962, section 2.1: which leaves a log has, in which order, provably.

Everywhere below a leaf is given as its hash (`leaf_hash` of its content), 32 bytes. A tree grows only at its
end; `Frontier` keeps the few hashes that are needed to go on, so that appending never rereads the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Range = tuple[int, int]
"""Neighbouring leaves: the first index, and the index behind the last."""


def leaf_hash(content: bytes) -> bytes:
    """Hash of a leaf; its prefix keeps a leaf from posing as an inner node."""
    return sha256(b"\x00" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: the roots of its full subtrees, largest first, one per bit set in `size`."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError("a frontier has as many peaks as its size has bits set")
        if any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise ValueError("a peak is a hash of 32 bytes")

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one leaf more."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier with these leaves more."""
        size, peaks = self.size, [*self.peaks]
        for leaf in leaves:
            peaks.append(leaf)
            size += 1
            # As in counting up by one in binary: every carry joins two subtrees of the same size.
            while len(peaks) > size.bit_count():
                right = peaks.pop()
                peaks[-1] = node(peaks[-1], right)
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.peaks:
            return EMPTY_ROOT
        return reduce(lambda right, left: node(left, right), reversed(self.peaks))


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaves."""
    return Frontier().extend(leaves).root


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root, lowest first."""
    return [root(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The leaves under each hash of an inclusion path, lowest first (RFC 6962, section 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("no leaf has this index")
    start, end, beside = 0, size, list[Range]()
    while end - start > 1:
        middle = start + _split(end - start)
        is_left = index < middle
        beside.append((middle, end) if is_left else (start, middle))
        start, end = (start, middle) if is_left else (middle, end)
    return beside[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that the tree of `size` leaves under `root` has `leaf` at `index`."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *path):
        return False
    # Of the bits of `index`, the lower ones are levels with a neighbour on either side; above them, on the
    # right edge of the tree, a level has a hash in the path only where the bit is set.
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        return False
    found = leaf
    for level, beside in enumerate(path):
        is_right = level >= inner or index >> level & 1
        found = node(beside, found) if is_right else node(found, beside)
    return found == root


def consistency_path(older: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that prove the tree of the first `older` leaves to be a beginning of this one."""
    return [root(leaves[start:end]) for start, end in consistency_ranges(older, len(leaves))]


def consistency_ranges(older: int, size: int) -> list[Range]:
    """The leaves under each hash of a consistency path, in the order of the path (RFC 6962, section 2.1.2)."""
    if not 0 <= older <= size:
        raise ValueError("the older tree is not smaller")
    if older == 0:  # RFC 6962 defines no proof from the empty tree; nothing needs proving there
        return []
    start, end, beside = 0, size, list[Range]()
    while end > older:
        middle = start + _split(end - start)
        is_left = older <= middle
        beside.append((middle, end) if is_left else (start, middle))
        start, end = (start, middle) if is_left else (middle, end)
    # Where nothing was added beside it, what remains is the older tree itself, whose root the verifier holds.
    return [*([(start, end)] if start else []), *beside[::-1]]


def subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The full subtrees a range of a path consists of, largest first, as (level, position on that level).

    Every range of a path starts at a multiple of a power of two that is not smaller than the range.
    """
    found, at = list[tuple[int, int]](), start
    for level in reversed(range((end - start).bit_length())):
        if (end - start) >> level & 1:
            found.append((level, at >> level))
            at += 1 << level
    return found


def verify_consistency(older: int, newer: int, path: Sequence[bytes], older_root: bytes, newer_root: bytes) -> bool:
    """Whether `path` proves that the tree of `newer` leaves only added to that of `older` leaves."""
    if not 0 <= older <= newer or not _are_hashes(older_root, newer_root, *path):
        return False
    if older in (0, newer):
        expected = EMPTY_ROOT if older == 0 else newer_root
        return not path and older_root == expected and (newer > 0 or newer_root == EMPTY_ROOT)
    return _grew(older, newer, path, older_root, newer_root)


def _grew(older: int, newer: int, path: Sequence[bytes], older_root: bytes, newer_root: bytes) -> bool:
    # Start from the last full subtree of the older tree, which is a node of both trees. A power of two is
    # that subtree itself, so the path leaves it out (RFC 9162, section 2.1.4.2, states the steps).
    level = (older & -older).bit_length() - 1
    steps = (older_root, *path) if older.bit_count() == 1 else (*path,)
    index, last = (older - 1) >> level, (newer - 1) >> level
    inner = (index ^ last).bit_length()
    if len(steps) != 1 + inner + (index >> inner).bit_count():
        return False
    old = new = steps[0]
    for height, beside in enumerate(steps[1:]):
        if height >= inner or index >> height & 1:
            old, new = node(beside, old), node(beside, new)
        else:
            new = node(new, beside)
    return old == older_root and new == newer_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _are_hashes(*hashes: bytes) -> bool:
    # A "hash" of another length could hide a shifted boundary between left and right.
    return all(len(each) == HASH_BYTES for each in hashes)
