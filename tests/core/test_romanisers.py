"""The benchmark beside other romanisers says what it left out."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest

from tests.bench import romanisers


def test_a_romaniser_that_is_not_installed_is_skipped_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert romanisers.main(["bengali-by-hand", "bengali", "--peers", sys.prefix]) == 0
    found = orjson.loads((tmp_path / "prove-output" / "romanisers.json").read_bytes())
    assert found["bengali"] == {"skipped": "no such file"}
    said = capsys.readouterr().out
    for peer in romanisers.PEERS:
        assert "not installed" in found["bengali-by-hand"][peer]["skipped"]
        assert f"{peer} " in said
    figures = found["bengali-by-hand"]
    assert figures["bengali-1"]["rank_1"] > figures["anyascii"]["rank_1"]
    assert figures["rules"]["rank_1"] > figures["anyascii"]["rank_1"]
