"""How much may be asked, and when somebody fishes.

**Budgets.** A question takes its share of the day from the user, the organisation and its targets: the narrow facts
it names, so that many askers with variants of one name share what is left of it. It is taken and committed before
anything is looked up; where it cannot be, nothing is. A family's card is no guess, so it is not held up by what
others asked about the child. Exhausted, the answer is the one about nobody.

**Fishing.** Who asks about the people before it mostly finds them; who tries names mostly does not. Each answer to
a description weighs log(p1/p0) when it is silence and log((1-p1)/(1-p0)) when it is not, p0 being the share of
silence an honest desk may have, p1 a fisher's. The weights are summed, never under 0 (CUSUM; Page, Continuous
Inspection Schemes, Biometrika 41, 1954): an honest desk stays near 0, a fisher climbs with every name. At the alarm
level the asker is halted: its descriptions find nobody, its families' cards still open, until a human lifts it. The
same test over all askers together (with a nearer p1, because the honest ones are among them) sees many credentials
that try a few names each; it halts nobody and calls a human. The same question twice counts once.

**Emergencies** have a small budget of their own: no child in danger waits because the clinic's questions of the day
are used up, or because others guessed its name. What a user or an organisation declares beyond it is answered like
nothing, and a human is called at once; emergencies beyond it about one set of names call one and refuse nobody. They
are not weighed, for each is reviewed. Who was halted as a fisher stays halted: a stolen key must not find another
door. The declaration tells the reviewer so, who can lift the halt.

**Families.** A card opens the family's own view without any question being asked, so that a desk could open families
by a list of names. How many it opens in a day is counted; beyond it none is opened, whoever the child is, and a human
is called.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from registry.errors import Unavailable, UnknownName
from registry.flows import trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.identity import keys as match_keys
from registry.identity.demographics import Demographics
from registry.store import accounts, alerts, keys
from registry.store.accounts import Account
from registry.store.alerts import Alert
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function

_NARROW = frozenset({"identifier", "phone", "names", "names-mother", "mother-year", "names-year"})
_MOST_TARGETS = 24
_REPEAT = 0.001  # only to tell a question asked before from a new one
_ROUNDING = 1e-9
_WHOLE_DAY = 2.0  # the most an account can have spent: the day, and what was too much


@dataclass(frozen=True, slots=True)
class Weighing:
    """Silence an honest asker may meet, silence a fisher meets, and the level at which it is said so."""

    honest: float
    fisher: float
    alarm: float

    def step(self, *, is_silent: bool) -> float:
        """What one more answer weighs."""
        if is_silent:
            return math.log(self.fisher / self.honest)
        return math.log((1 - self.fisher) / (1 - self.honest))


COUNTED = Weighing(honest=0.5, fisher=0.5, alarm=math.inf)
"""Nothing follows from the answers themselves."""

WEIGHINGS: Mapping[str, Weighing] = {
    "user": Weighing(honest=0.4, fisher=0.8, alarm=8.0),
    "organisation": Weighing(honest=0.4, fisher=0.8, alarm=8.0),
    "registry": Weighing(honest=0.4, fisher=0.55, alarm=10.0),
    **dict.fromkeys(("emergency-user", "emergency-organisation"), COUNTED),
}
_OF_THE_DAY = ("emergency", "family")  # alerts by which the day's share is used up; a human gives it back


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a question took: whether it may be asked, what goes back if it is answered, whom its answer is about.

    `weighed` are accounts with the scope each is weighed by (WEIGHINGS).
    """

    allowed: bool
    weighed: Mapping[int, str]
    targets: Mapping[int, float] = field(repr=False)


