"""The rules of one antigen in a schedule file of our own: series, target doses, skips, contraindications, precautions.

Everything of the file is read, whichever options are taken, so that a fault in an option nobody uses is found too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from registry.continuity.immunization import soundness
from registry.continuity.immunization.entries import Documents, Entry
from registry.continuity.immunization.schedule import (
    ANY_AGE,
    Age,
    Antigen,
    Comparison,
    Condition,
    ConditionKind,
    Context,
    ContraindicatedVaccine,
    Contraindication,
    Indication,
    Interval,
    Precaution,
    Product,
    Series,
    SeriesType,
    Skip,
    SkipSet,
    Source,
    TargetDose,
    Window,
)
from registry.continuity.spans import Span

_LIFE = Span(text="a life", months=12 * 200)
_NOTHING_BEFORE = Interval(from_previous=True, absolute_minimum=_LIFE, minimum=_LIFE)
"""Before the first dose of a course for those who start late there was none: a distance nobody lives to see."""

EVERYBODY = "everybody"
"""The series group of those without any observation that asks for another series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a file may speak of: vaccine types and the antigens each holds, by code, and what they are called."""

    antigens: Mapping[str, frozenset[str]]
    titles: Mapping[str, str]

    def of_antigen(self, antigen: str) -> tuple[str, ...]:
        return tuple(sorted(vaccine for vaccine, held in self.antigens.items() if antigen in held))


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is true of the whole file, while its parts are read. `choice` is the option taken, by antigen name."""

    documents: Documents
    known: Known
    choice: Mapping[str, str]
    observations: frozenset[str]
    recommended: tuple[Product, ...] = ()
    """What the file recommends doses to be given with, the fittest first; empty: whatever counts."""

    def observation(self, entry: Entry, key: str) -> str:
        code = entry.text(key)
        if code and code not in self.observations:
            raise entry.fault("the file lists no such observation", key)
        return code

    def listed(self, entry: Entry, key: str) -> tuple[str, ...]:
        codes = entry.texts(key)
        if unknown := [each for each in codes if each not in self.observations]:
            raise entry.fault(f"the file lists no such observation: {', '.join(unknown)}", key)
        return codes

    def vaccines(self, entry: Entry, key: str, antigen: str = "") -> tuple[str, ...]:
        """The vaccine types listed, each known and, where an antigen is said, holding it."""
        codes = entry.texts(key)
        for code in codes:
            if code not in self.known.antigens:
                raise entry.fault(f"nothing is known of the vaccine {code}", key)
            if antigen and antigen not in self.known.antigens[code]:
                raise entry.fault(f"the vaccine {code} is not one against {antigen}", key)
        return codes


def recommended(root: Entry, file: File) -> tuple[Product, ...]:
    """The products in use that doses are recommended to be given with, and the ages each is for."""
    return tuple(product for entry in root.each("recommended") for product in _recommended(entry, file))


def _recommended(entry: Entry, file: File) -> list[Product]:
    window = Window(begins=entry.span("from_age"), ends=entry.span("before_age"))
    vaccines, source = file.vaccines(entry, "vaccines"), file.documents.source(entry)
    entry.text("called")
    entry.done()
    soundness.in_order(entry, window.begins, window.ends)
    if not vaccines:
        raise entry.fault("this is missing", "vaccines")
    return [Product(vaccine=each, window=window, is_named=True, source=source) for each in vaccines]


def called(root: Entry) -> dict[str, str]:
    """What a recommended vaccine type is called here, where the code's own name would mislead."""
    found = [(each.text("called"), each.texts("vaccines")) for each in root.each("recommended")]
    return {vaccine: title for title, vaccines in found if title for vaccine in vaccines}


def names(entry: Entry) -> Mapping[str, str]:
    """What the antigens of a block are called here: by their codes, unless a name says which part is meant."""
    codes = entry.texts("of")
    if not codes:
        raise entry.fault("this is missing", "of")
    name = entry.text("name")
    if name and len(codes) > 1:
        raise entry.fault("a name is given to one antigen only", "name")
    return dict.fromkeys([name], next(iter(codes))) if name else {each: each for each in codes}


