# Only Python 3.11, make and the network are needed; everything else goes into .venv and var.

PYTHON ?= python3
PORT ?= 5232
PYTEST_ARGUMENTS ?=

VENV := .venv
BIN := $(VENV)/bin
SOURCES_OF_DEPENDENCIES := pyproject.toml setup.cfg

export RADICALE_BOOKING_CONFIG ?= config/radicale-booking.ini

.PHONY: serve test check bench soak pictures docs clean

serve: $(VENV)/.installed
	@$(BIN)/radicale-booking demo --port $(PORT)
	@exec $(BIN)/radicale-booking serve --host 127.0.0.1 --port $(PORT)

# Tests start hundreds of processes, each of which would compile the sources again where nothing is kept.
test: $(VENV)/.installed-test
	@.ci/browser
	@.ci/postgres
	@.ci/litmus
	@.ci/mail
	@.ci/deploy
	@.ci/thunderbird
	@.ci/firefox
	@.ci/evolution
	@env -u RADICALE_BOOKING_CONFIG -u PYTHONDONTWRITEBYTECODE \
		$(BIN)/pytest -n auto --dist worksteal $(PYTEST_ARGUMENTS)

check: $(VENV)/.installed-check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@.ci/audit

bench: $(VENV)/.installed-test
	@.ci/postgres
	@env -u RADICALE_BOOKING_CONFIG $(BIN)/python -m benchmarks

# The pictures in the documentation, with the fonts that a desk has.
pictures: $(VENV)/.installed-test
	@.ci/browser fonts-noto-core
	@$(BIN)/python -m tests.pictures

# The documentation as a site of its own: a folder for any web server.
docs: $(VENV)/.installed-docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open build/site/index.html"

soak: $(VENV)/.installed-test
	@env -u RADICALE_BOOKING_CONFIG $(BIN)/pytest -m soak $(PYTEST_ARGUMENTS)

# A stamp for each set of dependencies: a second run installs nothing.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created $(SOURCES_OF_DEPENDENCIES)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.created $(SOURCES_OF_DEPENDENCIES)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-test: $(VENV)/.created $(SOURCES_OF_DEPENDENCIES)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-docs

$(VENV)/.installed-check: $(VENV)/.created $(SOURCES_OF_DEPENDENCIES)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[check,test]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-docs $(VENV)/.installed-test

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
