# Every command makes .venv first if it is missing or older than its pins.

PYTHON =
BIN = .venv/bin
READY = .venv/ready

.DEFAULT_GOAL := help
.PHONY: help setup run test lint types bench validation

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv with the pinned packages; PYTHON=... names an interpreter
	@echo ".venv is ready"

run: $(READY) ## the main job: the usmca scenario against status-quo, into results/usmca
	$(BIN)/nearshore run usmca --against status-quo --out results/usmca

test: $(READY) ## all tests
	$(BIN)/python -m pytest

validation: $(READY) ## ask the model about published findings, and rewrite docs/validation.md
	$(BIN)/nearshore validate --out results/validation --page docs/validation.md

lint: $(READY) ## style, spelling and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports

types: $(READY) ## strict types of the core, the policies and the agents
	$(BIN)/mypy

bench: $(READY) ## how fast, as pytest benchmarks
	$(BIN)/python -m pytest benchmarks

# The stamp is written last, so a set-up that was interrupted starts over.
$(READY): pyproject.toml constraints.txt
	@python=$$(scripts/find-python "$(PYTHON)") && \
	    echo "Making .venv with $$python; this happens once and takes a minute or two." && \
	    "$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)
