"""OperationOutcome: the one place where what went wrong is put into FHIR's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registry.errors import RegistryError
from registry.fhir import problem
from registry.fhir.problem import Problem
from registry.fhir.resource import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue; `severity` and `code` are FHIR's, `expression` the FHIRPath-like places it is about."""

    severity: str
    code: str
    diagnostics: str = ""
    expression: tuple[str, ...] = ()


def operation_outcome(issues: Iterable[Issue]) -> Content:
    """All the issues; FHIR wants at least one, so none says that all went well."""
    told = [_issue(each) for each in issues]
    well = {"severity": "information", "code": "informational", "diagnostics": "All OK"}
    return {"resourceType": "OperationOutcome", "issue": told or [well]}


def of_problems(problems: Iterable[Problem]) -> tuple[Issue, ...]:
    """What the checker found, as errors."""
    return tuple(
        Issue(
            severity="error",
            code=problem.issue_type(each),
            diagnostics=f"{each.message} ({each.code})",
            expression=(each.where,) if each.where else (),
        )
        for each in problems
    )


def of_error(error: RegistryError) -> Issue:
    """An error of the registry, with its remedy; its texts are free of personal data by contract."""
    said = ". ".join(part for part in (error.what, error.remedy) if part)
    return Issue(
        severity="error",
        code=error.fhir_code,
        diagnostics=said,
        expression=(error.where,) if error.where else (),
    )


def _issue(issue: Issue) -> Content:
    parts = {
        "severity": issue.severity,
        "code": issue.code,
        "diagnostics": issue.diagnostics,
        "expression": list(issue.expression),
    }
    return {name: value for name, value in parts.items() if value}
