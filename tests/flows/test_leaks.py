"""Nothing of a person can be read in a stolen database; the search that says so finds everything where sealing is
switched off, and whatever way it is written."""

from __future__ import annotations

import base64
import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from registry.settings import Settings
from tests.bench import main_job, theft
from tests.support import leaks, postgres
from tests.support.postgres import Cluster

NAMES = ("خديجة الحلبي", "Амина Юсуфовна", "Émilie-Zoé", "አሚና ዮሴፍ", "2012-05-17", "BK043459793")


@pytest.mark.anyio
async def test_a_thief_finds_nothing_sealed_and_everything_where_sealing_is_switched_off() -> None:
    with postgres.place() as folder:
        samples = main_job.write_world(folder / "world", children=10)
        sealed, plain = await theft.sealed_and_open(folder, samples)
    kinds = {each.kind for each in plain.canaries}
    assert len(plain.canaries) >= 50
    assert kinds >= {"Arabic name", "Cyrillic name", "Latin name", "date of birth", "identifier", "vaccine code"}
    assert {name: sorted(found) for name, found in sealed.found.items() if found} == {}
    missed = {name: set(plain.canaries) - found for name, found in plain.found.items() if name not in theft.KEYLESS}
    assert {name: sorted(each) for name, each in missed.items() if each} == {}
    assert {name: plain.found[name] for name in theft.KEYLESS if plain.found[name]} == {}
    assert set(sealed.found) == {"dump", "data directory", "write-ahead log", *theft.KEYLESS}


def _deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "hex": lambda body: body.hex().encode(),
    "HEX": lambda body: body.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base64 in lines": base64.encodebytes,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "deflate": _deflate,
}
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, the other end first": lambda text: text.encode("utf-16-be"),
    "JSON": lambda text: json.dumps({"name": text}).encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"name": text})).encode(),
    "XML": lambda text: text.encode("ascii", "xmlcharrefreplace"),
}


@pytest.mark.parametrize("outer", ENCODINGS)
@pytest.mark.parametrize("inner", ENCODINGS)
def test_a_name_is_found_through_two_encodings_at_any_alignment(inner: str, outer: str) -> None:
    for offset in range(5):
        for name in NAMES:
            body = ("é" + "x" * offset + json.dumps({"n": name, "z": "y" * 40}, ensure_ascii=False) + "end").encode()
            hidden = ENCODINGS[outer](ENCODINGS[inner](body))
            # A bare deflate stream has no mark: it is looked for where a value begins, or behind a nonce.
            around = b"\x01" + bytes(range(200, 212)) if "deflate" in (inner, outer) else b'[3, "' + b"z" * 40 + b'", "'
            assert leaks.search([around + hidden + b'"]'], [name]) == {name}, (name, offset)


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_a_name_is_found_however_it_is_written(write: Callable[[str], bytes], encode: Callable[[bytes], bytes]) -> None:
    for name in NAMES:
        assert leaks.search([encode(b"some words before " + write(name) + b" and after it")], [name]) == {name}


def test_in_noise_nothing_is_found() -> None:
    dice = random.Random(7)
    noise = dice.randbytes(400_000)
    assert leaks.search([noise, noise.hex().encode(), base64.b64encode(noise)], NAMES) == set()


@pytest.fixture
def own(cluster: Cluster, tmp_path: Path) -> Iterator[Settings]:
    """A database in which a test may make tables."""
    with cluster.clone(tmp_path) as cloned:
        yield cloned


PLANTED = {
    "compressed in its row": "SELECT repeat('word after word ', 60) || %s || repeat(' and word', 300)",
    "compressed and cut": """
        SELECT string_agg(md5(n::text), ' ') || repeat(' word', 3000) || %s || string_agg(md5(n::text), '-')
        FROM generate_series(1, 300) AS n
    """,
    "cut and not compressed": """
        SELECT string_agg(md5(n::text) || md5((-n)::text), '' ORDER BY n) || %s
        FROM generate_series(1, 31 + {shift}) AS n
    """,
}


@pytest.mark.parametrize("made", PLANTED.values(), ids=PLANTED.keys())
def test_a_name_is_found_in_what_postgresql_compressed_and_cut(cluster: Cluster, own: Settings, made: str) -> None:
    with psycopg.connect(str(own.database_url), autocommit=True) as connection:
        postgres.assert_own(connection, cluster.folder)
        before = theft.pages_now(cluster.folder, str(own.database_url))
        connection.execute("CREATE TABLE planted (content text COMPRESSION pglz)")
        if "{shift}" in made:
            connection.execute("ALTER TABLE planted ALTER content SET STORAGE EXTERNAL")
        for shift in range(3):
            for name in NAMES:
                statement = f"INSERT INTO planted {made.format(shift=shift)}"
                connection.execute(statement, (name + name + name,))  # pyright: ignore[reportArgumentType]
    theft.pages_now(cluster.folder, str(own.database_url))
    files = [path.read_bytes() for path in (cluster.folder / "base").rglob("*") if path.is_file()]
    assert leaks.search(leaks.pages(files, before), NAMES) == set(NAMES)
    if "{shift}" not in made:
        readable = b"".join(files)
        assert not [name for name in NAMES if name.encode() in readable]


def test_the_server_says_nothing_of_the_values_it_was_given(cluster: Cluster, own: Settings) -> None:
    size = (cluster.folder / "log").stat().st_size
    with psycopg.connect(str(own.database_url), autocommit=True) as connection:
        connection.execute("CREATE TABLE held (name text PRIMARY KEY, born date CHECK (born < '2000-01-01'))")
        connection.execute("INSERT INTO held VALUES (%s)", (NAMES[0],))
        for statement in (
            "INSERT INTO held VALUES (%s)",
            "INSERT INTO held VALUES (%s, '2012-05-17')",
            "SELECT %s / 0",
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(statement, (NAMES[0],))  # pyright: ignore[reportArgumentType]
    told = (cluster.folder / "log").read_bytes()[size:]
    assert leaks.search([told], NAMES) == set()


def test_the_dump_is_made_by_the_server_of_the_registry() -> None:
    assert isinstance(theft.DUMP, Path)
    assert theft.DUMP.exists()
