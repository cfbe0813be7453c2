"""The conformance kit: what every adapter must do with any file, checked with one command by anybody.

    python -m adapters.sdk.conformance KIND FILE... [--rounds N] [--seed N] [--source NAME]

Each check yields words about what failed, never content of the file, so that a report can be passed on. A
file is also cut, damaged, re-encoded and blown up; of an archive, the files within are. `leaves(body) -> int`
on the adapter lets the kit count what must be accounted for; without it that one check fails and says so.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from random import Random
from typing import Any, Protocol, cast, runtime_checkable

from adapters.sdk import build, readers
from registry.errors import RegistryError, Unreadable
from registry.fhir.resource import Resource
from registry.intake import Adapter, Submission

SOURCE = "conformance"
RECEIVED = datetime(2030, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_SHORTEST = 4  # letters; a shorter value may be part of any sentence
_MOST_CUTS = 400


@runtime_checkable
class Countable(Protocol):
    """An adapter that can say how many values a file holds, by counting apart from converting."""

    def leaves(self, body: bytes) -> int:
        """How many values must be mapped, ignored or unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What an adapter did that none may do."""

    check: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One adapter with one good file, and how thoroughly to try it."""

    adapter: Adapter
    body: bytes
    submission: Submission
    source: str
    rounds: int
    seed: int

    def convert(self, body: bytes) -> Submission:
        return self.adapter.convert(body, source=self.source, received_at=RECEIVED)


def failures(
    adapter: Adapter,
    body: bytes,
    *,
    source: str = SOURCE,
    rounds: int = 100,
    seed: int = 1,
    checks: Iterable[str] = (),
) -> list[Failure]:
    """Everything that fails with this file; empty when the adapter conforms. The file itself must be good.

    `checks` names those to make; without it all of CHECKS are made.
    """
    try:
        submission = adapter.convert(body, source=source, received_at=RECEIVED)
    except Unreadable as problem:
        return [Failure(check="reads", detail=f"the file is refused: {problem.what}")]
    except Exception as error:
        return [Failure(check="reads", detail=f"raised {type(error).__name__}")]
    trial = Trial(adapter=adapter, body=body, submission=submission, source=source, rounds=rounds, seed=seed)
    return [Failure(check=name, detail=detail) for name in checks or CHECKS for detail in _limited(CHECKS[name](trial))]


def _limited(details: Iterator[str]) -> Iterator[str]:
    """The first few different details of a check; the thousandth repetition teaches nothing."""
    seen: set[str] = set()
    for detail in details:
        if detail not in seen:
            seen.add(detail)
            yield detail
        if len(seen) >= 5:
            return


# What a good file must give ------------------------------------------------------------


def _is_deterministic(trial: Trial) -> Iterator[str]:
    if trial.convert(trial.body) != trial.submission:
        yield "the same bytes gave another Submission"


def _says_who_and_what(trial: Trial) -> Iterator[str]:
    made = trial.submission
    if made.source != trial.source or made.adapter != trial.adapter.kind or made.received_at != RECEIVED:
        yield "source, adapter or time of receipt differ from what was given"


def _accounts_for_every_leaf(trial: Trial) -> Iterator[str]:
    if not isinstance(trial.adapter, Countable):
        yield "the adapter has no leaves(body), so that nothing can be counted"
        return
    held = trial.adapter.leaves(trial.body)
    told = sum(row.count for row in trial.submission.coverage)
    if held != told:
        yield f"the file holds {held} values and the coverage tells of {told}"
    if any(row.fate.value == "ignored" and not row.reason for row in trial.submission.coverage):
        yield "a coverage row is ignored without a reason"


def _gives_valid_resources(trial: Trial) -> Iterator[str]:
    from fhir.resources.R4B import get_fhir_model_class  # a second to import; only the kit needs it

    for entry in trial.submission.entries:
        try:
            cast(Any, get_fhir_model_class(entry.resource.kind)).model_validate_json(entry.resource.body)
        except (ValueError, KeyError) as error:
            places = cast(Any, error).errors() if hasattr(error, "errors") else ()
            elements = sorted({".".join(str(part) for part in place["loc"]) for place in places})
            faults = ", ".join(elements) or type(error).__name__
            yield f"a {entry.resource.kind} is no valid FHIR R4: {faults}"