async def spend(registry: Registry, caller: Caller, told: Demographics, *, by_card: bool) -> Spent:
    """Take a question's share and commit. Raises Unavailable when it cannot be taken: then nothing is looked up."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        minute = await accounts.minute(tx, registry.now())
        askers = _askers(tx, caller)
        targets = {} if by_card else _targets(tx, told, "target", 1 / registry.settings.target_questions)
        repeat = {} if by_card else {_account(tx, "asked", caller.name, *map(str, sorted(targets))): _REPEAT}
        shares = {askers[name]: 1 / _per_day(registry)[name] for name in ("user", "organisation")}
        after = await accounts.spend(tx, {**shares, **targets, **repeat}, minute=minute)
    is_within = all(each.spent <= 1 + _ROUNDING for each in after)
    is_halted = not by_card and any(each.halted for each in after)
    is_new = any(each.account in repeat and each.spent <= _REPEAT + _ROUNDING for each in after)
    is_weighed = is_new and is_within and not is_halted
    weighed = {account: name for name, account in askers.items()} if is_weighed else {}
    return Spent(allowed=is_within and not is_halted, weighed=weighed, targets=targets)


async def spend_in_emergency(registry: Registry, caller: Caller, told: Demographics, *, by_card: bool) -> Spent:
    """Take an emergency's share of its own budget and commit; what is beyond it is alerted with that commit."""
    settings = registry.settings
    async with registry.database.transaction(Function.BUDGET) as tx:
        minute = await accounts.minute(tx, registry.now())
        askers = _askers(tx, caller)
        shares = {
            _account(tx, "emergency-user", caller.name, caller.user): 1 / settings.user_emergencies,
            _account(tx, "emergency-organisation", caller.name): 1 / settings.organisation_emergencies,
        }
        targets = {} if by_card else _targets(tx, told, "emergency-target", 1 / settings.target_emergencies)
        halting = {} if by_card else {askers[name]: 0.0 for name in ("user", "organisation")}
        after = await accounts.spend(tx, {**shares, **targets, **halting}, minute=minute)
        counted = dict(zip(shares, ("emergency-user", "emergency-organisation"), strict=True))
        scopes = counted | dict.fromkeys(targets, "emergency-target")
        over = {each.account: each for each in after if each.account in scopes and each.spent > 1 + _ROUNDING}
        await _alert(tx, registry, caller, scopes, over)
    is_halted = any(each.halted for each in after if each.account in halting)
    return Spent(allowed=not is_halted and shares.keys().isdisjoint(over), weighed=counted, targets={})


@again_on_conflict
async def spend_on_family(registry: Registry, caller: Caller) -> None:
    """Take a family's share of the desk's day and commit. Raises Unavailable beyond it: then none is opened."""
    settings = registry.settings
    async with registry.database.transaction(Function.BUDGET) as tx:
        minute = await accounts.minute(tx, registry.now())
        user = _account(tx, "family-user", caller.name, caller.user)
        organisation = _account(tx, "family-organisation", caller.name)
        scopes = {user: "family-user", organisation: "family-organisation"}
        shares = {user: 1 / settings.user_families, organisation: 1 / settings.organisation_families}
        await accounts.spend(tx, shares, minute=minute)
        after = await accounts.suspect(tx, dict.fromkeys(scopes, 0.0), is_silent=False)
        over = {each.account: each for each in after if each.spent > 1 + _ROUNDING}
        await _alert(tx, registry, caller, scopes, over)
    if over:
        raise Unavailable("this desk has opened its families of the day", remedy="call whoever lifts alerts here")


def _per_day(registry: Registry) -> Mapping[str, int]:
    settings = registry.settings
    return {
        "user": settings.user_questions,
        "organisation": settings.organisation_questions,
    }


def _askers(tx: Transaction, caller: Caller) -> dict[str, int]:
    return {
        "user": _account(tx, "user", caller.name, caller.user),
        "organisation": _account(tx, "organisation", caller.name),
        "registry": _account(tx, "registry"),
    }


def _targets(tx: Transaction, told: Demographics, scope: str, share: float) -> dict[int, float]:
    """The narrow facts of a description: two names with a year or the mother, three names, a number, a phone."""
    narrow = sorted(each for each in match_keys.stored(told) if each.kind in _NARROW)[:_MOST_TARGETS]
    return {_account(tx, f"{scope}-{each.kind}", *each.parts): share for each in narrow}


def _account(tx: Transaction, kind: str, *parts: str) -> int:
    return keys.index_hash(tx, f"account-{kind}", *parts)


