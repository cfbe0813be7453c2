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
    DESK = "desk"  # a desk registers, records and corrects
    RELEASE = "release"  # a clinic or a school asks
    RIGHTS = "rights"  # a family decides, contests, complains, and reads what is its own
    MATCH = "match"  # the matcher
    REVIEW = "review"  # a steward settles
    REDRESS = "redress"  # the ombudsperson hears complaints and reviews emergencies
    ORGANISE = "organise"  # organisations and their keys
    BUDGET = "budget"  # what may be asked is counted, and fishing noticed; nobody's records
    SEQUENCE = "sequence"  # the audit log is ordered and shown to its witnesses
    AUDIT = "audit"  # the log is proved and exported
    PUBLISH = "publish"  # what everybody may see
    ERASE = "erase"  # dossiers stop existing
    KEYS = "keys"  # data keys are rotated, renewed, backed up and brought back
    OPERATE = "operate"  # health and counts
    MEASURE = "measure"  # everybody looked at, of a made-up world

    @property
    def role(self) -> str:
        return f"registry_{self.value}"


ROLES = (OWNER, APP, *(each.role for each in Function))

WIDE = MappingProxyType(
    {
        Function.MATCH: frozenset({"dossier", "data_key", "judgement", "lookup_key", "audit_detail"}),
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
