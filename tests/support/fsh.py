"""FHIR Shorthand example instances read as FHIR JSON: as much of the language as the shared IPS examples use.

Assignments, soft indices (`[0]`, `[+]`, `[=]`), slices by name, codes, quantities, references and inline instances.
Aliases of code systems stay unresolved: `$loinc#1-2` is system `$loinc`, code `1-2`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_RULE = re.compile(r"^\* (\S+) = (.*)$", re.DOTALL)
_STEP = re.compile(r"([A-Za-z]+)((?:\[[^\]]+\])*)")
_CODE = re.compile(r"^(\S*)#(\"[^\"]+\"|\S+)(?:\s+\"(.*)\")?$", re.DOTALL)
# What repeats in the resources of the examples; everything else holds one value.
_LISTS = frozenset(
    """entry identifier name given line telecom address contact coding section author attester relatesTo event category
    performer note extension reaction manifestation dosage doseAndRate protocolApplied targetDisease result component
    referenceRange interpretation bodySite qualification communication profile reasonCode prefix""".split()  # noqa: SIM905
)
_ONE = frozenset({("Bundle", "identifier"), ("Composition", "identifier")})


def bundles(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every document Bundle among the examples, by the name of its instance."""
    made = Instances(folder)
    for name, (kind, _) in sorted(made.rules.items()):
        if kind == "Bundle-uv-ips":
            yield name, made.build(name)


class Instances:
    """The instances of a folder: kind and rules by name."""

    def __init__(self, folder: Path) -> None:
        self.rules: dict[str, tuple[str, list[str]]] = {}
        for path in sorted(folder.glob("*.fsh")):
            for block in re.split(r"(?m)^Instance: ", path.read_text("utf-8"))[1:]:
                name, _, rest = block.partition("\n")
                kind = re.search(r"(?m)^InstanceOf: (\S+)", rest)
                lines = [each.strip() for each in re.split(r"(?m)^(?=\* )", rest) if each.startswith("* ")]
                self.rules[name.strip()] = (kind[1] if kind else "", lines)

    def build(self, name: str) -> dict[str, Any]:
        kind, lines = self.rules[name]
        resource: dict[str, Any] = {"resourceType": _resource_type(kind), "id": name}
        last: dict[str, int] = {}
        for line in lines:
            found = _RULE.match(line)
            if found:
                self._assign(resource, found[1], found[2].strip(), last)
        return resource

    def _assign(self, resource: dict[str, Any], path: str, text: str, last: dict[str, int]) -> None:
        steps, place, walked = _steps(path), resource, ""
        for at, (name, index) in enumerate(steps):
            is_last, walked = at == len(steps) - 1, f"{walked}.{name}"
            if index is None and (name not in _LISTS or (resource["resourceType"], name) in _ONE):
                if is_last:
                    place[name] = _merged(place.get(name), self._value(text, name))
                else:
                    place = _object(place, name)
                continue
            number = _number(index, walked, last)
            walked = f"{walked}[{number}]"
            items = place.setdefault(name, [])
            while len(items) <= number:
                items.append({})
            if is_last:
                items[number] = _merged(items[number], self._value(text, name))
            else:
                place = items[number]

    def _value(self, text: str, name: str) -> Any:
        if text.startswith("Reference("):
            return {"reference": self._reference(text[len("Reference(") :].partition(")")[0])}
        if text in self.rules and name == "resource":
            return self.build(text)
        if text.startswith('"'):
            return json.loads(text.replace("\n", "\\n").replace("\t", "\\t"))
        coded = _CODE.match(text)
        return _coded(coded, name) if coded else _literal(text)

    def _reference(self, name: str) -> str:
        known = self.rules.get(name)
        return f"{_resource_type(known[0])}/{self.build(name)['id']}" if known else name


def _steps(path: str) -> list[tuple[str, str | None]]:
    found = []
    for each in re.findall(r"[A-Za-z]+(?:\[[^\]]+\])*", path):
        step = _STEP.fullmatch(each)
        assert step is not None
        name, marks = step[1], re.findall(r"\[([^\]]+)\]", step[2])
        found.append((name, marks[-1] if marks and marks != ["x"] else None))
    return found


def _number(index: str | None, path: str, last: dict[str, int]) -> int:
    if index == "+":
        last[path] = last.get(path, -1) + 1
    elif index is not None and index.isdecimal():
        last[path] = int(index)
    elif index not in (None, "="):  # a slice by its name: a place of its own
        key = f"{path}[{index}]"
        if key not in last:
            last[path] = last[key] = last.get(path, -1) + 1
        return last[key]
    return last.setdefault(path, 0)


def _object(place: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(place.get(name), dict):  # an extension of a primitive is not what is tested here
        place[name] = {}
    held: dict[str, Any] = place[name]
    return held


def _coded(found: re.Match[str], name: str) -> Any:
    system, code, display = found[1], found[2].strip('"'), found[3]
    if not system:
        return {"coding": [{"code": code}]} if name in ("valueCodeableConcept",) else code
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return coding if name in ("coding", "tag", "security") else {"coding": [coding]}


def _merged(held: Any, value: Any) -> Any:
    return {**held, **value} if isinstance(held, dict) and isinstance(value, dict) else value


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return text


def _resource_type(kind: str) -> str:
    return kind.split("-uv-ips")[0] if "-uv-ips" in kind else kind
