"""Bad input and bad days: one clear message (what, where, what next), nothing half stored, and the rest goes on."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from registry.cli import running
from registry.flows import opening
from registry.settings import Settings
from registry.store import documents, dossiers, embedded
from tests.cli.conftest import COMMAND, Commands
from tests.support import builders, postgres, samples
from tests.support.builders import CLINIC, VACCINES, World
from tests.support.postgres import Cluster

GOOD = samples.file(VACCINES)
CANARY = "Zzyzxcanary"


def stored(continuity: Commands) -> int:
    """How many documents the registry holds."""

    async def work(world: World) -> int:
        async with world.registry.database.transaction() as tx:
            return len(await documents.load(tx, [each.id for each in await dossiers.everyone(tx)]))

    return continuity.asking(work)


# --- files that cannot be read ---------------------------------------------------------------------

DEEP = b'{"trackedEntities": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
LONG = json.dumps(
    {"trackedEntities": [{"trackedEntity": "a", "attributes": [{"attribute": "x", "value": CANARY * 500_000}]}]}
)
UNREADABLE: Mapping[str, tuple[str, bytes]] = {
    "empty": ("dhis2", b""),
    "spaces": ("dhis2", b" \n\n "),
    "truncated": ("dhis2", GOOD[: len(GOOD) // 2]),
    "truncated by one byte": ("dhis2", GOOD[:-1]),
    "Latin-1": ("dhis2", GOOD.decode().encode("latin-1", "replace").replace(b"?", b"\xe9")),
    "nested too deeply": ("dhis2", DEEP),
    "of another kind, HL7": ("dhis2", samples.file("bektar-iis")),
    "of another kind, zip": ("dhis2", samples.file("bektar-schools")),
    "of another kind, JSON": ("hl7v2", GOOD),
    "of another kind, text": ("oneroster", GOOD),
    "of another kind, not XML": ("edfi", GOOD),
    "a zip that is cut off": ("oneroster", samples.file("bektar-schools")[:-200]),
    "XML with an entity": (
        "edfi",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    ),
    "XML nested too deeply": ("edfi", b"<a>" * 100_000),
}


@pytest.mark.parametrize(("adapter", "content"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_clear_message(bare: Commands, adapter: str, content: bytes) -> None:
    file = bare.file("file", content)
    ended = bare("convert", "--adapter", adapter, file)
    ended.failed(code=2)
    assert builders.found(ended.err, [CANARY, *samples.canaries(), "root:x"]) == []


@pytest.mark.parametrize("name", ["empty", "truncated", "nested too deeply", "of another kind, zip"])
def test_an_import_of_it_stores_nothing_and_the_good_file_beside_it_goes_on(continuity: Commands, name: str) -> None:
    bad, good = continuity.file("bad", UNREADABLE[name][1]), continuity.file("good", GOOD)
    ended = continuity("import", "--source", VACCINES, "--adapter", "dhis2", bad, good)
    assert ended.code == 2
    assert ended.err.count("not taken") == 1
    assert str(bad) in ended.err
    assert "Traceback" not in ended.err
    assert stored(continuity) > 4
    as_json = continuity("import", "--source", VACCINES, "--adapter", "dhis2", bad, good, "--json")
    assert [sorted(each)[0] for each in as_json.json] == ["error", "adapter"] or "error" in as_json.json[0]
    assert as_json.json[1]["repeated"]
    assert as_json.code == 2


def test_a_byte_order_mark_is_no_reason_to_refuse_a_file(bare: Commands) -> None:
    file = bare.file("file", b"\xef\xbb\xbf" + GOOD)
    assert len(bare("convert", "--adapter", "dhis2", file).json["resources"]) > 4


def test_five_megabytes_in_one_field_are_set_aside_and_not_echoed(continuity: Commands) -> None:
    file = continuity.file("file", LONG)
    shown = continuity("convert", "--adapter", "dhis2", file, "--summary")
    assert "Traceback" not in shown.err
    assert CANARY not in shown.out + shown.err
    taken = continuity("import", "--source", VACCINES, "--adapter", "dhis2", file)
    assert "Traceback" not in taken.err
    assert CANARY not in taken.out + taken.err
    assert len(taken.out + taken.err) < 5_000


@pytest.mark.parametrize("command", ["convert", "import"])
def test_a_file_that_is_not_there_is_named(continuity: Commands, command: str) -> None:
    more = ("--source", VACCINES) if command == "import" else ()
    for path in (continuity.folder / "nothing.json", continuity.folder):
        ended = continuity(command, "--adapter", "dhis2", *more, path)
        assert ended.code == 2
        assert str(path) in ended.err
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", ["convert", "import"])
def test_an_unknown_adapter_is_named_with_those_there_are(continuity: Commands, command: str) -> None:
    more = ("--source", VACCINES) if command == "import" else ()
    continuity(command, "--adapter", "fax", *more, continuity.file("file", GOOD)).failed("adapter", "dhis2", code=2)


def test_an_unknown_source_is_refused_and_nothing_is_stored(continuity: Commands) -> None:
    file = continuity.file("file", GOOD)
    ended = continuity("import", "--source", "nobody", "--adapter", "dhis2", file)
    assert ended.code == 2
    assert "continuity organisation add" in ended.err
    assert stored(continuity) == 0


def test_brackets_in_a_name_are_shown_as_they_are(continuity: Commands) -> None:
    odd = json.loads(GOOD)
    odd["trackedEntities"][0]["[/red]colour"] = ["[/bold]"]
    file = continuity.file("[red]/x[b]:smile:.json", json.dumps(odd))
    taken = continuity("import", "--source", VACCINES, "--adapter", "dhis2", file)
    assert (taken.code, taken.err.strip()) == (0, "")
    assert file.name in taken.out
    bad = continuity.file("[red]/y[b].json", b"")
    assert str(bad) in continuity("import", "--source", VACCINES, "--adapter", "dhis2", bad).err


# --- what a desk types -----------------------------------------------------------------------------

BAD_PEOPLE: Mapping[str, bytes] = {
    "not JSON": b"{given",
    "a list": b"[]",
    "Latin-1": '{"given": "Zo\u00e9"}'.encode("latin-1"),
    "nested": b'{"given": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "no name": b"{}",
    "a number as a name": b'{"given": 7}',
    "an unknown field": f'{{"given": "x", "{CANARY}": "y"}}'.encode(),
    "five megabytes": json.dumps({"given": CANARY * 500_000}).encode(),
    "a day that is none": b'{"given": "x", "birth": "2015-02-30"}',
    "a zero byte": b'{"given": "x\\u0000"}',
}


@pytest.mark.parametrize("content", BAD_PEOPLE.values(), ids=BAD_PEOPLE)
@pytest.mark.parametrize("command", [("ask",), ("consent", "open")], ids=" ".join)
def test_a_person_that_cannot_be_is_one_clear_message(
    continuity: Commands, command: tuple[str, ...], content: bytes
) -> None:
    ended = continuity(*command, "--person", continuity.file("person.json", content), key=CLINIC)
    ended.failed(code=2)
    assert CANARY * 2 not in ended.err
    assert stored(continuity) == 0


def test_a_person_file_that_is_not_there_is_named(continuity: Commands) -> None:
    continuity("ask", "--present", "--person", "nobody.json", key=CLINIC).failed("nobody.json", code=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("consent", "withdraw", "--card", "x"), "card"),
        (("audit", "show", "x"), "card"),
        (("organisation", "key", "nobody"), "organisation"),
    ],
)
def test_what_nobody_knows_is_said_so(continuity: Commands, arguments: tuple[str, ...], words: str) -> None:
    continuity(*arguments).failed(words, code=2)


# --- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", [{"REGISTRY_SUMMARY_DAYS": "many"}, {"REGISTRY_SUMMARY_DAYS": "0"}, {"REGISTRY_PORT": "-1"}]
)
def test_a_setting_that_cannot_be_is_named(bare: Commands, setting: dict[str, str]) -> None:
    bare("migrate", **setting).failed(next(iter(setting)), code=2)


# --- a full disk -----------------------------------------------------------------------------------


def little_room() -> None:
    """From here on this process can write no file longer than two thousand bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))


