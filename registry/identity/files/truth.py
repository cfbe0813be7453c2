"""Links held against pairs known to be one person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from registry.identity.match import Verdict

Ids = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How many pairs are true, were linked, were put to a human, and how many of the latter two are true."""

    true: int
    links: int
    found: int
    reviews: int
    true_in_review: int
    findings: tuple[str, ...] = ()

    @property
    def precision(self) -> float:
        return self.found / self.links if self.links else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """2 found / (links + true): the harmonic mean of precision and recall."""
        return 2 * self.found / (self.links + self.true) if self.links + self.true else 1.0

    @property
    def review_share(self) -> float:
        """The share of the listed pairs that wait for a human."""
        return self.reviews / (self.links + self.reviews) if self.links + self.reviews else 0.0


def measure(true: Sequence[Ids], listed: Sequence[tuple[Ids, str]], *, ordered: bool = False) -> Measured:
    """Hold listed pairs with their verdicts against the true ones.

    The order of the two ids matters only where it is said to: two files may use the same ids for different rows.
    """
    truth = {_pair(each, ordered) for each in true}
    by_verdict = {
        name: {_pair(ids, ordered) for ids, verdict in listed if verdict == name.value}
        for name in (Verdict.LINK, Verdict.REVIEW)
    }
    links = by_verdict[Verdict.LINK]
    reviews = by_verdict[Verdict.REVIEW] - links
    return Measured(
        true=len(truth),
        links=len(links),
        found=len(links & truth),
        reviews=len(reviews),
        true_in_review=len(reviews & truth),
        findings=(*_findings(true, truth, [ids for ids, _ in listed], ordered), *_of_verdicts(listed)),
    )


def _pair(ids: Ids, ordered: bool) -> Ids:
    one, other = ids
    return (one, other) if ordered or one <= other else (other, one)


def _findings(true: Sequence[Ids], truth: set[Ids], listed: Sequence[Ids], ordered: bool) -> Iterator[str]:
    known = {each for pair in truth for each in pair}
    ids = {each for pair in listed for each in pair}
    pairs = [_pair(each, ordered) for each in listed]
    for count, says in (
        (len(true) - len(truth), "pairs of the truth stand there twice; counted once"),
        (len(pairs) - len(set(pairs)), "pairs of the links stand there twice; counted once"),
        (sum(one == other for one, other in truth) if not ordered else 0, "pairs of the truth are a row with itself"),
        (len(ids - known), "ids of the links stand in no pair of the truth; their links count as wrong"),
        (
            _open_triangles(truth) if not ordered else 0,
            "pairs follow from the truth but are not in it; if linked, they count as wrong",
        ),
    ):
        if count:
            yield f"{count} {says}"
    if ids and known and not ids & known:
        yield "no id of the links stands in the truth at all: are these files of the same rows?"


def _of_verdicts(listed: Iterable[tuple[Ids, str]]) -> Iterator[str]:
    strange = sum(verdict not in ("link", "review") for _, verdict in listed)
    if strange:
        yield f"{strange} pairs have a verdict that is neither link nor review; they count as neither"


def _open_triangles(truth: set[Ids]) -> int:
    """How many pairs of one person are missing from a truth that names others of its pairs."""
    person: dict[str, set[str]] = {}
    for one, other in truth:
        joined = person.get(one, {one}) | person.get(other, {other})
        person.update(dict.fromkeys(joined, joined))
    held = {id(each): each for each in person.values()}
    return sum(len(each) * (len(each) - 1) // 2 for each in held.values()) - sum(one != other for one, other in truth)
