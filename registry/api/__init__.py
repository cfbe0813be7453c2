"""The flows over HTTP. Nothing is decided here: a route reads the request, calls one flow and writes the answer.

Everything that asks about a person is a POST, so that nothing personal stands in a URL or an access log. Errors are
FHIR OperationOutcomes with every problem, not the first.
"""
