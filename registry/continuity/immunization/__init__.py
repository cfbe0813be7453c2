"""Which doses count under a schedule, and what is due next.

A schedule is data (`schedule`): antigens, series of target doses, ages, intervals, products, skips, conflicts,
contraindications, immunity. One engine reads it, whoever wrote it: the United States (CDSi supporting data, read by
`supporting`), the World Health Organization or a ministry (files of our own). No antigen, vaccine or country stands
in the code.

    engine.forecast(schedule: Schedule, person: Person, doses: Sequence[Dose], observations: Sequence[Observation],
                    on: date) -> Outcome

`on` is the assessment date; doses may come in any order, and those after it change nothing.

Read in this order: `schedule` (the rules), `person` (who is asked about), `outcome` (what is answered), `engine`
(`forecast`), then the steps: `case`, `progress`, `evaluation`, `skipping`, `exemptions`, `forecasting`, `selection`,
`groups`. Around them: `supporting` reads CDSi files, `casebook` and `casejudging` published cases.

The steps are those of the CDC's Clinical Decision Support for Immunization (CDSi), Logic Specification for ACIP
Recommendations, version 4.5; numbers such as 6.5 or CALCDTINT-3 in comments are its sections and business rules.

Days known only partly: `somedays` lets them run through the engine, `given` says what is told, `concern` which doses a
group looks at, `uncertain` answers for every completion, `doubtful` with and without the doses that are doubted. On
top: `supply` and `visits` plan the fewest visits; `told` reads a history (`plain` its plain form, `whose` whom it is
about), `answering` answers it, `operation` and `recommendation` do so in FHIR.

For a summary: `dues` puts a history of dose events to the engine, careful of what is doubted, and `due` is its answer.
"""

from registry.continuity.immunization.due import Due as Due
from registry.continuity.immunization.due import Status as Status
from registry.continuity.immunization.dues import forecast as forecast
