# The two commands: `make demo` and `make test`. Everything runs in .venv, which they make themselves.

VENV   := .venv
BIN    := $(VENV)/bin
FIND   := for p in python3.11 python3 python; do \
            $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done
PYTHON ?= $(shell $(FIND))
# The mechanisms, the words and the edges; the comparisons with Keras take minutes and are left to `make test`.
QUICK  := $(addprefix tests/, test_*.py core budget demo explain/test_brute_force.py explain/test_reading.py layers/test_core.py layers/test_reshaping.py \
            metrics/test_resolve.py models/test_models.py saving/test_archive.py training/test_bad_input.py)

.PHONY: demo test chromium quick lint format bench fuzz soak clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed            ## train a network on handwritten digits, write a report
	$(BIN)/lamina demo --out demo

test: $(VENV)/.tested chromium     ## the whole suite
	$(BIN)/pytest -n 2

chromium:                           ## a browser to test the viewer in, where apt can install one
	@command -v chromium >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
	  { timeout 60 apt-get -qq update && timeout 240 apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1 || true

quick: $(VENV)/.tested              ## the lane under a minute
	$(BIN)/pytest -n 2 -q -m "not slow" $(QUICK)

lint: $(VENV)/.tested               ## style, without changing anything
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(VENV)/.tested             ## style, put right
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.tested              ## speed, as ratios to hand-written JAX
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.tested               ## 50,000 damaged files: each loads or is refused
	$(BIN)/python -m tests.saving.fuzz 50000

soak: $(VENV)/.tested               ## 20,000 steps, 5,000 fits, predictions and models: nothing may grow
	$(BIN)/python -m tests.training.soak

clean:
	rm -rf $(VENV) build dist demo

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Lamina needs Python 3.11 or newer, and found none as python3.11, python3 or python." >&2; \
	  echo "Install it, or name it: make demo PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@ $(VENV)/.installed
