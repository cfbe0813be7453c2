"""Ed-Fi bulk XML interchanges: students, enrolments, schools, contacts, and what a school knows of vaccines.

What an element becomes is data (`mapping.toml`). Programmes, discipline, special needs, race, citizenship,
migration and homelessness are left out and the coverage says so. A hand-over is one file, several
interchanges in one root, or a zip; references inside it are resolved by number or by link (`index`).
"""

from adapters.edfi.adapter import EdFi

adapter = EdFi()

__all__ = ["EdFi", "adapter"]
