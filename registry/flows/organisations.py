"""Organisations: clinics, schools, national systems and stewards, each with a house dossier of its own.

The house dossier seals what the registry keeps about the organisation (receipts, its part of the audit). It is
found by the keyed hash of its name or of its bearer key; the key itself is kept nowhere.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from registry.errors import BadInput, NotAuthenticated, NotPermitted, UnknownName
from registry.store import dossiers, keys
from registry.store.database import Database, Transaction
from registry.store.dossiers import Dossier
from registry.store.functions import Function

if TYPE_CHECKING:
    from registry.flows.opening import Registry

HOUSE = "registry"
"""The source name of house dossiers, and the name of the registry's own house."""

FAMILY = "family"
"""The source name of the dossiers the registry opens for families; consents lie there and nowhere else."""

_NAME = re.compile("(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*")
_USER = re.compile("[A-Za-z0-9.-]{0,64}")
_COUNTRY = re.compile("[A-Z]{3}(-[A-Z0-9]{1,3})?")
_LOCK = 0x686F7573  # "hous": one start at a time looks for the registry's own house


class Kind(Enum):
    """What an organisation is, which bounds what it can ask (disclosure.md, "Who asks")."""

    CLINIC = "clinic"
    SCHOOL = "school"
    SOURCE = "source"
    STEWARD = "steward"
    OMBUDSPERSON = "ombudsperson"  # hears complaints and reviews emergencies: audit and clocks, no content
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is calling: an organisation, its kind and the country whose law it stands under.

    `user` is the person at its desk, by the organisation's own opaque id; empty where it names none.
    """

    house: UUID
    name: str
    display: str
    kind: Kind
    country: str
    user: str = field(default="", repr=False)

    def must_be(self, *kinds: Kind) -> None:
        """Raise NotPermitted unless the caller is of one of these kinds."""
        if self.kind not in kinds:
            allowed = " or ".join(each.value for each in kinds)
            raise NotPermitted(f"this needs the key of a {allowed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A new organisation and its bearer key, which is shown this once."""

    caller: Caller
    key: str = field(repr=False)


async def register(registry: Registry, *, name: str, display: str, kind: Kind, country: str) -> Registration:
    """Make an organisation known. Raises BadInput when the name is taken, or this cannot be."""
    _check(name, kind, country)
    async with registry.database.transaction(Function.ORGANISE) as tx:
        await tx.hold(_LOCK)  # two who register one name at once
        if await keys.only(tx, keys.index_hash(tx, "organisation", name)):
            raise BadInput("an organisation of this name is known already", where="name")
        house = tx.new_id()
        caller = Caller(house=house, name=name, display=display, kind=kind, country=country)
        key = secrets.token_urlsafe(32)
        await _open_house(tx, caller, now=registry.now())
        await _hand_out(tx, house, key, alone=True)
        return Registration(caller=caller, key=key)


async def _hand_out(tx: Transaction, house: UUID, key: str, *, alone: bool) -> None:
    """File a bearer key; which keys hold stands in the house, so that those of before can be ended."""
    hashed = keys.index_hash(tx, "bearer", key)
    held = (await dossiers.load(tx, [house], lock=True))[house]
    await keys.add(tx, [(hashed, house)])
    await dossiers.rewrite(tx, [replace(held, keys=(hashed,) if alone else (*held.keys, hashed))])


def _check(name: str, kind: Kind, country: str) -> None:
    problems = [
        (not _NAME.fullmatch(name), "name", "a name has lower case letters, digits and single hyphens only, up to 64"),
        (name in (HOUSE, FAMILY), "name", "this name is the registry's own"),  # it would write what families said
        (kind is Kind.REGISTRY, "kind", "there is one registry, this one"),
        (not _COUNTRY.fullmatch(country), "country", "a country is written in three capital letters (ISO 3166)"),
    ]
    wrong = [(where, words) for is_wrong, where, words in problems if is_wrong]
    if wrong:
        raise BadInput("; ".join(words for _, words in wrong), where=", ".join(where for where, _ in wrong))


async def new_key(registry: Registry, name: str, *, alone: bool = False) -> Registration:
    """Give an organisation a further bearer key; `alone`, every key of before ends with the commit."""
    async with registry.database.transaction(Function.ORGANISE) as tx:
        caller = await named(tx, name)
        key = secrets.token_urlsafe(32)
        await _hand_out(tx, caller.house, key, alone=alone)
        return Registration(caller=caller, key=key)


async def authenticate(registry: Registry, key: str, *, user: str = "") -> Caller:
    """The organisation behind a bearer key, and who of it calls. Raises NotAuthenticated; BadInput for no user's id."""
    if not _USER.fullmatch(user):
        words = "a user is named by the organisation's own id: up to 64 letters, digits, dots and hyphens"
        raise BadInput(words, where="Desk-User", remedy="send no name, number or address of a person")
    async with registry.database.transaction(Function.ORGANISE) as tx:
        hashed = keys.index_hash(tx, "bearer", key)
        house = await keys.only(tx, hashed)
        held = (await dossiers.load(tx, [house])).get(house) if house else None
        if held is None or hashed not in held.keys:
            raise NotAuthenticated
        return replace(_caller(held), user=user)


async def named(tx: Transaction, name: str) -> Caller:
    """The organisation of this name. Raises UnknownName."""
    house = await keys.only(tx, keys.index_hash(tx, "organisation", name))
    if house is None:
        raise UnknownName(
            "no source or organisation of this name is known",
            where="organisation",
            remedy="register it with: continuity organisation add",
        )
    return _caller((await dossiers.load(tx, [house]))[house])


async def own_house(database: Database, *, display: str, country: str, now: datetime) -> UUID:
    """The registry's own house, opened at the first start."""
    async with database.transaction(Function.ORGANISE) as tx:
        await tx.hold(_LOCK)
        found = await keys.only(tx, keys.index_hash(tx, "organisation", HOUSE))
        if found:
            return found
        house = tx.new_id()
        own = Caller(house=house, name=HOUSE, display=display, kind=Kind.REGISTRY, country=country)
        await _open_house(tx, own, now=now)
        return house


async def _open_house(tx: Transaction, caller: Caller, *, now: datetime) -> None:
    about = {"display": caller.display, "kind": caller.kind.value, "country": caller.country}
    house = Dossier(
        id=caller.house,
        source=HOUSE,
        local=caller.name,
        opened_at=now,
        person=caller.house,
        members=(caller.house,),
        about=about,
    )
    await dossiers.open_new(tx, [house], today=now.date())
    await keys.add(tx, [(keys.index_hash(tx, "organisation", caller.name), caller.house)])


def _caller(house: Dossier) -> Caller:
    about = house.about or {}
    return Caller(
        house=house.id,
        name=house.local,
        display=about["display"],
        kind=Kind(about["kind"]),
        country=about["country"],
    )
