# The two commands are `make run` and `make test`; both make the virtual environment first.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run test test-windows lint bench workbooks clean

run: $(READY)  ## the main job, on a sample workbook
	mkdir -p build
	$(BIN)/xlbackflush new build/widgets.xlsm --sample widgets --force
	$(BIN)/xlbackflush run build/widgets.xlsm

test: $(READY)  ## all tests
	$(BIN)/python -m pytest

test-windows: $(READY)  ## what only Windows can show: tests/windows, on Windows Python under Wine
	$(BIN)/python tests/windows/setup_wine.py
	$(BIN)/python -m pytest tests/windows --windows

lint: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check xlbackflush tests
	$(BIN)/mypy

bench: $(READY)  ## speed, side by side
	$(BIN)/python -m pip install -q -e '.[bench]'
	$(BIN)/python -m tests.bench

workbooks: $(READY)  ## build workbooks/ again
	$(BIN)/xlbackflush new workbooks/template.xlsm --period 2026-01 --force
	$(BIN)/xlbackflush new workbooks/widgets.xlsm --sample widgets --force
	$(BIN)/xlbackflush new workbooks/computers.xlsm --sample computers --force

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -e '.[test]'
	touch $(READY)

clean:
	rm -rf build $(VENV)
