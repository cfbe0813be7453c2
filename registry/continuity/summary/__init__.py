"""What leaves the registry: one document for a clinic, one for a school, and how people read and carry them.

A summary is a FHIR document Bundle, for a clinic an International Patient Summary (2.0.1). Redaction comes before:
these functions print what they are given and nothing they could look up. They are total on missing elements, and
the same arguments give the same bytes. What the registry does not hold is said to be without information, never to
be absent; what was withheld leaves no trace: no count, no dangling reference, no other order.

Read in this order: `words` (the sentences of a language), `document` (the frame), `clinic` (with `given` and
`forecasts`), `school`, `facts` (what a document says, in the words of one language), `narrative` (the text of its
sections), `page` (HTML, and what a typesetter needs), `card` (the few facts a QR code holds), `checks` (is it valid?).
"""

from registry.continuity.summary.card import card
from registry.continuity.summary.clinic import clinic_summary
from registry.continuity.summary.document import Asked, Release
from registry.continuity.summary.forecasts import RuleSet
from registry.continuity.summary.school import school_summary

__all__ = ["Asked", "Release", "RuleSet", "card", "clinic_summary", "school_summary"]