def allowed(continuity: Commands) -> dict[str, str]:
    """What a desk says of a child the clinic may ask about."""

    async def work(world: World) -> None:
        await builders.known_child(world)
        card = await builders.family(world)
        await builders.allow(world, card, CLINIC)

    continuity.asking(work)
    said = builders.description(builders.ZAHOUANIA, *builders.AT_A_DESK)
    return {name: getattr(said, name) for name in builders.AT_A_DESK}


def test_a_summary_that_does_not_fit_on_the_disk_is_one_clear_message(continuity: Commands) -> None:
    person = continuity.file("person.json", json.dumps(allowed(continuity)))
    ended = continuity.process(
        "ask", "--present", "--person", person, "--out", "papers", key=CLINIC, preexec_fn=little_room
    )
    ended.failed("papers", "room")
    assert [each.name for each in (continuity.folder / "papers").iterdir()] == []


def test_a_key_file_that_does_not_fit_on_the_disk_is_one_clear_message_and_none_is_half_made(bare: Commands) -> None:
    fresh = bare.folder / "fresh" / "keyring.json"
    environment = {"REGISTRY_KEYRING": str(fresh), "CONTINUITY_PASSPHRASE": "correct horse battery staple"}
    bare.process("migrate", env=environment, preexec_fn=little_room).failed("key file", code=1)
    assert not fresh.exists()
    bare("migrate", **environment)  # makes one; it is not that of this database
    assert bare("keys", "export", "copy.locked", **environment).code == 0, "a half key file was left"


