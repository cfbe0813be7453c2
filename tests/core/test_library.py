"""The library: everything loads, and a broken file is named."""

# ruff: noqa: E501 - one row of a table is one line

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from registry import library
from registry.errors import RegistryError


def _copy(folder: Path) -> Path:
    return Path(shutil.copytree(library.FOLDER, folder / "schemas"))


def test_the_check_command_counts_every_file_in_one_line() -> None:
    ran = subprocess.run([sys.executable, "-m", "registry.library"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("schemas: ")
    assert ran.stdout.count("\n") == 1


def test_what_is_loaded_is_loaded_once() -> None:
    assert library.load() is library.load()


def test_the_library_holds_what_the_other_packages_ask_for() -> None:
    loaded = library.load()
    assert set(loaded.profiles.resources) == {
        "Patient", "Immunization", "Basic", "Organization", "Consent", "DocumentReference",
    }  # fmt: skip
    assert set(loaded.editions) >= {"who", "nga", "ukr"}
    assert loaded.ladders
    assert loaded.migrations
    assert loaded.consent_texts["version"]


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


def _replace(name: str, old: str, new: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


MAP = "maps/vaccine-to-antigen.json"
SPOILT: list[tuple[str, Callable[[Path], object], str]] = [
    ("cut short", _write(MAP, '{"resourceType": "Conc'), f"schemas/{MAP}: line 1 is not JSON"),
    ("an empty object", _write("profiles/patient.json", "{}"), "schemas/profiles/patient.json"),
    ("a list", _write("terminology/antigen.json", "[]"), "schemas/terminology/antigen.json"),
    ("empty", _write("maps/new.json", ""), "schemas/maps/new.json"),
    ("not UTF-8", lambda f: (f / MAP).write_bytes(b'{"a":"\xff"}'), f"schemas/{MAP}: cannot be read"),
    ("gone", lambda f: (f / "texts/consent-2.json").unlink(), "schemas/texts/consent-2.json: cannot be read"),
    ("bad TOML", _write("policies/new.toml", "a = = 1"), "schemas/policies/new.toml: not TOML"),
    ("a map without id", _replace(MAP, '"id": "vaccine-to-antigen",', ""), f"schemas/{MAP}: KeyError"),
    ("a map to no antigen", _replace(MAP, '"code": "BCG", "display": "Tub', '"code": "BSG", "display": "Tub'), "is translated to BSG"),
    ("a constraint nobody checks", _replace("profiles/patient.json", '"reg-1"', '"reg-99"'), "schemas/profiles/patient.json: not a usable"),
    ("a type nobody defines", _replace("profiles/patient.json", '"HumanName"', '"FullName"'), "schemas/profiles: a profile names"),
    ("a schedule of no antigen", _replace("schedules/who/2023.json", '"of": ["BCG"]', '"of": ["XYZ"]'), "schemas/schedules"),
    ("a ladder that is none", _write("ladders/new.json", "{}"), "schemas/ladders/new.json"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "spoil", "told"), SPOILT, ids=[row[0] for row in SPOILT])
def test_a_broken_file_is_named_with_its_fault(
    what: str,
    spoil: Callable[[Path], object],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = _copy(tmp_path)
    (folder / "policies").mkdir(exist_ok=True)
    spoil(folder)
    assert library.main(folder) == 1, what
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_a_file_that_is_not_there_is_named_when_asked_for() -> None:
    with pytest.raises(RegistryError, match=r"schemas/templates/none\.html"):
        library.text("templates/none.html")
