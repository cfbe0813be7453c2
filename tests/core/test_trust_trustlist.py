"""Trust files: read whole or not at all, with every problem named; nothing private, nothing ambiguous."""

import base64
import hashlib
from random import Random
from typing import Any

import orjson
import pytest

from registry.errors import BadInput
from registry.trust import encoding, p256, trustlist

ISSUER = "https://almara.example/registry"
KEY, OTHER_KEY = (p256.fresh(Random(seed).randbytes) for seed in (1, 2))
PUBLIC = p256.public(KEY)
FILE = trustlist.publish(ISSUER, "Almara", [KEY])


def _problems(files: dict[str, object]) -> list[str]:
    """What `read` says about these files, one problem a line."""
    bodies = {name: each if isinstance(each, bytes) else orjson.dumps(each) for name, each in files.items()}
    with pytest.raises(BadInput) as problem:
        trustlist.read(bodies)
    return problem.value.what.splitlines()[1:]


def test_what_is_published_is_read_again() -> None:
    trust = trustlist.read({"almara.json": orjson.dumps(FILE)})
    assert trust.key(ISSUER, KEY["kid"]) == PUBLIC
    assert trust.issuer(KEY["kid"]) == ISSUER
    assert trust.name(ISSUER) == "Almara"


def test_publishing_a_private_key_publishes_its_public_half() -> None:
    assert KEY["d"] not in orjson.dumps(FILE).decode()
    assert FILE["keys"] == [PUBLIC]


def test_who_is_not_listed_is_not_known() -> None:
    trust = trustlist.read({"almara.json": orjson.dumps(FILE)})
    assert trust.key("https://evil.example", KEY["kid"]) is None
    assert trust.key(ISSUER, OTHER_KEY["kid"]) is None
    assert trust.issuer(OTHER_KEY["kid"]) is None
    assert trustlist.read({}).keys == {}


def test_a_trust_list_cannot_be_changed_in_place() -> None:
    with pytest.raises(TypeError):
        trustlist.read({"a": orjson.dumps(FILE)}).keys[("evil", "kid")] = PUBLIC  # type: ignore[index]


def test_a_trust_list_made_by_hand_keeps_the_rules() -> None:
    kid = KEY["kid"]
    for keys in (
        {(ISSUER, "own-name"): PUBLIC},
        {(ISSUER, "own-name"): PUBLIC | {"kid": "own-name"}},
        {(ISSUER, kid): KEY},
        {(ISSUER, kid): PUBLIC, ("https://evil.example", kid): PUBLIC},
    ):
        with pytest.raises(ValueError, match="trust list"):
            trustlist.TrustList(keys)


def test_an_issuer_may_have_several_keys() -> None:
    both = trustlist.publish(ISSUER, "Almara", [KEY, OTHER_KEY])
    assert len(trustlist.read({"a": orjson.dumps(both)}).keys) == 2


