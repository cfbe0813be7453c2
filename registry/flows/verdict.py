"""What `continuity verify` says of one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from registry.trust import status
from registry.trust.fault import Fault

OWN = "continuity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Accepted, or refused for `reason` (a stable code) in the words of `sentence`. `facts` are what was signed.

    `kind` is the kind of paper: one of ours, a SMART Health Card, an HCERT. `warnings` depart from a standard without
    harm to whoever relies on the paper. `expires` is None for a card that says no end.
    """

    accepted: bool
    carrier: str
    kind: str = OWN
    reason: str = ""
    sentence: str = ""
    warnings: tuple[str, ...] = ()
    issuer: str = ""
    issuer_name: str = ""
    issued: datetime | None = None
    expires: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    pointer: status.Pointer | None = None


def refused(fault: Fault, *, carrier: str, kind: str, warnings: tuple[Fault, ...] = ()) -> Verdict:
    """A refusal for a fault, with what else was found."""
    return Verdict(
        accepted=False,
        carrier=carrier,
        kind=kind,
        reason=fault.value,
        sentence=fault.sentence,
        warnings=codes(warnings),
    )


def codes(faults: tuple[Fault, ...]) -> tuple[str, ...]:
    """The codes of faults, each once."""
    return tuple(dict.fromkeys(each.value for each in faults))
