"""What a witness cosigns, as a table; and the law that whatever it cosigned of one log is one history."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.trust import checkpoint, history, merkle, p256, witness
from registry.trust.checkpoint import Checkpoint
from registry.trust.history import Claim
from registry.trust.witness import Outcome, Request

LOG, THIEF = (p256.fresh(Random(seed).randbytes) for seed in (1, 2))
ORIGIN = "almara.example/audit"
LEAVES = [merkle.leaf_hash(b"entry %d" % number) for number in range(20)]
FORK = [*LEAVES[:5], *(merkle.leaf_hash(b"other %d" % number) for number in range(15))]
LOGS = {ORIGIN: [p256.public(LOG)]}


def signed(leaves: list[bytes], size: int, *, key: p256.Jwk = LOG, origin: str = ORIGIN) -> str:
    return checkpoint.issue(origin, size, merkle.root(leaves[:size]), key)


def shown(leaves: list[bytes], old: int, size: int, **more: object) -> Request:
    path = merkle.consistency_path(old, leaves[:size]) if old <= size else []
    return Request(old=old, path=tuple(path), text=signed(leaves, size, **more))  # pyright: ignore[reportArgumentType]


def held(size: int) -> dict[str, Checkpoint]:
    return {ORIGIN: Checkpoint(origin=ORIGIN, size=size, root=merkle.root(LEAVES[:size]))} if size else {}


WHOLE = shown(LEAVES, 8, 13)
DECIDED: dict[str, tuple[Request, int, Outcome]] = {
    "the first it ever sees": (shown(LEAVES, 0, 8), 0, Outcome.COSIGN),
    "one that continues": (shown(LEAVES, 8, 13), 8, Outcome.COSIGN),
    "the same once more": (shown(LEAVES, 8, 8), 8, Outcome.COSIGN),
    "from another size than it saw last": (shown(LEAVES, 5, 13), 8, Outcome.STALE),
    "as if it had seen nothing": (shown(LEAVES, 0, 13), 8, Outcome.STALE),
    "a smaller one": (shown(LEAVES, 5, 5), 8, Outcome.STALE),
    "smaller than its own old size": (Request(old=9, path=(), text=signed(LEAVES, 8)), 8, Outcome.MALFORMED),
    "another root of the same size": (shown(FORK, 8, 8), 8, Outcome.FORKED),
    "another history of greater size": (shown(FORK, 8, 13), 8, Outcome.INCONSISTENT),
    "a proof that is none": (Request(old=8, path=(), text=WHOLE.text), 8, Outcome.INCONSISTENT),
    "a proof too long": (Request(old=8, path=(*WHOLE.path, LEAVES[0]), text=WHOLE.text), 8, Outcome.INCONSISTENT),
    "a first one with a proof": (Request(old=0, path=(LEAVES[0],), text=WHOLE.text), 0, Outcome.INCONSISTENT),
    "signed by a stranger": (shown(LEAVES, 8, 13, key=THIEF), 8, Outcome.UNSIGNED),
    "of a log it does not follow": (shown(LEAVES, 8, 13, origin="bektar.example/audit"), 8, Outcome.UNKNOWN_LOG),
    "no checkpoint": (Request(old=8, path=(), text="hello"), 8, Outcome.MALFORMED),
}


@pytest.mark.parametrize(("request_", "size", "outcome"), DECIDED.values(), ids=DECIDED)
def test_a_witness_decides(request_: Request, size: int, outcome: Outcome) -> None:
    assert witness.decide(request_, LOGS, held(size)) is outcome


def test_the_answers_are_those_of_the_standard() -> None:
    assert {each.name: each.status for each in Outcome} == {
        "COSIGN": 200, "MALFORMED": 400, "UNSIGNED": 403, "UNKNOWN_LOG": 404, "STALE": 409, "FORKED": 409,
        "INCONSISTENT": 422,
    }  # fmt: skip


def test_a_request_is_written_as_the_standard_says() -> None:
    lines = witness.write(WHOLE).split("\n")
    assert lines[0] == "old 8"
    assert lines[1 + len(WHOLE.path)] == ""
    assert "\n".join(lines[2 + len(WHOLE.path) :]) == WHOLE.text
    assert witness.read(witness.write(WHOLE)) == WHOLE


@pytest.mark.parametrize(
    "body",
    ["", "old 08\n\nx", "old -1\n\nx", "old 1", "new 1\n\nx", "old 1\nAAAA\n\nx", "old 1\n" + "A" * 44 + "\n\nx",
     "old 1\n" + "AAAA" * 10 + "AAA=\n" * 64 + "\nx"],
)  # fmt: skip
def test_what_is_no_request_is_not_read(body: str) -> None:
    assert witness.read(body) is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_never_raises(text: str) -> None:
    witness.read(text)
    witness.read(f"old 3\n\n{text}")


@dataclass
class Memory:
    """A witness as far as deciding goes."""

    held: dict[str, Checkpoint] = field(default_factory=dict[str, Checkpoint])
    cosigned: list[Checkpoint] = field(default_factory=list[Checkpoint])

    def see(self, request: Request) -> None:
        note = checkpoint.note(request.text)
        if witness.decide(request, LOGS, self.held) is Outcome.COSIGN and isinstance(note, checkpoint.Note):
            self.held[ORIGIN] = note.checkpoint
            self.cosigned.append(note.checkpoint)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 20)), max_size=12))
def test_whatever_a_log_shows_that_owns_its_key_a_witness_cosigns_one_history(
    steps: list[tuple[bool, int, int]],
) -> None:
    memory = Memory()
    for is_fork, old, size in steps:
        memory.see(shown(FORK if is_fork else LEAVES, old, size))
    claims = [Claim(size=each.size, root=each.root) for each in memory.cosigned]
    assert [each.size for each in claims] == sorted(each.size for each in claims)
    assert not all([*history.contradictions(leaves, claims)] for leaves in (LEAVES, FORK))


# --- claims against a log --------------------------------------------------------------------------


def test_a_log_bears_out_every_checkpoint_of_its_own_and_none_of_another_history() -> None:
    for size in range(len(LEAVES) + 1):
        own = Claim(size=size, root=merkle.root(LEAVES[:size]), by="the witness w1")
        assert [*history.contradictions(LEAVES, [own])] == []
        other = Claim(size=size, root=merkle.root(FORK[:size]), by="the witness w1")
        assert bool([*history.contradictions(LEAVES, [other])]) is (size > 5)


def test_a_log_that_was_cut_is_named_with_whose_word_says_so() -> None:
    claim = Claim(size=20, root=merkle.root(LEAVES), by="the witness w1")
    (words,) = history.contradictions(LEAVES[:12], [claim])
    assert words == "the log was cut: a checkpoint of the witness w1 covers 20 leaves, 12 are left"


@pytest.mark.parametrize(
    ("seen", "quorum", "size"),
    [({}, 0, 0), ({"a": 5}, 1, 5), ({"a": 5, "b": 3}, 2, 3), ({"a": 5, "b": 3, "c": 4}, 2, 4), ({"a": 5}, 2, 0)],
)
def test_what_is_witnessed_is_what_enough_have_seen(seen: dict[str, int], quorum: int, size: int) -> None:
    assert history.witnessed(seen, quorum) == size