def _gives_wellformed_ids(trial: Trial) -> Iterator[str]:
    for entry in trial.submission.entries:
        if not _ID.fullmatch(entry.resource.id):
            yield f"the id of a {entry.resource.kind} is not one"
        if not entry.person:
            yield f"a {entry.resource.kind} belongs to nobody"
        if _subject(entry.resource) != f"Patient/{build.safe_id(entry.person)}":
            yield f"a {entry.resource.kind} does not name the person it belongs to"


_SUBJECTS = {"Immunization": "patient", "Basic": "subject"}


def _subject(resource: Resource) -> str:
    if resource.kind == "Patient":
        return resource.reference
    element = resource.content.get(_SUBJECTS.get(resource.kind, "subject"), {})
    return str(element.get("reference", ""))


def _tags_the_country(trial: Trial) -> Iterator[str]:
    for entry in trial.submission.entries:
        tags = entry.resource.content.get("meta", {}).get("tag", ())
        if not any(tag.get("system", "").endswith("/CodeSystem/recording-country") for tag in tags):
            yield f"a {entry.resource.kind} does not say which country recorded it"


def _is_discreet(trial: Trial) -> Iterator[str]:
    if _tells(_texts(trial.submission), Personal.of(trial.submission)):
        yield "a finding or coverage row repeats what the file says of a person"


# What a bad file must give -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What the resources of a file say of people, to be looked for where it must not be."""

    words: frozenset[str]
    phrases: frozenset[str]

    @classmethod
    def of(cls, submission: Submission) -> Personal:
        values = {
            value.casefold()
            for entry in submission.entries
            for value in (entry.person, *_personal_values(entry.resource))
            if len(value) >= _SHORTEST
        }
        words = {value for value in values if re.fullmatch(r"\w+", value)}
        return cls(words=frozenset(words), phrases=frozenset(values - words))


def _personal_values(resource: Resource) -> Iterator[str]:
    """Names, numbers and the birth date of a Patient, wherever a faulty adapter may have put them."""
    if resource.kind != "Patient":
        return
    birth = resource.content.get("birthDate")
    yield birth if isinstance(birth, str) and len(birth) == 10 else ""
    waiting: list[object] = [resource.content.get(name) for name in ("identifier", "telecom", "name", "contact")]
    while waiting:
        held = waiting.pop()
        if isinstance(held, str):
            yield held
        elif isinstance(held, dict):
            members = cast(dict[str, object], held).items()
            waiting.extend(value for key, value in members if key not in _CODED)
        elif isinstance(held, list):
            waiting.extend(cast(list[object], held))


_CODED = ("system", "use", "code", "relationship", "period")


def _texts(submission: Submission) -> str:
    findings = (f"{each.code} {each.where} {each.message} {each.remedy}" for each in submission.findings)
    rows = (f"{each.field} {each.reason}" for each in submission.coverage)
    return "\n".join((*findings, *rows))


def _tells(text: str, personal: Personal) -> bool:
    folded = text.casefold()
    if personal.words.intersection(re.findall(r"\w+", folded)):
        return True
    return any(phrase in folded for phrase in personal.phrases)


def _outcome(trial: Trial, body: bytes, what: str) -> tuple[Submission | None, str]:
    """What converting gave, and what was wrong with how it went."""
    personal = Personal.of(trial.submission)
    try:
        submission = trial.convert(body)
    except Unreadable as problem:
        told = _tells(f"{problem} {problem.where} {problem.remedy}", personal)
        if not problem.remedy:
            return None, f"{what}: refused without a remedy"
        return None, f"{what}: the exception repeats what the file says of a person" if told else ""
    except RegistryError as error:
        return None, f"{what}: raised {type(error).__name__} instead of Unreadable"
    except Exception as error:
        return None, f"{what}: raised {type(error).__name__}"
    told = _tells(_texts(submission), personal)
    return submission, f"{what}: a finding repeats what the file says of a person" if told else ""


