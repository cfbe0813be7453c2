"""Asking by commands whether a child attended: the school's, the system's and the ombudsperson's side."""

from __future__ import annotations

import json

from tests.cli.conftest import Commands
from tests.cli.test_main_job import person_file
from tests.support import samples
from tests.support.builders import CLINIC, OMBUDSPERSON, SCHOOL, SCHOOLS


def test_a_question_nobody_may_be_sent_waits_like_any_other(continuity: Commands) -> None:
    family = person_file(continuity, "family", samples.said_by_the_family())
    card = continuity("consent", "open", "--person", family, "--json", key=CLINIC).json["card"]
    asked = continuity("attendance", "ask", "--person", family, "--card", card, "--json", key=SCHOOL)
    assert asked.code == 0, asked.err
    followed = continuity("attendance", "follow", asked.json["number"], "--json", key=SCHOOL).json
    assert (followed["answer"], followed["is_late"]) == (None, False)
    assert "waiting" in continuity("attendance", "follow", asked.json["number"], key=SCHOOL).out
    assert continuity("attendance", "list", "--json", key=SCHOOLS).json == []
    assert continuity("attendance", "overdue", "--json", key=OMBUDSPERSON).json == []
    continuity("attendance", "answer", "0" * 32, "yes", key=SCHOOLS).failed("no question of this id")
    continuity("attendance", "ask", "--person", family, "--card", card, key=CLINIC).failed("school")
    assert json.dumps(followed).count(card) == 0
