"""The data of the registry: `schemas/`, read once into frozen tables.

This is the only place that reads those files; what a file means is said by the pure `read` of the package it
belongs to. To add data: a folder under `schemas/`, a `read` in its package, a field of `Library`, one line
in `load`.

`python -m registry.library` checks that every file loads and that no table names a code that does not exist.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson

from registry.consent import places
from registry.consent.places import Places
from registry.continuity.education import ladder
from registry.continuity.education.ladder import Ladder
from registry.continuity.history import codes
from registry.continuity.history.codes import Meaning, Vaccines
from registry.continuity.immunization import authored, editions
from registry.continuity.immunization.editions import Editions
from registry.continuity.summary.words import Messages
from registry.errors import BadInput, RegistryError
from registry.fhir import profile, shape, terminology
from registry.fhir.resource import Content
from registry.fhir.shape import Profiles
from registry.fhir.terminology import CodeSystem, ConceptMap, ValueSet
from registry.identity import match
from registry.identity.weights import Weights

FOLDER = Path(__file__).resolve().parent.parent / "schemas"

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Everything read, by the `id` of each thing; value sets and code systems by their url."""

    profiles: Profiles
    code_systems: Mapping[str, CodeSystem]
    value_sets: Mapping[str, ValueSet]
    concept_maps: Mapping[str, ConceptMap]
    vaccines: Vaccines
    editions: Mapping[str, Editions]
    """The schedules of `schemas/schedules/<issuer>/`, by their id."""
    ladders: tuple[Ladder, ...]
    consent_texts: Mapping[str, Any]
    places: Places
    weights: Weights
    page_template: str
    page_print: str
    fonts: Path
    receipt_template: str
    page_messages: Messages
    migrations: Mapping[str, str]
    roles: str

    def meaning(self, vaccine_code: Content) -> Meaning:
        """What a `vaccineCode` says was given: antigens, possible CVX codes, and how surely."""
        return codes.meaning(self.vaccines, vaccine_code)

    def antigens(self, vaccine_code: Content) -> frozenset[str]:
        """What everything a `vaccineCode` can be protects against; empty when it is not recognised."""
        return self.meaning(vaccine_code).antigens


@cache
def load(folder: Path = FOLDER) -> Library:
    """Read everything. Raises RegistryError naming the file that cannot be used."""
    resources = [*_resources(folder, "terminology"), *_resources(folder, "maps")]
    code_systems = _by_url(_of_kind(resources, "CodeSystem", terminology.read_code_system))
    value_sets = _by_url(_of_kind(resources, "ValueSet", lambda each: terminology.read_value_set(each, code_systems)))
    definitions = list(_of_kind(_resources(folder, "profiles"), "StructureDefinition", profile.read))
    concept_maps = dict(_of_kind(resources, "ConceptMap", lambda each: (each["id"], terminology.read(each))))
    if wrong := _mistranslated(concept_maps, code_systems):  # schedules are read by what the maps say
        raise _unusable("maps", "; ".join(wrong))
    return Library(
        profiles=_using("profiles", lambda: shape.link(definitions, value_sets)),
        code_systems=code_systems,
        value_sets=value_sets,
        concept_maps=concept_maps,
        vaccines=_using("terminology/cvx.json", lambda: _vaccines(concept_maps, folder)),
        editions=_using("schedules", lambda: _editions(folder)),
        ladders=tuple(_each(folder, "ladders", ladder.read)),
        consent_texts=json("texts/consent-2.json", folder),
        places=_using("policies/places.json", lambda: _places(concept_maps, folder)),
        weights=_using(WEIGHTS, lambda: _weights(folder)),
        page_template=text("templates/summary.html.j2", folder),
        page_print=text("templates/summary.typ", folder),
        fonts=folder / "fonts",
        receipt_template=text("templates/consent-receipt.html.j2", folder),
        page_messages=json("templates/messages.json", folder),
        roles=text("roles/create_roles.sql", folder),
        migrations={path.name: text(f"sql/{path.name}", folder) for path in _files(folder / "sql", ".sql")},
    )


def _vaccines(concept_maps: Mapping[str, ConceptMap], folder: Path) -> Vaccines:
    maps = (concept_maps[each] for each in ("vaccine-to-antigen", "vaccine-to-cvx", "vaccine-names"))
    return codes.read(json("terminology/cvx.json", folder), *maps)


def _places(concept_maps: Mapping[str, ConceptMap], folder: Path) -> Places:
    return places.read(json("policies/places.json", folder), concept_maps["vaccine-to-antigen"])


def _editions(folder: Path) -> Mapping[str, Editions]:
    """A folder for each issuer, in it a file for each edition."""
    known = authored.known(json("maps/vaccine-to-antigen.json", folder))
    names = [path.relative_to(folder).as_posix() for path in sorted((folder / "schedules").glob("*/*.json"))]
    read = (authored.read(json(name, folder), known, file=name, raw=text(name, folder).encode()) for name in names)
    return editions.collect(each for found in read for each in found)


WEIGHTS = "matching/weights-1.json"


def _weights(folder: Path) -> Weights:
    tables = [json(f"matching/names/{path.name}", folder) for path in _files(folder / "matching" / "names", ".json")]
    return match.read(json(WEIGHTS, folder), json("matching/translated-names.json", folder), tables)