@pytest.mark.parametrize(
    "command", [("convert", "--adapter", "dhis2", "file"), ("audit", "verify", "--json")], ids=" ".join
)
def test_an_output_that_cannot_be_written_is_one_clear_message(bare: Commands, command: tuple[str, ...]) -> None:
    bare.file("file", GOOD)
    with Path("/dev/full").open("wb") as full:
        ended = bare.process(*command, stdout=full)
    assert ended.code not in (0, None)
    assert "Traceback" not in ended.err
    assert len(ended.err.splitlines()) in (1, 2, 3)


def test_an_output_nobody_reads_any_more_is_no_fault(bare: Commands) -> None:
    bare.file("file", GOOD)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        ended = bare.process("convert", "--adapter", "dhis2", "file", stdout=pipe)
    assert "Traceback" not in ended.err
    assert "Exception" not in ended.err


@pytest.mark.parametrize("out", ["/dev/full", "/proc/nothing", "file"])
def test_a_folder_that_cannot_be_made_is_named(continuity: Commands, out: str) -> None:
    continuity.file("file", b"")
    person = continuity.file("person.json", json.dumps(allowed(continuity)))
    continuity("ask", "--present", "--person", person, "--out", out, key=CLINIC).failed(out, code=2)


def test_a_state_folder_that_cannot_be_made_is_one_clear_message(bare: Commands) -> None:
    bare.file("file", b"")
    ended = bare(
        "migrate", REGISTRY_STATE=str(bare.folder / "file"), REGISTRY_KEYRING=str(bare.folder / "file" / "key")
    )
    ended.failed("file", code=1)


def test_a_port_that_is_taken_is_one_clear_message(bare: Commands) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bare("serve", "--port", taken.getsockname()[1]).failed("--port 0", code=1)


@pytest.mark.parametrize("address", ["nonsense Zahra-88", "mysql://amina:Zahra-88@host/registry"])
def test_an_address_of_the_database_that_is_none_is_refused_at_once_and_not_repeated(
    bare: Commands, address: str
) -> None:
    started = time.monotonic()
    ended = bare("audit", "verify", REGISTRY_DATABASE_URL=address)
    assert time.monotonic() - started < 5
    ended.failed("REGISTRY_DATABASE_URL", code=2)
    assert builders.found(ended.err, ["Zahra-88", "amina"]) == []


