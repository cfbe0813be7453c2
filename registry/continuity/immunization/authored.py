"""A schedule written by ourselves, out of its file (form and worked example: schemas/schedules/README.md).

Refused, with the place: a rule without a source, a vaccine or antigen nobody knows, doses out of order, ages and
intervals that contradict each other, series that wait for each other, a validity that ends before it begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from registry.continuity.immunization import entries, rules, soundness
from registry.continuity.immunization.entries import Entry
from registry.continuity.immunization.rules import File
from registry.continuity.immunization.rules import Known as Known
from registry.continuity.immunization.schedule import (
    LAST_DAY,
    Antigen,
    Association,
    Conflict,
    ObservationKind,
    Schedule,
    Vaccine,
    VaccineGroup,
    Validity,
    Window,
)
from registry.continuity.spans import Span

CVX = "http://hl7.org/fhir/sid/cvx"
_NEXT_DAY = Span(text="1 day", days=1)
"""Two live vaccines may be given on one day."""


def known(vaccines: Mapping[str, Any], system: str = CVX) -> Known:
    """What the ConceptMap from vaccine codes to antigens says of the codes of one system."""
    rows = [row for group in vaccines["group"] if group["source"] == system for row in group["element"]]
    return Known(
        antigens={row["code"]: frozenset(each["code"] for each in row["target"]) for row in rows},
        titles={row["code"]: row["display"] for row in rows},
    )


def read(content: Mapping[str, Any], known: Known, *, file: str, raw: bytes) -> tuple[Schedule, ...]:
    """The schedules of a file: itself, and its variants, which take other options for some antigens.

    `raw` are the bytes it was read from; the digest is theirs, together with the options taken.
    Raises BadInput naming the file, the place and what is wrong.
    """
    root = Entry(content, file)
    usual = _options(root)
    variants = [(each.needed("id"), each.needed("title"), usual | _options(each)) for each in root.each("variants")]
    own = (root.needed("id"), root.needed("title"), usual)
    return tuple(
        _schedule(Entry(content, file), known, raw, id_, title, taken) for id_, title, taken in (own, *variants)
    )


def _options(entry: Entry) -> dict[str, str]:
    """The option taken, by the name of the antigen."""
    chosen = entry.one("options")
    return {} if chosen is None else {name: chosen.needed(name) for name in chosen.content}


def _schedule(root: Entry, known: Known, raw: bytes, id_: str, title: str, taken: Mapping[str, str]) -> Schedule:
    kinds = {each.needed("code"): each.needed("title") for each in root.each("observations")}
    file = File(documents=entries.documents(root), known=known, choice=taken, observations=frozenset(kinds))
    file = replace(file, recommended=rules.recommended(root, file))
    blocks = root.each("antigens")
    soundness.options(root, blocks, taken)
    read_all = [rules.antigen(each, name, code, file) for each in blocks for name, code in rules.names(each).items()]
    antigens = {each.name: each for each in read_all if each.series}
    schedule = Schedule(
        id=id_,
        title=title,
        version=root.needed("version"),
        digest=_digest(raw, taken),
        antigens=antigens,
        groups=_groups(root, antigens),
        vaccines=_vaccines(blocks, antigens, file, rules.called(root)),
        conflicts=_conflicts(root, file),
        observations={code: ObservationKind(code=code, title=text) for code, text in kinds.items()},
        validity=_validity(root),
        licence=root.needed("licence"),
        limits=root.texts("limits"),
    )
    _nothing_left(root, blocks)
    soundness.check(schedule, root)
    return schedule


def _nothing_left(root: Entry, blocks: Iterable[Entry]) -> None:
    """All that means something has been read by now."""
    for key in ("id", "title", "options", "variants", "checked_against"):
        root.has(key)
    for each in (root, *blocks):
        each.done()


def _digest(raw: bytes, taken: Mapping[str, str]) -> str:
    options = "\n".join(f"{name}={option}" for name, option in sorted(taken.items()))
    return hashlib.sha256(hashlib.sha256(raw).digest() + options.encode()).hexdigest()


def _validity(root: Entry) -> Validity:
    given = root.one("valid")
    first, last = (given.day("from"), given.day("until")) if given else (None, None)
    if given is None or first is None:
        raise root.fault("a schedule says from which day it is the one to go by", "valid.from")
    given.done()
    if last is not None and last < first:
        raise given.fault("the validity ends before it begins", "until")
    return Validity(first=first, last=last or LAST_DAY)


def _groups(root: Entry, antigens: Mapping[str, Antigen]) -> dict[str, VaccineGroup]:
    members: dict[str, list[str]] = {}
    for antigen in antigens.values():
        members.setdefault(antigen.series[0].vaccine_group, []).append(antigen.name)
    whole = root.texts("given_whole")
    if unknown := set(whole) - set(members):
        raise root.fault(f"no vaccine group of that name: {', '.join(sorted(unknown))}", "given_whole")
    return {
        name: VaccineGroup(name=name, antigens=tuple(held), gives_all=name in whole) for name, held in members.items()
    }


def _vaccines(
    blocks: Iterable[Entry], antigens: Mapping[str, Antigen], file: File, called: Mapping[str, str]
) -> dict[str, Vaccine]:
    """Every known vaccine, with what it counts for in this schedule, at the ages it counts."""
    held: dict[str, list[Association]] = {each: [] for each in file.known.antigens}
    for block in blocks:
        window = Window(begins=block.span("counts_from"), ends=block.span("counts_before"))
        for name, code in rules.names(block).items():
            for vaccine in rules.counted(block, code, file) if name in antigens else ():
                held[vaccine].append(Association(antigen=name, window=window))
    return {
        code: Vaccine(type=code, title=called.get(code) or file.known.titles.get(code, ""), associations=tuple(found))
        for code, found in held.items()
    }


def _conflicts(root: Entry, file: File) -> dict[str, tuple[Conflict, ...]]:
    by_current: dict[str, list[Conflict]] = {}
    for entry in root.each("conflicts"):
        previous, current = file.vaccines(entry, "after"), file.vaccines(entry, "giving")
        wait, source = entry.span("wait"), file.documents.source(entry)
        entry.done()
        if wait is None or not previous or not current:
            raise entry.fault("a conflict says which vaccines wait (`giving`), `after` which, and how long (`wait`)")
        for vaccine in current:
            by_current.setdefault(vaccine, []).extend(
                Conflict(
                    previous=each, current=vaccine, begins=_NEXT_DAY, ends_after_valid=wait, ends=wait, source=source
                )
                for each in previous
            )
    return {vaccine: tuple(found) for vaccine, found in by_current.items()}
