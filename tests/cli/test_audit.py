"""The audit log by commands: witnesses, receipts, and what is said when something was lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.flows import trail
from registry.store import witnesskey
from registry.trust import cosignature
from tests.cli.conftest import Commands
from tests.support import builders, witnesses
from tests.support.builders import CLINIC, World

NAMES = ("ombuds.example", "un.example")


async def _lived(world: World) -> str:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    await builders.ask(world, CLINIC)
    await trail.sequence(world.registry)
    return card


async def _edited(world: World) -> None:
    async with world.registry.database.transaction() as tx:
        await tx.connection.execute("UPDATE registry.audit_leaf SET commitment = sha256(commitment)")


@pytest.fixture
def card(continuity: Commands) -> str:
    return continuity.asking(_lived)


def begun(continuity: Commands, name: str) -> Path:
    """A witness begun by command, which follows the log of this registry."""
    log = continuity.folder / "log.json"
    assert continuity("audit", "trust", "--out", log).code == 0
    state = continuity.folder / name
    made = continuity("witness", "init", "--name", name, "--state", state, "--log", log, "--json")
    assert made.code == 0, made.err
    assert made.json == json.loads((state / witnesskey.PUBLISHED).read_text())
    return state


def trust(continuity: Commands, *states: Path) -> Path:
    """A trust folder: the log's key in logs/, those of witnesses in witnesses/."""
    folder = continuity.folder / "trust"
    assert continuity("audit", "trust", "--out", folder / "logs" / "log.json").code == 0
    for state in states:
        continuity.file(f"trust/witnesses/{state.name}.json", (state / witnesskey.PUBLISHED).read_bytes())
    return folder


def test_a_log_is_witnessed_and_a_receipt_of_it_is_checked_offline(continuity: Commands, card: str) -> None:
    states = [begun(continuity, name) for name in NAMES]
    with witnesses.processes(states) as addresses:
        named = {"REGISTRY_WITNESSES": json.dumps({address: str(path) for address, path in addresses.items()})}
        proof = continuity("audit", "verify", "--json", **named)
        assert proof.code == 0, proof.out
        assert proof.json["witnessed"] == proof.json["leaves"] > 0
        assert (proof.json["seen"], proof.json["away"]) == (dict.fromkeys(NAMES, proof.json["leaves"]), [])
        given = continuity("audit", "receipt", card, "--out", "receipt.json", "--json", **named)
        assert given.json == {"file": "receipt.json", "events": 2, "waiting": 0}
    away = continuity("audit", "verify", **named)
    assert away.code == 0, "witnesses that are away are no reason to doubt"
    assert all(f"the witness {name} did not answer" in away.out for name in NAMES)
    folder = trust(continuity, *states)
    checked = continuity("audit", "check", "receipt.json", "--trust", folder, "--json")
    assert checked.code == 0, checked.out
    assert {*checked.json["witnesses"]} == {*NAMES}
    assert [each["action"] for each in checked.json["events"]] == ["consent-given", "ask"]
    shown = continuity("audit", "check", "receipt.json", "--trust", folder)
    assert "GENUINE" in shown.out
    assert shown.out.count("seen by the witness") == 2


def test_a_receipt_with_a_changed_word_or_too_few_witnesses_is_refused(continuity: Commands, card: str) -> None:
    assert continuity("audit", "receipt", card, "--out", "receipt.json").code == 0
    folder = trust(continuity)
    assert continuity("audit", "check", "receipt.json", "--trust", folder).code == 0
    body = (continuity.folder / "receipt.json").read_text()
    for name, changed, reason in (
        ("answer", body.replace('"summary"', '"nothing"'), "not-included"),
        ("size", body.replace("/audit\\n", "/audit\\n1"), "bad-signature"),
        ("cut", body[:-20], "malformed"),
    ):
        refused = continuity("audit", "check", continuity.file(name, changed), "--trust", folder, "--json")
        assert (refused.code, refused.json["accepted"], refused.json["reason"]) == (1, False, reason)
    folder = trust(continuity, begun(continuity, NAMES[0]))
    refused = continuity("audit", "check", "receipt.json", "--trust", folder)
    assert refused.code == 1
    assert "Too few of the witnesses" in refused.out
    continuity("audit", "check", "receipt.json", "--trust", continuity.folder / "nothing").failed("logs", code=2)


def test_a_receipt_shows_the_registry_that_its_log_lost_something(continuity: Commands, card: str) -> None:
    assert continuity("audit", "receipt", card, "--out", "receipt.json").code == 0
    assert continuity("audit", "verify", "--receipt", "receipt.json").code == 0
    continuity.asking(_edited)
    found = continuity("audit", "verify", "--receipt", "receipt.json", "--json")
    assert found.code == 1
    assert any("of the receipt receipt.json" in each for each in found.json["problems"])
    other = continuity.file("other.json", "{}")
    continuity("audit", "verify", "--receipt", other).failed("no receipt", code=2)


WRONG: dict[str, tuple[Any, ...]] = {
    "no trust file of a witness": ("audit", "verify"),
    "no witness lives there": ("witness", "serve", "--state", "nowhere"),
    "a name with spaces": ("witness", "init", "--name", "two words", "--state", "w", "--log", "log.json"),
    "no such log": ("witness", "init", "--name", "w", "--state", "w", "--log", "absent.json"),
    "a file that is no trust file": ("witness", "init", "--name", "w", "--state", "w", "--log", "bad.json"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_message(continuity: Commands, words: tuple[str, ...]) -> None:
    continuity.file("bad.json", "[]")
    assert continuity("audit", "trust", "--out", "log.json").code == 0
    missing = json.dumps({"http://127.0.0.1:9": "absent.json"})
    continuity(*words, REGISTRY_WITNESSES=missing).failed("next")


def test_a_witness_started_by_command_cosigns(continuity: Commands, card: str) -> None:
    assert card
    state = begun(continuity, NAMES[0])
    with witnesses.process(state) as (address, _):
        named = {"REGISTRY_WITNESSES": json.dumps({address: str(state / witnesskey.PUBLISHED)})}
        assert continuity("audit", "verify", **named).code == 0
    published = json.loads((state / witnesskey.PUBLISHED).read_text())
    remembered = (state / "cosigned").read_bytes().split(b" ", 1)[1]
    _, text = json.loads(remembered)
    assert cosignature.witnesses(text, {NAMES[0]: published["keys"][0]})
