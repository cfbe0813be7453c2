"""`continuity forecast --plan` and `--fhir`: visits and FHIR from a history whose days are partly known."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from registry.cli import forecasting

HISTORY = b"""{"birthDate": "2024-03", "sex": "female", "doses": [
    {"id": "d1", "date": "2024-05", "cvx": "20"},
    {"id": "d2", "date": "2025", "cvx": "03", "doubts": ["told-only"]}]}"""


@pytest.fixture
def asked(shared_data: Path, tmp_path: Path) -> dict[str, str | Path]:
    file = tmp_path / "history.json"
    file.write_bytes(HISTORY)
    data = shared_data / "immunization/cdsi/supporting-data"
    return {"schedule": str(data), "history": file, "on": "2026-03-02"}


def test_a_plan_says_what_to_give_today_and_when_to_come_back(
    asked: dict[str, str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    forecasting.forecast(**asked, plan=True)  # pyright: ignore[reportArgumentType]
    told = capsys.readouterr().out
    assert told.startswith("2026-03-02  today\n")
    assert told.count("come back") == 2
    assert "no plan has fewer returns" in told


def test_a_plan_in_json_has_its_visits_and_the_digest_of_its_schedule(
    asked: dict[str, str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    forecasting.forecast(**asked, plan=True, json=True)  # pyright: ignore[reportArgumentType]
    plan = orjson.loads(capsys.readouterr().out)
    assert plan["visits"][0]["day"] == "2026-03-02"
    assert plan["fewest_returns_proven"]
    assert len(plan["schedule"]["digest"]) == 64
    assert (plan["lost"], plan["unplanned"]) == ({}, [])


def test_fhir_says_what_is_uncertain_and_what_hangs_on_a_doubted_dose(
    asked: dict[str, str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    forecasting.forecast(**asked, fhir=True)  # pyright: ignore[reportArgumentType]
    answer = orjson.loads(capsys.readouterr().out)
    names = [each["name"] for each in answer["parameter"]]
    assert {"recommendation", "evaluation", "recommendation-without-doubted-doses", "change"} <= {*names}
    assert "without d2, the dates of MMR differ" in [each.get("valueString") for each in answer["parameter"]]
