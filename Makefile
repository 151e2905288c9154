# Everything a newcomer needs is Python 3.11 or later and make; each target sets up what it needs and is quick the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FOLDERS := core rulebook labels sample conformance simulator scenarios reports cli
SOURCES := $(shell find $(FOLDERS) -type f -not -path '*/__pycache__/*' 2>/dev/null) pyproject.toml setup.py __main__.py
PACKAGES := $(foreach folder,$(FOLDERS),-p shenhe.$(folder))
WORKERS ?= 2
# Each worker takes one stretch of the tests, so that a fixture of a module is set up once, and then helps the others.
SPREAD := -n $(WORKERS) --dist worksteal
# Extras that `action.yml` and `ci-templates/gitlab.yml` can install, each with its own lock file.
EXTRAS := media
# Percent of branches and lines that the tests reach; raise it when they reach more.
COVERED := 91

# uv installs the same locked, hashed set in a tenth of the time; without it pip does.
INSTALL := $(shell if command -v uv >/dev/null 2>&1; then echo "VIRTUAL_ENV=$(CURDIR)/$(VENV) uv pip install --quiet"; else echo "$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile"; fi)

# Tests start many processes, and importing from source again takes each of them seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help docs interval-coverage demo test test-whole quick coverage test-lowest test-all lint types bench label-quality fuzz unbound chaos sbom smoke corpus engines-agree lock clean power mutants
.DEFAULT_GOAL := help

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@echo "make: creating a Python environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or later is needed; found $$($(PYTHON) --version). Name another with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: locks/base.txt | $(VENV)/bin/python
	@echo "make: installing the locked dependencies (a minute or so the first time)"
	@$(INSTALL) --require-hashes -r locks/base.txt
	@touch $@

$(VENV)/.dev: locks/dev.txt | $(VENV)/.base
	@echo "make: installing what the tests need (a minute or so the first time)"
	@# Also as constraints: pip 23.2, which Python 3.11 and 3.12 bring, looks for a newer pydantic to meet pydantic[email].
	@$(INSTALL) --require-hashes -r locks/dev.txt -c locks/dev.txt
	@touch $@

$(VENV)/.lowest: locks/lowest.txt | $(VENV)/bin/python
	@echo "make: installing the lowest versions that pyproject.toml allows (a minute or so)"
	@rm -rf $(VENV)-lowest && $(PYTHON) -m venv $(VENV)-lowest
	@$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r locks/lowest.txt
	@touch $@

# A wheel, not an editable install: what is tested is what a user gets.
$(VENV)/.shenhe: $(SOURCES) $(VENV)/.base
	@echo "make: installing shenhe"
	@rm -rf build *.egg-info
	@$(INSTALL) --no-deps --no-build-isolation --force-reinstall . 
	@rm -rf build *.egg-info
	@touch $@

demo: $(VENV)/.shenhe ## Check two providers, simulate two policies, write demo/index.html
	@$(BIN)/shenhe demo --out demo

test: $(VENV)/.dev $(VENV)/.shenhe ## Run the tests
	@$(BIN)/pytest $(SPREAD) -q -m "not slow"

test-whole: $(VENV)/.dev $(VENV)/.shenhe ## Run the tests, and each costly one instead of a sample
	@$(BIN)/pytest $(SPREAD) -q -m "not slow" --whole

quick: $(VENV)/.dev $(VENV)/.shenhe ## Run the tests that need no engine, decoder or whole check (a minute)
	@$(BIN)/pytest $(SPREAD) -q -m "not slow and not heavy and not costly"

coverage: $(VENV)/.dev $(VENV)/.shenhe ## Run the tests, measure branch coverage, fail below the level reached
	@rm -f .coverage .coverage.*
	@$(BIN)/pytest $(SPREAD) -q -m "not slow" --whole --cov --cov-report=
	@$(BIN)/coverage report --fail-under=$(COVERED)

