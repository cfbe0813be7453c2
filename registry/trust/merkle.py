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
    if not 0 <= index < len(leaves):
        raise ValueError("no leaf has this index")
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    left, right = leaves[:middle], leaves[middle:]
    if index < middle:
        return [*inclusion_path(index, left), root(right)]
    return [*inclusion_path(index - middle, right), root(left)]


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
    if not 0 <= older <= len(leaves):
        raise ValueError("the older tree is not smaller")
    # RFC 6962 defines no proof from the empty tree; nothing needs proving there, so the path is empty.
    return _consistency(older, leaves, is_known=True) if older else []


def _consistency(older: int, leaves: Sequence[bytes], *, is_known: bool) -> list[bytes]:
    """RFC 6962, section 2.1.2; `is_known` says that the verifier already holds the root of these leaves."""
    if older == len(leaves):
        return [] if is_known else [root(leaves)]
    middle = _split(len(leaves))
    left, right = leaves[:middle], leaves[middle:]
    if older <= middle:
        return [*_consistency(older, left, is_known=is_known), root(right)]
    return [*_consistency(older - middle, right, is_known=False), root(left)]


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
