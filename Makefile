# The commands of Stockroom. `make` alone lists them.

SHELL := /bin/bash
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DEMO ?= 1
export HOST PORT

VENV := .venv
PY := $(VENV)/bin/python
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export UV_PYTHON_DOWNLOADS := never
# Containers often forbid Python to keep what it has compiled: then each of many processes compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run check test test-long bench screenshots format lock packages openstack

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: export STOCKROOM_DEMO := $(DEMO)
run: $(VENV)/run.stamp ## start the panel with demo people (PORT=8000 HOST=127.0.0.1; DEMO=0: an empty panel)
	@$(PY) -m config.prepare
	@exec $(PY) -m config.run

check: export STOCKROOM_DATA_DIR := $(CURDIR)/$(VENV)/check-data
check: $(VENV)/dev.stamp ## format, lint, types, templates, import direction, migrations, production settings
	ruff format --check .
	ruff check .
	mypy
	djlint --quiet --check templates
	djlint --quiet --lint templates
	lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	scripts/check-production

test: $(VENV)/dev.stamp packages ## all tests: everything on SQLite, what depends on the database on PostgreSQL too
	$(PY) -m pytest -n auto
	$(PY) -m pytest -n auto --database=postgresql -m "database and not long"

test-long: $(VENV)/dev.stamp packages openstack ## the rest: many histories, big files, kills, all on both databases
	@scripts/system-packages long
	HYPOTHESIS_PROFILE=long $(PY) -m pytest -n auto -m long
	HYPOTHESIS_PROFILE=long $(PY) -m pytest -n auto -m "long or not long" --database=postgresql

bench: $(VENV)/dev.stamp ## the benchmarks
	$(PY) -m tests.bench

screenshots: $(VENV)/dev.stamp packages ## take the pictures in docs/screenshots anew
	$(PY) -m tests.journeys.screenshots

format: $(VENV)/dev.stamp ## format code and templates, and mend what the linters can
	ruff format .
	ruff check --fix-only --quiet .
	djlint --quiet --reformat templates

lock: $(VENV)/dev.stamp ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1: with the newest versions)
	scripts/lock $(if $(UPGRADE),--upgrade)

openstack: $(VENV)/openstack/stamp ## install Keystone, Glance and Nova beside the panel, for the tests against real ones

packages: # what the tests need of the operating system
	@scripts/system-packages

$(VENV)/run.stamp: requirements/run.txt requirements/bootstrap.txt
	@PYTHON=$(PYTHON) scripts/install run

$(VENV)/dev.stamp: requirements/dev.txt requirements/run.txt requirements/bootstrap.txt
	@PYTHON=$(PYTHON) scripts/install dev

$(VENV)/openstack/stamp: $(VENV)/dev.stamp requirements/openstack.txt
	@scripts/install-openstack
