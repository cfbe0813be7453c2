"""One event of the immunization program into an Immunization, or into the reason why it is none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.dhis2.person import reference_of
from adapters.dhis2.register import Register
from adapters.dhis2.shapes import Event, is_placeholder, reference
from adapters.sdk import build
from adapters.sdk.account import Node
from adapters.sdk.build import Json
from adapters.sdk.mapping import Vaccine
from adapters.sdk.when import Dates, When

_ORIGIN = "http://terminology.hl7.org/CodeSystem/immunization-origin"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_MAP = "add the code to the mapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Turns the events of one file into doses."""

    register: Register
    dates: Dates
    source: str

    def dose(self, child: str, event: Event) -> Json | None:
        """The Immunization; None when the event is no dose, with a finding or a coverage reason."""
        node = event.node
        meaning = self._meaning(node.text("status"), node)
        if meaning == "appointment":
            node.leave_out_whole("an appointment, not a dose")
            return None
        said = self._data_values(node)
        if "vaccine" not in said and not event.deleted:
            self._warn(
                "no-vaccine",
                node,
                "the event names no vaccine; it was set aside",
                "complete it in the register",
            )
            return None
        return self._content(child, event, said)

    def _meaning(self, status: str, node: Node) -> str:
        if status and status not in self.register.event_status:
            self._warn("unknown-code", node, "an event status the mapping does not know; taken as a dose", _MAP)
        return self.register.event_status.get(status, "dose")

    def _data_values(self, event: Node) -> dict[str, str]:
        said: dict[str, str] = {}
        for node in event.children("dataValues"):
            rule = self.register.data_elements.get(reference_of(node))
            if rule is None:
                continue
            if rule.reason:
                node.leave_out_whole(rule.reason)
                continue
            reference(node, "dataElement")
            value = build.clean(node.text("value"))
            if value and said.setdefault(rule.role, value) != value:
                self._warn(
                    "value-conflict",
                    node,
                    f"`{rule.code}` is said twice and differs; the first was taken",
                    "",
                )
        return said

    def _content(self, child: str, event: Event, said: dict[str, str]) -> Json:
        node = event.node
        vaccine = self._vaccine(said.get("vaccine", ""), node)
        occurred = self._occurred(said, node)
        origin = self._known(self.register.dose_sources, said.get("dose-source", ""), node)
        reason = self._known(self.register.not_given_reasons, said.get("not-given-reason", ""), node)
        not_done = "not-given-reason" in said
        return build.immunization(
            source=self.source,
            country=self.register.country,
            person=child,
            event=self._number(child, node, said, occurred),
            codings=(
                build.coding(build.system(self.source, "vaccine"), said.get("vaccine", "")),
                *vaccine.codings,
            ),
            text=vaccine.text,
            status="entered-in-error" if event.deleted else "not-done" if not_done else "completed",
            status_reason={"coding": [build.coding(_REASON, reason)]} if not_done else None,
            occurred=occurred,
            primary_source=not origin,
            report_origin={"coding": [build.coding(_ORIGIN, origin)]},
            lot=said.get("lot", ""),
            expiry=self.dates.read(said.get("expiry", ""), where=node.where),
            dose_number=_dose_number(said.get("dose-number", "")) or vaccine.dose_number,
            location=node.text("orgUnitName") or reference(node, "orgUnit"),
            manufacturer={"display": said.get("manufacturer", "")},
        )

    def _vaccine(self, code: str, node: Node) -> Vaccine:
        known = self.register.vaccines.get(code)
        if known is None and code:
            self._warn(
                "unknown-vaccine",
                node,
                "a vaccine code the mapping does not know; it is kept as written",
                _MAP,
            )
        return known or Vaccine(code=code, text="" if code else "unknown", codings=())

    def _occurred(self, said: dict[str, str], node: Node) -> When | None:
        """The date of the dose; the event's own date only where the register gives no other."""
        reported = node.text("occurredAt")
        return self.dates.read(said.get("dose-date", "") or reported, where=node.where)

    def _known(self, words: Mapping[str, str], code: str, node: Node) -> str:
        if code and code not in words:
            self._warn("unknown-code", node, "a code the mapping does not know; it was left out", _MAP)
        return words.get(code, "")

    def _number(self, child: str, node: Node, said: dict[str, str], occurred: When | None) -> str:
        """The event's own number; without one, the natural key of a dose: person, vaccine, day, lot."""
        number = node.text("event")
        if number and not is_placeholder(number):
            return number
        self.dates.ledger.warn(
            "derived-id",
            node.where,
            "the event has no number of its own; person, vaccine, day and lot stand for it",
        )
        key = (
            child,
            said.get("vaccine", ""),
            str(occurred.date if occurred else ""),
            said.get("lot", "").upper(),
        )
        return "dose." + hashlib.sha256("\x1f".join(key).encode()).hexdigest()[:40]

    def _warn(self, code: str, node: Node, message: str, remedy: str) -> None:
        self.dates.ledger.warn(code, node.where, message, remedy)


def _dose_number(word: str) -> int | str:
    return int(word) if word.isascii() and word.isdigit() and 0 < int(word) < 100 else word
