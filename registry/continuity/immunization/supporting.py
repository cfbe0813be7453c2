"""CDSi supporting data as published (one XML file per antigen, one for the schedule), read into a schedule.

Source of the format: AntigenSupportingData.xsd and ScheduleSupportingData.xsd of the same publication.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from registry.continuity.immunization import elements
from registry.continuity.immunization.elements import Node
from registry.continuity.immunization.schedule import (
    FIRST_DAY,
    LAST_DAY,
    Age,
    Antigen,
    Association,
    Comparison,
    Condition,
    ConditionKind,
    Conflict,
    Context,
    ContraindicatedVaccine,
    Contraindication,
    ImmuneByBirth,
    Indication,
    Interval,
    ObservationKind,
    Product,
    Schedule,
    Season,
    Series,
    SeriesType,
    Skip,
    SkipSet,
    Source,
    TargetDose,
    Vaccine,
    VaccineGroup,
    Validity,
    Window,
)
from registry.continuity.spans import Span
from registry.errors import BadInput

_TITLE = "CDSi supporting data"
_TYPES = {"standard": SeriesType.STANDARD, "risk": SeriesType.RISK, "evaluation only": SeriesType.EVALUATION_ONLY}
_CONTEXTS = {each.value: each for each in Context}
_KINDS = {
    "age": ConditionKind.AGE,
    "completed series": ConditionKind.COMPLETED_SERIES,
    "interval": ConditionKind.INTERVAL,
    "vaccine count by age": ConditionKind.VACCINE_COUNT,
    "vaccine count by date": ConditionKind.VACCINE_COUNT,
    "vaccine count by date and age": ConditionKind.VACCINE_COUNT,
    "vaccine count by age and date": ConditionKind.VACCINE_COUNT,
}
_COMPARISONS = {
    "greater than": Comparison.MORE_THAN,
    "equal to": Comparison.EQUAL_TO,
    "less than": Comparison.LESS_THAN,
}
_GENDERS = {"transgender": "other"}
_NO_TIME = Span(text="0 days")


def read(files: Mapping[str, bytes]) -> Schedule:
    """Read the files of one release, by name; those that are not `.xml` are passed over.

    Raises BadInput naming the file and the element that is missing, unreadable or names an unknown antigen.
    """
    named = {name: content for name, content in sorted(files.items()) if name.lower().endswith(".xml")}
    digest = _digest(named)
    roots = [elements.parse(content, name) for name, content in named.items()]
    schedules = [each for each in roots if each.path == "scheduleSupportingData"]
    antigens = [each for each in roots if each.path == "antigenSupportingData"]
    if len(schedules) != 1 or not antigens:
        raise BadInput(
            "needed: one file of scheduleSupportingData and at least one of antigenSupportingData",
            where=", ".join(named) or "supporting data",
            remedy="give the directory of the XML files as published",
        )
    return _schedule(schedules[0], antigens, digest)


def _digest(named: Mapping[str, bytes]) -> str:
    """Of names and contents, in the order of the names."""
    whole = hashlib.sha256()
    for name, content in named.items():
        whole.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return whole.hexdigest()


def _schedule(root: Node, files: Iterable[Node], digest: str) -> Schedule:
    edition = digest[:12]
    antigens = [_antigen(each, edition) for each in files]
    schedule = Schedule(
        id=f"cdsi-{edition}",
        title=_TITLE,
        version=edition,
        digest=digest,
        antigens={each.name: each for each in antigens},
        groups={each.name: each for each in _groups(root)},
        vaccines={each.type: each for each in map(_vaccine, root.each("cvxToAntigenMap/cvxMap"))},
        conflicts=_conflicts(root, edition),
        observations={each.code: each for each in map(_observation, root.each("observations/observation"))},
        licence="United States government work",
    )
    _check_antigens(schedule, root)
    return schedule


def _check_antigens(schedule: Schedule, root: Node) -> None:
    grouped = {antigen for each in schedule.groups.values() for antigen in each.antigens}
    held = {one.antigen for each in schedule.vaccines.values() for one in each.associations}
    for unknown in sorted((grouped | held) - set(schedule.antigens)):
        raise root.fault(f"the antigen {unknown} has no file")
    for ungrouped in sorted(set(schedule.antigens) - grouped):
        raise root.fault(f"the antigen {ungrouped} is in no vaccine group", "vaccineGroupToAntigenMap")


def _groups(root: Node) -> Iterable[VaccineGroup]:
    full = {
        each.text("name"): each.flag("administerFullVaccineGroup") for each in root.each("vaccineGroups/vaccineGroup")
    }
    for each in root.each("vaccineGroupToAntigenMap/vaccineGroupMap"):
        name = each.needed("name")
        yield VaccineGroup(name=name, antigens=each.texts("antigen"), gives_all=full.get(name, False))


def _vaccine(node: Node) -> Vaccine:
    found = [
        Association(antigen=each.needed("antigen"), window=_window(each, "associationBeginAge", "associationEndAge"))
        for each in node.each("association")
    ]
    return Vaccine(
        type=elements.code(node.needed("cvx")), title=node.text("shortDescription"), associations=tuple(found)
    )


def _conflicts(root: Node, edition: str) -> dict[str, tuple[Conflict, ...]]:
    by_current: dict[str, list[Conflict]] = {}
    for node in root.each("liveVirusConflicts/liveVirusConflict"):
        found = Conflict(
            previous=elements.code(node.needed("previous/cvx")),
            current=elements.code(node.needed("current/cvx")),
            begins=node.span("conflictBeginInterval") or _NO_TIME,
            ends_after_valid=node.span("minConflictEndInterval") or _NO_TIME,
            ends=node.span("conflictEndInterval") or _NO_TIME,
            source=_source(node, edition),
        )
        by_current.setdefault(found.current, []).append(found)
    return {current: tuple(found) for current, found in by_current.items()}


def _observation(node: Node) -> ObservationKind:
    codings = node.each("codedValues/codedValue")
    return ObservationKind(
        code=node.needed("observationCode"),
        title=node.text("observationTitle"),
        indication=node.text("indicationText"),
        contraindication=node.text("contraindicationText"),
        clarification=node.text("clarifyingText"),
        codings=frozenset((each.text("codeSystem"), each.text("code")) for each in codings),
    )


def _antigen(root: Node, edition: str) -> Antigen:
    series = tuple(_series(each, edition) for each in root.each("series"))
    names = {each.antigen for each in series}
    if len(names) != 1:
        raise root.fault("the series of a file are of one antigen", "series/targetDisease")
    forbidden = [
        *root.each("contraindications/vaccineGroup/contraindication"),
        *root.each("contraindications/vaccine/contraindication"),
    ]
    return Antigen(
        name=names.pop(),
        series=series,
        contraindications=tuple(_contraindication(each, edition) for each in forbidden),
        immune_by_history=frozenset(root.texts("immunity/clinicalHistory/guidelineCode")),
        immune_by_birth=tuple(_by_birth(each, edition) for each in root.each("immunity/dateOfBirth")),
    )


def _contraindication(node: Node, edition: str) -> Contraindication:
    vaccines = [
        ContraindicatedVaccine(vaccine=elements.code(each.needed("cvx")), window=_window(each))
        for each in node.each("contraindicatedVaccine")
    ]
    return Contraindication(
        observation=node.needed("observationCode"),
        text=node.text("contraindicationText"),
        guidance=node.text("contraindicationGuidance"),
        window=_window(node),
        vaccines=tuple(vaccines),
        source=_source(node, edition),
    )


def _by_birth(node: Node, edition: str) -> ImmuneByBirth:
    before = node.day("immunityBirthDate")
    if before is None:
        raise node.fault("this element is missing or empty", "immunityBirthDate")
    return ImmuneByBirth(
        before=before,
        country=node.text("birthCountry"),
        exclusions=frozenset(node.texts("exclusion/exclusionCode")),
        source=_source(node, edition),
    )


def _series(node: Node, edition: str) -> Series:
    chosen = "selectSeries"
    doses = tuple(_dose(each, edition, place) for place, each in enumerate(node.each("seriesDose"), start=1))
    if not doses:
        raise node.fault("a series without a dose", "seriesDose")
    return Series(
        name=node.needed("seriesName"),
        antigen=node.needed("targetDisease"),
        vaccine_group=node.needed("vaccineGroup"),
        doses=doses,
        type=node.choice("seriesType", _TYPES),
        genders=frozenset(_GENDERS.get(each.lower(), each.lower()) for each in node.texts("requiredGender")),
        group=node.needed(f"{chosen}/seriesGroup"),
        group_name=node.text(f"{chosen}/seriesGroupName"),
        equivalent_groups=frozenset(each.strip() for each in node.text("equivalentSeriesGroups").split(";") if each),
        is_default=node.flag(f"{chosen}/defaultSeries"),
        is_product_path=node.flag(f"{chosen}/productPath"),
        priority=node.text(f"{chosen}/seriesPriority") or "A",
        preference=node.number(f"{chosen}/seriesPreference"),
        minimum_age_to_start=node.span(f"{chosen}/minAgeToStart"),
        maximum_age_to_start=node.span(f"{chosen}/maxAgeToStart"),
        indications=tuple(_indication(each, edition) for each in node.each("indication")),
        guidance=node.texts("seriesAdminGuidance"),
        source=_source(node, edition),
    )


def _indication(node: Node, edition: str) -> Indication:
    return Indication(
        observation=node.text("observationCode/code"),
        description=node.text("description"),
        guidance=node.text("guidance"),
        window=_window(node),
        source=_source(node, edition),
    )


def _dose(node: Node, edition: str, place: int) -> TargetDose:
    if not node.needed("doseNumber").endswith(f" {place}"):
        raise node.fault("the doses of a series are not 1, 2, 3, ... in order", "doseNumber")
    season = [
        Season(starts=each.day("startDate"), ends=each.day("endDate")) for each in node.each("seasonalRecommendation")
    ]
    return TargetDose(
        number=place,
        ages=tuple(_age(each, edition) for each in node.each("age")),
        intervals=tuple(_interval(each, edition) for each in node.each("interval")),
        allowable_intervals=tuple(_interval(each, edition) for each in node.each("allowableInterval")),
        preferable=tuple(_product(each) for each in node.each("preferableVaccine")),
        allowable=tuple(_product(each) for each in node.each("allowableVaccine")),
        inadvertent=frozenset(elements.code(each.needed("cvx")) for each in node.each("inadvertentVaccine")),
        skips=tuple(_skip(each, edition) for each in node.each("conditionalSkip")),
        recurs=node.flag("recurringDose"),
        season=season[0] if season else None,
        source=_source(node, edition),
    )


def _age(node: Node, edition: str) -> Age:
    return Age(
        absolute_minimum=node.span("absMinAge"),
        minimum=node.span("minAge"),
        earliest_recommended=node.span("earliestRecAge"),
        latest_recommended=node.span("latestRecAge"),
        maximum=node.span("maxAge"),
        validity=_validity(node),
        source=_source(node, edition),
    )


def _interval(node: Node, edition: str) -> Interval:
    return Interval(
        from_previous=node.flag("fromPrevious"),
        from_target_dose=node.number("fromTargetDose"),
        from_most_recent=node.codes("fromMostRecent"),
        from_observation=node.text("fromRelevantObs/code"),
        absolute_minimum=node.span("absMinInt"),
        minimum=node.span("minInt"),
        earliest_recommended=node.span("earliestRecInt"),
        latest_recommended=node.span("latestRecInt"),
        overrides=bool(node.text("intervalPriority")),
        validity=_validity(node),
        source=_source(node, edition),
    )


def _product(node: Node) -> Product:
    return Product(
        vaccine=elements.code(node.needed("cvx")),
        window=_window(node),
        trade_name=node.text("tradeName"),
        manufacturer=node.text("mvx"),
        volume=node.decimal("volume"),
        is_named=node.flag("forecastVaccineType"),
    )


def _skip(node: Node, edition: str) -> Skip:
    return Skip(
        context=node.choice("context", _CONTEXTS),
        sets=tuple(_set(each) for each in node.each("set")),
        needs_all=node.text("setLogic").upper() == "AND",
        source=_source(node, edition),
    )


def _set(node: Node) -> SkipSet:
    return SkipSet(
        conditions=tuple(_condition(each) for each in node.each("condition")),
        needs_all=node.text("conditionLogic").upper() != "OR",
        description=node.text("setDescription"),
        validity=_validity(node),
    )


def _condition(node: Node) -> Condition:
    kind = node.choice("conditionType", _KINDS)
    counts = kind is ConditionKind.VACCINE_COUNT
    return Condition(
        kind=kind,
        window=_window(node),
        from_day=node.day("startDate") or FIRST_DAY,
        until_day=node.day("endDate") or LAST_DAY,
        interval=node.span("interval"),
        count=node.number("doseCount") or 0,
        comparison=node.choice("doseCountLogic", _COMPARISONS) if counts else Comparison.MORE_THAN,
        valid_only=node.text("doseType").lower() == "valid",
        vaccines=node.codes("vaccineTypes"),
        series_groups=frozenset(each.strip() for each in node.text("seriesGroups").split(";") if each.strip()),
    )


def _window(node: Node, begins: str = "beginAge", ends: str = "endAge") -> Window:
    return Window(begins=node.span(begins), ends=node.span(ends))


def _validity(node: Node) -> Validity:
    return Validity(first=node.day("effectiveDate") or FIRST_DAY, last=node.day("cessationDate") or LAST_DAY)


def _source(node: Node, edition: str) -> Source:
    return Source(document=_TITLE, edition=edition, place=f"{node.file}: {node.path}")