def _survives_truncation(trial: Trial) -> Iterator[str]:
    size = len(trial.body)
    step = max(1, size // min(_MOST_CUTS, 10 * trial.rounds))
    for end in range(0, size, step):
        yield from filter(None, [_outcome(trial, trial.body[:end], "cut off")[1]])
    for end in range(0, 100, max(1, 100 // max(1, trial.rounds))):
        changed = _changed(trial.body, lambda text, end=end: text[: len(text) * end // 100], Random(end))  # noqa: S311
        yield from filter(None, [_outcome(trial, changed, "cut off within")[1]])


def _survives_damage(trial: Trial) -> Iterator[str]:
    chance = Random(trial.seed)  # noqa: S311 - repeatable, not secret
    for _ in range(trial.rounds):
        damage = chance.choice(_DAMAGES)
        changed = _changed(trial.body, lambda text, damage=damage: damage(text, chance), chance)
        submission, problem = _outcome(trial, changed, "damaged")
        yield from filter(None, [problem])
        if submission is not None and isinstance(trial.adapter, Countable):
            told = sum(row.count for row in submission.coverage)
            if told != trial.adapter.leaves(changed):
                yield "damaged: not every value is accounted for"


def _survives_a_huge_value(trial: Trial) -> Iterator[str]:
    chance = Random(trial.seed)  # noqa: S311
    for _ in range(3):
        changed = _changed(trial.body, lambda text: _inserted(text, b"a" * 5_000_000, chance), chance)
        yield from filter(None, [_outcome(trial, changed, "5 MB in one value")[1]])


def _survives_deep_nesting(trial: Trial) -> Iterator[str]:
    for unit in (b"[", b'{"a":', b"<a>", b"<a><b>"):
        for body in (unit * 100_000, _changed(trial.body, lambda _, unit=unit: unit * 100_000, Random(1))):  # noqa: S311
            submission, problem = _outcome(trial, body, "nested 100,000 deep")
            if problem:
                yield problem
            elif submission and body[:6] in unit * 6 and submission.entries:
                yield "nested 100,000 deep: taken as a file"


def _refuses_other_kinds(trial: Trial) -> Iterator[str]:
    for name, body in _OTHER_KINDS.items():
        submission, problem = _outcome(trial, body, name)
        if problem:
            yield problem
        elif submission is not None and (submission.entries or not submission.findings):
            yield f"{name}: neither refused nor explained"


def _reads_other_encodings(trial: Trial) -> Iterator[str]:
    try:
        trial.body.decode("utf-8")
    except UnicodeDecodeError:
        if not zipfile.is_zipfile(io.BytesIO(trial.body)):
            return
    for name, recode in _ENCODINGS.items():
        submission, problem = _outcome(trial, _changed_whole(trial.body, recode), name)
        if problem:
            yield problem
        elif submission is not None and submission.entries != trial.submission.entries:
            yield f"{name}: read, but otherwise than without"


def _utf8(text: bytes) -> str:
    return text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


_ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + _utf8(text).encode(),
    "UTF-16 with a mark": lambda text: b"\xff\xfe" + _utf8(text).encode("utf-16-le"),
    "UTF-16, the other way": lambda text: b"\xfe\xff" + _utf8(text).encode("utf-16-be"),
}

_OTHER_KINDS: dict[str, bytes] = {
    "an empty file": b"",
    "blanks": b" \r\n\t\n",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "zeros": bytes(4096),
    "a sentence": b"Das ist kein Export, sondern ein Satz.",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a number": b"42",
    "a web page": b"<!DOCTYPE html><html><body><p>Sign in</p></body></html>",
    "an entity bomb": b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
    "an external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
    "a PDF document": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "a FHIR resource": b'{"resourceType": "Bundle", "type": "collection"}',
    "an order by HL7": b"MSH|^~\\&|A|B|C|D|20240101||ORM^O01|1|P|2.5.1\rPID|1\r",
    "a table of something": b"color,price\nred,1\n",
    "half an archive": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
}


# Damage --------------------------------------------------------------------------------


def _flipped(text: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]


def _without_a_piece(text: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + text[at + chance.randrange(1, 40) :]


def _with_a_piece_twice(text: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(text))
    piece = text[at : at + chance.randrange(1, 400)]
    return text[:at] + piece + text[at:]


def _with_a_sign(text: bytes, chance: Random) -> bytes:
    signs = (
        b'"',
        b"{",
        b"}",
        b"[",
        b",",
        b"|",
        b"^",
        b"<",
        b">",
        b"&",
        b"\n",
        b"\r",
        b"\x00",
        b"null",
        b"-1",
    )
    return _inserted(text, chance.choice(signs), chance)


def _with_another_number(text: bytes, chance: Random) -> bytes:
    """Digits changed for others: dates and codes that cannot be."""
    digits = [match.start() for match in re.finditer(rb"[0-9]", text)]
    if not digits:
        return text
    at = chance.choice(digits)
    return text[:at] + str(chance.randrange(10)).encode() + text[at + 1 :]


def _with_another_value(text: bytes, chance: Random) -> bytes:
    """A value of JSON by one of another type."""
    found = list(re.finditer(rb'(?<=:)\s*("[^"\\]*"|true|false|-?[0-9.]+)', text))
    if not found:
        return _flipped(text, chance)
    match = chance.choice(found)
    other = chance.choice((b"null", b"{}", b"[]", b"1e400", b"-0", b"true", b'""', b'[{"a":[]}]', b'"\\u0000"'))
    return text[: match.start()] + other + text[match.end() :]


def _inserted(text: bytes, piece: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + piece + text[at:]


_DAMAGES = (
    _flipped,
    _without_a_piece,
    _with_a_piece_twice,
    _with_a_sign,
    _with_another_number,
    _with_another_value,
)


def _changed(body: bytes, change: Callable[[bytes], bytes], chance: Random) -> bytes:
    """The file with a change; of an archive, one of its files is changed."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return change(body)
    members = readers.zip_members(body)
    full = [name for name, content in members.items() if content]
    name = chance.choice(full)
    return _packed({**members, name: change(members[name])})


def _changed_whole(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The file with a change; of an archive, each of its files is changed."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return change(body)
    return _packed({name: change(content) for name, content in readers.zip_members(body).items()})


def _packed(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


Check = Callable[[Trial], Iterator[str]]

GOOD_FILE: dict[str, Check] = {
    "deterministic": _is_deterministic,
    "says who and what": _says_who_and_what,
    "accounts for every value": _accounts_for_every_leaf,
    "valid FHIR": _gives_valid_resources,
    "well-formed ids": _gives_wellformed_ids,
    "recording country": _tags_the_country,
    "discreet": _is_discreet,
}
"""What a good file must give."""

BAD_FILE: dict[str, Check] = {
    "cut off": _survives_truncation,
    "damaged": _survives_damage,
    "huge value": _survives_a_huge_value,
    "deep nesting": _survives_deep_nesting,
    "other kinds": _refuses_other_kinds,
    "other encodings": _reads_other_encodings,
}
"""What spoiled copies of a good file must give; the time grows with its size and the rounds."""

CHECKS: dict[str, Check] = {**GOOD_FILE, **BAD_FILE}


# Command -------------------------------------------------------------------------------


def installed(kind: str) -> Adapter:
    """The adapter of this kind among those installed. Raises KeyError when there is none."""
    return metadata.entry_points(group="registry.adapters")[kind].load()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the kit; 0 when every file conforms."""
    parser = argparse.ArgumentParser(prog="adapters.sdk.conformance", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("kind", help="the adapter, by its entry point")
    parser.add_argument("files", nargs="+", type=Path, help="good files of that kind")
    parser.add_argument("--rounds", type=int, default=100, help="how many damaged copies to try")
    parser.add_argument("--source", default=SOURCE, help="the source the file comes from")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the damage")
    chosen = parser.parse_args(arguments)
    adapter, failed = installed(chosen.kind), 0
    for file in cast(list[Path], chosen.files):
        found = failures(adapter, file.read_bytes(), source=chosen.source, rounds=chosen.rounds, seed=chosen.seed)
        failed += len(found)
        sys.stdout.write(f"{file}: {'conforms' if not found else f'{len(found)} failures'}\n")
        sys.stdout.writelines(f"  {failure.check}: {failure.detail}\n" for failure in found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
