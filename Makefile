# Everything runs in .venv, which is made from setup.cfg and constraints.txt when it is missing or older.
VENV   := .venv
PYTHON := $(VENV)/bin/python
FIND   := for p in python3 python3.13 python3.12 python3.11; do \
            $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; \
          done
# A file's tests stay together, because they share what is costly to make; tests/conftest.py puts the longest first.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-slow test-all check lint matrix tables ledger bench pages clean
.DEFAULT_GOAL := help

help:
	@echo "make demo      train two models on embedded data and write a prediction file"
	@echo "make test      run the tests but for those marked slow: what a change has to pass"
	@echo "make test-slow run the tests marked slow: searches that are killed, every hostile file, whole data sets"
	@echo "make test-all  run both, and say which tests take the longest"
	@echo "make lint      check rules, format and types           make check     lint and test"
	@echo "make matrix    run the tests on each Python, and with the lowest versions; CELLS=\"3.12 lowest\" for some"
	@echo "make tables    write models/leaderboard.csv and the README table from the run folders"
	@echo "make ledger    write docs/ledger.md and docs/ledger.html from the verdicts"
	@echo "make bench     the short benchmarks"
	@echo "make pages     write docs/performance.md, docs/did-not-help.md and tables of other pages"

$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	@python=$$($(FIND)); test -n "$$python" || \
	  { echo "error: no Python 3.11, 3.12 or 3.13 found: install one of them" >&2; exit 2; }; \
	echo "installing into $(VENV) with $$python"; $$python -m venv --clear $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint]'
	@touch $@

demo: $(VENV)/installed
	@$(PYTHON) -m fashion_nn demo

test: $(VENV)/installed
	$(PYTHON) -m pytest -m 'not slow' $(SIDE_BY_SIDE)

test-slow: $(VENV)/installed
	$(PYTHON) -m pytest -m slow $(SIDE_BY_SIDE)

test-all: $(VENV)/installed
	$(PYTHON) -m pytest $(SIDE_BY_SIDE) --durations 30

lint: $(VENV)/installed
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) tools/check_types.py

check: lint test

# CELLS names the ones to run, such as CELLS="3.12 lowest"; CELLS=--resume leaves out those that passed at this commit.
matrix: $(VENV)/installed
	$(PYTHON) tools/matrix.py $(CELLS)

tables: $(VENV)/installed
	$(PYTHON) -m fashion_nn compare $$(git ls-files 'models/*/run.json' | xargs -n 1 dirname) \
	  --csv models/leaderboard.csv --readme README.md

ledger: $(VENV)/installed
	$(PYTHON) -m fashion_nn reproduce --markdown docs/ledger.md --page docs/ledger.html

bench: $(VENV)/installed
	$(PYTHON) benchmarks/csv_reading.py
	$(PYTHON) benchmarks/submit_latency.py --models mlp --repeats 1
	$(PYTHON) benchmarks/train_throughput.py --rows 2560 --repeats 2

pages: $(VENV)/installed
	$(PYTHON) benchmarks/pages.py

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .matrix
