"""What can be wrong with a card or certificate that another issuer made, as one closed list.

The code is stable for machines; for SMART Health Cards it follows the names of that community's own validator
(SIGNATURE_FORMAT_ERROR is `signature-format-error`), so that the answers of both can be laid side by side. The
sentence is for people and says nothing of the content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Fault(Enum):
    """A reason to refuse a card, or only a warning beside one that is accepted."""

    # of any card
    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    TRAILING = "trailing-characters"
    ALGORITHM = "algorithm"
    UNKNOWN_SIGNER = "unknown-signer"
    BAD_SIGNATURE = "bad-signature"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNSIGNED = "unsigned"
    ELSEWHERE = "needs-network"
    # of a SMART Health Card
    HEADER = "jws-header-error"
    SIGNATURE_FORMAT = "signature-format-error"
    OTHER_ISSUER = "issuer-kid-mismatch"
    ISSUER_URL = "invalid-issuer-url"
    EXPIRATION = "expiration-error"
    SCHEMA = "schema-error"
    FHIR_SCHEMA = "fhir-schema-error"
    REVOCATION = "revocation-error"
    NO_REVOCATION_LIST = "no-revocation-list"
    NUMERIC = "invalid-numeric-qr"
    NUMERIC_HEADER = "invalid-numeric-qr-header"
    CHUNKS_MISSING = "unbalanced-qr-chunks"
    CHUNKED = "qr-chunking-deprecated"
    QR_VERSION = "invalid-qr-version"
    # of a key set
    KEYS = "invalid-key-set"
    KEY_TYPE = "invalid-key-wrong-kty"
    KEY_ALGORITHM = "invalid-key-wrong-alg"
    KEY_USE = "invalid-key-wrong-use"
    KEY_ID = "invalid-key-wrong-kid"
    KEY_CHAIN = "invalid-key-x5c"
    KEY_PRIVATE = "invalid-key-private"
    # of an HCERT
    PREFIX = "missing-prefix"
    BASE45 = "not-base45"
    COMPRESSION = "not-compressed"
    COSE = "not-cose"
    CWT = "not-cwt"
    KEY_USAGE = "key-usage"
    OTHER_COUNTRY = "wrong-country"
    SIGNER_PERIOD = "signer-not-valid"
    NO_CERTIFICATE = "schema-invalid"
    NAMES_NO_COUNTRY = "issuer-not-a-country"
    BEFORE_ITS_KEY = "issued-before-its-key"
    SIGNER_WITHOUT_COUNTRY = "signer-without-country"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Fault.MALFORMED: "This is no card or certificate we know, or a part of it is missing or damaged.",
    Fault.TOO_LARGE: "This is larger than any card and was not read.",
    Fault.TRAILING: "There are characters before or after it that do not belong to it.",
    Fault.ALGORITHM: "It is signed by a method that is not allowed for this kind of card.",
    Fault.UNKNOWN_SIGNER: "Its signer is not in the list of trusted issuers.",
    Fault.BAD_SIGNATURE: "The signature does not fit: it was changed after it was signed, or forged.",
    Fault.NOT_YET_VALID: "It says it is valid from a later moment; compare the clocks of both sides.",
    Fault.EXPIRED: "It has expired; ask for a new one.",
    Fault.REVOKED: "Its issuer has withdrawn it.",
    Fault.UNSIGNED: "It carries no signature, so anybody could have written it.",
    Fault.ELSEWHERE: "It only links to a document elsewhere; nothing is fetched here. Ask for the card itself.",
    Fault.HEADER: "Its header must name ES256, a key and compression, and nothing else.",
    Fault.SIGNATURE_FORMAT: "The signature is not written as ES256 is: 64 bytes.",
    Fault.OTHER_ISSUER: "The key that signed it belongs to another issuer than the one it names.",
    Fault.ISSUER_URL: "The issuer it names is not an https address without a slash at its end.",
    Fault.EXPIRATION: "Its expiry looks as if it were counted in milliseconds.",
    Fault.SCHEMA: "It departs from the form of a SMART Health Card.",
    Fault.FHIR_SCHEMA: "A record in it departs from FHIR.",
    Fault.REVOCATION: "The list of withdrawn cards of its key cannot be used, so it is not believed.",
    Fault.NO_REVOCATION_LIST: "Its key has a list of withdrawn cards that you do not hold; it may have been withdrawn.",
    Fault.NUMERIC: "The digits of the code stand for no card: it was read wrongly, or damaged.",
    Fault.NUMERIC_HEADER: "The code begins as no card does; it must begin with `shc:/`.",
    Fault.CHUNKS_MISSING: "It is one of several codes that belong together; give all of them, each once.",
    Fault.CHUNKED: "It is split over several codes, which the standard has given up.",
    Fault.QR_VERSION: "The code is of a size that the standard does not allow for this card.",
    Fault.KEYS: "This is no set of keys, or one of its keys cannot be read.",
    Fault.KEY_TYPE: "A key of the set is not an EC key on P-256.",
    Fault.KEY_ALGORITHM: "A key of the set is not for ES256.",
    Fault.KEY_USE: "A key of the set is not for signatures.",
    Fault.KEY_ID: "A key of the set is not named by its thumbprint.",
    Fault.KEY_CHAIN: "The certificates of a key do not belong to it, to its issuer, or to each other.",
    Fault.KEY_PRIVATE: "A key of the set is private, and now known to others: its owner must replace it.",
    Fault.PREFIX: "It does not begin with `HC1:`, as a certificate of this kind must.",
    Fault.BASE45: "After its beginning it is not base45: it was read wrongly, or damaged.",
    Fault.COMPRESSION: "It is not compressed as it must be, or something follows it.",
    Fault.COSE: "Inside it is not a signed CBOR document (COSE_Sign1).",
    Fault.CWT: "What was signed is not a certificate: claims are missing or of the wrong kind.",
    Fault.KEY_USAGE: "Its signer may sign other kinds of certificates, but not this kind.",
    Fault.OTHER_COUNTRY: "It names another country than its signer belongs to.",
    Fault.SIGNER_PERIOD: "The certificate of its signer is not valid at this time.",
    Fault.NO_CERTIFICATE: "What was signed does not have the form of an EU certificate.",
    Fault.NAMES_NO_COUNTRY: "The issuer it names is not a country; its signer's country is shown instead.",
    Fault.BEFORE_ITS_KEY: "It was issued before the certificate of its signer began.",
    Fault.SIGNER_WITHOUT_COUNTRY: "Its signer's certificate names no country; the one shown is what it says itself.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Not accepted: the fault that decided, and what else was found."""

    fault: Fault
    warnings: Sequence[Fault] = ()
