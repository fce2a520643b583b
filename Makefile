# Each target works by itself on a machine with Python 3.11+ (with venv) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test suite lint bench soak chromium clean

demo: $(STAMP)
	$(BIN)/pixel-audit demo clean_launch --out packet
	@echo "Open packet/packet.html in a browser."

# What waits for a download or uses one core leaves room for the other.
test:
	@$(MAKE) --no-print-directory -j 2 suite lint

# Three workers on two cores, since some wait for a browser; a fourth makes it no faster. Commands start faster where Python may keep what it compiled.
suite: $(STAMP) chromium
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

lint: $(STAMP)
	$(BIN)/ruff check audit reports tests
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	$(BIN)/python -m tests.bench

soak: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[soak]"
	$(BIN)/python -m pytest -n 2 -m soak
	$(BIN)/python -m tests.bench.soak
	$(BIN)/python -m tests.fuzz

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $(STAMP)

# The packet and the sample storefront are tested in the system's own Chromium.
chromium:
	@sh tests/install_chromium.sh

clean:
	rm -rf $(VENV) packet dist build
