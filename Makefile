# Each target is one command; all run in .venv, which the first of them makes.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: test format lint layers types pytest coverage fix goldens docs site accuracy wheel-check release-check release-try fuzz soak bench clean

test: format lint layers types pytest  ## everything CI does, fastest first

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv && $(BIN)/pip install -q --disable-pip-version-check -e '.[dev]' && touch $@

format: .venv/ready
	$(BIN)/ruff format --check .

lint: .venv/ready
	$(BIN)/ruff check .

layers: .venv/ready
	$(BIN)/lint-imports

types: .venv/ready
	$(BIN)/mypy

pytest: .venv/ready
	$(BIN)/pytest -n 2

coverage: .venv/ready  ## by branches; modules that are covered whole are left out
	rm -rf build/coverage && mkdir -p build/coverage && $(BIN)/coverage run -m pytest -n 2; $(BIN)/coverage combine -q && $(BIN)/coverage report --sort=cover

fix: .venv/ready
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

goldens: .venv/ready
	$(BIN)/pytest tests/reporters --update-goldens; git diff --stat tests/golden

docs: .venv/ready
	$(BIN)/python -m docs.make; git diff --stat docs sample_logs

build/site/ready: docs/requirements.txt
	$(PYTHON) -m venv build/site/venv && build/site/venv/bin/pip install -q --disable-pip-version-check -r docs/requirements.txt && touch $@

site: build/site/ready  ## docs/ as a web site in build/site/html; fails on a dead link or a page outside of the menu
	NO_MKDOCS_2_WARNING=1 build/site/venv/bin/python -m mkdocs build --strict

accuracy: .venv/ready  ## CORPUS="folder folder" (or $LOSSSCAN_CORPORA) adds labelled real runs
	$(BIN)/python -m tests.accuracy $(foreach folder,$(CORPUS),--corpus $(folder))

wheel-check:
	rm -rf build/wheel && $(PYTHON) -m venv build/wheel && build/wheel/bin/pip install -q . && build/wheel/bin/lossscan --help && build/wheel/bin/lossscan analyze sample_logs/staircase --fail-on never && build/wheel/bin/lossscan analyze sample_logs/staircase --fail-on never --format html --output build/page.html

PYTHONS ?= python3.11 python3.12 python3.13 python3.14
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' lossscan/__init__.py)

release-check: .venv/ready  ## the papers, then the wheel in a new environment of each interpreter at hand
	@! grep -n 'lossscan\.example' lossscan/__init__.py || { echo 'write the address of the project there first'; exit 1; }
	@grep -q '^## \[$(VERSION)\] - [0-9]' CHANGELOG.md || { echo 'CHANGELOG.md has no day for $(VERSION)'; exit 1; }
	$(MAKE) release-try

release-try: .venv/ready
	rm -rf build/release && $(BIN)/python -m hatchling build -d build/release/dist
	$(BIN)/pip wheel -q --no-deps -w build/release/of-sdist build/release/dist/*.tar.gz
	for python in $(PYTHONS); do command -v $$python > /dev/null && $$python -c '' 2> /dev/null || { echo "$$python is not at hand: not tried"; continue; }; \
	  $$python -m venv build/release/$$python && build/release/$$python/bin/pip install -q build/release/dist/*.whl && \
	  build/release/$$python/bin/lossscan doctor && build/release/$$python/bin/lossscan batch sample_logs --fail-on never || exit 1; done

fuzz: .venv/ready  ## SECONDS=60 SEED=n; by chance, then by coverage where atheris installs; what fails is in build/fuzz
	$(BIN)/python -m tests.fuzz $(or $(SECONDS),60) $(SEED)
	$(BIN)/pip install -q --disable-pip-version-check atheris || { echo 'atheris does not install here: not led by coverage'; exit 0; }; \
	  $(BIN)/python -m tests.fuzz.guided $(or $(SECONDS),60) $(SEED)

soak: .venv/ready  ## SECONDS=3600 WORD=: kills, full disks, odd folders, large logs; a line each
	$(BIN)/python -m tests.soak $(or $(SECONDS),3600) $(WORD)

build/bench/ready:  ## the peers, in an environment of their own
	$(PYTHON) -m venv build/bench && build/bench/bin/pip install -q pandas ruptures tensorboard && touch $@

bench: .venv/ready build/bench/ready  ## SMALLER=100: a try of a minute, which is not kept
	PYTHONPATH=. $(BIN)/python tests/bench/performance.py build/bench/bin/python $(if $(SMALLER),build/bench,docs)/performance.md

clean:
	rm -rf .venv build dist
