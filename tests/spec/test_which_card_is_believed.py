"""Which cards of other issuers are believed: the sets that the two communities share, case by case.

The classes are those of the SMART Health Cards validator, in small letters (its E refuses, its W only warns). Where
nobody signed, the registry is stricter on purpose: what a validator only warns of, or finds nothing wrong with, is
still refused as `unsigned`, since accepting it would tell a nurse that somebody vouches for it. A link to a document
elsewhere is refused too: nothing is fetched.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from registry import library
from registry.flows import carriers, foreign, verify
from registry.flows.verify import Verdict
from registry.flows.wallet import Wallet
from registry.trust.directory import Directory
from tests.support import cards

pytestmark = pytest.mark.shared_data

AT = datetime(2022, 5, 31, tzinfo=UTC)
"""An example certificate of the set expires on the day after."""
LATER = datetime(2022, 8, 1, tzinfo=UTC)
"""The scenarios of the vaccination guide were issued in July 2022."""
SPEC = "spec.smarthealth.cards/examples/issuer"
TESTDATA = "raw.githubusercontent.com/smart-on-fhir/health-cards-dev-tools/main/testdata"
BADJWKS = "raw.githubusercontent.com/microsoft/health-cards-validation-SDK/main/testdata/badjwks"

A, B, D = "test-example-00-a-fhirBundle", "test-example-00-b-jws-payload-expanded", "test-example-00-d-jws"
E, F, G = "test-example-00-e-file", "test-example-00-f-qr-code-numeric-value", "test-example-00-g-qr-code"

NEGATIVE = f"""
badcrl/duplicate-rid/jws-crl-duplicate-rid.txt        | refused  | revocation-error
badcrl/non-base64url-rid/jws-crl-non-base64url-rid.txt| refused  | revocation-error
badcrl/version-mismatch/jws-crl-version-mismatch.txt  | refused  | revocation-error
cert_mismatch.public.json                             | refused  | invalid-key-x5c
invalid_chain.public.json                             | refused  | invalid-key-x5c
{A}-bad_meta_extra_key.json                           | unsigned | fhir-schema-error
{A}-bad_meta_wrong_security.json                      | refused  | fhir-schema-error
{A}-occurrence-issues.json                            | refused  | fhir-schema-error
{A}-status-not-completed.json                         | refused  | fhir-schema-error
test-example-00-a-non-dm-properties.json              | unsigned | schema-error
{B}-exp_milliseconds.json                             | unsigned | expiration-error
{B}-missing-coding.json                               | refused  | fhir-schema-error
{B}-missing-imm-vc-type.json                          | unsigned | schema-error
{B}-nbf_milliseconds.json                             | refused  | not-yet-valid
{B}-optional-vc-type.json                             | unsigned | schema-error
{B}-trailing_chars.json                               | refused  | trailing-characters
{D}-bad-fhir-metadata.txt                             | accepted | fhir-schema-error
{D}-der-signature-rs-neg.txt                          | refused  | signature-format-error
{D}-der-signature.txt                                 | refused  | signature-format-error
{D}-issuer-kid-mismatch.txt                           | refused  | issuer-kid-mismatch
{D}-jws_too_long.txt                                  | refused  | schema-error
{D}-no_jws_header_alg.txt                             | refused  | jws-header-error
{D}-no_jws_header_zip.txt                             | refused  | jws-header-error
{D}-utf8_bom_prefix.txt                               | refused  | trailing-characters
{E}-bad_jwks.smart-health-card                        | refused  | unknown-signer
{E}-invalid_issuer_url.smart-health-card              | refused  | unknown-signer
{E}-issuer_url_with_trailing_slash.smart-health-card  | refused  | invalid-issuer-url
{E}-multi-jws-issues.smart-health-card                | refused  | trailing-characters
{E}-trailing_chars.smart-health-card                  | refused  | trailing-characters
{F}-0-number-too-big.txt                              | refused  | invalid-numeric-qr
{F}-0-trailing_chars.txt                              | refused  | trailing-characters
{F}-0-wrong_qr_header.txt                             | refused  | invalid-numeric-qr-header
{G}-0-bad_qr_version.png                              | refused  | invalid-qr-version
{G}-0-single_qr_segment.png                           | refused  | invalid-qr-version
{G}-inflated-to-v22.png                               | accepted | invalid-qr-version
test-example-covid-lab-jwspayload-missing-lab-vc-type.json | unsigned | schema-error
wrong_alg_key.json                                    | refused  | invalid-key-wrong-alg
wrong_kid_key.json                                    | refused  | invalid-key-wrong-kid
wrong_use_key.json                                    | refused  | invalid-key-wrong-use
"""
POSITIVE = """
test-example-00-e-file-multi-jws.smart-health-card       | 2 cards
test-example-00-fhirhealthcard-multi-jws.json            | 2 cards
test-example-00-fhirhealthcard-with-resource-link.json   | 2 cards
test-example-00-fhirhealthcard.json                      | 1 card
test-example-00-g-qr-code-0-scaled-23.jpg                | 1 card
test-example-00-g-qr-code-0-scaled-85.jpg                | 1 card
test-example-1195-byte-qrnumeric.txt                     | 1 card
"""


def rows(table: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return {name: rest for name, *rest in cells}


@pytest.fixture(scope="module")
def shc(shared_data: Path) -> Path:
    return shared_data / "immunization" / "shc"


@pytest.fixture(scope="module")
def believed(shc: Path, tmp_path_factory: pytest.TempPathFactory) -> Directory:
    """The example issuer, the issuers of the broken lists, and another issuer with a key of its own."""
    trust, negative = tmp_path_factory.mktemp("trust"), shc / "health-cards-dev-tools" / "negative"
    mirrors = {SPEC: shc / "spec-issuer", BADJWKS: negative / "badjwks"}
    mirrors |= {f"{TESTDATA}/badcrl/{each.name}": each for each in (negative / "badcrl").iterdir()}
    for address, folder in mirrors.items():
        shutil.copytree(folder / ".well-known", trust / address / ".well-known")
    other = json.loads((negative / "issuer.jwks.public.not.smart.json").read_bytes())
    (trust / "other.json").write_text(json.dumps({"issuer": "https://other.example", "jwks": other}))
    return verify.trust_folder(trust)


def judged(path: Path, believed: Directory, now: datetime = AT) -> Verdict:
    return verify.verify_files({"it": path.read_bytes()}, believed, library.load(), now=now)["it"]


@pytest.mark.parametrize(("name", "expected"), rows(NEGATIVE).items(), ids=rows(NEGATIVE))
def test_a_card_that_something_is_wrong_with(name: str, expected: list[str], shc: Path, believed: Directory) -> None:
    verdict = judged(shc / "health-cards-dev-tools" / "negative" / name, believed)
    how, reason = expected
    assert verdict.accepted is (how == "accepted")
    assert verdict.reason == {"refused": reason, "unsigned": "unsigned", "accepted": ""}[how]
    assert how == "refused" or reason in verdict.warnings
    assert verdict.accepted or (verdict.sentence and not verdict.facts)


def test_a_short_card_split_into_seventeen_codes(shc: Path, believed: Directory) -> None:
    """Alone each code is refused because the others are missing; together, because the card needed no splitting."""
    files = sorted((shc / "health-cards-dev-tools" / "negative").glob(f"{F}-*-qr_chunk_too_small.txt"))
    assert len(files) == 17
    assert judged(files[0], believed).reason == "unbalanced-qr-chunks"
    bodies = {each.name: each.read_bytes() for each in files}
    verdicts = verify.verify_files(bodies, believed, library.load(), now=AT)
    assert {(each.accepted, each.reason) for each in verdicts.values()} == {(False, "qr-chunking-deprecated")}


@pytest.mark.parametrize(("name", "expected"), rows(POSITIVE).items(), ids=rows(POSITIVE))
def test_a_good_card(name: str, expected: list[str], shc: Path, believed: Directory) -> None:
    verdict = judged(shc / "health-cards-dev-tools" / "positive" / name, believed)
    assert (verdict.accepted, verdict.issuer) == (True, f"https://{SPEC}")
    assert len(verdict.facts.get("cards", [0])) == int(expected[0][0])
    assert not judged(shc / "health-cards-dev-tools" / "positive" / name, Directory()).accepted


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_scenarios_of_the_vaccination_guide_in_every_form(number: int, shc: Path, believed: Directory) -> None:
    folder = shc / "fhir-shc-vaccination-ig"
    forms = ("file.smart-health-card", "jws.txt", "qr-code-0.png", "qr-code-numeric-value-0.txt")
    verdicts = [judged(folder / f"Scenario{number}Bundle-{form}", believed, LATER) for form in forms]
    assert [each.accepted for each in verdicts] == [True] * 4
    assert len({json.dumps(each.facts, sort_keys=True) for each in verdicts}) == 1
    unsigned = folder / f"Scenario{number}Bundle-jws-payload-expanded.json"
    assert judged(unsigned, believed, LATER).reason == "unsigned"


@pytest.mark.parametrize("name", ["valid_key", "valid_keys", "valid_key_with_x5c", "valid_2_chain.public"])
def test_a_set_of_keys_is_accepted_only_where_it_is_trusted_already(name: str, shc: Path, believed: Directory) -> None:
    path = shc / "health-cards-dev-tools" / "positive" / f"{name}.json"
    assert judged(path, believed).reason == "unknown-signer"
    keys = json.loads(path.read_bytes())
    issuer = "https://smarthealth.cards/examples/issuer" if "x5c" in keys["keys"][0] else cards.ISSUER
    wrapped = {"issuer": issuer, "jwks": keys}
    found = verify.trust_files({"a.json": json.dumps(wrapped).encode()})
    assert judged(path, found).accepted or found.problems, "its certificates name another issuer"


def test_a_link_is_not_followed(shc: Path, believed: Directory) -> None:
    folder = shc / "health-cards-dev-tools" / "positive"
    links = [*folder.glob("shlink-*"), *(folder / "shl-examples").iterdir()]
    assert {judged(each, believed).reason for each in links} == {"needs-network"}


# --- certificates of the EU ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(shared_data: Path) -> list[tuple[Path, Mapping[str, object], datetime]]:
    return cards.shared_certificates([*(shared_data / "immunization" / "hcert").rglob("raw/*.json")])  # type: ignore[return-value]


@pytest.fixture(scope="module")
def signers(certificates: list[tuple[Path, Mapping[str, object], datetime]]) -> Directory:
    texts = {case["TESTCTX"]["CERTIFICATE"] for _, case, _ in certificates}  # type: ignore[index]
    return verify.trust_files({f"{at}.txt": str(text).encode() for at, text in enumerate(sorted(texts))})


def test_every_shared_certificate_in_every_form(
    certificates: list[tuple[Path, Mapping[str, object], datetime]], signers: Directory
) -> None:
    """37 certificates, as the file itself, its text, its bytes in hexadecimal and its picture."""
    forms = 0
    for path, case, clock in certificates:
        bodies = {"file": path.read_bytes(), "text": str(case["PREFIX"]).encode()}
        bodies |= (
            {"hex": str(case["COSE"]).encode(), "bytes": bytes.fromhex(str(case["COSE"]))} if "COSE" in case else {}
        )
        verdicts = verify.verify_files(bodies, signers, library.load(), now=clock)
        assert all(each.accepted for each in verdicts.values()), (path, verdicts)
        assert len({json.dumps(each.facts) for each in verdicts.values()}) == 1
        forms += len(verdicts)
    assert (len(certificates), forms) == (37, 140)


def test_every_shared_picture(shared_data: Path, signers: Directory) -> None:
    """35 pictures; one country's third was made on a later day than the file beside it."""
    pictures = sorted((shared_data / "immunization" / "hcert").rglob("*.png"))
    days = [datetime(2021, 5, 6, 18, tzinfo=UTC) + timedelta(days=each) for each in range(0, 120, 2)]
    read = {path: carriers.read(path.read_bytes()) for path in pictures}
    wallets = [each for each in read.values() if isinstance(each, Wallet)]
    accepted = [any(foreign.verify(each, signers, now=day).accepted for day in days) for each in wallets]
    assert (sum(accepted), len(pictures)) == (35, 35)


def test_a_picture_within_a_file_says_what_the_file_says(
    certificates: list[tuple[Path, Mapping[str, object], datetime]], signers: Directory
) -> None:
    path, case, clock = certificates[0]
    png = base64.b64decode(str(case["2DCODE"]))
    assert Image.open(io.BytesIO(png)).width > 100
    verdicts = verify.verify_files({"a": png, "b": path.read_bytes()}, signers, library.load(), now=clock)
    assert verdicts["a"].facts == verdicts["b"].facts != {}
