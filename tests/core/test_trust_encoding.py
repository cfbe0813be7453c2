"""One value, one text: whatever a lenient reader would forgive is refused."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.trust import encoding


@given(st.binary(max_size=100))
def test_base64_of_both_kinds_is_read_as_it_is_written(raw: bytes) -> None:
    assert encoding.from_base64url(encoding.to_base64url(raw)) == raw
    assert encoding.from_base64(base64.b64encode(raw).decode()) == raw


@given(st.text("AQgwxyz-_+/=\n ", max_size=9))
def test_bytes_have_exactly_one_text(text: str) -> None:
    raw = encoding.from_base64url(text)
    assert raw is None or encoding.to_base64url(raw) == text
    standard = encoding.from_base64(text)
    assert standard is None or base64.b64encode(standard).decode() == text


@pytest.mark.parametrize(
    "text", ["QQ==", "QR", "QUJ", "Q", "QUI+", "QUI/", "QU\nJD", " QUJD", "QUJD!", "QUé", "\ud800"]
)
def test_a_forgivable_base64url_is_refused(text: str) -> None:
    assert encoding.from_base64url(text) is None


@pytest.mark.parametrize("text", ["QQ", "QR==", "QUJ", "QUI-", "QUI_", "QU\nJD", "QUJD====", "QUé=", "\ud800"])
def test_a_forgivable_base64_is_refused(text: str) -> None:
    assert encoding.from_base64(text) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"a"',
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":[{"b":1,"b":2}]}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":1}x',
        b'{"a":1,}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":' + b"[" * 1020 + b"]" * 1020 + b"}",
        b'{"a":' * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_json_object_is_read_strictly_or_not_at_all(body: bytes) -> None:
    assert encoding.json_object(body) is None


def test_a_plain_json_object_is_read_whole() -> None:
    assert encoding.json_object(b' {"a": [1, 2.5, null, true], "b": {"a": "\\u00e9"}}\n') == {
        "a": [1, 2.5, None, True],
        "b": {"a": "é"},
    }


def test_inflating_stops_at_the_limit_and_takes_the_whole_stream() -> None:
    packed = zlib.compress(b"x" * 1000)
    assert encoding.inflate(packed, wbits=15, limit=1000) == b"x" * 1000
    with pytest.raises(encoding.TooLarge):
        encoding.inflate(packed, wbits=15, limit=999)
    for damaged in (b"", packed[:-1], packed + b"x", packed * 2, b"x" + packed):
        assert encoding.inflate(damaged, wbits=15, limit=1000) is None
