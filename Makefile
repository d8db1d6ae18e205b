# The front door. `make demo` and `make test` need Python 3.11 or newer, git and make; the rest they fetch into .venv.
# Paths are relative throughout, so that a checkout in a folder with spaces works.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test quick lint types bench mutants soak record live clean FORCE

# tox finds its interpreters on PATH; pyenv shows only the active one there.
TOX = PATH="$$PATH:$$(sh tools/pythons.sh path)" .venv/bin/tox

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' Makefile

demo: .venv/has-jainam ## a trading day on the embedded exchange
	@.venv/bin/jainam demo

# All at once, on two cores as well: most of a suite's time is spent waiting for the exchange's rate limits.
test: .venv/has-tox ## every check, on every Python this machine has
	@sh tools/pythons.sh names
	@$(TOX) run-parallel -p all --parallel-no-spinner
	@sh tools/pythons.sh names

quick: .venv/has-tests ## the suite once, on one Python, against the checkout
	@.venv/bin/pytest

lint: .venv/has-tox ## ruff, and the direction of imports
	@$(TOX) run -q -e lint,imports

types: .venv/has-tox ## mypy --strict
	@$(TOX) run -q -e types

bench: .venv/has-bench ## every figure with its limit
	@status=0; for script in benchmarks/*.py; do .venv/bin/python "$$script" || status=1; done; exit $$status

mutants: .venv/has-mutants ## whether the tests notice when the rules about money are changed
	@HYPOTHESIS_PROFILE=mutants .venv/bin/mutmut run --max-children 1
	@PATH=".venv/bin:$$PATH" .venv/bin/python tools/mutation_scores.py

soak: .venv/has-tests ## days full of faults and kills: SOAK_EXAMPLES=5000 SOAK_KILLS=500
	@PYTHONPATH=tests .venv/bin/python tools/soak.py

record: .venv/has-tox ## record the cassettes afresh
	@$(TOX) run -e record

live: .venv/has-tox ## the opt-in suite, with credentials from JAINAM_*
	@$(TOX) run -e live

clean: ## remove everything that make has set up
	rm -rf .venv .tox build mutants jainam.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each set-up step leaves a mark, and is done again only when what it was made from has changed.
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check
MADE_FROM = .venv/made setup.cfg pyproject.toml constraints/tools.txt

# Scripts in .venv and .tox name their Python by its full path: both are made anew when the checkout has moved, or when that
# Python is gone.
.venv/made: FORCE
	@[ "$$(cat $@ 2>/dev/null)" = "$$(pwd)" ] && .venv/bin/python -c '' 2>/dev/null || { \
		python=$$(sh tools/pythons.sh best) && echo "Setting up .venv with $$python" && \
		rm -rf .venv .tox && "$$python" -m venv .venv && pwd >$@; }

FORCE:

.venv/has-jainam: $(MADE_FROM)
	@$(PIP) -e '.[cli,sim]'
	@touch $@

.venv/has-tox: $(MADE_FROM)
	@$(PIP) 'tox>=4.30'
	@touch $@

.venv/has-tests: $(MADE_FROM)
	@$(PIP) -e '.[test]' -c constraints/tools.txt ruff mypy types-peewee import-linter
	@touch $@

.venv/has-mutants: $(MADE_FROM)
	@$(PIP) -e '.[mutants]'
	@touch $@

.venv/has-bench: $(MADE_FROM)
	@$(PIP) -e '.[bench]'
	@touch $@
