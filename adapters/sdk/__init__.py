"""The kit every adapter is built with and must pass.

An adapter is a table (`mapping.toml` beside it) and as little code as the format needs. Three promises hold
for all of them and are checked by `conformance`: every value of the input is accounted for (mapped, ignored
with a reason, or unknown); a bad file raises `Unreadable` and nothing else; no message ever repeats what
the input said of a person.
"""
