# What a checkout can do. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PACKAGES := .venv/.packages-installed
EXTENSION := .venv/.extension-built
RUST := $(shell find crates -name target -prune -o -type f \( -name '*.rs' -o -name '*.toml' \) -print) Cargo.toml Cargo.lock
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python

.PHONY: help setup demo test fuzz check format lock docs bench-images bench-boxes bench-download bench-normalize bench-pack bench-tokenize clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(EXTENSION) ## Make .venv with the locked packages, and build the Rust core into it

$(PACKAGES): requirements.lock
	@python=$$(scripts/check-tools.sh); scripts/install-packages.sh "$$python"
	@touch $@

$(EXTENSION): $(PACKAGES) $(RUST) pyproject.toml
	@scripts/check-tools.sh > /dev/null; scripts/build-extension.sh
	@touch $@

demo: setup ## Run all six stages on pictures that come with the packages; print the scores
	@git rev-parse --is-inside-work-tree > /dev/null 2>&1 || \
		{ echo "error: DVC keeps its pipeline inside a git repository" >&2; echo "hint: git init" >&2; exit 1; }
	@$(BIN)/dvc repro
	@echo; $(BIN)/mmgic scores results/eval

test: setup check ## Run every check and test, with coverage; real data where MMGIC_REAL_DATA is set
	cargo test --workspace --quiet
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --cov --cov-report=term-missing:skip-covered

fuzz: ## Damage pictures 200,000 times: each must be read or refused (MMGIC_FUZZ_INPUTS: how many, or 7..8 for one)
	MMGIC_FUZZ_INPUTS=$${MMGIC_FUZZ_INPUTS:-200000} cargo test --release --package mmgic-core --test mutations -- --nocapture

check: setup ## Lint, types, direction of imports, Rust format and lint, stubs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	$(BIN)/stubtest mmgic._core

format: setup ## Format Python and Rust, and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cargo fmt --all

lock: ## Write requirements.lock from the packages of .venv
	$(BIN)/python scripts/lock.py > requirements.lock.part
	mv requirements.lock.part requirements.lock

docs: setup ## Write the generated part of the docs
	$(BIN)/python docs/generate.py

bench-images: setup .bench/.images-peers ## Time decoding beside every peer, in ten minutes; writes benchmarks/results
	cargo build --release --quiet -p mmgic-core --example time_images
	$(BIN)/python -m benchmarks.images.run $(ARGS)

bench-boxes: setup .bench/.boxes-peers ## Time boxes to text and back, and overlaps, beside every peer
	$(BIN)/python -m benchmarks.boxes.run $(ARGS)

bench-download: setup .bench/.download-peers ## Time the download of a table of URLs from a local server, beside img2dataset
	$(BIN)/python -m benchmarks.download.run $(ARGS)

bench-normalize: setup .bench/.normalize-peers ## Time normalize on a million scenes, and large JSON, beside every peer
	$(BIN)/python -m benchmarks.normalize.run $(ARGS)

bench-pack: setup .bench/.pack-peers ## Time and judge packers, the writing and the reading of rows, beside every peer
	$(BIN)/python -m benchmarks.pack.run $(ARGS)

.bench/.%-peers: benchmarks/%/peers.txt benchmarks/peers.sh $(PACKAGES)
	@benchmarks/peers.sh .bench/environments .venv $<
	@touch $@

bench-tokenize: setup ## Time the stage tokenize; ARGS="--before DIR" beside another checkout
	$(BIN)/python -m benchmarks.tokenize.run $(ARGS)

clean: ## Remove .venv, builds and caches; data, models and results stay
	rm -rf .venv .bench target .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* mmgic/_core*.so
	find mmgic stages scripts tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
