# Every command makes .venv first if it is missing or older than its pins.

PYTHON =
BIN = .venv/bin
READY = .venv/ready
PACKAGES = .venv/benchmarks

# What a run of the benchmarks is called, and the two that are compared.
NAME = latest
A = before
B = latest

.DEFAULT_GOAL := help
.PHONY: help setup run app test test-all freeze lint types docs measure bench bench-large bench-compare bench-page validation story mutation

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv with the pinned packages; PYTHON=... names an interpreter
	@echo ".venv is ready"

run: $(READY) ## the main job: usmca against status-quo, five seeds, and the answer in sentences; into results/usmca
	$(BIN)/nearshore run usmca --against status-quo --out results/usmca

app: $(READY) ## the live laboratory, for a browser on this machine
	$(BIN)/nearshore app

# Three files at a time, since those of the page wait a lot.
test: $(READY) ## the tests but for the thorough ones
	$(BIN)/python -m pytest -n 3 --dist loadfile -m "not thorough"

test-all: $(READY) ## all tests
	$(BIN)/python -m pytest -n 3 --dist loadfile

freeze: $(READY) ## make today's numbers those that the tests hold later changes to; on purpose only
	PYTHONPATH=. $(BIN)/python tests/regression/freeze.py

measure: $(READY) ## run anew whatever numbers and pictures of the docs come from; takes hours of one core
	$(BIN)/python docs/diagrams.py
	$(BIN)/python docs/printed.py
	$(BIN)/python docs/findings.py
	$(BIN)/python docs/what_moved.py
	$(BIN)/python docs/closures.py
	$(BIN)/python docs/not_identified.py
	$(BIN)/python docs/best_replies.py
	$(BIN)/python docs/gallery.py
	$(MAKE) story validation
	$(BIN)/python docs/generate.py

story: $(READY) ## run and publish docs/stories/end-of-nafta.html anew, as when results change
	$(BIN)/nearshore run nafta-withdrawal --against status-quo --seeds 1 --firms 1000 --quarters 40 --out results/story
	$(BIN)/nearshore publish results/story -o docs/stories/end-of-nafta.html

validation: $(READY) ## ask the model about published findings, and rewrite docs/validation.md
	$(BIN)/nearshore validate --out results/validation --page docs/validation.md

mutation: $(READY) ## change the model in small ways for an hour, and count what the tests notice
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[mutation]'
	PATH="$(CURDIR)/$(BIN):$$PATH" nice $(BIN)/python scripts/mutation.py --minutes 60

lint: $(READY) ## style, spelling and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports

docs: $(READY) ## static pages that need no network, into results/docs
	$(BIN)/python docs/build.py results/docs

types: $(READY) ## strict types of the model, the agents and the experiments
	$(BIN)/mypy

bench: $(PACKAGES) ## how fast, up to 100,000 firms, into results/bench/latest; NAME=... names another
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest benchmarks --benchmark-quiet --benchmark-json=.benchmarks/$(NAME).json
	$(BIN)/python -m benchmarks.page.performance_page .benchmarks/$(NAME).json --out results/bench/$(NAME)

bench-large: $(PACKAGES) ## the same for a million firms, into results/bench/latest-large: minutes, gigabytes
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest benchmarks -m large --benchmark-quiet \
	    --benchmark-json=.benchmarks/$(NAME)-large.json
	$(BIN)/python -m benchmarks.page.performance_page .benchmarks/$(NAME)-large.json --out results/bench/$(NAME)-large

bench-compare: $(READY) ## what changed between two runs: make bench-compare A=before B=after
	$(BIN)/python -m benchmarks.page.compare results/bench/$(A) results/bench/$(B)

bench-page: $(READY) ## docs/performance.md from results/bench/latest and latest-large
	$(BIN)/python -m benchmarks.page.performance_page \
	    $(wildcard results/bench/$(NAME) results/bench/$(NAME)-large) --page

# The stamp is written last, so a set-up that was interrupted starts over.
$(READY): pyproject.toml constraints.txt
	@python=$$(scripts/find-python "$(PYTHON)") && \
	    echo "Making .venv with $$python; this happens once and takes a minute or two." && \
	    "$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[dev]'
	@echo "Compiling what values plants; this happens once and takes half a minute."
	@$(BIN)/python -m abm.engine.kernels
	@touch $(READY)

# Other packages that the cost step is timed against.
$(PACKAGES): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[benchmarks]'
	@touch $(PACKAGES)
