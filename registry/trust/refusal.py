"""Why something signed is not believed. A refusal is an expected outcome, so it is a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """The closed list of reasons; the value is stable for machines, `sentence` is for people."""

    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    HEADER = "header-not-allowed"
    ALGORITHM = "algorithm"
    WRONG_TYPE = "wrong-type"
    UNKNOWN_SIGNER = "unknown-signer"
    BAD_SIGNATURE = "bad-signature"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    NOT_INCLUDED = "not-included"
    UNWITNESSED = "unwitnessed"
    OTHER_HISTORY = "other-history"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Reason.MALFORMED: "This is no signed document of a registry, or a part of it is missing or damaged.",
    Reason.TOO_LARGE: "This is larger than any document this registry issues and was not read.",
    Reason.HEADER: "Its header carries something that is not allowed there, such as a key of its own.",
    Reason.ALGORITHM: "It is signed by a method other than ES256, the only one accepted.",
    Reason.WRONG_TYPE: "It is signed, but it is another kind of document than the one expected here.",
    Reason.UNKNOWN_SIGNER: "Its signer is not in the list of trusted issuers.",
    Reason.BAD_SIGNATURE: "The signature does not fit: it was changed after it was signed, or forged.",
    Reason.NOT_YET_VALID: "It says it was issued in the future; compare the clocks of both sides.",
    Reason.EXPIRED: "It has expired; ask for a new one.",
    Reason.NOT_INCLUDED: "What it says is not in the log it names: it was changed, or never recorded.",
    Reason.UNWITNESSED: "Too few of the witnesses you trust have cosigned its checkpoint.",
    Reason.OTHER_HISTORY: "The log has lost or changed something that it had when this was given. Keep this file.",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """Not believed, and why. Says nothing about the content."""

    reason: Reason

    def __str__(self) -> str:
        return self.reason.sentence