test-lowest: $(VENV)/.lowest $(VENV)/.shenhe ## Run the quick tests on the lowest versions that pyproject.toml allows
	@rm -rf $(VENV)-lowest/wheel && $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir $(VENV)-lowest/wheel .
	@rm -rf build *.egg-info
	@$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall $(VENV)-lowest/wheel/*.whl
	@$(VENV)-lowest/bin/python -m pytest $(SPREAD) -q -p no:cacheprovider -m "not slow and not heavy"

test-all: $(VENV)/.dev $(VENV)/.shenhe ## Run the tests, the slow ones too
	@$(BIN)/pytest $(SPREAD) -q

lint: $(VENV)/.dev ## Check the style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .

types: $(VENV)/.dev $(VENV)/.shenhe ## Check the types
	@$(BIN)/mypy $(PACKAGES)

bench: $(VENV)/.dev $(VENV)/.shenhe ## Measure, as ratios to named baselines
	@for file in $(wildcard benchmarks/*.py); do echo "== $$file"; $(BIN)/python -P $$file || exit 1; done

label-quality: $(VENV)/.dev $(VENV)/.shenhe ## Measure recall and false alarms of perceived labels
	@PYTHONPATH=. $(BIN)/python -m tests.labels.quality

power: $(VENV)/.dev $(VENV)/.shenhe ## Print the kill matrix: every fault, every lawful variant, twenty seeds (an hour)
	@PYTHONPATH=. $(BIN)/python -m tests.power.matrix --workers $(WORKERS) --out power

# ARGS is passed on, such as ARGS="--sample 200".
mutants: $(VENV)/.dev $(VENV)/.shenhe ## Change the sample one place at a time and count what the checks find (hours; ARGS="--sample 200")
	@PYTHONPATH=. $(BIN)/python -m tests.power.mutants --workers $(WORKERS) $(ARGS)

fuzz: $(VENV)/.dev $(VENV)/.shenhe ## Throw mutated files at the label reader for a long time
	@PYTHONPATH=. $(BIN)/python -m tests.labels.fuzz

corpus: $(VENV)/.dev $(VENV)/.shenhe ## Write the table of hostile cases, docs/hostile-corpus.md
	@$(BIN)/python -m tests.hostile.corpus

docs: $(VENV)/.dev $(VENV)/.shenhe ## Build the documentation in build/docs/html; any warning is an error
	@PYTHONPATH=docs $(BIN)/python -m builder.build build/docs

smoke: ## Build the wheel and the source distribution, and try each in an empty environment
	@$(PYTHON) .ci/smoke.py

sbom: $(VENV)/.dev ## Write the software bill of materials (CycloneDX) and licence notices to build/
	@$(BIN)/python -P .ci/sbom.py build

# ARGS="--against cn-2022-draft --scale 0.05" measures the simultaneous intervals of a comparison.
interval-coverage: $(VENV)/.dev $(VENV)/.shenhe ## Measure how often the intervals of outcomes hold the truth
	@PYTHONPATH=. $(BIN)/python -m tests.simulator.interval_coverage --workers $(WORKERS) $(ARGS)

unbound: $(VENV)/.dev $(VENV)/.shenhe ## Leave out each part of every test binding: a lawful target must not fail
	@PYTHONPATH=. $(BIN)/python -m tests.strangers.unbound --workers $(WORKERS)

chaos: $(VENV)/.dev $(VENV)/.shenhe ## Kill studies, checks and fleets at random moments: nothing found is lost
	@$(BIN)/python -P tests/studies/chaos.py --kills 50
	@$(BIN)/python -m tests.hostile.chaos --kills 50

engines-agree: $(VENV)/.dev $(VENV)/.shenhe ## Run thousands of random scenarios in both engines and compare every bit
	@PYTHONPATH=. $(BIN)/python -m tests.simulator.engines_agree --workers $(WORKERS) $(ARGS)

# Of one resolution: dev.txt holds everything, and the others are parts of it with the same versions.
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet pyproject.toml
lock: ## Renew the lock files (needs uv)
	$(COMPILE) --extra all --group dev --group build -o locks/dev.txt
	$(COMPILE) --group build -c locks/dev.txt -o locks/core.txt
	$(COMPILE) --extra sim --group build -c locks/dev.txt -o locks/base.txt
	for extra in $(EXTRAS); do $(COMPILE) --extra $$extra --group build -c locks/dev.txt -o locks/extra-$$extra.txt || exit 1; done
	$(COMPILE) --resolution lowest-direct --no-build --extra sim --extra pytest --group quick -o locks/lowest.txt

clean: ## Remove what was made
	rm -rf $(VENV) $(VENV)-lowest .coverage .coverage.* build dist demo power *.egg-info .mypy_cache .ruff_cache .pytest_cache
