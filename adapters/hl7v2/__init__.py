"""HL7 v2 VXU^V04: vaccinations from immunization information systems and interface engines.

What a field becomes is data (`mapping.toml`). The code is a splitter (`wire`), the person (`person`), the
dose (`dose`), the account of every filled field (`coverage`) and the answer (`acknowledgement`). Any other
message type is refused by name and nothing of it is kept. The same message again gives the same resources.
"""

from adapters.hl7v2.acknowledgement import acknowledgement
from adapters.hl7v2.adapter import Hl7v2, refusal

adapter = Hl7v2()

__all__ = ["Hl7v2", "acknowledgement", "adapter", "refusal"]
