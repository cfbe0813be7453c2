"""`python -m tests.bench.vaccines [FOLDER]`: write the vaccine tables of schemas/ from the lists beside this file."""
