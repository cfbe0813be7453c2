"""The main job by commands: every step prints one JSON document, and the same for people."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.continuity.summary import checks
from registry.flows import opening, publish
from registry.store import keyfile
from tests.cli.conftest import Commands
from tests.flows import test_match
from tests.support import builders, samples
from tests.support.builders import (
    CLINIC,
    NEIGHBOUR,
    OTHER_CLINIC,
    OTHER_STEWARD,
    SCHOOL,
    SCHOOLS,
    STEWARD,
    VACCINES,
    ZAHOUANIA,
    World,
)

HAND_OVERS = ((VACCINES, "dhis2"), ("bektar-iis", "hl7v2"), (SCHOOLS, "oneroster"))


def person_file(continuity: Commands, name: str, values: dict[str, str]) -> Path:
    return continuity.file(f"{name}.json", json.dumps(values, ensure_ascii=False))


def handed_over(continuity: Commands) -> None:
    for source, adapter in HAND_OVERS:
        file = continuity.file(source, samples.file(source))
        taken = continuity("import", "--source", source, "--adapter", adapter, file, "--json")
        assert taken.code == 0, taken.err
        (receipt,) = taken.json
        assert receipt["file"] == str(file)
        assert receipt["counts"]["stored"] == len(receipt["rows"])


def consented(continuity: Commands) -> str:
    family = person_file(continuity, "family", samples.said_by_the_family())
    card = continuity("consent", "open", "--person", family, "--json", key=CLINIC).json["card"]
    for domain, organisation in (("health", CLINIC), ("education", SCHOOL)):
        given = continuity(*yes(card, domain, organisation), "--json", key=CLINIC)
        assert given.code == 0, given.err
        assert (given.json["agreed"], given.json["places"], given.json["organisation"]) == (
            True, False, f"The {organisation}",
        )  # fmt: skip
    return card


def yes(card: str, domain: str, organisation: str) -> tuple[str, ...]:
    until = str(builders.START.date().replace(year=builders.START.year + 1, day=1))
    named = ("--domain", domain, "--organisation", organisation, "--until", until)
    spoken = ("--family-language", "en", "--interviewer-language", "en", "--private", "--reads", "--teach-back", "who")
    return ("consent", "give", "--card", card, *named, "--yes", "--understood", *spoken, "--fled", "XBK")


def trusted(continuity: Commands) -> Path:
    """A trust folder with the keys of this registry."""

    async def published(world: World) -> dict[str, Any]:
        return publish.trust_file(world.registry)

    return continuity.file("trust/own.json", json.dumps(continuity.asking(published))).parent


def test_the_whole_job_in_json(continuity: Commands) -> None:
    handed_over(continuity)
    card = consented(continuity)
    asked = person_file(continuity, "asked", samples.asked("clinic"))
    answered = continuity(
        "ask", "--present", "--person", asked, "--out", "papers", "--ips", "ips.json", "--language", "ar", "--json",
        key=CLINIC,
    )  # fmt: skip
    assert answered.code == 0, answered.err
    document = json.loads((continuity.folder / "ips.json").read_text("utf-8"))
    assert document == answered.json["document"]
    assert checks.faults(document) == ()
    papers = [continuity.folder / answered.json[name] for name in ("summary", "page", "print")]
    trust = trusted(continuity)
    verdicts = continuity("verify", *papers, "--trust", trust, "--json")
    assert [(each["accepted"], each["carrier"]) for each in verdicts.json] == [
        (True, "token"), (True, "page"), (True, "print"),
    ]  # fmt: skip
    trail = continuity("audit", "show", card, "--json").json
    assert [each["answer"] for each in trail if each["action"] == "ask"] == ["summary"]
    assert continuity("consent", "withdraw", "--card", card, "--json").json == {"consents": 2, "revoked": 1}
    silent = continuity("ask", "--present", "--person", asked, "--json", key=CLINIC)
    assert (silent.code, silent.json["answer"]) == (3, None)
    proof = continuity("audit", "verify", "--json")
    assert (proof.code, proof.json["holds"], proof.json["pending"]) == (0, True, 0)


def test_the_whole_job_in_words(continuity: Commands) -> None:
    handed_over(continuity)
    card = consented(continuity)
    asked = person_file(continuity, "asked", samples.asked("school"))
    answered = continuity("ask", "--present", "--person", asked, key=SCHOOL)
    assert "summary.jws" in answered.out
    said = continuity("verify", "summary.jws", "summary.html", "--trust", trusted(continuity))
    assert (said.code, said.out.count("GENUINE")) == (0, 2)
    assert "ask" in continuity("audit", "show", card).out
    assert "2 consents" in continuity("consent", "withdraw", "--card", card).out
    unknown = continuity("ask", "--present", "--given", "Nobody", key=SCHOOL)
    silent = continuity("ask", "--present", "--person", asked, key=SCHOOL)
    assert (unknown.code, unknown.out, unknown.err) == (silent.code, silent.out, silent.err)
    assert silent.code == 3
    assert "holds" in continuity("audit", "verify").out


def test_the_answer_about_nobody_is_the_answer_about_a_refused_child_in_json_too(continuity: Commands) -> None:
    handed_over(continuity)
    consented(continuity)
    asked = person_file(continuity, "asked", samples.asked("clinic"))
    refused = continuity("ask", "--present", "--person", asked, "--json", key=OTHER_CLINIC)
    unknown = continuity("ask", "--present", "--given", "Nobody", "--json", key=OTHER_CLINIC)
    assert (refused.code, refused.out, refused.err) == (unknown.code, unknown.out, unknown.err)


def test_importing_the_same_file_twice_changes_nothing(continuity: Commands) -> None:
    file = continuity.file("almara.json", samples.file(VACCINES))
    arguments = ("import", "--source", VACCINES, "--adapter", "dhis2", file)
    first, second = continuity(*arguments, "--json").json[0], continuity(*arguments, "--json").json[0]
    assert second == {**first, "repeated": True}
    assert "nothing changed" in continuity(*arguments).out


@pytest.mark.parametrize(("source", "adapter"), HAND_OVERS)
def test_convert_prints_the_whole_submission_and_touches_no_database(bare: Commands, source: str, adapter: str) -> None:
    file = bare.file(source, samples.file(source))
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    shown = bare("convert", "--adapter", adapter, file, "--json", REGISTRY_DATABASE_URL=nowhere)
    assert set(shown.json) == {"source", "adapter", "receivedAt", "resources", "findings", "coverage"}
    assert {each["person"].rpartition(":")[2] for each in shown.json["resources"]} == samples.people(source)
    counted = bare("convert", "--adapter", adapter, file, "--summary", "--json", REGISTRY_DATABASE_URL=nowhere).json
    assert counted["people"] == 2
    assert bare("convert", "--adapter", adapter, file, "--summary", REGISTRY_DATABASE_URL=nowhere).code == 0
    assert not (bare.folder / "state").exists()


def test_convert_reads_the_standard_input(bare: Commands) -> None:
    shown = bare.process("convert", "--adapter", "dhis2", "-", input=samples.file(VACCINES))
    assert len(shown.json["resources"]) > 4


def test_an_organisation_is_registered_and_its_key_works(bare: Commands) -> None:
    added = bare("organisation", "add", "clinic-new", "--kind", "clinic", "--country", "XAL", "--json").json
    assert (added["name"], added["kind"]) == ("clinic-new", "clinic")
    more = bare("organisation", "key", "clinic-new", "--json").json
    assert more["key"] != added["key"]
    for key in (added["key"], more["key"]):
        assert bare("ask", "--present", "--given", "Nobody", "--json", key=key).code == 3
    assert added["key"] not in bare("organisation", "key", "clinic-new").out


BAD_ORGANISATIONS = {
    "a name that is taken": ((CLINIC, "--kind", "clinic", "--country", "XAL"), "name"),
    "a name with capitals": (("Clinic", "--kind", "clinic", "--country", "XAL"), "name"),
    "a name with a space": (("a clinic", "--kind", "clinic", "--country", "XAL"), "name"),
    "the name of families": (("family", "--kind", "source", "--country", "XAL"), "name"),
    "the name of the registry": (("registry", "--kind", "source", "--country", "XAL"), "name"),
    "a country that is none": (("clinic-x", "--kind", "clinic", "--country", "Almara"), "country"),
    "a name too long": (("c" * 65, "--kind", "clinic", "--country", "XAL"), "name"),
    "no country": (("clinic-x", "--kind", "clinic", "--country", ""), "country"),
}


@pytest.mark.parametrize(("arguments", "where"), BAD_ORGANISATIONS.values(), ids=BAD_ORGANISATIONS)
def test_an_organisation_that_cannot_be_is_refused(
    continuity: Commands, arguments: tuple[str, ...], where: str
) -> None:
    continuity("organisation", "add", *arguments).failed(where, code=2)


def test_the_kind_of_an_organisation_is_one_there_is(bare: Commands) -> None:
    ended = bare("organisation", "add", "clinic-x", "--kind", "hospital", "--country", "XAL")
    assert ended.code == 2
    assert "clinic" in ended.err


def test_nobody_registers_a_second_registry(bare: Commands) -> None:
    assert bare("organisation", "add", "another", "--kind", "registry", "--country", "XAL").code == 2


def doubtful(continuity: Commands) -> None:
    async def work(world: World) -> None:
        odd = replace(NEIGHBOUR, given="[/red]Lotfi[bold]", family="{0}%s", ids={SCHOOLS: "odd"})
        await builders.hand_over(world, VACCINES, builders.patient(ZAHOUANIA, VACCINES))
        await builders.hand_over(world, SCHOOLS, builders.patient(odd, SCHOOLS, identifier=None))
        held = {each.local: each.id for each in (await test_match.everyone(world)).values()}
        await test_match.put_doubt(world, *held.values())

    continuity.asking(work)


def test_a_steward_lists_and_settles_doubts(continuity: Commands) -> None:
    doubtful(continuity)
    (shown,) = continuity("review", "list", "--json", key=STEWARD).json
    assert {"review", "probability", "since", "proposed", "left", "right", "explanation"} == set(shown)
    assert continuity("review", "show", shown["review"], "--json", key=STEWARD).json == shown
    assert "1 open" in continuity("review", "list", key=STEWARD).out
    continuity("review", "decide", shown["review"], "perhaps", key=STEWARD).failed("verdict", code=2)
    continuity("review", "decide", shown["review"], "link", key=CLINIC).failed("steward", code=1)
    decided = continuity("review", "decide", shown["review"], "distinct", "--json", key=STEWARD)
    assert decided.json == {"review": shown["review"], "verdict": "distinct", "standing": "recorded"}
    continuity("review", "decide", shown["review"], "link", key=STEWARD).failed("review", code=2)
    assert continuity("review", "list", "--json", key=STEWARD).json == []


def test_a_steward_lists_links_and_undoes_a_wrong_one(continuity: Commands) -> None:
    async def known(world: World) -> None:
        await builders.known_child(world)

    continuity.asking(known)
    (shown,) = continuity("review", "links", "--json", key=STEWARD).json
    assert {"left_id", "right_id", "since", "left", "right", "explanation"} == set(shown)
    both = (shown["left_id"], shown["right_id"])
    listed = " ".join(continuity("review", "links", key=STEWARD).out.split())
    assert all(each in listed for each in (f"review part {' '.join(both)}", "1 shown", *shown["explanation"]))
    continuity("review", "links", key=CLINIC).failed("steward", code=1)
    continuity("review", "links", "--card", "nobody", key=STEWARD).failed("card", code=2)
    continuity("review", "part", *both, key=CLINIC).failed("steward", code=1)
    continuity("review", "part", both[0], "0" * 32, key=STEWARD).failed("review links", code=2)
    assert "second steward" in continuity("review", "part", *both, key=STEWARD).out
    (waits,) = continuity("review", "list", "--json", key=OTHER_STEWARD).json
    assert waits["proposed"] == "distinct"
    parted = continuity("review", "part", *both, "--json", key=OTHER_STEWARD)
    assert parted.json == {"left": both[0], "right": both[1], "standing": "recorded"}
    continuity("review", "part", *both, key=STEWARD).failed("review links", code=2)
    assert continuity("review", "links", "--json", key=STEWARD).json == []


def test_names_with_brackets_are_shown_as_they_are(continuity: Commands) -> None:
    doubtful(continuity)
    shown = continuity("review", "list", key=STEWARD)
    assert (shown.code, shown.err) == (0, "")
    assert "[/red]Lotfi[bold]" in shown.out


@pytest.mark.parametrize(
    "arguments", [("review", "list"), ("ask", "--given", "x"), ("consent", "open", "--given", "x")]
)
def test_what_needs_a_key_says_so(continuity: Commands, arguments: tuple[str, ...]) -> None:
    continuity(*arguments).failed("key", code=1)
    continuity(*arguments, key="wrong").failed("key", code=1)


def test_migrate_says_where_the_database_is(bare: Commands) -> None:
    applied = bare("migrate", "--json").json["migrations"]
    assert applied[0].startswith("0001")
    assert applied[-1] in bare("migrate").out


# --- keys ------------------------------------------------------------------------------------------

PASSPHRASE = "correct horse battery staple"


def test_the_keys_are_exported_under_a_passphrase_and_brought_back(continuity: Commands) -> None:
    before = continuity.settings.keyring_path.read_bytes()
    exported = continuity("keys", "export", "copy.locked", "--json", CONTINUITY_PASSPHRASE=PASSPHRASE)
    copy = continuity.folder / exported.json["exported"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert builders.found(copy.read_text(), [json.loads(before)["match_key"]]) == []
    continuity.settings.keyring_path.unlink()
    brought = continuity("keys", "import", copy, "--json", CONTINUITY_PASSPHRASE=PASSPHRASE)
    assert brought.code == 0, brought.err
    assert continuity.settings.keyring_path.read_bytes() == before
    assert stat.S_IMODE(continuity.settings.keyring_path.stat().st_mode) == 0o600
    assert continuity("audit", "verify", "--json").json["holds"]


def test_a_wrong_passphrase_brings_nothing_back(continuity: Commands) -> None:
    continuity("keys", "export", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE)
    continuity.settings.keyring_path.unlink()
    continuity("keys", "import", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE + "!").failed("passphrase")
    assert not continuity.settings.keyring_path.exists()


def test_what_is_not_there_is_not_exported(bare: Commands) -> None:
    nothing = {"REGISTRY_KEYRING": str(bare.folder / "nothing.json")}
    bare("keys", "export", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE, **nothing).failed("nothing.json", code=1)
    assert not (bare.folder / "copy.locked").exists()


def test_a_short_passphrase_is_refused(continuity: Commands) -> None:
    continuity("keys", "export", "copy.locked", CONTINUITY_PASSPHRASE="short").failed("12", code=2)
    assert not (continuity.folder / "copy.locked").exists()


def test_a_damaged_copy_is_refused(continuity: Commands) -> None:
    continuity("keys", "export", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE)
    copy = continuity.folder / "copy.locked"
    for damaged in (copy.read_bytes()[:-20], b"", b"{}", b"\xff\xfe", copy.read_bytes().replace(b"a", b"b", 1)):
        copy.write_bytes(damaged)
        ended = continuity("keys", "import", "copy.locked", "--replace", CONTINUITY_PASSPHRASE=PASSPHRASE)
        ended.failed()
    assert continuity("audit", "verify", "--json").json["holds"]


def test_another_key_file_is_not_overwritten_unasked(continuity: Commands) -> None:
    continuity("keys", "export", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE)
    other = continuity.folder / "other.json"
    keyfile.load_or_make(other, today=opening.wall_clock().date())  # the key file of another registry
    held = other.read_bytes()
    refused = continuity("keys", "import", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE, REGISTRY_KEYRING=str(other))
    refused.failed("--replace", code=2)
    assert other.read_bytes() == held
    done = continuity(
        "keys", "import", "copy.locked", "--replace", CONTINUITY_PASSPHRASE=PASSPHRASE, REGISTRY_KEYRING=str(other)
    )
    assert done.code == 0
    assert other.read_bytes() == continuity.settings.keyring_path.read_bytes()


def test_a_key_file_of_another_registry_opens_nothing(continuity: Commands) -> None:
    other = continuity.folder / "other.json"
    keyfile.load_or_make(other, today=opening.wall_clock().date())
    continuity("audit", "verify", REGISTRY_KEYRING=str(other)).failed("key file", code=1)


def test_a_lost_key_file_is_missed_and_brought_back(continuity: Commands) -> None:
    continuity("keys", "export", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE)
    continuity.settings.keyring_path.unlink()
    continuity("audit", "verify").failed("continuity keys import", code=1)
    assert not continuity.settings.keyring_path.exists()
    assert continuity("keys", "import", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE).code == 0
    assert continuity("audit", "verify", "--json").json["holds"]


def test_a_damaged_key_file_in_the_way_is_overwritten_when_asked(continuity: Commands) -> None:
    continuity("keys", "export", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE)
    path = continuity.settings.keyring_path
    path.write_bytes(damaged := path.read_bytes()[:-20])
    continuity("audit", "verify").failed("continuity keys import --replace", code=1)
    continuity("keys", "import", "copy.locked", CONTINUITY_PASSPHRASE=PASSPHRASE).failed("--replace", code=2)
    assert path.read_bytes() == damaged
    assert continuity("keys", "import", "copy.locked", "--replace", CONTINUITY_PASSPHRASE=PASSPHRASE).code == 0
    assert continuity("audit", "verify", "--json").json["holds"]


def test_a_key_file_open_to_others_is_refused(continuity: Commands) -> None:
    continuity.settings.keyring_path.chmod(0o644)
    continuity("audit", "verify").failed("0600", str(continuity.settings.keyring_path), code=1)