def counted(block: Entry, code: str, file: File) -> tuple[str, ...]:
    """The vaccine types that count for a block: those it lists, or all of its antigen."""
    return file.vaccines(block, "vaccines", code) or file.known.of_antigen(code)


def antigen(block: Entry, name: str, code: str, file: File) -> Antigen:
    """One antigen with the series of the option taken; without any, it is not in this schedule."""
    if not file.known.of_antigen(code):
        raise block.fault(f"the antigen {code} is unknown", "of")
    read = [(_is_taken(each, name, file), _series(each, name, code, block, file)) for each in block.each("series")]
    weighed = [(_is_taken(each, name, file), _precaution(each, file)) for each in block.each("precautions")]
    return Antigen(
        name=name,
        series=_in_relation([each for is_taken, each in read if is_taken]),
        contraindications=tuple(_contraindication(each, file) for each in block.each("contraindications")),
        precautions=tuple(each for is_taken, each in weighed if is_taken),
    )


def _is_taken(entry: Entry, name: str, file: File) -> bool:
    """Whether it is of the option taken (or of all), and speaks of this antigen of its block."""
    options, only = entry.texts("options"), entry.texts("only")
    return (not options or file.choice.get(name) in options) and (not only or name in only)


def _in_relation(series: Sequence[Series]) -> tuple[Series, ...]:
    """A series for those of whom something was observed takes the place of the one for everybody."""
    special = frozenset(each.group for each in series if each.type is SeriesType.RISK)
    return tuple(
        replace(each, equivalent_groups=each.equivalent_groups | special) if each.group == EVERYBODY else each
        for each in series
    )


def _series(entry: Entry, name: str, code: str, block: Entry, file: File) -> Series:
    products, usual = file.vaccines(entry, "products", code), counted(block, code, file)
    indications, title = file.listed(entry, "if"), entry.needed("name")
    doses = tuple(_dose(each, products or usual, code, file) for each in entry.each("doses"))
    if entry.flag("first_ever") and doses:
        if not block.has("counts_from"):  # else a dose too early to count would keep the child from starting at all
            raise entry.fault("`first_ever` needs the age from which doses count (`counts_from`)", "first_ever")
        doses = (replace(doses[0], intervals=(_NOTHING_BEFORE,)), *doses[1:])
    series = Series(
        name=f"{name}: {title}",
        antigen=name,
        vaccine_group=block.text("group", name),
        doses=doses,
        type=_type(entry, indications),
        genders=frozenset(entry.texts("genders")),
        group=entry.text("group", " or ".join(indications) or EVERYBODY),
        equivalent_groups=frozenset(entry.texts("needless_after")),
        is_product_path=bool(products),
        minimum_age_to_start=entry.span("start_from"),
        maximum_age_to_start=entry.span("start_before"),
        indications=tuple(Indication(observation=each, source=doses[0].source) for each in indications if doses),
        source=doses[0].source if doses else None,
    )
    entry.done()
    soundness.series(series, entry)
    return series


def _type(entry: Entry, indications: Sequence[str]) -> SeriesType:
    """A series `recognized` counts where it was completed, and is recommended to nobody."""
    if entry.flag("recognized"):
        return SeriesType.EVALUATION_ONLY
    return SeriesType.RISK if indications else SeriesType.STANDARD


def _dose(entry: Entry, usual: Sequence[str], code: str, file: File) -> TargetDose:
    number = entry.number("dose")
    if number is None:
        raise entry.fault("this is missing", "dose")
    source = file.documents.source(entry)
    vaccines = file.vaccines(entry, "vaccines", code) or usual
    fitting = tuple(each for each in file.recommended if each.vaccine in vaccines)
    counting = tuple(Product(vaccine=each, source=source) for each in vaccines)
    dose = TargetDose(
        number=number,
        ages=(_age(entry, source),),
        intervals=tuple(_interval(each, file, source) for each in entry.each("after")),
        preferable=fitting or counting,
        allowable=counting if fitting else (),
        skips=tuple(_skip(each, file, source) for each in entry.each("skip")),
        recurs=entry.flag("recurs"),
        source=source,
    )
    entry.done()
    return dose


