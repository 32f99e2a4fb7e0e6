# The one-word commands. What they do stands in switchbot_site/local/; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON_NAMES := python3.14 python3.13 python3.12 python3.11 python3
# Tried by running it: a name on PATH may be a stub (pyenv's are).
PYTHON = $(shell for name in $(PYTHON_NAMES); do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$name; break; }; done)
SETUP = $(if $(PYTHON),$(PYTHON),$(error No Python 3.11 or newer on PATH. Install one (on Debian 12 or newer, as root: \
	apt-get install python3 python3-venv))) -m switchbot_site.local.setup
VENV := .venv/bin
# What production has: secure cookies, no debugging. The database is never asked.
LINT_ENV := ENV_FILE=/dev/null DEBUG=false HTTPS=true ALLOWED_HOSTS=store.example.com VAR_DIR=var/lint \
	POSTGRES_URL='host=/nonexistent dbname=store' SECRET_KEY="$$($(VENV)/python -c 'import secrets; print(secrets.token_urlsafe(60))')"
ARGS ?=

.PHONY: help
help: ## This list
	@echo "Commands of SwitchBot Store Ops:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-20s %s\n' "$$name" "$$text"; done

.PHONY: run
run: ## Install what is missing, start PostgreSQL and serve the site (PORT=8001 make run: another port)
	@$(SETUP) --venv && exec $(VENV)/python -m switchbot_site.local.run

.PHONY: setup
setup: ## Install only: .venv and PostgreSQL
	@$(SETUP)

.PHONY: test-setup
test-setup:
	@$(SETUP) --tests

.PHONY: test
test: test-setup ## Install what the tests need and run them (ARGS="-k words" for some)
	@$(VENV)/pytest -n 2 --dist worksteal $(ARGS)

.PHONY: faults
faults: test-setup ## Break the store on purpose, in full: 15 minutes (FAMILY=name,name TIMES=n for less)
	@ENV_FILE=/dev/null FAMILY="$(FAMILY)" TIMES="$(TIMES)" $(VENV)/python -m tests.faults

.PHONY: lint
lint: test-setup ## Style, types, templates, migrations, production settings
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy .
	$(VENV)/sqlfluff lint --disable-progress-bar $$(git ls-files "*.sql" ":!tests")
	@export $(LINT_ENV); set -x; \
	$(VENV)/python manage.py validate_templates && \
	$(VENV)/python manage.py check --deploy --fail-level WARNING && \
	$(VENV)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

.PHONY: format
format: test-setup ## Bring the code into its style
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

.PHONY: lock
lock: ## Renew requirements/*.txt from pyproject.toml (ARGS=--upgrade: to the newest)
	@$(SETUP) --venv && $(VENV)/python -m switchbot_site.local.lock $(ARGS)

.PHONY: screenshots
screenshots: test-setup ## Pictures of every page into docs/screenshots (ARGS="--to DIRECTORY overview": elsewhere, some)
	@$(VENV)/python -m tests.screenshots $(ARGS)

.PHONY: messages
messages: ## Collect what the site says into */locale/fr, to be translated there
	@$(SETUP) --venv && $(VENV)/python -m switchbot_site.local.messages

.PHONY: env-example
env-example: ## Renew .env.example from the declared variables
	@$(SETUP) --venv && $(VENV)/python -m switchbot_site.local.env_example > .env.example

.PHONY: clean-var
clean-var: ## Delete var/: the private cluster, the site database, the secret key (asks first)
	@$(SETUP) --venv && $(VENV)/python -m switchbot_site.local.clean