def weights_of(file: Path, shipped: Weights) -> Weights:
    """The weights a registry learned of its own population, with the names and scripts of those `shipped`.

    A level that the file does not know yet weighs what it was shipped with. Raises BadInput naming the file where it
    is none.
    """
    try:
        learned = match.read(orjson.loads(file.read_bytes()))
        return replace(learned, known=shipped.known, levels={**shipped.levels, **learned.levels})
    except (OSError, orjson.JSONDecodeError, RegistryError) as error:
        why = error.what if isinstance(error, RegistryError) else type(error).__name__
        problem = f"this is no file of matching weights ({why})"
        raise BadInput(problem, where=str(file), remedy="make one: continuity train-matching") from None


def text(relative_path: str, folder: Path = FOLDER) -> str:
    """The text of one file of `schemas/`. Raises RegistryError when it is not there or not UTF-8."""
    try:
        return (folder / relative_path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(relative_path, f"cannot be read: {type(error).__name__}") from error


def binary(relative_path: str, folder: Path = FOLDER) -> bytes:
    """The bytes of one file of `schemas/`."""
    try:
        return (folder / relative_path).read_bytes()
    except OSError as error:
        raise _unusable(relative_path, f"cannot be read: {type(error).__name__}") from error


def json(relative_path: str, folder: Path = FOLDER) -> Any:
    """The content of one JSON file of `schemas/`."""
    try:
        return orjson.loads(text(relative_path, folder))
    except orjson.JSONDecodeError as error:
        raise _unusable(relative_path, f"line {error.lineno} is not JSON: {error.msg}") from error


def toml(relative_path: str, folder: Path = FOLDER) -> Mapping[str, Any]:
    """The content of one TOML file of `schemas/`."""
    try:
        return tomllib.loads(text(relative_path, folder))
    except tomllib.TOMLDecodeError as error:
        raise _unusable(relative_path, f"not TOML: {error}") from error


def _mistranslated(concept_maps: Mapping[str, ConceptMap], code_systems: Mapping[str, CodeSystem]) -> list[str]:
    return [
        f"{concept_map.url}: {source[1]} is translated to {target.code}, which {target.system} does not have"
        for concept_map in concept_maps.values()
        for source, targets in concept_map.targets.items()
        for target in targets
        if not _exists(code_systems, target.system, target.code)
    ]


def main(folder: Path = FOLDER) -> int:
    """Check every file under `schemas/` and print one line of counts; 1, with reasons, when one is wrong."""
    try:
        counts = _check(folder)
    except RegistryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("schemas: " + ", ".join(f"{count} {what}" for what, count in counts.items()) + "\n")
    return 0


def _check(folder: Path) -> Mapping[str, int]:
    paths = list(_files(folder))
    for path in paths:
        _PARSERS.get(path.suffix, text)(path.relative_to(folder).as_posix(), folder)
    library = load(folder)
    return {
        "files": len(paths),
        "profiles": len(library.profiles.sources),
        "value sets": len(library.value_sets),
        "code systems": len(library.code_systems),
        "translations": sum(len(each.targets) for each in library.concept_maps.values()),
        "schedules": sum(len(each.schedules) for each in library.editions.values()),
        "ladders": len(library.ladders),
        "migrations": len(library.migrations),
    }


_PARSERS: Mapping[str, Callable[[str, Path], Any]] = {".json": json, ".toml": toml, ".ttf": binary}


def _exists(code_systems: Mapping[str, CodeSystem], system: str, code: str) -> bool:
    return system in code_systems and code in code_systems[system].displays


def _files(folder: Path, suffix: str = "") -> Iterator[Path]:
    """Files in the order of their names, so that every machine reads alike; hidden files are none of ours."""
    found = sorted(folder.rglob(f"*{suffix}"))
    return (path for path in found if path.is_file() and not path.name.startswith("."))


def _resources(folder: Path, part: str) -> Iterator[tuple[str, Content]]:
    """Every FHIR resource in a part of the folder, with its file; a Bundle is a file of several."""
    for path in _files(folder / part, ".json"):
        name = path.relative_to(folder).as_posix()
        content = json(name, folder)
        entries = _using(name, lambda held=content: _entries(held))
        yield from ((name, each) for each in entries)


def _entries(content: Any) -> list[Content]:
    if content["resourceType"] != "Bundle":
        return [content]
    return [each["resource"] for each in content["entry"]]


def _of_kind(resources: Iterable[tuple[str, Content]], kind: str, read: Callable[[Content], Read]) -> Iterator[Read]:
    for name, content in resources:
        if content.get("resourceType") == kind:
            yield _using(name, lambda held=content: read(held))


def _each(folder: Path, part: str, read: Callable[[Mapping[str, Any]], Read]) -> Iterator[Read]:
    for path in _files(folder / part, ".json"):
        name = path.relative_to(folder).as_posix()
        content = json(name, folder)
        yield _using(name, lambda held=content: read(held))


def _by_url(each: Iterable[Any]) -> dict[str, Any]:
    return {one.url: one for one in each}


def _using(name: str, read: Callable[[], Read]) -> Read:
    """Read, and say which file is to blame when that fails."""
    try:
        return read()
    except RegistryError as error:
        if error.where.startswith("schemas/"):
            raise
        raise _unusable(name, str(error)) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _unusable(name, f"{type(error).__name__}: {error}") from error


def _unusable(name: str, why: str) -> RegistryError:
    return RegistryError(why, where=f"schemas/{name}", remedy="restore this file from the release")


if __name__ == "__main__":
    sys.exit(main())
