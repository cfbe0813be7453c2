"""The Merkle tree against a reference written straight from RFC 6962, and against every kind of tampering."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.trust import merkle

LEAVES = [merkle.leaf_hash(b"entry %d" % number) for number in range(70)]
FOREIGN = merkle.leaf_hash(b"foreign")
SIZES = range(66)

# ---- the reference: RFC 6962, section 2.1, word for word, over the contents D and not over hashes


def _mth(contents: list[bytes]) -> bytes:
    if not contents:
        return sha256(b"").digest()
    if len(contents) == 1:
        return sha256(b"\x00" + contents[0]).digest()
    k = _k(len(contents))
    return sha256(b"\x01" + _mth(contents[:k]) + _mth(contents[k:])).digest()


def _k(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def _path(m: int, contents: list[bytes]) -> list[bytes]:
    if len(contents) == 1:
        return []
    k = _k(len(contents))
    if m < k:
        return [*_path(m, contents[:k]), _mth(contents[k:])]
    return [*_path(m - k, contents[k:]), _mth(contents[:k])]


def _subproof(m: int, contents: list[bytes], b: bool) -> list[bytes]:
    if m == len(contents):
        return [] if b else [_mth(contents)]
    k = _k(len(contents))
    if m <= k:
        return [*_subproof(m, contents[:k], b), _mth(contents[k:])]
    return [*_subproof(m - k, contents[k:], False), _mth(contents[:k])]


CONTENTS = [b"entry %d" % number for number in range(70)]


# ---- known values


def test_the_empty_tree_has_the_known_root() -> None:
    known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root([]).hex() == merkle.EMPTY_ROOT.hex() == merkle.Frontier().root.hex() == known


def test_the_leaf_of_nothing_has_the_known_hash() -> None:
    known = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.leaf_hash(b"").hex() == known
    assert merkle.root([merkle.leaf_hash(b"")]).hex() == known


def test_the_tree_of_seven_of_the_standard_has_its_shape() -> None:
    # RFC 6962, section 2.1.3: the paths of d0, d3, d4, d6 and the proofs from 3, 4 and 6 leaves to 7.
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = merkle.node(a, b), merkle.node(c, d), merkle.node(e, f)
    k, last = merkle.node(g, h), merkle.node(i, j)
    tree = LEAVES[:7]
    assert merkle.root(tree) == merkle.node(k, last)
    assert merkle.inclusion_path(0, tree) == [b, h, last]
    assert merkle.inclusion_path(3, tree) == [c, g, last]
    assert merkle.inclusion_path(4, tree) == [f, j, k]
    assert merkle.inclusion_path(6, tree) == [i, k]
    assert merkle.consistency_path(3, tree) == [c, d, g, last]
    assert merkle.consistency_path(4, tree) == [last]
    assert merkle.consistency_path(6, tree) == [i, j, k]


# ---- against the reference


@pytest.mark.parametrize("size", SIZES)
def test_roots_and_paths_are_those_of_the_reference(size: int) -> None:
    contents, leaves = CONTENTS[:size], LEAVES[:size]
    assert merkle.root(leaves) == _mth(contents)
    assert [merkle.inclusion_path(at, leaves) for at in range(size)] == [_path(at, contents) for at in range(size)]
    for older in range(1, size + 1):
        assert merkle.consistency_path(older, leaves) == _subproof(older, contents, True)


@pytest.mark.parametrize("size", SIZES)
def test_every_honest_proof_is_accepted(size: int) -> None:
    leaves = LEAVES[:size]
    root = merkle.root(leaves)
    for at in range(size):
        assert merkle.verify_inclusion(leaves[at], at, size, merkle.inclusion_path(at, leaves), root)
    for older in range(size + 1):
        path = merkle.consistency_path(older, leaves)
        assert merkle.verify_consistency(older, size, path, merkle.root(leaves[:older]), root)


def test_a_frontier_grows_leaf_by_leaf_to_the_root_of_the_whole() -> None:
    frontier = merkle.Frontier()
    for size in SIZES:
        assert (frontier.size, frontier.root) == (size, _mth(CONTENTS[:size]))
        frontier = frontier.append(LEAVES[size])


@given(st.integers(0, 65), st.integers(0, 65))
def test_a_frontier_goes_on_from_anywhere(first: int, second: int) -> None:
    first, second = sorted((first, second))
    begun = merkle.Frontier().extend(LEAVES[:first])
    resumed = merkle.Frontier(begun.size, begun.peaks).extend(LEAVES[first:second])
    assert resumed == merkle.Frontier().extend(LEAVES[:second])
    assert resumed.root == merkle.root(LEAVES[:second])


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(0, (FOREIGN,)), (1, ()), (3, (FOREIGN,)), (4, (FOREIGN, FOREIGN)), (-1, ()), (1, (b"short",))],
)
def test_a_frontier_that_cannot_be_is_refused(size: int, peaks: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="peak"):
        merkle.Frontier(size, peaks)


def test_a_leaf_hash_of_another_length_is_refused_when_appended() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        merkle.Frontier().append(b"not a hash")


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (3, 3)])
def test_no_path_leads_to_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_path(index, LEAVES[:size])
    assert not merkle.verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("older", "size"), [(-1, 3), (4, 3), (1, 0)])
def test_no_path_leads_to_a_smaller_tree(older: int, size: int) -> None:
    with pytest.raises(ValueError, match="not smaller"):
        merkle.consistency_path(older, LEAVES[:size])
    assert not merkle.verify_consistency(older, size, [], LEAVES[0], LEAVES[0])


# ---- tampering


def _variants(path: list[bytes]) -> list[list[bytes]]:
    """Paths that are not `path`: a hash changed, dropped, doubled, added, cut, or two swapped."""
    changed = [[*path[:at], FOREIGN, *path[at + 1 :]] for at in range(len(path))]
    dropped = [path[:at] + path[at + 1 :] for at in range(len(path))]
    doubled = [[*path[:at], path[at], *path[at:]] for at in range(len(path))]
    cut = [[*path[:at], path[at][:31], *path[at + 1 :]] for at in range(len(path))]
    swapped = [[*path[:at], path[at + 1], path[at], *path[at + 2 :]] for at in range(len(path) - 1)]
    return [*changed, *dropped, *doubled, *cut, *swapped, [FOREIGN, *path], [*path, FOREIGN]]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 21, 32, 33, 64, 65])
def test_a_false_proof_of_inclusion_is_refused(size: int) -> None:
    leaves = LEAVES[:size]
    root = merkle.root(leaves)
    for at in range(size):
        path = merkle.inclusion_path(at, leaves)
        assert not merkle.verify_inclusion(FOREIGN, at, size, path, root)
        assert not merkle.verify_inclusion(leaves[at], at, size, path, FOREIGN)
        assert not merkle.verify_inclusion(leaves[at], at - size, size, path, root)
        others = (other for other in range(size) if other != at)
        assert not any(merkle.verify_inclusion(leaves[at], other, size, path, root) for other in others)
        assert not any(merkle.verify_inclusion(leaves[at], at, size, each, root) for each in _variants(path))


def test_a_boundary_moved_between_two_hashes_is_refused() -> None:
    left, right = LEAVES[:2]
    root, moved = merkle.root([left, right]), left[31:] + right
    assert merkle.node(left[:31], moved) == root  # the same bytes, cut elsewhere
    assert not merkle.verify_inclusion(left[:31], 0, 2, [moved], root)
    assert not merkle.verify_consistency(1, 2, [moved], left[:31], root)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 8, 9, 21, 32, 33])
def test_a_proof_of_another_size_is_refused(size: int) -> None:
    leaves = LEAVES[:size]
    root = merkle.root(leaves)
    higher = 2 * (1 << size.bit_length())
    for older in range(1, size):
        path = merkle.consistency_path(older, leaves)
        assert not merkle.verify_consistency(older, higher, path, merkle.root(leaves[:older]), root)
        assert not merkle.verify_inclusion(leaves[0], 0, higher, merkle.inclusion_path(0, leaves), root)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 21, 32, 33, 64, 65])
def test_a_false_proof_of_consistency_is_refused(size: int) -> None:
    leaves = LEAVES[:size]
    root = merkle.root(leaves)
    for older in range(1, size + 1):
        path, old_root = merkle.consistency_path(older, leaves), merkle.root(leaves[:older])
        assert not merkle.verify_consistency(older, size, path, FOREIGN, root)
        assert not merkle.verify_consistency(older, size, path, old_root, FOREIGN)
        assert not any(merkle.verify_consistency(older, size, each, old_root, root) for each in _variants(path))


def test_the_empty_tree_begins_every_tree_and_only_with_its_own_root() -> None:
    root = merkle.root(LEAVES[:5])
    assert merkle.verify_consistency(0, 5, [], merkle.EMPTY_ROOT, root)
    assert not merkle.verify_consistency(0, 5, [], FOREIGN, root)
    assert not merkle.verify_consistency(0, 5, [root], merkle.EMPTY_ROOT, root)
    assert merkle.verify_consistency(0, 0, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT)
    assert not merkle.verify_consistency(0, 0, [], merkle.EMPTY_ROOT, root)
    assert not merkle.verify_consistency(0, 0, [], root, root)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_edited_dropped_or_reordered_entry_cannot_be_proved_away(data: st.DataObject) -> None:
    older = data.draw(st.integers(2, 33))
    newer = data.draw(st.integers(older, 65))
    at, other = data.draw(st.lists(st.integers(0, older - 1), min_size=2, max_size=2, unique=True))
    edited, dropped, swapped = (
        [*LEAVES[:newer]],
        [*LEAVES[:at], *LEAVES[at + 1 : newer + 1]],
        [*LEAVES[:newer]],
    )
    edited[at] = FOREIGN
    swapped[at], swapped[other] = swapped[other], swapped[at]
    for history in (edited, dropped, swapped):
        path = merkle.consistency_path(older, history)
        assert not merkle.verify_consistency(older, newer, path, merkle.root(LEAVES[:older]), merkle.root(history))


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    leaves = LEAVES[:4]
    inner = merkle.node(leaves[0], leaves[1])
    beside = merkle.node(leaves[2], leaves[3])
    root = merkle.root(leaves)
    assert merkle.node(inner, beside) == root  # the same path, one level up
    assert not merkle.verify_inclusion(inner, 0, 4, [beside], root)
    assert merkle.leaf_hash(leaves[0] + leaves[1]) != inner
