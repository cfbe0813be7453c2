"""SMART Health Cards: a FHIR Bundle of few resources as a compressed JWS that fits one QR code.

Source: SMART Health Cards Framework 1.4 (spec.smarthealth.cards) and the SMART Health Cards: Vaccination & Testing
guide (HL7 fhir-shc-vaccination-ig 1.0).

* `jws` says whether a card is believed: signature, issuer, times, revocation, content, in that order; nothing of
  the payload is inflated before the signature held.
* `issuers` is whom to believe: keys by (issuer, key id), their certificates, their lists of withdrawn cards. A key
  is of one issuer, and a card that names another is refused, however good its signature.
* `content` says what is wrong with a payload, apart from who signed it.
* `codes` is the text of the QR codes, in one piece or, as was once done, in several.
* `issuing` makes cards of our own; `records` gives what a believed card says as FHIR resources.

What a validator would only warn of is accepted with the warning said, since the issuer did sign it and a family
cannot mend it. What carries no signature (a payload, a bundle) is judged and always refused.
"""

from registry.trust.shc import issuing as issuing
from registry.trust.shc.codes import numeric as numeric
from registry.trust.shc.issuers import Issuers as Issuers
from registry.trust.shc.issuing import Dose as Dose
from registry.trust.shc.issuing import Person as Person
from registry.trust.shc.issuing import issue as issue
from registry.trust.shc.jws import Card as Card
from registry.trust.shc.jws import verify as verify
