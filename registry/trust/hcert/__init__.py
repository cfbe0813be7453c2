"""HCERT: the EU-type health certificate, CBOR claims in a COSE signature, compressed, in base45 after `HC1:`.

Sources: Electronic Health Certificate Specification (ehn-dcc-development/eu-dcc-hcert-spec), 1.0 and later; the EU DCC
JSON schema 1.3.0; RFC 8392 (CWT), RFC 9052 and 9053 (COSE), RFC 9285 (base45).

* `reading` takes a text apart down to the signed bytes, each step strictly and within bounds.
* `cose` holds the signature against a key; `signers` is whom to believe: document signer certificates (DSC) by key id.
* `claims` is what was signed: issuer, times, and the certificate, whose form `schema` judges.
* `verifying` puts them in order; `records` gives what a believed certificate says as FHIR resources.

What is stricter here than in many verifiers: data that are not compressed are refused, so are signer certificates
outside their time and certificates that name another country than their signer's. What is more lenient, as the
specification asks of decoders: the key id may stand in either header, the COSE tag may be missing, elliptic curves
larger than P-256 sign with ES256, groups that are null or empty count as absent, a date may carry a time.
"""

from registry.trust.hcert.signers import Signers as Signers
from registry.trust.hcert.verifying import Certificate as Certificate
from registry.trust.hcert.verifying import verify as verify
