# Every target installs what it needs into .venv first; `make help` lists them.
SHELL := /bin/bash
# A command that Ctrl-C stopped has the last word: make ends by the same signal, in place of a line on "Error 130". Not where
# make ignores the signal, as it would take the command for done. Signal and end at once make it say "wait: No child processes".
.SHELLFLAGS := -euo pipefail -c 'stopped() { [ $$? -ne 130 ] || [ "$$(trap -p INT)" ] || { kill -INT $$PPID; sleep 0.5; exit 0; }; }; trap stopped EXIT; eval "$$0"'
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# An environment that .venv, or its bin, links to belongs to another checkout: it is used as it is. To install into it would
# first empty it, for all who use it.
LINKED := $(shell readlink $(VENV) || readlink $(BIN))
READY := $(if $(LINKED),,$(VENV)/.ready)
READY_DEV := $(if $(LINKED),,$(VENV)/.ready-dev)
ifndef LINKED
# Installed again: where the Python it was made with is gone since, as after an upgrade of the system; and where its programs
# have the path of a folder that was moved, as before they found their Python from where they lie.
$(shell [ ! -e $(READY) ] || { [ -x $(BIN)/python ] && grep -q 'relocatable = true' $(VENV)/pyvenv.cfg; } || rm -f $(READY) $(READY_DEV))
endif
# the certificates that git and pip trust, which a company may have added to
UV := $(BIN)/python -m uv --system-certs
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true

# make paper JOBS=1, and the other reports: one run at a time, on every core; more: so many side by side, one core and about 2 GB each
JOBS ?= 2
SIDE_BY_SIDE := $(if $(filter-out 1,$(JOBS)),hydra/launcher=joblib hydra.launcher.n_jobs=$(JOBS))
ONE_CORE := $(if $(SIDE_BY_SIDE),TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1)
# make paper QUICK=1, and the other reports: small, short and simulated; FORCE=1: also what the store has
SMALL := $(if $(QUICK),dataset=simulated dataset.records=20000 training.epochs=2 training.progress=false) \
  $(if $(FORCE),tracking.skip_finished=false)

# $(call install,lock file): with nothing but the seconds so far, and errors
install = while sleep 1; do \
    if [ -t 2 ]; then printf '  %d s\r' $$SECONDS >&2; elif (( SECONDS % 20 == 0 )); then echo "  $$SECONDS s" >&2; fi; \
  done & trap "kill $$!; [ ! -t 2 ] || printf '\r\033[K' >&2" EXIT; \
  $(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r $(1)

# a downloaded ZIP has no .git, which DVC needs for all but the demo
GIT := [ -e .git ] || { echo "found no .git here, which DVC needs: git init && git add --all && git commit --message 'the project'"; exit 1; }

# $(call resolve,options,lock file): a version of the file as it stands is kept where pyproject.toml allows it
resolve = $(UV) pip compile --quiet pyproject.toml $(1) --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file $(2)

# the command that goes on where a signal stopped this one
again = IDS_COMMAND='$(strip make $(1) $(if $(QUICK),QUICK=$(QUICK)) $(if $(filter-out file,$(origin JOBS)),JOBS=$(JOBS)))'

# $(call report,name,options): the grids conf/experiment/name/*.yaml, then the report on them
define report
$(if $(QUICK),,$(call again,$(1)) $(BIN)/dvc repro preprocess)
$(call again,$(1)) $(if $(2),$(ONE_CORE)) $(BIN)/python -m src.grids $(1) $(2) $(SMALL)
$(call again,$(1)) $(BIN)/python -m src.report $(1) $(SMALL)
endef

.PHONY: help setup setup-dev demo experiments repro paper generalization leaderboard selection ui dashboard test test-integration test-all lint style imports types bench bench-peers bench-commands bench-sweeps params docs lock clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

setup: $(READY) ## install the pipeline into .venv

ifndef LINKED
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))' || \
	  { echo "found $$($(PYTHON) --version), expected Python 3.11 to 3.13: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing the pipeline into .venv, once: 0.6 GB to download, 2.5 GB on disk, about a minute and the download."
	@$(PYTHON) -m venv --clear $(VENV)
	@sed -n '/^uv==/,/[^\]$$/p' requirements.lock | \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r /dev/stdin
	@$(UV) venv --quiet --relocatable --allow-existing --python $(BIN)/python $(VENV) # its programs work where it is moved to
	@$(call install,requirements.lock)
	@touch $@

$(READY_DEV): requirements-dev.lock $(READY)
	@echo "Installing the tools of tests and lint into .venv, once: 0.8 GB more on disk."
	@$(call install,requirements-dev.lock)
	@touch $@
endif

