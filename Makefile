# The two commands that matter: `make app` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps
# All is pinned. TensorFlow is more than half of it: it and the rest are unpacked side by side.
INSTALL = $(PIP) $$(grep '^tensorflow==' $<) & grep -v '^tensorflow==' $< | $(PIP) -r /dev/stdin; rest=$$?; wait $$! && exit $$rest
# pip compiles what it installs on one core. Files that Python cannot compile are not for it: they are left as they are.
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true

# Where tests in a browser are, and those that need a quiet machine: to look for them everywhere takes a while.
BROWSER := tests/browser tests/training/test_soak.py
QUIET := tests/training/test_training.py

.PHONY: app test lint types tests docs soak format lock clean

app: $(VENV)/runtime
	$(BIN)/python scripts/serve.py

# Types are looked through beside the tests, which leave a part of a core free.
test: lint
	$(MAKE) --jobs 2 types tests

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

# What one round of tests has trained the others have too.
tests: export TESTS_SHARE := $(CURDIR)/build/tests
tests: $(VENV)/dev
	rm -rf $(TESTS_SHARE)
	mkdir -p $(TESTS_SHARE)
	$(BIN)/python -m pytest -n auto -m "not browser and not quiet"
	$(BIN)/python -m pytest -n auto -m "browser and not quiet" $(BROWSER)
	$(BIN)/python -m pytest -m quiet $(QUIET)

# README.md, the pages and the docstrings as a site. What leads nowhere or cannot be read is an error.
docs: $(VENV)/dev
	$(BIN)/sphinx-build --builder html --conf-dir docs --doctree-dir build/doctrees --fresh-env --fail-on-warning --quiet . site

# Workers and dashboards killed at random during a sweep, for a quarter of an hour.
soak: $(VENV)/dev
	$(BIN)/python -m tests.helpers.soak --kills 30

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/runtime: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL)
	$(COMPILE)
	touch $@

# Tests import what they need of it, which compiles that much sooner than all of it is.
$(VENV)/dev: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL)
	touch $@

# Pin the ranges of pyproject.toml anew. Needs the tool uv.
lock:
	uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 --upgrade pyproject.toml -o requirements.txt
	uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) build site .pytest_cache .mypy_cache .ruff_cache
