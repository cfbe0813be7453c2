"""A history told in other codes by three systems, some of it twice, is the same history: a sample of the long proof."""

from pathlib import Path

from tests.bench import retelling


def test_the_forecast_does_not_depend_on_who_tells_of_the_doses(shared_data: Path) -> None:
    found = retelling.figures(shared_data, every=20)
    assert found["histories"] > 30
    assert found["exactly"] == {"same": found["histories"]}
