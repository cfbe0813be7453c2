# Each target sets up what it needs. A fresh machine needs Linux, Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := $(VENV)/peers
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
CONTINUITY := $(BIN)/continuity

.PHONY: help demo serve test check prove bench bench-peers romanisers test-deps format clean
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "This Python has no venv; on Debian install the package python3-venv"; exit 1; }
	@echo "Setting up the environment in $(VENV) (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	@echo "Adding the tools for tests"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/installed ## the main job, end to end, on a database of its own
	@$(CONTINUITY) demo

serve: $(VENV)/installed ## the service on the data of the demo
	@$(CONTINUITY) serve --demo

test: $(VENV)/installed-dev ## every test
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

check: $(VENV)/installed-dev ## format, lint, types, import contracts, schema checks
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m registry.library
	@$(BIN)/basedpyright --level error

format: $(VENV)/installed-dev ## rewrite the code in the one format
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

prove: $(VENV)/installed-dev ## the long proofs: one line of figures each, JSON in prove-output/
	@$(BIN)/python -m tests.bench.prove

bench: $(VENV)/installed-dev ## benchmarks
	@$(BIN)/python -m tests.bench.speed
	@$(BIN)/python -m tests.bench.appends
	@$(BIN)/python -m tests.bench.pages

romanisers: $(VENV)/installed-dev ## names across scripts, beside the romanisers others use (ICU and rigour need apt's libicu-dev)
	@$(BIN)/python -m tests.bench.romanisers

$(PEERS)/installed: tests/bench/peers/requirements.lock
	@echo "Setting up Splink and recordlinkage in $(PEERS) (once, about a minute)"
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --quiet --disable-pip-version-check --no-input install --require-hashes -r $<
	@touch $@

bench-peers: $(VENV)/installed-dev ## matching beside Splink 5 and recordlinkage, on the same files
	@$(MAKE) --no-print-directory $(PEERS)/installed || echo "Splink and recordlinkage cannot be had here; what needs them is skipped"
	@$(BIN)/python -m tests.bench.peers febrl
	@$(BIN)/python -m tests.bench.peers uganda
	@$(BIN)/python -m tests.bench.peers world --kind mild --people 6000
	@$(BIN)/python -m tests.bench.peers world --kind families --people 5000
	@$(BIN)/python -m tests.bench.peers search --sizes 1000 10000

test-deps: ## system packages some tests use (Chromium, PostgreSQL 15, SoftHSM); needs root and apt
	@command -v apt-get >/dev/null || { echo "test-deps knows only apt; install chromium, postgresql and softhsm2 yourself"; exit 1; }
	apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-core postgresql softhsm2

clean: ## remove what was made, keep the environment
	rm -rf demo-output .continuity build .pytest_cache .ruff_cache .hypothesis prove-output
