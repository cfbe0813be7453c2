"""Adapters: one folder per kind of national system, each turning foreign bytes into a Submission.

They see `adapters.sdk`, `registry.intake`, `registry.fhir` and `registry.errors`, never each other, and are
found by the registry through the entry-point group `registry.adapters`.
"""
