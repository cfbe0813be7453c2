"""OperationOutcomes: readable by the models, all issues kept, codes that FHIR knows."""

import pytest

from registry import errors, library
from registry.errors import RegistryError
from registry.fhir import outcome, problem, validate
from registry.fhir.outcome import Issue
from tests.support import accepted

# http://hl7.org/fhir/R4/valueset-issue-type.html
ISSUE_TYPES = {
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired",
    "forbidden", "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found",
    "deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient",
    "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled", "informational",
}  # fmt: skip


def _classes(of: type[RegistryError] = RegistryError) -> list[type[RegistryError]]:
    return [of, *(each for part in of.__subclasses__() for each in _classes(part))]


def test_every_problem_becomes_an_issue_with_its_place() -> None:
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    spoilt = accepted.edited(accepted.PATIENT, lambda p: p.update(gender="zzz", birthDate="1", contact=[{"id": "a"}]))
    found = validate.problems(spoilt, library.load().profiles)
    made = outcome.operation_outcome(outcome.of_problems(found))
    OperationOutcome.model_validate(made)
    assert [(each["code"], each["expression"]) for each in made["issue"]] == [
        ("code-invalid", ["Patient.gender"]),
        ("value", ["Patient.birthDate"]),
        ("invariant", ["Patient.contact[0]"]),
    ]


def test_no_issue_at_all_says_that_all_went_well() -> None:
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    made = outcome.operation_outcome([])
    OperationOutcome.model_validate(made)
    assert [each["severity"] for each in made["issue"]] == ["information"]


def test_what_is_not_known_of_an_issue_leaves_no_trace() -> None:
    made = outcome.operation_outcome([Issue(severity="error", code="invalid")])
    assert made["issue"] == [{"severity": "error", "code": "invalid"}]


@pytest.mark.parametrize("kind", _classes(), ids=lambda each: each.__name__)
def test_every_error_of_the_registry_has_an_issue_type_fhir_knows(kind: type[RegistryError]) -> None:
    issue = outcome.of_error(kind("something", where="line 3", remedy="send it again"))
    assert issue.code in ISSUE_TYPES
    assert issue.diagnostics == "something. send it again"
    assert issue.expression == ("line 3",)


def test_every_reason_of_the_checker_has_an_issue_type_fhir_knows() -> None:
    assert {kind for kind, _ in problem.REASONS.values()} <= ISSUE_TYPES
    assert errors.BadInput.fhir_code in ISSUE_TYPES
