"""May this leave?  Consent read, decided and carried out on values; what is not plainly allowed stays.

`dialect` turns a FHIR Consent of ours into one canonical tree (`agreement`) or refuses it, `readings` does the
same for the published dialects; `grant` writes our own Consents and withdraws them; `decision` answers a request
by way of `gates`, `standing`, `hearing` and `matching`, and `emergency` where nobody could be asked; `walking` says
what the consents alone say. `redact` takes out of a resource what the answer keeps back, as the table of `places`
says. `asking` and `cases` read questions, and expectations, that others wrote in JSON. Not here: finding the
person, loading consents, audit, re-confirmation. Those are flows.

Decided here, and why:

- **One tree, written out in full.** Three readings of a nested FHIR provision are in use (R4 text, IHE PCF,
  later HL7 notes). Every node of ours carries its full conditions and its own effect, so the reading is
  settled when a consent is read, never when it is decided on. What two readings would understand differently
  is refused at write and denies everything at read: an unreadable consent may have been a refusal.
- **Doubt never opens.** A permit matches only for certain, a deny as soon as it may: a record without a date is not
  inside the year that was opened and not outside the one that was closed. Who wrote a record and when is unknown
  where it is not said; to which encounter it belongs is said or it belongs to none.
- **Labels.** A permit must cover every sensitivity a record carries; only without any does its class or its
  confidentiality decide. A deny needs one label. Places open only by name.
- **Break-glass makes up for a missing consent, never for a refusal**, and where a consent says who may break the
  glass, nobody else may.
- **The root names the question.** A consent of ours asks one thing of one organisation. Its root denies, for
  that organisation, that purpose, its domain and places; the permits are nested. So an answer to one
  organisation never speaks about another, and of two live answers to the same question the stricter one
  holds.
- **Deny overrides, never newest wins.** The only way round is an explicit `supersedes` by the same grantor,
  dated later. A superseded consent never permits again, even when its successor is withdrawn.
- **Places are elements, not records.** A dose or a grade is permitted or not; its places stay or go
  separately.
- **Redaction is an allow-list.** What the table of places does not name is removed.
"""
