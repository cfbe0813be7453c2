"""The CapabilityStatement: what this service can do in FHIR terms today."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from registry.fhir import CANONICAL
from registry.settings import Settings

_OPERATIONS = {
    "continuity-summary": "POST /v1/questions: a person's signed summary, as far as the family allows",
    "submit": "POST /v1/submissions: a hand-over of a national system, through its adapter",
    "consent": "POST /v1/consents and /v1/withdrawals: what a family allows and takes back",
    "audit-trail": "POST /v1/trails: a family's own audit trail",
}


def statement(settings: Settings, now: datetime) -> dict[str, Any]:
    """R4 CapabilityStatement of the running service."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": now.isoformat(timespec="seconds"),
        "publisher": settings.name,
        "kind": "instance",
        "software": {"name": "continuity-registry", "version": "0.1.0"},
        "implementation": {"description": settings.name, "url": settings.public_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Questions are about one person each; nothing lists the population.",
                "security": {"description": "Bearer keys of registered organisations."},
                "operation": [_operation(name, words) for name, words in _OPERATIONS.items()],
            }
        ],
        "document": [
            {
                "mode": "producer",
                "profile": "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips",
                "documentation": "The clinic's summary, in the shape of an International Patient Summary.",
            }
        ],
    }


def _operation(name: str, words: str) -> dict[str, str]:
    return {"name": name, "definition": f"{CANONICAL}/OperationDefinition/{name}", "documentation": words}
