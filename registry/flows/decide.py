"""May this organisation have this of this person? Everything about a person is loaded, then decided on as values.

Computed on every read and never cached, so that a withdrawal holds from its commit on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from registry.consent import decision, dialect, redact
from registry.consent.agreement import Agreement, Refused
from registry.consent.decision import Decision
from registry.consent.request import DOMAINS, Facts, Item, OrganisationKind, Request
from registry.fhir import dates
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Resource
from registry.flows import families, organisations
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.library import Library
from registry.store import documents, dossiers, matters, releases
from registry.store.database import Transaction
from registry.store.documents import Document
from registry.store.dossiers import Dossier
from registry.store.releases import Release

FAMILY = organisations.FAMILY
DISPUTE = "dispute"
"""The kind of matter by which a family contests a record."""

KINDS = {Kind.CLINIC: OrganisationKind.CLINIC, Kind.SCHOOL: OrganisationKind.SCHOOL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One document of a person with where it comes from. `ref` names it in decisions; a family may dispute it."""

    dossier: Dossier
    resource: Resource
    country: str | None
    disputed: bool = False

    @property
    def ref(self) -> str:
        return f"{self.dossier.id.hex}/{self.resource.reference}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Everything held about one person, opened: the dossiers and the latest version of each resource."""

    dossiers: tuple[Dossier, ...]
    held: tuple[Held, ...] = field(repr=False)
    heard: frozenset[UUID] = frozenset()  # the families whose yes counts

    @property
    def anchor(self) -> Dossier:
        """The dossier releases and audit entries are kept in: the family's where there is one."""
        return min(self.dossiers, key=lambda each: (each.source != FAMILY, each.opened_at, each.id))

    @property
    def birth(self) -> PartialDate | None:
        """The birth date told most exactly, of several the one most often told, then the earliest."""
        told = [dates.parse(str((each.about or {}).get("birthDate", ""))) for each in self.dossiers]
        known = [each for each in told if each]
        exact = [each for each in known if each.is_day] or known
        return min(exact, key=lambda each: (-exact.count(each), each.first)) if exact else None


async def load(tx: Transaction, members: Iterable[UUID]) -> Person:
    """Open everything about a person, in the snapshot of this transaction."""
    opened = await dossiers.load(tx, members)
    current = documents.current(await documents.load(tx, opened)).values()
    heard = await families.heard(tx, opened.values())
    contested = {str(each.content["record"]) for each in await matters.about(tx, heard, DISPUTE)}
    held = [_held(opened[each.dossier], each) for each in current]
    return Person(
        dossiers=tuple(opened[id] for id in sorted(opened)),
        held=tuple(sorted((replace(each, disputed=each.ref in contested) for each in held), key=lambda each: each.ref)),
        heard=heard,
    )


def _held(dossier: Dossier, document: Document) -> Held:
    country = redact.recorded_in(document.resource.content)
    return Held(dossier=dossier, resource=document.resource, country=country)


def ask(library: Library, person: Person, caller: Caller, *, now: datetime) -> Decision:
    """Decide what of a person `caller` may have, for the one purpose its kind can have."""
    return judged(library, person, requested(caller, now=now))


def requested(caller: Caller, *, now: datetime) -> Request:
    """What an asker asks for by default: its kind's own purpose."""
    kind = KINDS[caller.kind]
    purpose = DOMAINS[kind].purpose
    return Request(organisation=caller.name, kind=kind, jurisdiction=caller.country, purpose=purpose, at=now)


def judged(library: Library, person: Person, request: Request) -> Decision:
    """Decide on a request about a person, by everything its families said."""
    domain = DOMAINS[request.kind]
    labelled = [(each, redact.classes(each.resource.content, library.places)) for each in person.held]
    items = [
        Item(ref=each.ref, classes=classes, recorded_in=each.country)
        for each, classes in labelled
        if domain.content in classes
    ]
    said = _consents(person)
    return decision.decide(said, request, items, _facts(person, said), request.at)


def _consents(person: Person) -> list[Agreement | Refused]:
    return [dialect.read(each.resource) for each in _of_family(person) if each.resource.kind == "Consent"]


def _of_family(person: Person) -> list[Held]:
    # A Consent that came in from a source speaks for nobody here: only what a family said at a desk counts.
    return [each for each in person.held if each.dossier.source == FAMILY]


def is_origin_known(person: Person) -> bool:
    """Whether a family that is heard named a country it fled."""
    return _facts(person, _consents(person)).protected_from is not None


def is_fled(person: Person, jurisdiction: str) -> bool:
    """Whether a child fled a jurisdiction; while no family that is heard named any, it may be every one."""
    fled = _facts(person, _consents(person)).protected_from
    return fled is None or jurisdiction in fled


def _facts(person: Person, said: Iterable[Agreement | Refused]) -> Facts:
    # Where no family came there is no consent either, and any of its names will do.
    families_ = [each for each in person.dossiers if each.source == FAMILY]
    own = frozenset(f"Patient/{each.local}" for each in families_ or person.dossiers)
    heard = frozenset(f"Patient/{each.local}" for each in person.dossiers if each.id in person.heard)
    agreements = [each for each in said if isinstance(each, Agreement)]
    # Where nobody named a country, nothing is known: then every jurisdiction but the recording one is closed.
    is_known = any(each.protected_from for each in agreements if each.patient in heard)
    fled = frozenset(country for each in agreements for country in each.protected_from)
    return Facts(person=own, protected_from=fled if is_known else None, birth=person.birth, heard=heard)


async def again(tx: Transaction, registry: Registry, members: Sequence[UUID]) -> int:
    """Decide every live release of a person again and revoke those no longer allowed; returns how many."""
    now = registry.now()
    # Whoever is answering a question about this person from before this change notices it by these rows.
    held = await hold(tx, await dossiers.load(tx, members))
    await dossiers.rewrite(tx, [*held.values()])
    await families.ask_about(tx, registry, held.values())
    live = [each for each in await releases.of_person(tx, members) if each.expires_at > now]
    if not live:
        return 0
    person = await load(tx, members)
    recipients = [await organisations.named(tx, name) for name in sorted({each.recipient for each in live})]
    allowed = {each.name: ask(registry.library, person, each, now=now) for each in recipients}
    dead = [each for each in live if not _is_allowed(each, person, allowed[each.recipient])]
    return await releases.revoke(tx, [each.position for each in dead])


def _is_allowed(release: Release, person: Person, allowed: Decision) -> bool:
    """Whether all that was released could still be: of the same dossiers, the same records, with places as open."""
    is_of_person = set(release.members) <= {each.id for each in person.dossiers}
    is_whole = release.permitted <= set(allowed.permitted) and release.opened <= allowed.opened
    return is_of_person and is_whole and allowed.outcome is decision.Outcome.PERMIT


async def hold(tx: Transaction, of: Mapping[UUID, Dossier]) -> Mapping[UUID, Dossier]:
    """The families' dossiers among these, held: what a family decides and what is told about it take turns."""
    return await dossiers.load(tx, [each.id for each in of.values() if each.source == FAMILY], lock=True)
