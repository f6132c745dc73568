# From a bare checkout with Python 3.11+, pip, venv and make: `make serve`, `make test`. Everything is put into .venv.
#
#   make install                 the environment, with the embedded model's engine (extra `local`)
#   make serve [PORT=8600]       start the server; the first start prepares the sample workspace
#   make test [ARGS=…]           everything, in JOBS=3 processes; ARGS go to pytest
#   make test-slow               what takes long, or needs clients that are heavy to install
#   make check                   format, lint, types, layers, house and documentation, in seconds
#   make bench [ARGS=--json]     measure this machine
#   make bench-engine [ARGS=--quick]  the embedded engine beside transformers and llama.cpp
#   make bench-train [ARGS=…]    training speed beside transformers and nanoGPT
#   make bench-clients           200 clients that stream, stop and vanish at random for 5 minutes
#   make docs                    write docs/reference from the code
#
# PYTHON=… names the interpreter. TORCH_INDEX=… names where CPU builds of torch are looked for first on Linux without an NVIDIA
# GPU (a plain `pip install torch` brings gigabytes of CUDA there); TORCH_INDEX= (empty) skips that. SYSTEM= (empty) keeps
# `make test` from installing system packages. HYPOTHESIS_PROFILE=explore looks for new examples; without it they are the same each time.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Hundreds of starts of Python: without kept bytecode each of them compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TORCH := torch==2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
SYSTEM ?= chromium espeak-ng fonts-noto-cjk postgresql
PORT ?=
JOBS ?= 3
ARGS ?=

.PHONY: help install serve test test-slow check bench bench-clients bench-engine bench-train docs format clean

help:
	@sed -n 's/^#   //p' Makefile

install: $(VENV)/.installed

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Duologue needs Python 3.11 or newer; name it with make PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# torch first and alone: the CPU build satisfies the same pin, and its dependencies come with the rest
$(VENV)/.torch: | $(BIN)/python
	@if [ "$$(uname -s)" = Linux ] && [ -n "$(TORCH_INDEX)" ] && ! nvidia-smi -L >/dev/null 2>&1; then \
		echo "Looking for a CPU build of torch at $(TORCH_INDEX) …"; \
		$(PIP) install --no-deps --timeout 10 --retries 0 --index-url "$(TORCH_INDEX)" "$(TORCH)" 2>/dev/null \
			|| echo "There is none; the plain one is taken, which is larger."; \
	fi
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.torch
	@echo "Installing into $(VENV) (a few minutes the first time) …"
	$(PIP) install --editable '.[local,postgres,education]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.torch
	@echo "Installing into $(VENV), with what tests and measurements need (a few minutes the first time) …"
	$(PIP) install --no-compile --editable '.[local,support,education,health,postgres,test,oracles,tensorboard,ocr,voice]'
	@touch $(VENV)/.installed $@

serve: install
	@exec $(BIN)/python -m duologue serve $(if $(PORT),--port $(PORT)) $(ARGS)

test:
	@$(MAKE) --no-print-directory -j 2 $(VENV)/.installed-dev $(VENV)/.system
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-slow: $(VENV)/.installed-dev
	$(PIP) install --editable '.[clients]'
	$(BIN)/python -m pytest -m slow $(ARGS)

# Chromium, PostgreSQL and a voice for the tests that need them, where this user may install packages; else those tests skip and say why
$(VENV)/.system: | $(BIN)/python
	@missing=""; \
	for package in $(SYSTEM); do \
		dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; \
	done; \
	sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null && $$sudo true 2>/dev/null; then \
		echo "Installing$$missing …"; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt="timeout 600 apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Dpkg::Use-Pty=0"; \
		{ $$sudo $$apt update && $$sudo $$apt install -y --no-install-recommends $$missing >/dev/null; } \
			|| echo "They could not be installed; the tests that need them will be skipped."; \
	elif [ -n "$$missing" ]; then \
		echo "Not installed:$$missing. The tests that need them look for another one, or are skipped."; \
	fi
	@touch $@

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check --quiet src tests bench docs
	$(BIN)/ruff check --quiet src tests bench docs
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest --quiet tests/house tests/docs

format: $(VENV)/.installed-dev
	$(BIN)/ruff format src tests bench docs
	$(BIN)/ruff check --fix src tests bench docs

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench.messages $(ARGS)

bench-engine: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --editable '.[bench]' || echo "llama.cpp could not be built; it does not take part."
	$(BIN)/python -m bench.engine $(ARGS)

bench-train: $(VENV)/.installed-dev
	$(BIN)/python -m bench.train $(ARGS)

bench-clients: $(VENV)/.installed-dev
	$(BIN)/python -m bench.clients $(ARGS)

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
