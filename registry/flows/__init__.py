"""The behaviour: ingest, match, release, rights, review, trail. Each reads, decides, writes and audits in one
transaction; what must happen afterwards is an outbox row in that same transaction.

Only flows combine the core packages with the store, and only here (and in the command line) are the clock and
random ids drawn. A flow hands out data only through `release`.
"""