def test_a_service_that_cannot_start_says_why(bare: Commands) -> None:
    ended = bare.process("serve", "--port", "0", env={"REGISTRY_DATABASE_URL": "mysql://amina:Zahra-88@host/registry"})
    assert ended.code == 2
    assert "REGISTRY_DATABASE_URL" in ended.err
    assert builders.found(ended.out + ended.err, ["Zahra-88", "amina", "Traceback"]) == []


# --- a database that is down, or goes down ---------------------------------------------------------


def test_without_a_database_every_command_says_so(continuity: Commands) -> None:
    file = continuity.file("file", GOOD)
    nowhere = f"postgresql:///x?host={continuity.folder}"
    started = time.monotonic()
    ended = continuity("import", "--source", VACCINES, "--adapter", "dhis2", file, REGISTRY_DATABASE_URL=nowhere)
    ended.failed("database", "PostgreSQL is running", code=1)
    assert time.monotonic() - started < 15


def kill(data: Path) -> None:
    """End the server whose data lie here, as a power failure would."""
    pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{pid}/cmdline").read_bytes().find(bytes(data)) > 0, "not the test's own server"
    os.kill(pid, signal.SIGKILL)
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.02)


@pytest.fixture
def own_server(bare: Commands) -> Iterator[tuple[Cluster, Settings]]:
    """A server of the test's own, to be killed; it may be down when the test ends."""
    (bare.folder / "state").mkdir()
    with (
        postgres.place() as place,
        postgres.embedded_cluster(place) as cluster,
        cluster.clone(bare.folder / "state") as settings,
    ):
        yield cluster, settings
        embedded.start(cluster.folder, keep_running=True)


@pytest.mark.parametrize("victim", ["the database", "the import"])
def test_an_import_that_is_killed_is_whole_or_not_there_and_done_again_it_is_whole(
    bare: Commands, own_server: tuple[Cluster, Settings], victim: str
) -> None:
    cluster, settings = own_server
    own = replace(bare, settings=settings)
    assert own("organisation", "add", VACCINES, "--kind", "source", "--country", "XAL").code == 0
    file = samples.FOLDER / "dhis2" / "examples" / "almara-dhis2-resend.json"
    importing = ("import", "--source", VACCINES, "--adapter", "dhis2", str(file))
    running = subprocess.Popen(
        [COMMAND, *importing], env={**os.environ, **own.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_for_writes(settings.database_url)
    if victim == "the database":
        kill(cluster.folder)
    else:
        running.kill()
    _, errors = running.communicate(timeout=60)
    assert running.returncode != 0
    assert b"Traceback" not in errors, errors.decode()
    if victim == "the database":
        assert 1 <= errors.count(b"the database cannot be used") <= 2, "one for the file, one for linking"
        embedded.start(cluster.folder, keep_running=True)
    assert held(settings) in ({0}, {1}), "half stored or doubled"
    (receipt,) = own(*importing, "--json").json
    assert receipt["counts"]["set-aside"] == 0
    assert held(settings) == {1}


def wait_for_writes(url: str | None) -> None:
    """Until the import's own session writes."""
    assert url is not None
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(1_000):
            cursor = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
            )
            row = cursor.fetchone()
            if row and row[0]:
                return
            time.sleep(0.005)
    pytest.fail("the import never began to write")


def held(settings: Settings) -> set[int]:
    """How many versions there are of each resource of the source."""

    async def work() -> set[int]:
        async with opening.opened(settings) as registry, registry.database.transaction() as tx:
            everyone = [each for each in await dossiers.everyone(tx) if each.source == VACCINES]
            found = await documents.load(tx, [each.id for each in everyone])
            return {each.version for each in found} or {0}

    return asyncio.run(work())


def test_a_byte_order_mark_before_json_is_read_past(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text('{"given": "Zoé"}', encoding="utf-8-sig")
    assert running.read_json(file) == {"given": "Zoé"}
