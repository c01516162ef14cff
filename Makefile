# `make app` opens the dashboard, `make test` runs the checks. Each sets up what it needs.
PYTHON ?= python3
export PYTHON
# Compiled modules are kept, whatever the caller's settings: without them each process takes 20 s to import Keras, not 5.
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv
BIN := $(VENV)/bin

# Where the tests of each round are: collecting from these alone is faster.
BROWSER := tests/browser
QUIET := tests/training/test_training.py

.PHONY: app test lint types tests exhaustive benchmark docs soak dist lowest format chromium lock clean

app: $(VENV)/runtime
	$(BIN)/python scripts/serve.py

# mypy runs beside the tests, which leave part of a core free.
test: chromium lint
	$(MAKE) --jobs 2 types tests

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

# The rounds share what one of them has trained. An `-m` here replaces the one in pyproject.toml.
tests: export TESTS_SHARE := $(CURDIR)/build/tests
tests: chromium $(VENV)/dev
	rm -rf $(TESTS_SHARE)
	mkdir -p $(TESTS_SHARE)
	$(BIN)/python -m pytest -n auto -m "not browser and not quiet and not exhaustive"
	$(BIN)/python -m pytest -n auto -m "browser and not quiet and not exhaustive" $(BROWSER)
	$(BIN)/python -m pytest -m "quiet and not exhaustive" $(QUIET)

# Every network with every head, and the like: what `make test` leaves out.
exhaustive: chromium $(VENV)/dev
	$(BIN)/python -m pytest -n auto -m exhaustive

# Every benchmark in its short form. `python benchmarks/NAME.py` is the long one.
benchmark: chromium $(VENV)/dev
	$(BIN)/python -m benchmarks --short

# The documentation as a site. A broken link or a docstring that cannot be read is an error.
docs: $(VENV)/dev
	$(BIN)/sphinx-build --builder html --conf-dir docs --doctree-dir build/doctrees --fresh-env --fail-on-warning --quiet . site

# Processes killed at random during a sweep, on this machine and on a cluster; then a store that several look at.
soak: chromium $(VENV)/dev
	$(BIN)/python -m tests.helpers.soak --kills 30
	$(BIN)/python -m tests.helpers.cluster_soak --kills 30
	$(BIN)/python -m tests.helpers.shared_store_soak

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

chromium:
	scripts/setup.sh chromium

# Compiling ahead makes the first page faster. Some files of the packages are for other versions of Python: no error.
$(VENV)/runtime: requirements.txt
	scripts/setup.sh environment $<
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	touch $@

$(VENV)/dev: requirements-dev.txt
	scripts/setup.sh environment $<
	touch $@

# Pin the ranges of pyproject.toml anew. Needs the tool uv.
COMPILE := uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11
lock:
	$(COMPILE) --upgrade --extra tensorflow --extra dashboard --extra onnx --extra lab pyproject.toml -o requirements.txt
	$(COMPILE) --upgrade --all-extras --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

# The wheel and the sdist in dist/. TFPOOL_REPOSITORY is the address that links of their page lead to.
dist: $(VENV)/dev
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	rm -rf build/bdist.* build/lib *.egg-info

# The lowest versions that pyproject.toml allows, and the tests of the library. Their warnings are of their time. Left out
# are tests of what the newest versions hold: Keras's classes, what it runs, saves or cannot copy, and two odd kinds of
# images; and one that needs ruff.
LOWEST := build/lowest
OF_NEWEST := the_page_lists or of_keras_and_ours or what_can_carry_code or named_in_an_h5 or what_cannot_be_checked \
	or odd_entry_in_exif or YCbCr or older_pillow or as_ruff_would or finished_run_opens \
	or by_keras_alone_and_scores
lowest:
	uv venv --quiet --clear --python 3.11 $(LOWEST)
	$(COMPILE) --resolution lowest-direct --all-extras --group test pyproject.toml -o $(LOWEST)/requirements.txt
	uv pip install --quiet --python $(LOWEST)/bin/python -r $(LOWEST)/requirements.txt
	$(LOWEST)/bin/python -m pytest -n auto -W default -m "not quiet and not exhaustive" -k "not ($(OF_NEWEST))" \
		tests/anatomy tests/cam tests/cli tests/counting tests/data tests/inference tests/models tests/networks tests/tracking \
		tests/training tests/dashboard/test_pages.py

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache
