# The commands a developer or an operator types; plain `make` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: help setup demo test fuzz check up down bench lock kb

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY)  ## make .venv with everything in it, hash-checked

$(READY): requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Xabar needs Python 3.11 to 3.13; $(PYTHON) is {sys.version.split()[0]}. Try: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## run the whole pipeline on a small news agency, compare with its gold records
	$(BIN)/xabar demo

test: $(READY) check  ## every test, against a real Kafka and a real Postgres
	$(BIN)/pytest

fuzz: $(READY)  ## some minutes of pages made up at random, printing the one that breaks the parser
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-3000} $(BIN)/pytest tests/fuzz --timeout=3600

check: $(READY)  ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

up: $(READY)  ## start Kafka, Postgres and the four services, and stay
	$(BIN)/xabar up

down: $(READY)  ## stop what `make up` started
	$(BIN)/xabar down

bench: $(READY)  ## the benchmarks, as ratios in one run
	$(BIN)/python -m benchmarks

kb: .venv-kb/.ready  ## build the knowledge base anew from CLDR, GeoNames and the lists
	.venv-kb/bin/python -m services.enricher.knowledge.build --places

.venv-kb/.ready: requirements/kb.txt
	$(PYTHON) -m venv --clear .venv-kb
	.venv-kb/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/kb.txt
	@touch $@

lock: $(READY)  ## pin every dependency again, with hashes
	$(BIN)/$(LOCK) --all-extras --output-file requirements/all.txt
	for service in fetcher parser enricher store; do \
	  $(BIN)/$(LOCK) --extra $$service --constraint requirements/all.txt --output-file requirements/$$service.txt || exit 1; \
	done
	$(BIN)/$(LOCK) --group kb --output-file requirements/kb.txt
