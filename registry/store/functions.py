"""The functions of the registry, as its database knows them: each is a role with rights of its own.

What each may do in which table stands in `schemas/sql`, by `registry.protect`; the roles in `schemas/roles`.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType

OWNER, APP = "registry_owner", "registry_app"


class Function(Enum):
    """What a transaction is for."""

    INGEST = "ingest"  # a hand-over comes in
    DESK = "desk"  # a desk registers and records; also what names no function of its own
    RELEASE = "release"  # a clinic or a school asks
    RIGHTS = "rights"  # a family decides, and reads its trail
    MATCH = "match"  # the matcher
    REVIEW = "review"  # a steward settles
    ORGANISE = "organise"  # organisations and their keys
    SEQUENCE = "sequence"  # the sequencer of the audit log
    AUDIT = "audit"  # the log is proved
    PUBLISH = "publish"  # what everybody may see
    OPERATE = "operate"  # health and counts
    MEASURE = "measure"  # everybody looked at, of a made-up world
    KEYS = "keys"  # data keys are rotated and destroyed

    @property
    def role(self) -> str:
        return f"registry_{self.value}"


ROLES = (OWNER, APP, *(each.role for each in Function))

WIDE = MappingProxyType(
    {
        Function.MATCH: frozenset({"dossier", "data_key", "judgement", "lookup_key"}),
        Function.AUDIT: frozenset({"data_key", "audit_detail"}),
        Function.MEASURE: frozenset({"dossier", "data_key"}),
        Function.KEYS: frozenset({"data_key"}),
    }
)
"""The tables in which a function sees every row, so that no ticket need name what it reads there."""

SECONDS = MappingProxyType(
    {Function.INGEST: 600, Function.MATCH: 300, Function.AUDIT: 600, Function.MEASURE: 600, Function.KEYS: 300}
)
"""How long a ticket holds where the work takes longer than a question."""
SECONDS_ELSE = 30
