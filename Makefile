# make demo: from nothing to tags and a report.   make test: the fast tests.
PYTHON ?= python3.11
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help setup demo test test-slow lint format bench bench-nano bench-data bench-data-growth \
	bench-train bench-stream bench-curve bench-new-department bench-noise bench-tagger bench-serve \
	bench-tag bench-plan

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: .venv/.done  ## make .venv and install everything (once)

.venv/.done: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@# torch first and exactly: resolved with the rest, a build with gigabytes of CUDA may come
	$(BIN)/pip install --quiet torch==$$(sed -n 's/^torch==//p' constraints.txt)
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

demo: setup  ## made tables -> prepare -> train -> evaluate -> tag, into demo/
	$(BIN)/shelftag demo --out demo --overwrite

test: setup  ## the fast tests
	$(BIN)/python -m pytest -q

test-slow: setup  ## the slow tests: faults, full sizes, the real catalog where it is there
	$(BIN)/python -m pytest -q -m slow --durations=15

lint: setup  ## format, rules, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: bench-nano bench-data bench-data-growth bench-train bench-stream bench-noise bench-curve bench-new-department bench-tagger bench-serve bench-tag bench-plan  ## measure; see the README's results

bench-nano: setup  ## what each part of the nano tagger brings (half an hour)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_nano

bench-data: setup  ## prepare against DuckDB, Polars and pandas, full size (ten minutes)
	$(BIN)/python -m tests.benchmarks.bench_data

bench-data-growth: setup  ## prepare on 1, 3 and 10 times the lines (ten minutes)
	$(BIN)/python -m tests.benchmarks.bench_data_growth

bench-train: setup  ## training speed beside the bare Trainer and TRL (ten minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_train

bench-stream: setup  ## all order lines from Ray Data into a training worker (five minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_stream

bench-curve: setup  ## the nano tagger's accuracy against labels (an hour)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_curve

bench-new-department: setup  ## a department added by name, without training (ten minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_new_department

bench-tagger: setup  ## names a second of the bare tagger, its parts, other forms (ten minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_tagger

bench-serve: setup  ## the endpoint beside a no-op and FastAPI with a pipeline (ten minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_serve

bench-noise: setup  ## planted wrong labels found again (ten minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_noise

bench-tag: setup  ## tag beside DuckDB and beside the bare tagger, full size (fifteen minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_tag

bench-plan: setup  ## what `plan` says beside prepare, train and tag at 1, 3 and 10 times a size (eight minutes)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.bench_plan
