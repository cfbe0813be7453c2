"""Which grade a child completed and where it fits elsewhere, in ladders that are data.

A country's ladder is a function of the year and of the source that tells it. Files of three kinds make ladders
(`sheet`, `structure`, `gradelist`, `shelf`), the project's own kind is read by `ladder.read`. Records become school
years (`record`), school years the completed year (`completed`), and that a placement with three candidates
(`placement`). What sources disagree on is shown with every reading (`notes`); labels are read in `ladder` and `words`.
"""

from registry.continuity.education.completed import Basis as Basis
from registry.continuity.education.completed import Completed as Completed
from registry.continuity.education.completed import completed_year as completed_year
from registry.continuity.education.placement import RULE_VERSION as RULE_VERSION
from registry.continuity.education.record import DISPUTED as DISPUTED
from registry.continuity.education.record import SchoolYear as SchoolYear
from registry.continuity.education.record import Timeline as Timeline
from registry.continuity.education.record import enrolments as enrolments
