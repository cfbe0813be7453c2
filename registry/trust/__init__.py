"""Why believe it, and why can nobody else read it? Arithmetic on bytes that were handed in.

The idea, in eight parts:

* *Envelopes* (`sealing`): what is stored is AES-256-GCM, bound to its table, row, column and edition, so a
  sealed cell moved elsewhere does not open. Keys live in a `keyring` that is never in the database.
* *Keyed hashes* (`sealing`): what the database must find by equality is 64 bits of an HMAC. Equality stays
  visible; nothing else does.
* *Signatures* (`signing`): compact JWS, ES256. A signer counts only if the verifier's own `trustlist` holds
  its key. A token cannot bring a key along.
* *Status list* (`status`): which summaries were withdrawn, one bit each, itself signed.
* *Merkle log* (`merkle`, `checkpoint`, `history`): the audit log cannot be edited, reordered or shortened without
  its signed checkpoints showing it.
* *Witnesses* (`witness`, `cosignature`): others, who remember one checkpoint and cosign only what continues it.
* *Cards of others* (`shc`, `hcert`): SMART Health Cards and EU-type certificates, each judged by its own rules against
  the keys of the verifier's own folder (`directory`), with a stable reason for every refusal (`fault`).
* *Digits* (`qr`): a token as digits, so that a printed QR code holds it.

What it is not: it draws no randomness and reads no clock or file (nonces, salts, `now` and key material are
arguments; ECDSA nonces are derived from the message, RFC 6979). It makes no primitive of its own: AES, HKDF,
HMAC, Argon2id and ECDSA are those of `cryptography` and hashlib, and a signed token is verified by `joserfc`.
It does not decide who may see anything, and a valid signature says only who said something, never that it is
true. Signatures here can be turned into a second valid signature of the same message by anyone (ECDSA: s
becomes n - s), so a token's text is no identifier: use an id inside its payload. A log with a single signer
can be rewritten as a whole by whoever holds the key and the database: what no witness has cosigned yet rests on the
registry's word alone.
"""
