# Everything a developer does. Each target sets up first what is missing; ARGS goes on to the command.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# stages share cargo's lock, the two caches and the terminal: one after the other, also under make -j
.NOTPARALLEL:
.PHONY: setup parity test golden bench bench-quick mutants peers lint check-rust check-julia check-mojo sanitize unit clean help

# cargo would look for a job server that recipes do not get
unexport MAKEFLAGS MFLAGS
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/.venv
export MODULAR_CACHE_DIR := $(CURDIR)/.cache/modular
export JULIA_DEPOT_PATH := $(CURDIR)/.cache/julia-depot:
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis
ARGS ?=
stage = @printf '\n== %s\n' '$(1)'

setup: ## make or refresh .venv, the Rust extension and Julia; a moment when nothing changed
	@tools/setup

parity: setup ## every kernel, case and dtype in all four languages
	spikemirror parity --require python,rust,julia,mojo $(ARGS)

# ordered so that what fails soonest comes first
test: lint check-rust check-julia check-mojo ## everything that must pass: lint, local checks, parity, pytest
	$(call stage,parity)
	spikemirror parity --require python,rust,julia,mojo
	$(call stage,mutants)
	spikemirror mutants --sample 1
	$(call stage,pytest)
	pytest -n logical --dist loadfile
	@printf '\nmake test: everything passed\n'

golden: setup ## write the golden fixtures anew
	spikemirror golden emit $(ARGS)

bench: setup ## time all kernels in all languages; writes an artifact
	spikemirror bench run $(ARGS)

bench-quick: setup ## the same with few samples
	spikemirror bench run --quick $(ARGS)

mutants: setup ## every seeded fault in every language; long the first time, then only what changed
	spikemirror mutants $(ARGS)

peers: setup ## other libraries over the fixtures; installs them first, 6 GB in .cache/peers
	tools/setup_peers
	spikemirror parity --peers $(ARGS)

lint: setup ## formatting, types, clippy, freshness of generated files, fixtures
	$(call stage,lint)
	ruff check
	ruff format --check
	mypy
	tools/generate --check
	spikemirror golden lint
	mblack --check --quiet mojo || { echo 'mojo/ is not formatted: run mblack mojo' >&2; exit 1; }
	cargo fmt --manifest-path rust/Cargo.toml --all --check
	cargo clippy --manifest-path rust/Cargo.toml --workspace --all-targets --quiet -- -D warnings

check-rust: setup ## Rust against the fixtures, without Python
	$(call stage,check-rust)
	cargo test --manifest-path rust/Cargo.toml --package spikemirror-kernels --release --quiet

check-julia: setup ## Julia against the fixtures, without Python
	$(call stage,check-julia)
	"$$(cat .cache/julia-exe)" --startup-file=no --project=julia julia/test/runtests.jl

check-mojo: setup ## Mojo against the fixtures, without the harness
	$(call stage,check-mojo)
	for file in mojo/tests/golden.mojo $(wildcard mojo/tests/test_*.mojo); do \
	    mojo run --fp-mode contract=off -I mojo "$$file"; \
	done

sanitize: setup ## Rust and Mojo over all fixtures with AddressSanitizer (needs libasan; minutes the first time)
	tools/sanitize $(ARGS)

unit: setup ## pytest alone, e.g. make unit ARGS="-k parity -x"
	pytest $(ARGS)

clean: ## remove all that set-up and the tools made
	rm -rf .venv .cache rust/target python/spikemirror/_rust*.so python/spikemirror/_rust*.pyd
	find python tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

help: setup ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
