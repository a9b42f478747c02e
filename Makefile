# Berline — everything a newcomer needs: make run, make test. `make help` lists the rest.

PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
SETUP_TESTS := tests/config/test_install.py tests/config/test_embedded.py tests/config/test_settings.py \
    tests/workflows/test_demonstration.py tests/workflows/test_demonstration_credits.py \
    tests/workflows/test_demonstration_headlines.py tests/workflows/test_load_demo_command.py
BROKER_TESTS := tests/notifications/test_killed_workers.py
OTHER_TESTS := tests/browser $(SETUP_TESTS) $(BROKER_TESTS)
WORKERS ?= auto

export PYTHONDONTWRITEBYTECODE ?= 1

.DEFAULT_GOAL := help
.PHONY: help install install-test run test test-walks test-setup test-brokers test-browser screenshots lint format bench requirements stop clean reset

help:           ## list these commands
	@grep -hE '^[a-z-]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

install:        ## make .venv with the pinned packages
	@$(PYTHON) -I config/install.py base $(VENV)

install-test:   ## the same with what tests and linters need
	@$(PYTHON) -I config/install.py test $(VENV)

run: install    ## start everything and print the address (PORT, BERLINE_VAR, DATABASE_URL)
	@$(PY) manage.py run

# Each process of a run imports the whole suite: what is compiled once is not compiled by all of them.
test test-walks test-setup test-brokers test-browser: export PYTHONDONTWRITEBYTECODE :=

test: install-test  ## the suite but what follows (ARGS="-k word" narrows it)
	@$(PY) -m pytest -n $(WORKERS) -m "not walk" $(patsubst %,--ignore=%,$(OTHER_TESTS)) $(ARGS)

test-walks: install-test  ## what walks far: random walks along every path, laws of whole years, killed processes
	@$(PY) -m pytest -n $(WORKERS) -m walk $(patsubst %,--ignore=%,$(OTHER_TESTS)) $(ARGS)

test-setup: install-test  ## tests of the set-up: environments, PostgreSQL clusters, settings of a process, the demonstration
	@$(PY) -m pytest -n $(WORKERS) $(SETUP_TESTS) $(ARGS)

test-brokers: install-test  ## killed workers: embedded broker, real Redis and RabbitMQ of Debian's packages
	@BERLINE_TEST_BROKERS=filesystem,redis,rabbitmq $(PY) -m pytest -n 0 $(BROKER_TESTS) $(ARGS)

test-browser: install-test  ## the browser tests; they need Chromium
	@$(PY) -m pytest -n 0 tests/browser $(ARGS)

screenshots: install-test  ## take the pictures of the documentation anew (ARGS="-k name": one of them)
	@BERLINE_RENEW_PICTURES=1 $(PY) -m pytest -n 0 tests/browser/test_pictures.py $(ARGS)

lint: install-test  ## format, style, types, layers, templates, migrations, production settings
	@$(PY) -m config.lint

format: install-test  ## format the code
	@$(VENV)/bin/ruff check --fix --quiet .
	@$(VENV)/bin/ruff format --quiet .

bench: install-test  ## measure a step and the queue against bare viewflow, and the sweeps
	@$(PY) -m tests.bench $(ARGS)

requirements: install-test  ## pin again, from pyproject.toml (UPGRADE=1 takes the newest versions)
	@$(PY) -m config.pin $(if $(UPGRADE),--upgrade)

stop: install   ## stop an embedded PostgreSQL that a killed run left behind
	@$(PY) manage.py embedded stop

clean:          ## remove .venv and caches; the data stay
	@rm -rf $(VENV) $(VENV).lock .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

reset: install  ## delete the embedded database and every file of the installation for good
	@$(PY) manage.py embedded destroy --yes
