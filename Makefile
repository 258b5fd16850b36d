# The two commands are `make run` and `make test`; both make the virtual environment first.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run test test-full test-windows equal golden mutants lint bench vba workbooks clean

run: $(READY)  ## the main job, on a sample workbook
	mkdir -p build
	$(BIN)/xlbackflush new build/widgets.xlsm --sample widgets --force
	$(BIN)/xlbackflush run build/widgets.xlsm

test: $(READY)  ## all tests, one file of them per core at a time
	$(BIN)/python -m pytest -n auto

test-full: $(READY)  ## the same with every cell and every policy where `make test` tries a sample; hours
	XLBACKFLUSH_FUZZ=full $(BIN)/python -m pytest -n auto

test-windows: $(READY)  ## what only Windows can show: tests/windows, on Windows Python under Wine
	$(BIN)/python tests/windows/setup_wine.py
	$(BIN)/python -m pytest tests/windows --windows

SINCE ?= 8774eb1
equal: $(READY)  ## no number differs from those of an earlier commit: make equal SINCE=REF
	$(BIN)/python -m tests.equality --since $(SINCE)

golden: $(READY)  ## write the golden files of the exports anew, to be read before they are committed
	PYTHONPATH=tests/support:tests/oracles:tests/doubles $(BIN)/python tests/ledgers/test_export.py

ONLY   ?= xlbackflush/engine
SAMPLE ?= 15
SEED   ?= 1
mutants: $(READY)  ## does a test fail when the engine is changed? make mutants ONLY=xlbackflush/engine/posting SAMPLE=100
	$(BIN)/python -m pip install -q -e '.[mutants]'
	$(BIN)/python -m tests.mutants --only $(ONLY) --sample $(SAMPLE) --seed $(SEED)

lint: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check xlbackflush tests vba
	$(BIN)/mypy

bench: $(READY)  ## speed, side by side, in one table
	$(BIN)/python -m pip install -q -e '.[bench]'
	$(BIN)/python -m tests.bench

# To have them signed: sign a copy of vba/built/xlbackflush.xlam with your certificate (signtool, or Tools > Digital
# Signature in Excel's VBA editor), and install it: xlbackflush install --addin FILE. A workbook that `new` has written is
# signed the same way, and runs leave its macros and their signature as they are.
vba: $(READY)  ## build vba/built/ again: vbaProject.bin of workbooks, and the add-in
	$(BIN)/python -m xlbackflush.vba.building

workbooks: vba  ## build workbooks/ again
	$(BIN)/xlbackflush new workbooks/template.xlsm --period 2026-01 --force
	$(BIN)/xlbackflush new workbooks/widgets.xlsm --sample widgets --force
	$(BIN)/xlbackflush new workbooks/computers.xlsm --sample computers --force

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -e '.[test]'
	$(BIN)/python -m compileall -q xlbackflush  # as pip does where it copies a package
	touch $(READY)

clean:
	rm -rf build mutants $(VENV)
