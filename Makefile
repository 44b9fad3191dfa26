# Every target sets itself up: a fresh clone, Python 3.11 and make are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
DOCS_INSTALLED := .venv/.installed-docs
PEERS := benchmarks/.peers
PEERS_INSTALLED := $(PEERS)/.installed

.PHONY: help demo challenge test lint docs bench clean

help:
	@echo "make demo    a study of 20 US stocks: loadings, risk, portfolios, back-test; report in ./statefolio-demo/results/"
	@echo "make challenge  a tutorial challenge on localhost: pages, two scorers, an invitation; in ./statefolio-tutorial/"
	@echo "make test    the tests"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make docs    the documentation site, in docs/_build/html, and tests of its code and pages"
	@echo "make bench   timings against peers, in an environment of its own"
	@echo "make clean   remove environments, caches and outputs"

demo: $(INSTALLED)
	mkdir -p statefolio-demo
	$(BIN)/statefolio demo --out statefolio-demo/results

challenge: $(INSTALLED)
	$(BIN)/statefolio challenge tutorial statefolio-tutorial --port $(or $(PORT),8000)

test: $(INSTALLED)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DOCS_INSTALLED)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile docs/site_tests tests/docs

bench: $(PEERS_INSTALLED)
	$(PEERS)/bin/python benchmarks/run.py
	$(PEERS)/bin/python benchmarks/backtest_engine.py
	$(PEERS)/bin/python benchmarks/rebalance.py
	$(PEERS)/bin/python benchmarks/risk_budgets.py
	$(PEERS)/bin/python benchmarks/adaptive_hedge.py
	$(PEERS)/bin/python benchmarks/pair_screen.py

# $(call environment,FOLDER): a virtual environment with pip in it
define environment
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
@test -x $(1)/bin/pip || $(PYTHON) -m venv $(1) || \
  { echo "No virtual environment could be made; on Debian: apt-get install python3.11-venv" >&2; exit 1; }
endef

$(INSTALLED): pyproject.toml constraints.txt
	$(call environment,.venv)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(DOCS_INSTALLED): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	@touch $@

$(PEERS_INSTALLED): pyproject.toml benchmarks/requirements.txt
	$(call environment,$(PEERS))
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt -e .
	@touch $@

clean:
	rm -rf .venv $(PEERS) statefolio-demo build dist docs/_build docs/auto_* docs/reference
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