@again_on_conflict
async def settle(registry: Registry, caller: Caller, spent: Spent, *, is_silent: bool) -> None:
    """Weigh the answer; what an answered question took from its targets goes back: the desk knew the child."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        await accounts.give_back(tx, {} if is_silent else spent.targets)
        steps = {account: WEIGHINGS[name].step(is_silent=is_silent) for account, name in spent.weighed.items()}
        after = await accounts.suspect(tx, steps, is_silent=is_silent)
        if len(after) < len(steps):
            await accounts.begin(tx, steps)
        await _raise_alerts(tx, registry, caller, spent, after)


async def _raise_alerts(
    tx: Transaction, registry: Registry, caller: Caller, spent: Spent, after: Sequence[Account]
) -> None:
    level, scopes = registry.settings.fishing_alarm, spent.weighed
    over = {each.account: each for each in after if each.suspicion >= level * WEIGHINGS[scopes[each.account]].alarm}
    await _alert(tx, registry, caller, scopes, over)


async def _alert(
    tx: Transaction, registry: Registry, caller: Caller, scopes: Mapping[int, str], over: Mapping[int, Account]
) -> None:
    """Raise one alert for each scope in which somebody is over what is allowed, unless it stands."""
    first = {scopes[account]: account for account in sorted(over, reverse=True)}
    for account in await accounts.halt(tx, first.values()) if first else ():
        await _raise(tx, registry, caller, scopes[account], over[account])


async def _raise(tx: Transaction, registry: Registry, caller: Caller, scope: str, account: Account) -> None:
    is_asker = scope != "registry"
    alert = Alert(
        id=tx.new_id(),
        since=registry.today(),
        account=account.account,
        scope=scope,
        organisation=caller.name if is_asker else "",
        user=caller.user if scope.endswith("user") else "",
        asked=account.asked,
        silent=account.silent,
    )
    await alerts.put(tx, registry.house, alert)
    about = caller if is_asker else None
    await trail.write(tx, registry, registry.house, "fishing-alert", about, scope=scope, asked=alert.asked)


async def watch(registry: Registry) -> int:
    """Move the budgets' clock on and forget what a day has given back; returns how many alerts stand."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        await accounts.forget(tx, minute=await accounts.minute(tx, registry.now()))
        return await alerts.count(tx)


async def standing(registry: Registry) -> Sequence[Alert]:
    """The alerts that stand, for the operator and the ombudsperson: who and how many, no person."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        return await alerts.standing(tx)


async def shown(registry: Registry, caller: Caller) -> list[dict[str, Any]]:
    """The alerts that stand, as the ombudsperson reads them; itself an entry of the log. Raises NotPermitted."""
    caller.must_be(Kind.OMBUDSPERSON)
    async with registry.database.transaction(Function.BUDGET) as tx:
        found = [plain(each) for each in await alerts.standing(tx)]
        await trail.write(tx, registry, registry.house, "alerts-shown", caller, digest=trail.digest(found))
    return found


def plain(alert: Alert) -> dict[str, Any]:
    """An alert as JSON holds it, without the account it is about."""
    told = {name: value for name, value in asdict(alert).items() if name != "account"}
    return {**told, "id": alert.id.hex, "since": alert.since.isoformat()}


async def lift_by(registry: Registry, caller: Caller, id: UUID) -> None:
    """The ombudsperson has looked. Raises NotPermitted, UnknownName."""
    caller.must_be(Kind.OMBUDSPERSON)
    await lift(registry, [id], by=caller)


async def lift(registry: Registry, ids: Iterable[UUID], *, by: Caller | None = None) -> None:
    """A human has looked: the asker begins anew. Raises UnknownName when there is no such alert."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        known = {each.id: each for each in await alerts.standing(tx)}
        for id in ids:
            if id not in known:
                raise UnknownName("no alert of this id stands", where="alert", remedy="see: continuity alert list")
            await accounts.lift(tx, known[id].account)
            if known[id].scope.startswith(_OF_THE_DAY):
                await accounts.give_back(tx, {known[id].account: _WHOLE_DAY})
            await alerts.remove(tx, id)
            await trail.write(tx, registry, registry.house, "alert-lifted", by, scope=known[id].scope)
