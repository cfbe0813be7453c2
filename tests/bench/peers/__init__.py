"""The registry's matching beside others, on the same files in the same run: `python -m tests.bench.peers --help`.

Splink 5 and recordlinkage run in a Python of their own (requirements.lock; `make bench-peers` makes it), because they
bring a hundred megabytes that nothing else here needs. Where it cannot be made their columns say so.

Splink is given every advantage but labels: a model written for these columns, phonetic blocking, term frequencies,
names romanised where it knows only Latin letters, and for its recall the best threshold that the truth can name.
"""