_OFF_CURVE = PUBLIC | {"y": PUBLIC["x"]}
_P384 = PUBLIC | {"crv": "P-384"}


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (KEY, "private key"),
        (_OFF_CURVE, "not a point of P-256"),
        (_P384, "`crv` must be 'P-256'"),
        (PUBLIC | {"kty": "oct"}, "`kty` must be 'EC'"),
        (PUBLIC | {"alg": "HS256"}, "`alg` must be 'ES256'"),
        (PUBLIC | {"use": "enc"}, "`use` must be 'sig'"),
        (PUBLIC | {"key_ops": ["sign"]}, "`key_ops` must be ['verify']"),
        (PUBLIC | {"kid": "main"}, "thumbprint"),
        (PUBLIC | {"x5c": ["MII"]}, "only these members"),
        (PUBLIC | {"k": "c2VjcmV0"}, "only these members"),
        (PUBLIC | {"x": PUBLIC["x"] + "="}, "not a point of P-256"),
        (PUBLIC | {"x": 1}, "not a point of P-256"),
        (
            PUBLIC | {"x": encoding.to_base64url(b"\0" + encoding.from_base64url(PUBLIC["x"]))},
            "not a point of P-256",
        ),
        ({name: PUBLIC[name] for name in ("kty", "crv", "x", "kid")}, "not a point of P-256"),
        ({name: PUBLIC[name] for name in ("kty", "crv", "x", "y")}, "thumbprint"),
        ({}, "`kty` must be 'EC'"),
        ("key", "a key is a JSON object"),
        (None, "a key is a JSON object"),
    ],
)
def test_an_unfit_key_is_refused_with_its_place(key: Any, said: str) -> None:
    problems = _problems({"almara.json": FILE | {"keys": [p256.public(OTHER_KEY), key]}})
    assert any(each.startswith("almara.json: keys[1]: ") and said in each for each in problems)
    assert not any("keys[0]" in each for each in problems)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"{" * 5000, "not a JSON object"),
        (b'{"issuer":"a","issuer":"b"}', "not a JSON object"),
        (b'{"a":"' + b"x" * 2**20 + b'"}', "at most 1 MiB"),
        (FILE | {"issuer": ""}, "`issuer` must be a text"),
        (FILE | {"issuer": ISSUER + " "}, "`issuer` must be a text"),
        (FILE | {"name": 7}, "`name` must be a text"),
        (FILE | {"name": "x" * 201}, "`name` must be a text"),
        (FILE | {"keys": []}, "`keys` must list"),
        (FILE | {"keys": PUBLIC}, "`keys` must list"),
        (FILE | {"jku": "https://evil.example"}, "exactly these members"),
        ({"issuer": ISSUER, "keys": [PUBLIC]}, "exactly these members"),
        (FILE | {"keys": [PUBLIC, PUBLIC]}, "stands twice"),
    ],
)
def test_an_unfit_file_is_refused_with_its_name(content: object, said: str) -> None:
    assert any(each.startswith("almara.json: ") and said in each for each in _problems({"almara.json": content}))


def test_all_problems_of_all_files_are_told_at_once() -> None:
    bad = FILE | {"issuer": "", "keys": [KEY, _OFF_CURVE]}
    problems = _problems({"one.json": bad, "two.json": b"", "three.json": FILE})
    assert sum(each.startswith("one.json: ") for each in problems) == 3
    assert sum(each.startswith("two.json: ") for each in problems) == 1
    assert not any(each.startswith("three.json: ") for each in problems)


def test_an_issuer_or_a_key_in_two_files_is_refused() -> None:
    same_issuer = trustlist.publish(ISSUER, "Almara again", [OTHER_KEY])
    same_key = trustlist.publish("https://evil.example", "Almara", [KEY])
    assert any("issuer" in each and "a.json" in each for each in _problems({"a.json": FILE, "b.json": same_issuer}))
    assert any("key" in each and "a.json" in each for each in _problems({"a.json": FILE, "b.json": same_key}))


def test_no_problem_quotes_a_private_key() -> None:
    assert KEY["d"] not in "\n".join(_problems({"a.json": FILE | {"keys": [KEY]}}))


@pytest.mark.parametrize("seed", range(5))
def test_a_fresh_key_is_fit_and_its_name_is_its_thumbprint(seed: int) -> None:
    key = p256.fresh(Random(seed).randbytes)
    assert [*p256.private_problems(key)] == []
    assert [*p256.public_problems(p256.public(key))] == []
    assert key["kid"] == p256.thumbprint(p256.public(key))
    signature = p256.sign(key, b"message")
    assert p256.verify(p256.public(key), b"message", signature)
    assert not p256.verify(p256.public(key), b"Message", signature)


def test_fresh_keys_are_valid_at_the_ends_of_what_a_random_source_gives() -> None:
    ends = [p256.fresh(lambda count, byte=byte: bytes([byte]) * count) for byte in (0, 255)]
    assert all([*p256.private_problems(key)] == [] for key in ends)


def test_signatures_are_those_of_rfc_6979() -> None:
    # RFC 6979, appendix A.2.5, P-256 with SHA-256, message "sample".
    numbers = {
        "d": "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        "x": "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
        "y": "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
    }
    expected = (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )
    key = {name: encoding.to_base64url(bytes.fromhex(value)) for name, value in numbers.items()}
    assert p256.sign(key, b"sample").hex().upper() == expected


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    text = f'{{"crv":"P-256","kty":"EC","x":"{KEY["x"]}","y":"{KEY["y"]}"}}'
    expected = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    assert p256.thumbprint(KEY) == expected
