# The one task runner; CI calls these targets and nothing else.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
REPOSITORY := 127.0.0.1:5000/orquestra/orquestra-sdk-base

.PHONY: help demo test check bench images publish setup system-packages clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup images ## Run a workflow whose tasks use different images (sets up all it needs)
	$(BIN)/python examples/custom_images/demo.py

test: setup images ## Run all tests (sets up all they need)
	$(BIN)/python -m pytest

check: $(INSTALLED) ## Check format, lint, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy -p orquestra -p images
	$(BIN)/lint-imports

bench: setup images ## Measure us beside raw Ray and Dask; a table, figures and a picture in bench-output/
	$(BIN)/python -m pip install -qq --disable-pip-version-check \
	  --editable '.[bench]' --constraint constraints.txt
	PYTHONPATH=. $(BIN)/python -m benchmarks

images: setup ## Build the base images for this Python; quick when nothing changed
	$(BIN)/python -m images build

publish: setup ## Push the base images to the running engine's registry, or to REPOSITORY=NAME
	$(BIN)/python -m images build --repository $(REPOSITORY) --push

setup: system-packages $(INSTALLED) ## Install missing system packages and the Python environment

system-packages: ## Install missing system packages (Debian and Ubuntu; elsewhere: say which)
	@scripts/install-system-packages.sh

# The stamp is written last, so an interrupted installation is repeated.
$(INSTALLED): pyproject.toml constraints.txt | system-packages
	test -x $(BIN)/python || "$$(scripts/find-python.sh)" -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check \
	  --editable '.[all,demo,dev]' --constraint constraints.txt
	touch $@

clean: ## Remove the environment, caches and outputs; images and system packages stay
	rm -rf $(VENV) .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache \
	  bench-output build demo-output dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
