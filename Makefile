# Everything from a fresh clone with python3 and make. `make` alone lists the targets.

PYTHON ?= python3
PYTEST_ARGS ?= -n 2
ROOT := $(CURDIR)
TMP := var/tmp
VENV := .venv
BIN := $(VENV)/bin
SOURCES := gateway adapters mappings tests

# Nothing is left outside the clone: temporary files, caches and byte code (also that of a Python
# whose own library was delivered uncompiled) stay under var/.
export TMPDIR := $(ROOT)/$(TMP)
export XDG_CACHE_HOME := $(ROOT)/var/cache
export PYTHONPYCACHEPREFIX := $(ROOT)/var/cache/pycache
# (pip asks rustc for its version, and the rustc of rustup answers by writing its settings.)
export RUSTUP_HOME := $(ROOT)/var/cache/rustup
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Nor is anything taken from the caller's own Python surroundings.
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

LOCK := requirements/dev.txt
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo test fuzz soak bench lint format lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while IFS='|' read -r target text; do printf '%-12s %s\n' "$$target" "$$text"; done

venv: $(INSTALLED) ## build .venv from the hash-locked requirements
	@mkdir -p $(TMP)

demo: venv ## seed, serve on 127.0.0.1:8080, look one patient up by each protocol (ONCE=1: then stop; PORT=8081)
	@$(BIN)/pmpbridge demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(PORT),--port $(PORT))

test: lint ## lint, then run the tests (PYTEST_ARGS="-x tests/unit" narrows them)
	@$(BIN)/pytest $(PYTEST_ARGS)

fuzz: venv ## send every route what /openapi.json says and does not say (FUZZ=200 inputs of each kind), and the readers of SCRIPT and of the PMP Gateway's XML anything (1,000 times as many)
	@PMPBRIDGE_FUZZ_EXAMPLES=$(or $(FUZZ),200) $(BIN)/pytest tests/contract/test_openapi.py
	@for reader in "script request" "script answer" "pmpgateway patient" "pmpgateway report" "pmpgateway answer"; do \
	  set -- $$reader && mkdir -p var/fuzz/$$1/$$2 && \
	  $(BIN)/python -m tests.fuzz.$$1 $$2 -runs=$(or $(FUZZ),200)000 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=var/fuzz/ var/fuzz/$$1/$$2 || exit; \
	done

soak: venv ## kill -9 in the middle of a file, twenty times on each store (SOAK_ARGS="2 3000" for less)
	@$(BIN)/python -m tests.soak.kill $(SOAK_ARGS)

bench: venv ## matching beside Splink, intake, FHIR, SCRIPT, and a look-up in a small record and in a state's (an hour, 20 GB in var/bench)
	@$(BIN)/pip install --quiet --only-binary :all: --require-hashes -r requirements/bench.txt
	@mkdir -p var/bench
	@$(BIN)/python -m tests.bench.matching_against_splink
	@$(BIN)/python -m tests.bench.intake
	@$(BIN)/python -m tests.bench.fhir
	@$(BIN)/python -m tests.bench.script
	@$(BIN)/python -m tests.bench.growth var/bench

lint: venv ## ruff, mypy strict, import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: venv ## put the code into the project's format
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

lock: ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@mkdir -p $(TMP)
	@$(PYTHON) -m venv --clear $(TMP)/lock
	@$(TMP)/lock/bin/pip install --quiet --only-binary :all: --require-hashes -r requirements/lock.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev -o $(LOCK) pyproject.toml requirements/build.in
	@$(COMPILE) --upgrade -c $(LOCK) -o requirements/runtime.txt pyproject.toml
	@$(COMPILE) --upgrade -c $(LOCK) --extra bench -o requirements/bench.txt pyproject.toml
	@rm -rf $(TMP)/lock

COMPILE = UV_PYTHON_DOWNLOADS=never $(TMP)/lock/bin/uv pip compile --quiet --no-cache --universal \
  --python $(TMP)/lock/bin/python --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-annotate

clean: ## remove everything make built, the environment and var/ included
	@rm -rf $(VENV) var build dist .ruff_cache .mypy_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(wildcard $(SOURCES)) -name __pycache__ -type d -prune -exec rm -rf {} +

# Only wheels, each with its hash: no code of a package runs while it is being installed.
$(LOCKED): $(LOCK)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there: install Python 3.11 or newer, or name one: PYTHON=python3.12 make" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is `$(PYTHON) -V 2>&1`, and Python 3.11 or newer is needed; name one: PYTHON=python3.12 make" >&2; exit 1; }
	@mkdir -p $(TMP)
	@echo "Building $(VENV) from $(LOCK) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --only-binary :all: --require-hashes -r $(LOCK)
	@echo "$(ROOT)" >$@

# An environment holds its own path: one that was moved or copied along with its clone is built anew.
ifneq ($(shell cat $(LOCKED) 2>/dev/null),$(ROOT))
.PHONY: $(LOCKED)
endif

$(INSTALLED): $(LOCKED) pyproject.toml
	@mkdir -p $(TMP)
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
