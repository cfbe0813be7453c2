"""FHIR as plain values: exact bytes, dates that keep their precision, terminology, profile checks, bundles.

R4 (4.0.1) on the wire. The exact bytes accepted are what is stored and served; a model never re-serialises them,
because `fhir.resources` rewrites instants and decimals, which breaks signatures and digests.
"""

CANONICAL = "https://continuity-registry.example/fhir"
"""Base of the canonical URLs of our own profiles, extensions and code systems."""