def _age(entry: Entry, source: Source) -> Age:
    minimum = entry.span("minimum_age")
    return Age(
        absolute_minimum=minimum,
        minimum=minimum,
        earliest_recommended=entry.span("recommended_age"),
        latest_recommended=entry.span("overdue_age"),
        maximum=entry.span("before_age"),
        source=source,
    )


def _interval(entry: Entry, file: File, source: Source) -> Interval:
    """From the dose before, unless a dose number or vaccine types say from what."""
    target, vaccines, minimum = entry.number("dose"), file.vaccines(entry, "latest_of"), entry.span("minimum")
    found = Interval(
        from_previous=target is None and not vaccines,
        from_target_dose=target,
        from_most_recent=frozenset(vaccines),
        absolute_minimum=minimum,
        minimum=minimum,
        earliest_recommended=entry.span("recommended"),
        latest_recommended=entry.span("overdue"),
        source=source,
    )
    entry.done()
    return found


def _skip(entry: Entry, file: File, source: Source) -> Skip:
    """A dose is passed over when all the conditions hold."""
    conditions = tuple(_condition(each, file) for each in entry.each("all"))
    when = entry.text("when", Context.BOTH.value)
    entry.done()
    if when not in {each.value for each in Context} or not conditions:
        raise entry.fault("a skip has conditions (`all`) and is for evaluation, forecast or both (`when`)")
    return Skip(context=Context(when), sets=(SkipSet(conditions=conditions),), source=source)


_COUNTS = {"more_than": Comparison.MORE_THAN, "exactly": Comparison.EQUAL_TO, "fewer_than": Comparison.LESS_THAN}


def _condition(entry: Entry, file: File) -> Condition:
    """So many doses given inside a window of ages; or a series group complete; or just an age."""
    window = Window(begins=entry.span("from_age"), ends=entry.span("before_age"))
    groups, vaccines = entry.texts("complete"), frozenset(file.vaccines(entry, "doses_of"))
    counts = [(count, compared) for key, compared in _COUNTS.items() if (count := entry.number(key)) is not None]
    entry.done()
    if groups:
        return Condition(kind=ConditionKind.COMPLETED_SERIES, series_groups=frozenset(groups))
    if not counts:
        return Condition(kind=ConditionKind.AGE, window=window)
    count, compared = counts[0]
    kind = ConditionKind.VACCINE_COUNT
    return Condition(kind=kind, window=window, count=count, comparison=compared, vaccines=vaccines)


def _contraindication(entry: Entry, file: File) -> Contraindication:
    found = Contraindication(
        observation=file.observation(entry, "observation"),
        text=entry.needed("text"),
        window=Window(begins=entry.span("from_age"), ends=entry.span("before_age")),
        vaccines=tuple(ContraindicatedVaccine(vaccine=each) for each in file.vaccines(entry, "vaccines")),
        source=file.documents.source(entry),
    )
    entry.done()
    if not found.observation and found.window == ANY_AGE:
        raise entry.fault("a contraindication is of an observation, or of an age", "observation")
    return found


def _precaution(entry: Entry, file: File) -> Precaution:
    found = Precaution(
        text=entry.needed("text"),
        observation=file.observation(entry, "observation"),
        unless=frozenset(file.listed(entry, "unless")),
        genders=frozenset(entry.texts("genders")),
        window=Window(begins=entry.span("from_age"), ends=entry.span("before_age")),
        valid_doses=entry.number("valid_doses"),
        source=file.documents.source(entry),
    )
    entry.done()
    return found
