# The two commands are `make demo` and `make test`; each does all the set-up on a bare machine and the second run starts
# at once. Two stamps remember what is done: dependencies (from the lock) and build (from sources). They live in .venv
# and carry a checksum of the checkout's path, because an environment names absolute paths: a copied checkout rebuilds.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PLACE := $(shell pwd -P | cksum | cut -d' ' -f1)
PY := .venv/bin/python
DEPS := .venv/deps-$(PLACE)
BUILT := .venv/built-$(PLACE)
SOURCES := setup.py pyproject.toml $(shell find native .cargo -name '*.rs' -o -name '*.toml' -o -name 'Cargo.lock' -o -name '*.pyx' -o -name '*.pxd')

# rustup's place first; one interpreter for every step, or each change of it would compile PyO3 again.
export PATH := $(HOME)/.cargo/bin:$(PATH)
export PYO3_PYTHON := $(CURDIR)/.venv/bin/python

.PHONY: help demo test test-clients build fast bench bench-fast bench-peers drill soak fuzz parity model clamm-artifacts lock lock-clients contracts clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 14

demo: $(BUILT)  ## trade for half a minute against the venue-in-a-box, replay the journal, write the report
	.venv/bin/tickwright demo

test: $(DEPS)  ## every test, lint and type check; a summary of all failures at the end
	@deploy/toolchain.sh --lint
	@$(MAKE) $(BUILT)
	@$(MAKE) clamm-artifacts || echo "Contracts are missing (see above): the tests that run them will be skipped." >&2
	$(PY) -m tests.run

test-clients: $(BUILT)  ## clients that we did not write trade against the box, each in an environment of its own (CLIENTS="ccxt sdk")
	$(PY) -m tests.clients.run $(CLIENTS)

build: $(BUILT)  ## .venv/ with the release build; .venv/bin/tickwright works afterwards

PROFILE := build/profile
GUIDED := RUSTFLAGS="-Cprofile-use=$(CURDIR)/$(PROFILE)/core.profdata" CARGO_TARGET_DIR=target/fast

$(PROFILE)/core.profdata: $(SOURCES) deploy/profile.sh | $(BUILT)
	@rm -f $(BUILT)
	deploy/profile.sh $(PROFILE)

fast: $(PROFILE)/core.profdata  ## the build for a trading host: a demo is measured, and the core built for the paths it took
	$(GUIDED) $(PY) setup.py -q build_rust --inplace
	@touch $(BUILT)

bench-fast: fast  ## the core's benchmarks, built as `make fast` builds the core
	$(GUIDED) cargo bench --locked --manifest-path native/Cargo.toml --bench decode --bench hotpath --bench gate --bench encode

bench: $(BUILT)  ## our benchmarks: every figure is a ratio to a floor measured in the same run
	cargo bench --locked --manifest-path native/Cargo.toml --bench decode --bench hotpath --bench gate --bench encode --bench venue --bench replay --bench l3 --bench clamm
	$(PY) -m bench.decode_venues
	$(PY) -m bench.bars_polars
	$(PY) -m bench.clamm
	$(PY) -m pytest -q bench/test_crossing.py --benchmark-only
	$(PY) bench/journal.py
	$(PY) bench/ring.py
	$(PY) bench/lake.py

bench-peers: $(BUILT)  ## our books beside nautilus_trader's and hftbacktest's, our quotes beside QuoterV2's, degenbot's and @uniswap/v3-sdk's
	@$(MAKE) clamm-artifacts || echo "Contracts are missing (see above): QuoterV2 will not be measured." >&2
	@short=""; \
	$(PY) -m bench.peers || short="books"; \
	$(PY) -m bench.clamm_peers || short="$${short:+$$short and }pools"; \
	if [ -n "$$short" ]; then echo "Short of a goal, or without its peers (see above): $$short" >&2; exit 1; fi

KILLS ?= 200
SEED ?= 1

drill: $(BUILT)  ## kill the engine KILLS times (200) while it trades, and prove after each that nothing is lost
	@.venv/bin/tickwright drill --kills $(KILLS) --seed $(SEED) --json

SOAK_SECONDS ?= 1800

soak: $(BUILT)  ## trade SOAK_SECONDS (1800) on a box that fails at random, and compare everything with it at the end
	@.venv/bin/tickwright soak --seconds $(SOAK_SECONDS) --seed $(SEED) --json

SECONDS ?= 600
TARGETS ?=

fuzz: $(DEPS)  ## libFuzzer over every reader of foreign bytes, SECONDS (600) in all; findings and corpus in build/fuzz
	@$(PY) -m tests.fuzz --seconds $(SECONDS) --targets "$(TARGETS)"

SWAPS ?= 1000000

parity: $(BUILT) clamm-artifacts  ## SWAPS (1000000) random swaps on our pools and on the deployed bytecode, compared one by one; goes on where it stopped
	@$(PY) -m tests.parity.fuzz --swaps $(SWAPS) --seed $(SEED)

model: $(DEPS)  ## let loom explore every interleaving of the ring's two ends (a build of its own, minutes)
	RUSTFLAGS="--cfg loom" CARGO_PROFILE_RELEASE_LTO=off cargo test --release --locked \
	    --manifest-path native/Cargo.toml --target-dir target/loom -p tickwright-core --lib ring::

clamm-artifacts: $(DEPS)  ## the contracts of sim/contracts.toml and a chain for loopback, from npm into build/contracts, checked to the byte
	@$(PY) deploy/clamm_artifacts.py

lock: $(DEPS)  ## resolve pyproject.toml again into requirements.lock (hashes, no registry's address)
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-annotate \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.lock

lock-clients: $(DEPS)  ## resolve each tests/clients/requirements/*.in again into its .txt
	@for wanted in tests/clients/requirements/*.in; do \
	    least="$$(sed -n 's/^# python >= //p' "$$wanted")"; \
	    $(PY) -m uv pip compile --quiet --universal --python-version "$${least:-3.11}" --generate-hashes --no-annotate \
	        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock-clients" \
	        "$$wanted" -o "$${wanted%.in}.txt"; \
	done

contracts: $(DEPS)  ## compile pycore/contracts into its descriptor set; an incompatible change is refused
	$(PY) -m tests.contracts

clean:  ## remove the environments and every build product
	rm -rf .venv .venv-clients target build dist *.egg-info native/*.so native/*.c

$(DEPS): requirements.lock deploy/toolchain.sh
	@deploy/toolchain.sh
	"$$(deploy/toolchain.sh --python)" -m venv --clear .venv
	$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(BUILT): $(DEPS) $(SOURCES)
	$(PY) -m pip install --quiet --no-build-isolation --no-deps -e .
	@rm -rf tickwright.egg-info  # python -m would find it before the installed metadata, and its verbs may be old
	@touch $@
