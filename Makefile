# Two commands do all the set-up: `make run` starts the sandbox, `make test` checks everything.
# Both install what they need first, into .venv and a cache folder, and are quick when nothing changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Twice quiet: what pip has to say about the machine's own index settings is not ours to repeat.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

.DEFAULT_GOAL := help
.PHONY: help run test test-all bench lint format locales requirements clients clean
.DELETE_ON_ERROR:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/installed-run ## start the sandbox; ARGS="…" is passed on to `genkan up`
	@exec $(BIN)/genkan up $(ARGS)

# In their own order: by the number of their tests, the slow files with few tests would come last.
test: lint clients ## lint, then every test; ARGS="…" is passed on to pytest
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-all: ## the same with everything on both engines and two hundred kills (docs/faults.md)
	@GENKAN_TEST_ENGINES=all GENKAN_TEST_KILLS=200 $(MAKE) --no-print-directory test

bench: clients ## measure everything, rewrite docs/benchmarks.md; ARGS="…" is passed on
	@$(BIN)/python -m benchmarks $(ARGS)

lint: $(VENV)/installed-test ## ruff, mypy and the import rules
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary -p genkan -p scripts
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/installed-test ## sort imports, mend what ruff can mend, format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

locales: $(VENV)/installed-run ## collect the pages' wording and compile its translations
	@$(BIN)/python -m genkan.fronts.web.catalogues

# The outside that the tests drive for real.
clients: $(VENV)/installed-test
	@$(BIN)/python -m scripts.install_chromium
	@$(BIN)/python -m scripts.install_postgresql
	@$(BIN)/python -m scripts.install_aws_cli

COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--only-binary :all: --generate-hashes --no-emit-index-url --no-header --annotation-style line

requirements: $(VENV)/installed-test ## pin requirements anew; ARGS="--upgrade" takes newer releases
	@$(COMPILE) requirements/build.in -o requirements/build.txt $(ARGS)
	@$(COMPILE) pyproject.toml -o requirements/run.txt $(ARGS)
	@$(COMPILE) requirements/test.in -o requirements/test.txt $(ARGS)
	@$(COMPILE) requirements/aws-cli.in -o requirements/aws-cli.txt $(ARGS)

clean: ## remove the virtual environment and everything that tools have left
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		build dist screenshots genkan.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up. The stamps make a second run take no time; pip checks every hash.

$(VENV)/created: scripts/create_venv.sh
	@sh scripts/create_venv.sh "$(PYTHON)" $(VENV)
	@touch $@

$(VENV)/installed-run: $(VENV)/created pyproject.toml requirements/build.txt requirements/run.txt
	@echo "Installing Genkan into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed-run requirements/test.txt
	@echo "Installing what tests need into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@
