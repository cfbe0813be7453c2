"""Names across scripts: what is learned from pairs, Burmese in both encodings, and how anyone measures it."""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import library
from registry.errors import BadInput
from registry.identity import burmese, learning, likeness, names, pairs, ranking, retrieval, taught, transducer, zawgyi
from registry.identity.likeness import Likeness
from registry.identity.scripts import Script
from registry.identity.transducer import Transducer

KNOWN = library.load().weights.known


def like(left: str, right: str) -> Likeness | None:
    one, other = names.name(left), names.name(right)
    assert one is not None
    assert other is not None
    found = likeness.of_spellings([one], [other], KNOWN)
    assert found == likeness.of_spellings([other], [one], KNOWN)
    return found


# --- Burmese ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native", "latin", "least"),
    [
        ("အောင်ကျော်", "Aung Kyaw", Likeness.SOUND),
        ("ေအာင္ေက်ာ္", "Aung Kyaw", Likeness.SOUND),  # the same in Zawgyi
        ("ခင်မာညို", "Khin Mar Nyo", Likeness.SOUND),
        ("သန္တာအေး", "Thandar Aye", Likeness.SOUND),
        ("မြင့်မြင့်စန်း", "Myint Myint San", Likeness.SOUND),
        ("ဦးထွန်းအောင်လွင်", "U Tun Aung Lwin", Likeness.SOUND),
        ("ထွန်းအောင်လွင်", "U Tun Aung Lwin", Likeness.PART),  # the title left out
        ("မမ", "Ma Ma", Likeness.SOUND),  # a name, not a key held down
    ],
)
def test_a_burmese_name_is_known_in_latin_letters(native: str, latin: str, least: Likeness) -> None:
    found = like(native, latin)
    assert found is not None
    assert found >= least


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("စိုးလင်း", "Soe Win"),
        ("မြင့်မြင့်စန်း", "Myint Myint Thein"),
        ("အောင်ကျော်", "Kyaw Min"),
        ("ခင်မာညို", "Khin Mar Aye"),
    ],
)
def test_another_burmese_name_stays_another(native: str, latin: str) -> None:
    found = like(native, latin)
    assert found is not None
    assert found < Likeness.NEAR


# The sentence is customary for checking converters: it holds every kind of rearrangement.
ZAWGYI = "သီဟိုဠ္မွ ဉာဏ္ႀကီးရွင္သည္ အာယုဝဍ္ဎနေဆးၫႊန္းစာကို ဇလြန္ေဈးေဘးဗာဒံပင္ထက္ အဓိ႒ာန္လ်က္ ဂဃနဏဖတ္ခဲ့သည္။"
UNICODE = "သီဟိုဠ်မှ ဉာဏ်ကြီးရှင်သည် အာယုဝဍ်ဎနဆေးညွှန်းစာကို ဇလွန်ဈေးဘေးဗာဒံပင်ထက် အဓိဋ္ဌာန်လျက် ဂဃနဏဖတ်ခဲ့သည်။"


def test_zawgyi_is_recognised_and_written_in_unicode() -> None:
    assert zawgyi.is_zawgyi(ZAWGYI)
    assert zawgyi.unicode(ZAWGYI) == UNICODE


def test_unicode_is_left_as_it_is() -> None:
    assert not zawgyi.is_zawgyi(UNICODE)
    assert zawgyi.unicode(UNICODE) == UNICODE


def test_what_could_be_either_follows_its_source() -> None:
    either, surely = "ဘေငြ", "ေအာင္ေက်ာ္"
    assert not zawgyi.is_zawgyi(either)
    assert zawgyi.in_one_encoding([surely, surely, either])[2] == "ဘငွေ"
    assert zawgyi.in_one_encoding(["အောင်ကျော်", either])[1] == either


@given(st.text(st.characters(min_codepoint=0x1000, max_codepoint=0x109F), max_size=12))
def test_no_burmese_text_is_lost(text: str) -> None:
    assert "".join(burmese.syllables(text)) == text
    assert bool(zawgyi.unicode(text)) == bool(text)
    zawgyi.in_one_encoding([text, ZAWGYI])


# --- learning --------------------------------------------------------------------------------------

LETTERS = {"α": "m", "β": "st", "γ": "r", "δ": "o", "ε": "ka", "θ": "i", "ψ": "lu"}


def spelled(native: str) -> str:
    return "".join(LETTERS[each] for each in native)


@cache
def taught_by() -> Transducer:
    """A made-up spelling that is the same each time, so that all of it can be learned."""
    told = ["".join(each) for length in (2, 3) for each in product(LETTERS, repeat=length)]
    kept = [each for each in told if not taught.is_held_out(each, 0.2)]
    wrong = [("αβγ", "xyz"), ("δδ", "qq")]
    return transducer.read(
        learning.learn([*((each, spelled(each)) for each in kept), *wrong], script="Greek", version="t")
    )


