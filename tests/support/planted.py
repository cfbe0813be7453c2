"""Twenty defects that would tell somebody what is protected. Each is switched on by itself, and the comparison of twin
worlds must find it; otherwise its silence would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from fastapi import Response

from registry.api import forms
from registry.consent import redact
from registry.errors import BadInput
from registry.flows import decide, desk, ingest, lost_card, people, question, release, rights, twice
from registry.flows.ingest import Receipt
from registry.flows.reader import Reader
from registry.identity import demographics
from registry.store import dossiers
from registry.store.functions import Function

Switch = Callable[[], Any]


@contextmanager
def _instead(*replacements: tuple[Any, str, Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for module, name, fresh in replacements:
            stack.enter_context(mock.patch.object(module, name, fresh))
        yield


async def _near(registry: Any, description: Any) -> int:
    """How many people share a key with a description: what a careless check would look at."""
    told = demographics.of(question.patient(description, id="asked", country="XAL"))
    async with registry.database.transaction(Function.MATCH) as tx:
        return len(await people.candidates(tx, Reader(), people.question(tx, told)))


# --- an answer about nobody that is not the same for somebody --------------------------------------


def _silence(change: Callable[[Response], None]) -> Switch:
    """The uniform answer, changed where the question was about somebody known."""

    def switch() -> Any:
        seen: list[bool] = []
        load, nothing = decide.load, forms.nothing_to_say

        async def noticed(tx: Any, members: Any) -> Any:
            held = [*members]
            seen[:] = [bool(held)]
            return await load(tx, held)

        def told() -> Response:
            answer = nothing()
            if seen == [True]:
                change(answer)
            return answer

        return _instead((decide, "load", noticed), (forms, "nothing_to_say", told))

    return switch


def _forbidden(answer: Response) -> None:
    answer.status_code = 403


def _other_words(answer: Response) -> None:
    answer.body = answer.body.replace(b"Nothing can be said", b"Nothing may be said")


def _a_blank(answer: Response) -> None:
    answer.body += b" "
    answer.headers["content-length"] = str(len(answer.body))


def _header(name: str, value: str) -> Callable[[Response], None]:
    def change(answer: Response) -> None:
        answer.headers[name] = value

    return change


# --- a desk's own record that answers otherwise ----------------------------------------------------


def _record(change: Callable[[desk.Recorded, int], desk.Recorded]) -> Switch:
    register = desk.register

    async def told(registry: Any, caller: Any, child: Any) -> Any:
        count = await _near(registry, child.description)
        return change(await register(registry, caller, child), count)

    return lambda: _instead((desk, "register", told))


def _refused(recorded: desk.Recorded, count: int) -> desk.Recorded:
    if count > 1:  # one is the family just opened
        raise BadInput("this person is known already", where="person")
    return recorded


def _short_cards() -> Any:
    given = lost_card.replaced

    async def told(registry: Any, caller: Any, description: Any) -> Any:
        known = await _near(registry, description)
        family = await given(registry, caller, description)
        return replace(family, card=family.card[:-1]) if known else family

    return _instead((lost_card, "replaced", told))


def _no_card_for_strangers() -> Any:
    async def told(registry: Any, caller: Any, description: Any) -> Any:
        if not await _near(registry, description):
            raise BadInput("no family of this child is known", where="person")
        return await rights.open_family(registry, caller, description)

    return _instead((lost_card, "replaced", told))


def _receipt_of_others() -> Any:
    taken = ingest.ingest

    async def told(registry: Any, submission: Any, *, body: bytes) -> Receipt:
        receipt = await taken(registry, submission, body=body)
        about = next(each.resource for each in submission.entries if each.resource.kind == "Patient")
        async with registry.database.transaction(Function.MATCH) as tx:
            near = await people.candidates(tx, Reader(), people.question(tx, demographics.of(about.content)))
        if any(member.source != submission.source for each in near for member in each.members):
            return replace(receipt, findings=(*receipt.findings, {"code": "also", "message": "known elsewhere"}))
        return receipt

    return _instead((ingest, "ingest", told))


def _twice_of_all() -> Any:
    listed = twice.of_source

    async def told(registry: Any, name: str) -> Any:
        async with registry.database.transaction(Function.MEASURE) as tx:
            count = len(await dossiers.everyone(tx))
        return tuple(replace(each, words=(*each.words, str(count))) for each in await listed(registry, name))

    return _instead((twice, "of_source", told))


# --- a summary that tells more ---------------------------------------------------------------------


def _document(change: Callable[[dict[str, Any], Any], None]) -> Switch:
    """The document of a summary, changed by what the whole person holds."""
    compose = release._document  # pyright: ignore[reportPrivateUsage]

    def told(registry: Any, caller: Any, asked: Any, person: Any, decision: Any, heading: Any) -> Any:
        document = dict(compose(registry, caller, asked, person, decision, heading))
        change(document, person)
        return document

    return lambda: _instead((release, "_document", told))


def _total(document: dict[str, Any], person: Any) -> None:
    document["total"] = len(person.held)


def _tag(document: dict[str, Any], person: Any) -> None:
    document["identifier"] = {"value": f"W/{len(person.dossiers)}"}


def _village(document: dict[str, Any], person: Any) -> None:
    addresses = [(each.about or {}).get("address") for each in person.dossiers]
    document["meta"] = {"tag": [{"display": repr(addresses)}]}


def _hidden_order(document: dict[str, Any], person: Any) -> None:
    is_elsewhere = any("Aachen" in str(each.resource.content.get("location")) for each in person.held)
    document["entry"] = document["entry"][:: -1 if is_elsewhere else 1]


def _everything_stays() -> Any:
    return _instead((redact, "redact", lambda content, _places, *, opened: content))  # noqa: ARG005


def _lots_stay() -> Any:
    return _instead((release, "_without_closed_lot", lambda told, _opened: told))


def _languages_stay() -> Any:
    """Taught elsewhere, the advice says so."""
    compose = release._school_document  # pyright: ignore[reportPrivateUsage]

    def told(registry: Any, described: Any, person: Any, permitted: Any, opened: Any, heading: Any) -> Any:
        document = dict(compose(registry, described, person, permitted, opened, heading))
        document["meta"] = {"tag": [{"display": repr([each.resource.content.get("extension") for each in permitted])}]}
        return document

    return _instead((release, "_school_document", told))


def _shared_pseudonyms() -> Any:
    def told(_registry: Any, _caller: Any, person: Any) -> str:
        return "-".join(sorted(each.local for each in person.dossiers))

    return _instead((release, "_pseudonym", told))


def _anybodys_consent() -> Any:
    asked = decide.ask

    def told(library: Any, person: Any, caller: Any, *, now: Any) -> Any:
        named = [name for each in person.held if each.resource.kind == "Consent" for name in _recipients(each)]
        own = replace(caller, name=named[-1]) if named else caller
        return asked(library, person, own, now=now)

    return _instead((decide, "ask", told))


def _recipients(held: Any) -> list[str]:
    agreement = decide.dialect.read(held.resource)
    conditions = getattr(getattr(agreement, "root", None), "conditions", None)
    return sorted(getattr(conditions, "organisations", None) or ())


def _expiry_by_dossiers() -> Any:
    step = release.give

    async def told(tx: Any, registry: Any, caller: Any, asked: Any, person: Any, decision: Any, terms: Any) -> Any:
        shorter = replace(terms, lasts=timedelta(days=30 - len(person.dossiers)))
        return await step(tx, registry, caller, asked, person, decision, shorter)

    return _instead((release, "give", told))


LEAKS: Mapping[str, Switch] = {
    "another status for a refused child": _silence(_forbidden),
    "other words for a refused child": _silence(_other_words),
    "a blank more for a refused child": _silence(_a_blank),
    "an ETag for a refused child": _silence(_header("etag", '"1"')),
    "a Last-Modified for a refused child": _silence(_header("last-modified", "Sun, 22 Nov 2026 10:00:00 GMT")),
    "a Retry-After for a refused child": _silence(_header("retry-after", "60")),
    "a desk learns that a child it registers is known": _record(
        lambda told, count: replace(told, outcome="known") if count > 1 else told  # one is the family just opened
    ),
    "a desk cannot register a known child": _record(_refused),
    "the reference of a desk's record counts namesakes": _record(
        lambda told, count: replace(told, reference=f"{told.reference}-{count}")
    ),
    "a shorter card for a known child": _short_cards,
    "no new card for a stranger": _no_card_for_strangers,
    "a receipt tells that another source knows the child": _receipt_of_others,
    "whom a source holds twice is told with a count of all": _twice_of_all,
    "a total that counts what is withheld": _document(_total),
    "an entity tag that counts dossiers": _document(_tag),
    "demographics the asker did not know": _document(_village),
    "an order by what is withheld": _document(_hidden_order),
    "places are not taken out": _everything_stays,
    "lots are not taken out": _lots_stay,
    "where a year was taught is told": _languages_stay,
    "a pseudonym made of the sources' own ids": _shared_pseudonyms,
    "anybody's consent opens the record": _anybodys_consent,
    "an expiry that counts dossiers": _expiry_by_dossiers,
}
