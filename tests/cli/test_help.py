"""Every command explains itself, and speaks JSON to machines."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
import typer

from registry import cli
from tests.cli.conftest import Commands

Leaf = tuple[tuple[str, ...], click.Command]


def commands(of: click.Command, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every command there is, with the words that call it."""
    inner = getattr(of, "commands", {})
    if not inner:
        yield path, of
    for name, each in inner.items():
        yield from commands(each, (*path, name))


LEAVES = list(commands(typer.main.get_command(cli.app)))
GROUPS = [
    ("consent",), ("audit",), ("keys",), ("vault",), ("organisation",), ("review",), ("evaluate",), ("alert",),
    ("witness",), ("rights",), ("ombudsperson",), ("ladders",), ("attendance",), ("card",),
]  # fmt: skip
EXPECTED = {
    "demo", "serve", "migrate", "import", "convert", "ask", "verify", "erase", "consent open", "consent card",
    "consent text", "consent give", "consent withdraw", "audit verify", "audit show", "audit trust", "audit receipt",
    "audit check", "audit export", "witness init", "witness serve", "keys export", "keys import", "keys rotate",
    "keys reseal", "vault backup", "vault restore", "organisation add", "organisation key", "review list",
    "review decide", "review show", "review kin", "review links", "review part", "decide", "evaluate decisions",
    "alert list", "alert lift",
    "correct", "paper", "rights records", "rights contest", "rights settle", "rights erase", "rights keep",
    "rights erase-due", "rights erasure", "rights complain", "rights complaint", "ombudsperson list",
    "ombudsperson acknowledge", "ombudsperson decide", "ombudsperson trail", "ombudsperson counts",
    "ombudsperson emergencies", "ombudsperson review", "link", "evaluate links", "train-names",
    "evaluate names", "train-matching", "evaluate matching", "match", "held-twice",
    "forecast", "evaluate forecast",
    "attendance ask", "attendance follow", "attendance list", "attendance answer", "attendance overdue",
    "ladders load", "ladders show", "placement", "evaluate placement",
    "card add",
}  # fmt: skip


def test_these_are_the_commands_and_each_is_tested_here() -> None:
    assert {" ".join(path) for path, _ in LEAVES} == EXPECTED


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: " ".join(leaf[0]))
def test_the_help_of_a_command_teaches(bare: Commands, leaf: Leaf) -> None:
    path, command = leaf
    shown = bare(*path, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert command.help
    sentence = command.help.strip().splitlines()[0]
    assert len(sentence.split()) >= 5
    assert sentence.split()[0] in shown.out
    for each in command.params:
        if isinstance(each, click.Option) and each.name != "help":
            assert each.help, f"--{each.name} says nothing"


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: " ".join(leaf[0]))
def test_every_command_but_the_service_itself_speaks_json(leaf: Leaf) -> None:
    path, command = leaf
    assert ("json" in {each.name for each in command.params}) is (path[-1] != "serve")


@pytest.mark.parametrize("path", [(), *GROUPS], ids=" ".join)
def test_a_group_without_a_command_shows_what_there_is(bare: Commands, path: tuple[str, ...]) -> None:
    shown = bare(*path)
    text = shown.out + shown.err
    for each, _ in LEAVES:
        if each[: len(path)] == path:
            assert each[len(path)] in text


def test_the_first_help_says_where_to_begin(bare: Commands) -> None:
    assert "continuity demo" in bare("--help").out


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("consent", "nothing"), ("import",), ("verify",), ("ask", "--nothing"), ("serve", "--port", "x")],
)
def test_a_command_that_is_none_ends_with_two_and_says_what_is_wrong(
    bare: Commands, arguments: tuple[str, ...]
) -> None:
    ended = bare(*arguments)
    assert ended.code == 2
    assert ended.err
    assert "Traceback" not in ended.err
