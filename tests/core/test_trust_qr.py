"""A token as digits: exact in both directions, and never more than one QR code holds."""

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from segno import DataOverflowError

from registry.errors import BadInput
from registry.trust import qr

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@given(st.text(ALPHABET, min_size=1, max_size=300))
def test_writing_and_reading_are_inverse(token: str) -> None:
    text = qr.to_digits(token)
    assert qr.from_digits(text) == token
    assert text.removeprefix("continuity:/").isdecimal()


@given(st.text("0123456789", min_size=2, max_size=60))
def test_digits_that_can_be_read_are_the_only_ones_for_their_token(digits: str) -> None:
    try:
        token = qr.from_digits(qr.PREFIX + digits)
    except BadInput:
        return
    assert qr.to_digits(token) == qr.PREFIX + digits


def test_each_character_is_its_code_less_45_in_two_digits() -> None:
    assert qr.to_digits("-.09AZ_az") == "continuity:/" + "000103122045505277"


@pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "a/b", "a+b", "a=", "é", "\u0661", "{", "a^", "\ud800"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadInput):
        qr.to_digits(token)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "continuity:/",
        "continuity:/0",
        "continuity:/000",
        "continuity:/78",
        "continuity:/99",
        "continuity:/02",  # would be a slash
        "continuity:/49",  # would be a circumflex
        "continuity:/00 00",
        "continuity:/00\n",
        "continuity:/\u0661\u0661",
        "continuity:/-1",
        "Continuity:/00",
        " continuity:/00",
        "continuity:/continuity:/00",
        "shc:/00",
        "0000",
        "continuity:/" + "00" * (qr.MAX_CHARACTERS + 1),
    ],
)
def test_another_code_or_a_misread_one_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        qr.from_digits(text)


def test_the_limit_is_exactly_what_one_qr_code_holds() -> None:
    fits = qr.to_digits("z" * qr.MAX_CHARACTERS).removeprefix(qr.PREFIX)
    assert segno.make([qr.PREFIX, fits], error="l", boost_error=False, micro=False).version == 40
    with pytest.raises(DataOverflowError):
        segno.make([qr.PREFIX, fits + "00"], error="l", boost_error=False, micro=False)
    with pytest.raises(BadInput, match="3527"):
        qr.to_digits("z" * (qr.MAX_CHARACTERS + 1))
