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
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from registry.errors import UnknownName
from registry.flows import trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
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


WEIGHINGS: Mapping[str, Weighing] = {
    "user": Weighing(honest=0.4, fisher=0.8, alarm=8.0),
    "organisation": Weighing(honest=0.4, fisher=0.8, alarm=8.0),
    "registry": Weighing(honest=0.4, fisher=0.55, alarm=10.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a question took: whether it may be asked, what goes back if it is answered, whom its answer is about."""

    allowed: bool
    weighed: Mapping[str, int]
    targets: Mapping[int, float] = field(repr=False)


async def spend(registry: Registry, caller: Caller, told: Demographics, *, by_card: bool) -> Spent:
    """Take a question's share and commit. Raises Unavailable when it cannot be taken: then nothing is looked up."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        minute = await accounts.minute(tx, registry.now())
        askers = _askers(tx, caller)
        targets = {} if by_card else _targets(tx, registry, told)
        repeat = {} if by_card else {_account(tx, "asked", caller.name, *map(str, sorted(targets))): _REPEAT}
        shares = {askers[name]: 1 / _per_day(registry)[name] for name in ("user", "organisation")}
        after = await accounts.spend(tx, {**shares, **targets, **repeat}, minute=minute)
    is_within = all(each.spent <= 1 + _ROUNDING for each in after)
    is_halted = not by_card and any(each.halted for each in after)
    is_new = any(each.account in repeat and each.spent <= _REPEAT + _ROUNDING for each in after)
    is_weighed = is_new and is_within and not is_halted
    return Spent(allowed=is_within and not is_halted, weighed=askers if is_weighed else {}, targets=targets)


def _per_day(registry: Registry) -> Mapping[str, int]:
    settings = registry.settings
    return {
        "user": settings.user_questions,
        "organisation": settings.organisation_questions,
        "target": settings.target_questions,
    }


def _askers(tx: Transaction, caller: Caller) -> dict[str, int]:
    return {
        "user": _account(tx, "user", caller.name, caller.user),
        "organisation": _account(tx, "organisation", caller.name),
        "registry": _account(tx, "registry"),
    }


def _targets(tx: Transaction, registry: Registry, told: Demographics) -> dict[int, float]:
    """The narrow facts of a description: two names with a year or the mother, three names, a number, a phone."""
    narrow = sorted(each for each in match_keys.stored(told) if each.kind in _NARROW)[:_MOST_TARGETS]
    share = 1 / _per_day(registry)["target"]
    return {_account(tx, f"target-{each.kind}", *each.parts): share for each in narrow}


def _account(tx: Transaction, kind: str, *parts: str) -> int:
    return keys.index_hash(tx, f"account-{kind}", *parts)


@again_on_conflict
async def settle(registry: Registry, caller: Caller, spent: Spent, *, is_silent: bool) -> None:
    """Weigh the answer; what an answered question took from its targets goes back: the desk knew the child."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        await accounts.give_back(tx, {} if is_silent else spent.targets)
        steps = {account: WEIGHINGS[name].step(is_silent=is_silent) for name, account in spent.weighed.items()}
        after = await accounts.suspect(tx, steps, is_silent=is_silent)
        if len(after) < len(steps):
            await accounts.begin(tx, steps)
        await _raise_alerts(tx, registry, caller, spent, after)


async def _raise_alerts(
    tx: Transaction, registry: Registry, caller: Caller, spent: Spent, after: Sequence[Account]
) -> None:
    names = {account: name for name, account in spent.weighed.items()}
    level = registry.settings.fishing_alarm
    over = {each.account: each for each in after if each.suspicion >= level * WEIGHINGS[names[each.account]].alarm}
    for account in await accounts.halt(tx, over) if over else ():
        await _raise(tx, registry, caller, names[account], over[account])


async def _raise(tx: Transaction, registry: Registry, caller: Caller, scope: str, account: Account) -> None:
    is_asker = scope != "registry"
    alert = Alert(
        id=tx.new_id(),
        since=registry.today(),
        account=account.account,
        scope=scope,
        organisation=caller.name if is_asker else "",
        user=caller.user if scope == "user" else "",
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


async def lift(registry: Registry, ids: Iterable[UUID]) -> None:
    """A human has looked: the asker begins anew. Raises UnknownName when there is no such alert."""
    async with registry.database.transaction(Function.BUDGET) as tx:
        known = {each.id: each for each in await alerts.standing(tx)}
        for id in ids:
            if id not in known:
                raise UnknownName("no alert of this id stands", where="alert", remedy="see: continuity alert list")
            await accounts.lift(tx, known[id].account)
            await alerts.remove(tx, id)
            await trail.write(tx, registry, registry.house, "alert-lifted", None, scope=known[id].scope)