setup-dev: $(READY_DEV) ## install the tools of tests and lint as well

demo: $(READY) ## run the whole pipeline on simulated records, without network
	@examples/demo.sh

# of what differs, neither the other metrics nor checksums, which are names without "." or with "/"
# Under the commits that they began from, as DVC alone shows those of the last commit only. A table that is wider than the
# terminal would lose its last columns.
experiments: $(READY) ## show the experiments of DVC side by side
	@$(GIT)
	@begun=$$(git for-each-ref --format='%(refname)' refs/exps | sed -nE 's#^refs/exps/([0-9a-f]{2})/([0-9a-f]{38,62})/.*#--rev \1\2#p' | sort -u); \
	  COLUMNS=200 $(BIN)/dvc exp show --rev HEAD $$begun \
	  --no-pager --only-changed --drop '[^.]*$$|(train|val|test)_|.*/|(dataset|tracking)[.]|(reducer|model)[.](k$$|[^n]|n[^a])|.*_target_' \
	  --keep '^(Experiment|test_accuracy|test_false_alarm_rate|dataset.name|reducer.name|k|model.name|seed)$$'

repro: $(READY) ## run the pipeline on the real data (dvc repro)
	@$(GIT)
	$(BIN)/dvc repro

paper: $(READY) ## run the paper's experiments and write the report (resumes; QUICK=1: simulated records, JOBS=2)
	$(call report,paper,$(SIDE_BY_SIDE))

generalization: $(READY) ## run the models on unseen traffic and write the report (resumes; QUICK=1, JOBS=2)
	$(call report,generalization,$(SIDE_BY_SIDE))

leaderboard: $(READY) ## run every model on one protocol and write the report (resumes; QUICK=1, JOBS=2)
	$(call report,leaderboard,$(SIDE_BY_SIDE))

# the seeds are folds: each leaves other attack types out of training
selection: $(READY) ## choose models on training alone, by left-out attack types, and print their table (resumes; QUICK=1, JOBS=2)
	$(if $(QUICK),,$(call again,selection) $(BIN)/dvc repro preprocess)
	$(call again,selection) $(if $(SIDE_BY_SIDE),$(ONE_CORE)) $(BIN)/python -m src.grids selection $(SIDE_BY_SIDE) $(SMALL)
	$(BIN)/python -m src.table 'params."split.name" = "held_out_types"' --sort test_unknown_types_at_1_percent --columns \
	  model.name,model.max_features,model.members,training.teacher.model.name,unknown_types_at_1_percent,known_types_at_1_percent,balanced_cost,false_alarm_rate

ui: $(READY) ## open the MLflow UI on the runs
	$(BIN)/python -m src.ui

dashboard: $(READY) ## open optuna-dashboard on the sweeps
	@exec $(BIN)/python -m src.dashboard

# a file's tests share a worker, which makes what they share once; files in their order, as those of few tests take longest
PYTEST := $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test: $(READY_DEV) ## run the fast tests (minutes)
	OMP_NUM_THREADS=1 $(PYTEST) # a thread of scikit-learn for each core, in each worker, takes three times as long

test-integration: $(READY_DEV) ## run the long tests: combinations, backends, commands end to end
	$(PYTEST) -m integration --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 1)) # some wait for servers and browsers

test-all: test test-integration ## run all tests

lint: style imports types ## check style, rules of import and types

style: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

imports: $(READY_DEV)
	$(BIN)/lint-imports

types: $(READY_DEV)
	$(BIN)/mypy

bench: $(READY) ## measure speed against other libraries, into benchmarks/README.md (15 minutes)
	$(BIN)/python -m benchmarks

bench-peers: benchmarks/requirements.lock ## install PyTorch and JAX for two rows of bench, into .venv-peers
	$(PYTHON) -m venv --clear .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.lock

bench-commands: $(READY) ## measure whole commands, into benchmarks/commands.md
	$(BIN)/python -m benchmarks.commands

bench-sweeps: $(READY) ## measure sweeps, into benchmarks/sweeps.md
	$(BIN)/python -m benchmarks.sweeps

params: $(READY) ## write params.yaml from conf/
	$(BIN)/python -m src.train --cfg job --resolve > .params.yaml.part
	mv .params.yaml.part params.yaml

docs: $(READY) ## write docs/configuration.md from conf/
	$(BIN)/python -m docs.configuration

lock: $(READY) ## resolve pyproject.toml into the lock files, keeping versions where possible
	$(call resolve,--all-extras,requirements-dev.lock)
	$(call resolve,--extra install --constraint requirements-dev.lock,requirements.lock)

clean: ## remove outputs of runs, except data/raw and mlruns
	rm -rf outputs multirun reports models data/preprocessed* data/sampled* data/reduced*
