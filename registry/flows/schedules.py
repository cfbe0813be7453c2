"""Finding a schedule by the place of its files."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from registry.continuity.immunization import supporting
from registry.continuity.immunization.schedule import Schedule
from registry.errors import BadInput, Unreadable

MOST_BYTES = 200_000_000
"""Of all files together, unpacked; a release has about 10 million."""


def supporting_data(place: Path) -> Schedule:
    """CDSi supporting data from a directory, a tar or a zip file.

    Raises BadInput where there is no such place, or naming the file and element at fault.
    """
    if not place.exists():
        raise BadInput("there is no such directory or file", where=str(place), remedy="check its name")
    try:
        return supporting.read(dict(_read(place)))
    except (tarfile.TarError, zipfile.BadZipFile, RuntimeError, EOFError, zlib.error):
        raise Unreadable("this is no directory, tar or zip file that can be read", where=str(place)) from None
    except OSError as error:
        raise Unreadable(f"this cannot be read ({error.strerror})", where=str(place)) from None


def _read(place: Path) -> Iterator[tuple[str, bytes]]:
    if place.is_dir():
        return _of_directory(place)
    return _of_zip(place) if zipfile.is_zipfile(place) else _of_tar(place)


def _of_directory(place: Path) -> Iterator[tuple[str, bytes]]:
    wanted = [each for each in sorted(place.rglob("*")) if each.is_file() and _is_wanted(each.name)]
    _check_size(sum(each.stat().st_size for each in wanted), place)
    yield from ((each.name, each.read_bytes()) for each in wanted)


def _of_zip(place: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(place) as packed:
        wanted = [each for each in packed.infolist() if not each.is_dir() and _is_wanted(each.filename)]
        _check_size(sum(each.file_size for each in wanted), place)
        yield from ((Path(each.filename).name, packed.read(each)) for each in wanted)


def _of_tar(place: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(place) as packed:
        wanted = [each for each in packed if each.isfile() and _is_wanted(each.name)]
        _check_size(sum(each.size for each in wanted), place)
        for each in wanted:
            if file := packed.extractfile(each):
                yield Path(each.name).name, file.read()


def _is_wanted(name: str) -> bool:
    """Copies that other systems leave beside a file (`._name`) are not part of the release."""
    last = Path(name).name
    return last.lower().endswith(".xml") and not last.startswith(".")


def _check_size(size: int, place: Path) -> None:
    if size > MOST_BYTES:
        raise BadInput("this is larger than any release of supporting data", where=str(place))
