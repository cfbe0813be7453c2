"""Turns the short lists (codes.txt, names.txt, products.txt) into the FHIR resources the registry reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from registry import library
from registry.continuity.history import names
from registry.fhir import CANONICAL

HERE = Path(__file__).resolve().parent
CVX = "http://hl7.org/fhir/sid/cvx"
RELATIONS = {"=": "equivalent", "<": "wider", "|": "narrower", "~": "inexact"}
Json = dict[str, Any]


def tables() -> dict[str, Json]:
    """Every resource by its path under schemas/."""
    return {
        "terminology/cvx.json": cvx(),
        "maps/vaccine-to-cvx.json": codes(),
        "maps/vaccine-names.json": vaccine_names(),
    }


def written(resource: Json) -> str:
    """JSON with one concept or element a line, so that a change of one is a change of one line."""
    text = json.dumps(resource, ensure_ascii=False, indent=2)
    for row in _rows(resource):
        loose = json.dumps(row, ensure_ascii=False, indent=2)
        tight = json.dumps(row, ensure_ascii=False)
        for depth in (4, 8):
            text = text.replace(loose.replace("\n", "\n" + " " * depth), tight)
    return text + "\n"


def _rows(resource: Json) -> list[Json]:
    return resource.get("concept", []) + [row for each in resource.get("group", []) for row in each["element"]]


def _lines(name: str) -> Iterator[str]:
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _targets(relation: str, cvx_codes: str, comment: str = "") -> list[Json]:
    note = {"comment": comment} if comment else {}
    return [{"code": each, "equivalence": RELATIONS[relation], **note} for each in cvx_codes.split()]


def cvx() -> Json:
    """The CVX codes of vaccines we know, with what the code set says only in words."""
    displays = {
        row["code"]: row["display"]
        for group in library.json("maps/vaccine-to-antigen.json")["group"]
        if group["source"] == CVX
        for row in group["element"]
    }
    said = dict(_products())
    return {
        "resourceType": "CodeSystem",
        "id": "cvx",
        "url": CVX,
        "version": "2025-11",
        "status": "active",
        "content": "fragment",
        "title": "Vaccines administered (CVX), those we know",
        "description": "covers: the particular products an unspecified code can be. since: the year the first such "
        "vaccine was licensed or used anywhere. from-month, to-month: ages outside which a dose is unusual, wide on "
        "purpose: a reason to look again, no rule of any schedule. route: of polio vaccines.",
        "copyright": "Codes and short names: CDC, IIS code sets, and CDC, CDSi supporting data 4.64-508 of 10 November "
        "2025 (US government work). Years, ages and coverage are authored here and checked against the use dates of "
        "the immregistries code base (Compiled.xml, commit 641f2ea, Apache-2.0): never later than those.",
        "property": [
            {"code": "covers", "type": "code"},
            {"code": "since", "type": "integer"},
            {"code": "from-month", "type": "integer"},
            {"code": "to-month", "type": "integer"},
            {"code": "route", "type": "code"},
        ],
        "concept": [
            {"code": code, "display": displays[code], "property": said[code]} for code in sorted(said, key=int)
        ],
    }


def _products() -> Iterator[tuple[str, list[Json]]]:
    for line in _lines("products.txt"):
        which, since, when, covers = (part.strip() for part in line.split("|"))
        said: list[Json] = [{"code": "since", "valueInteger": int(since)}]
        for word in when.split():
            said += [{"code": "route", "valueCode": word}] if word.isalpha() else list(_months(word))
        said += [{"code": "covers", "valueCode": each} for each in covers.split()]
        yield from ((code, said) for code in which.split())


def _months(span: str) -> Iterator[Json]:
    for name, month in zip(("from-month", "to-month"), span.split("-"), strict=True):
        if month:
            yield {"code": name, "valueInteger": int(month)}


def codes() -> Json:
    """Vaccine codes of other systems as CVX codes."""
    groups: list[Json] = []
    for line in _lines("codes.txt"):
        if line.startswith("@"):
            groups.append({"source": line[1:].strip(), "target": CVX, "element": []})
            continue
        code, display, told = (part.strip() for part in line.split(" | ", 2))
        groups[-1]["element"].append({"code": code, "display": display, "target": _read(told)})
    return _map(
        "vaccine-to-cvx",
        "VaccineToCvx",
        "Vaccine codes of other systems as CVX codes",
        groups,
        "ATC: WHO Collaborating Centre for Drug Statistics Methodology, ATC index 2024. ICD-11: WHO, ICD-11 for "
        "Mortality and Morbidity Statistics, extension codes (XM). SNOMED CT: SNOMED International, Global Patient Set "
        "(CC BY 4.0). EU medicinal products: Union Register; eHealth Network, value sets of EU digital COVID "
        "certificates. Swiss codes: the examples of CH VACD (CC0-1.0). NDC: CDC, NDC to CVX crosswalk. Local codes: "
        "the programme codes of the fictional country Almara. Which CVX code each is was decided here.",
    )


def _read(told: str) -> list[Json]:
    said, _, comment = told.partition("#")
    relation, _, targets = said.strip().partition(" ")
    return _targets(relation, targets, comment.strip())


def vaccine_names() -> Json:
    """Names in several languages as CVX codes. Raises ValueError when one name stands for two things."""
    elements: dict[str, Json] = {}
    for line in _lines("names.txt"):
        relation, told, spelled = _named(line)
        for text in spelled:
            row = {"code": names.fold(text), "display": text, "target": _targets(relation, *told)}
            known = elements.setdefault(row["code"], row)
            if not row["code"] or known["target"] != row["target"]:
                raise ValueError(f"{text!r} stands twice, for different vaccines, or has no letters")
    group = {"source": f"{CANONICAL}/CodeSystem/vaccine-name", "target": CVX, "element": list(elements.values())}
    return _map(
        "vaccine-names",
        "VaccineNames",
        "Vaccine names of several languages as CVX codes",
        [group],
        "Authored here: generic words and abbreviations as immunization programmes write them, and trade names. The "
        "code of an element is the name without case, accents, blanks and punctuation. Trade names of the United "
        "States agree with the immregistries code base (Compiled.xml, commit 641f2ea, Apache-2.0).",
    )


def _named(line: str) -> tuple[str, tuple[str, str], list[str]]:
    relation, rest = line[0], line[1:].strip()
    head, *languages = rest.split(" | ")
    which, _, comment = head.partition("#")
    spelled = [text.strip() for each in languages for text in each.split(": ", 1)[1].split(";")]
    return relation, (which, comment.strip()), spelled


def _map(own: str, name: str, title: str, groups: list[Json], sources: str) -> Json:
    return {
        "resourceType": "ConceptMap",
        "id": own,
        "url": f"{CANONICAL}/ConceptMap/{own}",
        "version": "1.0.0",
        "name": name,
        "title": title,
        "status": "active",
        "description": "equivalent: the CVX code means the same; wider: it means more, an unspecified formulation; "
        "narrower, usually several: what was said is one of these; inexact: they overlap, the comment says how. "
        "Compiled from tests/bench/vaccines: change the lists there and run `python -m tests.bench.vaccines`.",
        "copyright": sources,
        "group": groups,
    }


def write(folder: Path, resources: Mapping[str, Json]) -> None:
    for path, resource in resources.items():
        (folder / path).write_text(written(resource), encoding="utf-8")
