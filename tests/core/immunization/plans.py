"""Small schedules in a few words, and questions put to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from registry.continuity import spans
from registry.continuity.immunization import engine
from registry.continuity.immunization.outcome import GroupForecast, Outcome
from registry.continuity.immunization.person import Dose, Observation, Person, Sex
from registry.continuity.immunization.schedule import (
    Age,
    Antigen,
    Association,
    Condition,
    ConditionKind,
    Conflict,
    Context,
    Contraindication,
    Interval,
    ObservationKind,
    Product,
    Schedule,
    Series,
    Skip,
    SkipSet,
    TargetDose,
    Vaccine,
    VaccineGroup,
    Window,
)
from registry.continuity.spans import Span

BORN = date(2020, 1, 1)


def span(text: str | None) -> Span | None:
    return spans.read(text) if text else None


def window(begins: str | None = None, ends: str | None = None) -> Window:
    return Window(begins=span(begins), ends=span(ends))


def age(
    absolute: str | None = None,
    minimum: str | None = None,
    earliest: str | None = None,
    latest: str | None = None,
    maximum: str | None = None,
) -> Age:
    return Age(
        absolute_minimum=span(absolute),
        minimum=span(minimum),
        earliest_recommended=span(earliest),
        latest_recommended=span(latest),
        maximum=span(maximum),
    )


def interval(
    absolute: str | None = None,
    minimum: str | None = None,
    earliest: str | None = None,
    latest: str | None = None,
    **since: Any,
) -> Interval:
    """From the dose before unless said otherwise."""
    return Interval(
        absolute_minimum=span(absolute),
        minimum=span(minimum),
        earliest_recommended=span(earliest),
        latest_recommended=span(latest),
        **(since or {"from_previous": True}),
    )


def product(vaccine: str, begins: str | None = None, ends: str | None = None, **more: Any) -> Product:
    return Product(vaccine=vaccine, window=window(begins, ends), **more)


def target(number: int, *, products: str = "A", **rules: Any) -> TargetDose:
    """A target dose that vaccines `products` (one letter each) satisfy at any age."""
    return TargetDose(number=number, **{"preferable": tuple(product(each) for each in products), **rules})


def series(*doses: TargetDose, name: str = "the series", antigen: str = "alpha", **more: Any) -> Series:
    return Series(
        name=name, antigen=antigen, vaccine_group=antigen, doses=doses, **{"is_default": True, "preference": 1, **more}
    )


def skip(*conditions: Condition, context: Context = Context.BOTH, needs_all: bool = True) -> Skip:
    return Skip(context=context, sets=(SkipSet(conditions=conditions, needs_all=needs_all),))


def condition(kind: str, begins: str | None = None, ends: str | None = None, **more: Any) -> Condition:
    return Condition(kind=ConditionKind(kind), window=window(begins, ends), **more)


def schedule(
    *found: Series,
    conflicts: Sequence[Conflict] = (),
    contraindications: Sequence[Contraindication] = (),
    holds: dict[str, Sequence[str]] | None = None,
    groups: Sequence[VaccineGroup] = (),
    **antigen: Any,
) -> Schedule:
    """Antigens of these series; every vaccine letter holds `alpha` unless `holds` says which antigens it holds."""
    names = list(dict.fromkeys(each.antigen for each in found))
    contents = {each: ["alpha"] for each in "ABCDEF"} | (holds or {})
    return Schedule(
        id="test",
        title="test",
        version="1",
        digest="0" * 64,
        antigens={
            name: Antigen(
                name=name,
                series=tuple(each for each in found if each.antigen == name),
                contraindications=tuple(contraindications),
                **antigen,
            )
            for name in names
        },
        groups={each.name: each for each in groups or [VaccineGroup(name=name, antigens=(name,)) for name in names]},
        vaccines={
            type: Vaccine(type=type, title=type, associations=tuple(Association(antigen=each) for each in held))
            for type, held in contents.items()
        },
        conflicts={each.current: tuple(one for one in conflicts if one.current == each.current) for each in conflicts},
        observations={code: ObservationKind(code=code, title=code) for code in ("risk", "reaction", "immune", "event")},
    )


def ask(
    rules: Schedule,
    *given: tuple[str, str],
    on: str = "2022-01-01",
    born: date = BORN,
    sex: Sex = Sex.FEMALE,
    observed: Sequence[Observation] = (),
    country: str = "",
) -> Outcome:
    """The outcome for doses given as (day, vaccine); their ids are 1, 2, 3, ..."""
    doses = [
        Dose(id=str(place), day=date.fromisoformat(day), vaccine=vaccine)
        for place, (day, vaccine) in enumerate(given, start=1)
    ]
    person = Person(birth=born, sex=sex, country_of_birth=country)
    return engine.forecast(rules, person, doses, observed, date.fromisoformat(on))


def group(rules: Schedule, *given: tuple[str, str], **more: Any) -> GroupForecast:
    """The answer for the only vaccine group."""
    (found,) = ask(rules, *given, **more).groups
    return found


def verdicts(found: GroupForecast) -> list[str]:
    """`valid`, `not-valid too-young`, ... for each dose, in the order of days."""
    return [" ".join([each.status.value, *(reason.value for reason in each.reasons)]) for each in found.verdicts]


def observed(code: str, day: str | None = None) -> Observation:
    return Observation(code=code, day=date.fromisoformat(day) if day else None)
