"""What can go wrong, as one tree; the docstring of a class is its default message.

RegistryError
├── BadInput                 422  what was handed in cannot be used
│   ├── Unreadable           422  not the format it claims to be
│   ├── UnknownAdapter       404
│   └── UnknownName          404  no source, organisation or file of that name
├── NotAuthenticated         401
├── NotPermitted             403  the caller's role does not include this
├── Unavailable              503  the database is down, the disk is full
│   └── Conflict             503  two writers met; the same again will do
└── KeyProblem               500  a key file is missing, open to others, or wrong

Expected outcomes (no consent, no match, a dose that does not count, a signature that fails) are values, not
exceptions. A message names places and rules, never a name, a birth date or an identifier of a person.
"""

from typing import ClassVar


class RegistryError(Exception):
    """Something went wrong inside the registry."""

    http_status: ClassVar[int] = 500
    fhir_code: ClassVar[str] = "exception"

    def __init__(self, what: str = "", *, where: str = "", remedy: str = "") -> None:
        """Say `what` went wrong, `where` (a place in the input, never its value) and what to do next."""
        self.what = what or (type(self).__doc__ or "").splitlines()[0]
        self.where = where
        self.remedy = remedy
        super().__init__(": ".join(part for part in (where, self.what) if part))


class BadInput(RegistryError):
    """What was handed in cannot be used."""

    http_status = 422
    fhir_code = "invalid"


class Unreadable(BadInput):
    """The input is not of the format it claims to be."""

    fhir_code = "structure"


class UnknownAdapter(BadInput):
    """No adapter of that kind is installed."""

    http_status = 404
    fhir_code = "not-found"


class UnknownName(BadInput):
    """Nothing of that name is known here."""

    http_status = 404
    fhir_code = "not-found"


class NotAuthenticated(RegistryError):
    """The request carries no valid key."""

    http_status = 401
    fhir_code = "login"


class NotPermitted(RegistryError):
    """The caller's role does not include this."""

    http_status = 403
    fhir_code = "forbidden"


class Unavailable(RegistryError):
    """The registry cannot store or read at the moment; nothing was half done."""

    http_status = 503
    fhir_code = "transient"


class Conflict(Unavailable):
    """Two writers met, and this one gave way; nothing was half done."""


class KeyProblem(RegistryError):
    """A key file is missing, readable by others, or not the one that sealed the data."""
