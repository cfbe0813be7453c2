"""The attributes of one child into a Patient; what two places say differently is noted, never mixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adapters.dhis2.register import Register
from adapters.dhis2.shapes import Child, reference
from adapters.sdk import build
from adapters.sdk.account import Node
from adapters.sdk.build import Json
from adapters.sdk.ledger import Ledger
from adapters.sdk.mapping import Rule
from adapters.sdk.when import Dates, When
from registry.fhir.dates import Calendar, PartialDate

_RELATIVES = (("mother", "MTH"), ("father", "FTH"), ("grandfather", "GRFTH"))
_KEPT = {"year": 1, "month": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One value of an attribute."""

    value: str
    rule: Rule
    where: str


class Attributes:
    """What a child's attributes say, by role and form of the name."""

    def __init__(self, register: Register, ledger: Ledger) -> None:
        self._register = register
        self._ledger = ledger
        self._said: dict[tuple[str, str], _Said] = {}

    def take(self, nodes: Iterable[Node]) -> None:
        """Read the attributes of an entity or an enrolment; the first to say something is believed."""
        for node in nodes:
            rule = self._register.attributes.get(reference_of(node))
            if rule is None:
                continue
            if rule.reason:
                node.leave_out_whole(rule.reason)
                continue
            self._hold(_Said(value=_value(node, "attribute"), rule=rule, where=node.where))

    def _hold(self, said: _Said) -> None:
        form = said.rule.option("form") or said.rule.option("kind") or self._register.default_form
        held = self._said.setdefault((said.rule.role, form), said)
        if held.value != said.value and said.value:
            self._ledger.warn(
                "attribute-conflict",
                said.where,
                f"`{said.rule.code}` is said twice and differs; the first was taken",
                "correct it in the register",
            )

    def word(self, role: str, form: str = "") -> str:
        said = self._said.get((role, form or self._register.default_form))
        return said.value if said else ""

    def place(self, role: str) -> str:
        said = self._said.get((role, self._register.default_form))
        return said.where if said else ""

    def of_role(self, role: str) -> Iterator[_Said]:
        return (said for (name, _), said in self._said.items() if name == role)

    def __bool__(self) -> bool:
        return bool(self._said)


def reference_of(node: Node) -> str:
    """The attribute's or data element's code, without counting it as used yet."""
    for key in ("attribute", "dataElement"):
        named = node.holder.get(key)
        if isinstance(named, dict):
            inner = node.child(key)
            named = inner.holder.get("identifier") if inner else None
        if isinstance(named, str):
            return named
    return ""


def _value(node: Node, key: str) -> str:
    reference(node, key)
    return build.clean(node.text("value"))


def content(child: Child, said: Attributes, register: Register, dates: Dates, source: str) -> Json:
    """The Patient."""
    return build.patient(
        source=source,
        country=register.country,
        person=child.number,
        identifiers=[
            build.identifier(build.system(source, each.rule.option("kind")), each.value, each.rule.option("use"))
            for each in said.of_role("identifier")
        ],
        names=[_name(said, form, use) for form, use in register.name_forms.items()],
        gender=_gender(said, register, dates.ledger),
        birth=_birth(said, register, dates),
        relatives=[
            build.relative(code, build.one_field_name(said.word(role, form)))
            for role, code in _RELATIVES
            for form in register.name_forms
        ],
        telecom=[build.phone(said.word("phone"))],
        addresses=[build.address(city=said.word("city"), district=said.word("district"), country=register.country)],
        active=False if child.deleted else None,
    )


def _name(said: Attributes, form: str, use: str) -> Json:
    given, family = said.word("given", form), said.word("family", form)
    if not given and not family:
        return {}
    return build.human_name(given=[given], family=family, use=use)


def _gender(said: Attributes, register: Register, ledger: Ledger) -> str:
    word = said.word("sex")
    if word and word not in register.sexes:
        ledger.warn("unknown-code", said.place("sex"), "a sex the mapping does not know; it was left out", _MAP)
    return register.sexes.get(word, "")


_MAP = "add the code to the mapping"


def _birth(said: Attributes, register: Register, dates: Dates) -> When | None:
    word = said.word("birth-calendar")
    calendar = register.calendars.get(word, Calendar.GREGORIAN)
    if word and word not in register.calendars:
        where = said.place("birth-calendar")
        dates.ledger.warn("unknown-code", where, "a calendar the mapping does not know; no date was read", _MAP)
        return None
    when = dates.read(said.word("birth-date"), where=said.place("birth-date"), calendar=calendar)
    return _known_part(when, said.word("birth-precision"))


def _known_part(when: When | None, precision: str) -> When | None:
    """The date without the filler a form demanded for what nobody knew."""
    if when is None or precision not in _KEPT:
        return when
    month = when.date.month if _KEPT[precision] == 2 else None
    return When(date=PartialDate(when.date.year, month), original=when.original)