def test_what_is_the_same_each_time_is_learned_in_full() -> None:
    told = ["".join(each) for each in product(LETTERS, repeat=3)]
    held_out = [each for each in told if taught.is_held_out(each, 0.2)]
    assert len(held_out) > 40
    measured = retrieval.measure(
        [(each, spelled(each)) for each in told], taught_by(), candidates=len(told), queries=1000, seed=1
    )
    assert measured.queries <= len(held_out)
    assert measured.found.rank_1 == 1.0
    assert measured.ascii.rank_1 < 1.0


def test_a_letter_writes_what_it_was_seen_to_write() -> None:
    table = taught_by()
    for letter, latin in LETTERS.items():
        written = table.written(f"{letter}α", 0)
        assert written is not None
        assert max(written, key=lambda piece: written[piece]) == latin


def test_probabilities_stay_probabilities() -> None:
    for table in (taught_by(), *KNOWN.transducers.values()):
        for context in list(table.seen)[:200]:
            found = table.written(f"{context[0]}{context[1:]}".replace("#", ""), 0)
            assert found is None or math.fsum(found.values()) == pytest.approx(1.0, abs=0.02)


@given(
    st.text("ابتحدرسعلمنهوي", min_size=1, max_size=9),
    st.lists(st.text("abdehilmnrstuy", min_size=1, max_size=12), min_size=1),
)
def test_one_by_one_and_all_at_once_are_the_same(native: str, latin: list[str]) -> None:
    table = KNOWN.transducers[Script.ARABIC]
    together = ranking.log_odds(table, native, ranking.crowd(latin, table))
    assert np.allclose(together, [table.log_odds(native, each) for each in latin], rtol=1e-6, atol=1e-6)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_has_some_evidence(native: str, latin: str) -> None:
    odds = KNOWN.transducers[Script.ARABIC].log_odds(transducer.letters(native), transducer.plain(latin))
    assert math.isfinite(odds)


@given(st.sets(st.text(min_size=1, max_size=8), max_size=60), st.text(min_size=1, max_size=8))
def test_what_was_taught_is_recognised(told: set[str], other: str) -> None:
    held = taught.read(taught.plain(taught.taught(told)))
    assert all(map(held.knows, told))
    assert isinstance(held.knows(other), bool)


def test_few_others_are_taken_for_taught() -> None:
    held = taught.taught([f"name{number}" for number in range(5_000)])
    assert sum(held.knows(f"other{number}") for number in range(5_000)) < 100


TABLES = sorted((library.FOLDER / "matching" / "names").iterdir())


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_each_table_says_where_it_comes_from(path: Path) -> None:
    table = library.json(f"matching/names/{path.name}")
    assert table["version"] == path.stem
    assert table["provenance"]
    assert KNOWN.transducers[Script(table["script"])].version == path.stem


# --- pairs -----------------------------------------------------------------------------------------


def test_several_spellings_of_one_name_are_several_pairs() -> None:
    assert pairs.read("ရင်၊ ယဥ်\tYin\n") == [("ရင်", "yin"), ("ယဥ်", "yin")]


@pytest.mark.parametrize(("text", "where"), [("محمد mohamed", "line 1"), ("محمد\tmohamed\nعلي", "line 2"), ("", "")])
def test_what_is_no_pair_is_named_by_its_line(text: str, where: str) -> None:
    with pytest.raises(BadInput) as raised:
        pairs.read(text)
    assert raised.value.where == where
    assert "mohamed" not in str(raised.value)


def test_there_must_be_somebody_to_ask_about() -> None:
    everyone = ["".join(each) for each in product(LETTERS, repeat=2)]
    told = [(each, spelled(each)) for each in everyone if not taught.is_held_out(each, 0.2)]
    with pytest.raises(BadInput, match="learned from all of them"):
        retrieval.measure(told, taught_by(), candidates=2, queries=2, seed=1)


@pytest.mark.parametrize(("left", "right"), [("Zainab Bibi", "Зайнаб Гити"), ("Maryam Bibi", "Maryam Giti")])
def test_twins_told_apart_by_the_second_part_of_their_names_bear_other_names(left: str, right: str) -> None:
    found = like(left, right)
    assert found is not None
    assert found < Likeness.NEAR


# --- spellings of host countries -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Marjam", "مريم"),  # German j
        ("NATALIJA", "Наталія"),
        ("Acol", "Achol"),  # Dinka c
        ("Deng", "دينق"),  # Sudanese qaf
        ("MARIJA ANDREEWNA", "Мария Андреевна"),  # German w in a patronymic
    ],
)
def test_a_name_in_the_spelling_of_a_host_country_is_no_other_name(left: str, right: str) -> None:
    found = like(left, right)
    assert found is not None
    assert found >= Likeness.NEAR
