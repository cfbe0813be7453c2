"""Splink's models, as tables: what is compared, how pairs are found, what is trained on. For its own Python only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import splink.comparison_level_library as levels
import splink.comparison_library as compare
from splink import SettingsCreator, block_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """`certain` are pairs that are surely one person, of which they are about `recall`; they give the prior."""

    id: str
    comparisons: tuple[Any, ...]
    blocking: tuple[tuple[str, ...], ...]
    training: tuple[tuple[str, ...], ...]
    certain: tuple[tuple[str, ...], ...]
    recall: float

    def settings(self, link_type: str, columns: set[str]) -> SettingsCreator:
        """The settings for a file that has these columns."""
        return SettingsCreator(
            link_type=link_type,  # type: ignore[arg-type]
            unique_id_column_name=self.id,
            comparisons=[each for name, each in self.comparisons if name in columns],
            blocking_rules_to_generate_predictions=[block_on(*each) for each in self.blocking if {*each} <= columns],
            retain_matching_columns=False,
        )


def _name(column: str, *, crossed: str = "") -> tuple[str, Any]:
    """A name: the same (by its frequency), in the other's place, sounding the same, alike."""
    held = [
        levels.NullLevel(column),
        levels.ExactMatchLevel(column, term_frequency_adjustments=True),
        *([levels.ColumnsReversedLevel(column, crossed, symmetrical=False)] if crossed else []),
        levels.ArrayIntersectLevel(f"sounds_{column}", min_intersection=1),
        levels.JaroWinklerLevel(column, 0.92),
        levels.JaroWinklerLevel(column, 0.8),
        levels.ElseLevel(),
    ]
    return column, compare.CustomComparison(held, output_column_name=column)


def _sql(condition: str, label: str) -> levels.CustomLevel:
    return levels.CustomLevel(condition, label_for_charts=label)


_BIRTH = (
    "birth",
    compare.CustomComparison(
        [
            levels.NullLevel("birth"),
            _sql("birth_l = birth_r AND substr(birth_l, 6) <> '01-01'", "same day"),
            _sql("birth_l = birth_r", "same 1 January"),
            _sql("birth_l = substr(birth_r, 1, 5) || substr(birth_r, 9, 2) || '-' || substr(birth_r, 6, 2)", "crossed"),
            levels.DamerauLevenshteinLevel("birth", 1),
            _sql("year_l = year_r AND (birth_l LIKE '%-01-01' OR birth_r LIKE '%-01-01')", "1 January of the year"),
            _sql("year_l = year_r", "same year"),
            _sql("abs(CAST(year_l AS INT) - CAST(year_r AS INT)) <= 1", "year beside"),
            levels.ElseLevel(),
        ],
        output_column_name="birth",
    ),
)

FEBRL = Model(
    id="rec_id",
    comparisons=(
        ("given_name", compare.NameComparison("given_name").configure(term_frequency_adjustments=True)),
        ("surname", compare.NameComparison("surname").configure(term_frequency_adjustments=True)),
        ("date_of_birth", compare.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2])),
        ("soc_sec_id", compare.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2])),
        ("postcode", compare.DamerauLevenshteinAtThresholds("postcode", [1, 2])),
        ("street_number", compare.ExactMatch("street_number").configure(term_frequency_adjustments=True)),
        ("address_1", compare.JaroWinklerAtThresholds("address_1", [0.9, 0.7])),
        ("suburb", compare.JaroWinklerAtThresholds("suburb", [0.9, 0.7])),
        ("state", compare.ExactMatch("state")),
    ),
    blocking=(
        ("given_name", "surname"),
        ("soc_sec_id",),
        ("date_of_birth",),
        ("given_name", "postcode"),
        ("surname", "postcode"),
        ("address_1",),
        ("suburb", "street_number"),
    ),
    training=(("date_of_birth",), ("postcode",), ("given_name", "surname")),
    certain=(("soc_sec_id",), ("given_name", "surname", "date_of_birth")),
    recall=0.9,
)

# Sounds are Double Metaphone, of the whole name (sound_) or of its first word (start_); `pair` is given and father in
# either order.
PEOPLE = Model(
    id="id",
    comparisons=(
        _name("given", crossed="father"),
        _name("father", crossed="given"),
        _name("grandfather"),
        _name("family"),
        _name("mother"),
        _BIRTH,
        ("sex", compare.ExactMatch("sex")),
        (
            "village",
            compare.CustomComparison(
                [
                    levels.NullLevel("village"),
                    levels.ExactMatchLevel("village", term_frequency_adjustments=True),
                    levels.JaroWinklerLevel("village", 0.88),
                    levels.ElseLevel(),
                ],
                output_column_name="village",
            ),
        ),
        ("phone", compare.ExactMatch("phone").configure(term_frequency_adjustments=True)),
    ),
    blocking=(
        ("birth_day", "start_given"),
        ("birth_day", "sound_father"),
        ("birth_day", "sound_family"),
        ("birth_day", "sound_mother"),
        ("pair", "year"),
        ("sound_given", "sound_family", "year"),
        ("sound_father", "sound_family", "year"),
        ("start_given", "start_mother", "year"),
        ("pair", "sound_family"),
        ("pair", "sound_mother"),
        ("sound_given", "sound_family", "sound_mother"),
        ("sound_given", "sound_father", "sound_grandfather"),
        ("sound_given", "sound_village", "sound_family"),
        ("phone", "start_given"),
    ),
    training=(("birth_day",), ("given", "father"), ("family", "mother", "year")),
    certain=(("birth_day", "given", "father"), ("birth_day", "given", "mother"), ("birth_day", "given", "family")),
    recall=0.4,
)

MODELS = {"febrl": FEBRL, "people": PEOPLE}
