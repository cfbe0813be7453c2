"""Small files in the formats of the national systems: a few people cut out of the samples of the adapters."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import adapters

FOLDER = Path(adapters.__file__).parent
SOURCES = {"almara-dhis2": "dhis2", "bektar-iis": "hl7v2", "bektar-schools": "oneroster"}
_ABOUT_PEOPLE = {"users.csv": "sourcedId", "demographics.csv": "sourcedId", "enrollments.csv": "userSourcedId"}


@cache
def story() -> dict[str, Any]:
    """The protagonists of the samples: a girl, her twin, what desks ask, and a boy nobody knows."""
    return json.loads((FOLDER / "sdk" / "world" / "examples" / "story.json").read_bytes())


def people(source: str) -> set[str]:
    """The source's own ids of the girl and her twin."""
    records = [*story()["girl"]["records"], *story()["twin"]["records"]]
    return {each["person_id"] for each in records if each["source"] == source}


def file(source: str) -> bytes:
    """What the source holds of the girl and her twin, as a file of its format."""
    return {"almara-dhis2": dhis2, "bektar-iis": hl7v2, "bektar-schools": oneroster}[source](people(source))


def dhis2(ids: Iterable[str]) -> bytes:
    whole = json.loads((FOLDER / "dhis2" / "examples" / "almara-dhis2.json").read_bytes())
    wanted = set(ids)
    kept = [each for each in whole["trackedEntities"] if each["trackedEntity"] in wanted]
    return json.dumps({"trackedEntities": kept}, ensure_ascii=False).encode()


def hl7v2(ids: Iterable[str]) -> bytes:
    whole = (FOLDER / "hl7v2" / "examples" / "bektar-iis.hl7").read_bytes()
    messages = [b"MSH" + each for each in whole.split(b"MSH")[1:]]
    return b"".join(each for each in messages if any(f"||{id}^^^".encode() in each for id in ids))


def oneroster(ids: Iterable[str]) -> bytes:
    wanted, target = set(ids), io.BytesIO()
    with (
        zipfile.ZipFile(FOLDER / "oneroster" / "examples" / "bektar-schools.zip") as whole,
        zipfile.ZipFile(target, "w") as cut,
    ):
        for name in whole.namelist():
            text = whole.read(name).decode("utf-8-sig")
            cut.writestr(name, _rows_of(text, _ABOUT_PEOPLE[name], wanted) if name in _ABOUT_PEOPLE else text)
    return target.getvalue()


def _rows_of(text: str, column: str, wanted: set[str]) -> str:
    rows = csv.DictReader(io.StringIO(text))
    target = io.StringIO()
    writer = csv.DictWriter(target, rows.fieldnames or ())
    writer.writeheader()
    writer.writerows(each for each in rows if each[column] in wanted)
    return target.getvalue()


def asked(name: str) -> dict[str, str]:
    """What a desk asks with, in the words of the service."""
    renamed = {"birthDate": "birth", "gender": "sex"}
    return {renamed.get(key, key): value for key, value in story()["asks"][name].items()}


def said_by_the_family() -> dict[str, str]:
    girl = story()["girl"]
    names = {name: girl[name]["arabic"] for name in ("given", "father", "grandfather", "mother")}
    told = {"family": girl["family_name"]["arabic"], "birth": girl["born"], "sex": girl["gender"]}
    return {**names, **told, "village": girl["village"]}


def canaries() -> set[str]:
    """Every name, date of birth, number, place and lot of the girl and her twin, as their sources wrote them."""
    texts: set[str] = set()
    for each in json.loads(dhis2(people("almara-dhis2")))["trackedEntities"]:
        texts |= {attribute["value"] for attribute in each["attributes"]} | {each["trackedEntity"]}
        for event in each["enrollments"][0]["events"]:
            texts |= {event.get("orgUnitName", ""), event["event"]}
            texts |= {value["value"] for value in event["dataValues"] if value["dataElement"] == "lotNumAlma1"}
    for each in hl7v2(people("bektar-iis")).decode().split("\r"):
        fields = each.split("|")
        texts |= {part for field in fields[3:12] for part in field.split("^")} if fields[0] == "PID" else set()
    texts |= set(said_by_the_family().values()) | set(asked("clinic").values()) | set(asked("school").values())
    return {each for each in texts if len(each) > 3 and each not in _COMMON}


_COMMON = {"FEMALE", "female", "MALE", "male", "2012", "BEKTAR", "BEKTAR-IIS", "true", "false"}
