"""dvc.yaml and the fingerprints are complete: config and code that a stage reads is declared and reached.

A stage may declare more than it reads, never less. (Modules that the process of a stage loads: tests/e2e/test_dvc.py.)
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from src.config.build import build
from src.config.settings import Settings
from src.config.stage_params import stage_params
from src.pipeline.experiment import Outcome, TrainingRecord, evaluate, train, write_training
from src.pipeline.fingerprint import STAGES, note_path, stage_code
from src.pipeline.stage_outputs import StageOutputs
from src.pipeline.stages import (
    write_preprocessed,
    write_raw,
    write_reduced,
    write_reduction_reports,
    write_sampled,
)
from src.utils.paths import PROJECT, Workspace
from tests.choices import NEEDS, options

Compose = Callable[..., DictConfig]
# These groups change no output of a stage.
NOT_TRACKED_BY_DVC = {"tracking"}


@cache
def stages() -> dict[str, dict[str, Any]]:
    """Stages of dvc.yaml."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    return found


def paths(entries: list[Any]) -> list[str]:
    """Paths of a list of outputs, some of which have options."""
    return [path for entry in entries for path in (entry if isinstance(entry, dict) else [entry])]


# --- dvc.yaml --------------------------------------------------------------------------------------------------------


def test_every_key_of_params_yaml_makes_some_stage_run_again() -> None:
    keys = set(yaml.safe_load((PROJECT / "params.yaml").read_text()))
    declared = {key.partition(".")[0] for stage in stages().values() for key in stage["params"]}
    assert keys - declared == NOT_TRACKED_BY_DVC
    assert declared <= keys


def test_the_stages_are_the_entry_points_in_order() -> None:
    assert list(stages()) == list(STAGES) == ["download", "preprocess", "sample", "reduce", "train", "evaluate"]
    for name, stage in stages().items():
        assert stage["cmd"] == f"python -m src.{name} ${{h}}"
        assert f"src/{name}.py" in stage["deps"]


def test_the_outputs_of_each_stage_lie_where_the_workspace_says() -> None:
    root = Workspace(Path())
    expected = {
        "download": [root.raw("${dataset.name}"), note_path(root.raw("${dataset.name}"))],
        "preprocess": [root.preprocessed("${dataset.name}"), note_path(root.preprocessed("${dataset.name}"))],
        "sample": [root.sampled, note_path(root.sampled)],
        "reduce": [root.reduced, note_path(root.reduced)],
        "train": [root.detector, root.run_note],
        "evaluate": [],
    }
    for name, stage in stages().items():
        outs = {Path(path) for key in ("outs", "metrics") for path in paths(stage.get(key, []))}
        reports = {path for path in outs if path.parent == root.reports}
        assert outs - reports == set(expected[name]), name
        assert bool(reports) == (name in ("reduce", "train", "evaluate")), name


def test_dvc_compares_metrics_and_no_durations() -> None:
    """No two runs take the same time, so that `dvc metrics diff` would never be empty."""
    assert {path for stage in stages().values() for path in paths(stage.get("metrics", []))} == {"reports/metrics.json"}
    assert "reports/timings.json" in paths(stages()["evaluate"]["outs"])


def test_every_dependency_is_a_file_of_the_project_or_an_output_of_a_stage_before() -> None:
    made: set[Path] = set()
    for name, stage in stages().items():
        for path in map(Path, stage["deps"]):
            if path.parts[0] == "src":
                assert (PROJECT / path).exists(), f"{name}: {path}"
            else:
                assert any(path == out or path in out.parents for out in made), f"{name}: {path}"
        made |= {Path(path) for key in ("outs", "metrics") for path in paths(stage.get(key, []))}


def test_dvc_shows_files_that_a_stage_writes() -> None:
    config = yaml.safe_load((PROJECT / "dvc.yaml").read_text())
    outs = {path for stage in stages().values() for key in ("outs", "metrics") for path in paths(stage.get(key, []))}
    for plot in config["plots"]:
        files = [plot] if isinstance(plot, str) else [file for one in plot.values() for file in one["y"]]
        assert set(files) <= outs


def test_params_are_whole_groups_and_include_those_of_earlier_stages() -> None:
    """A part of a group would be finer than the fingerprint, which has whole groups."""
    before: set[str] = set()
    for name in STAGES:
        assert not [key for key in stage_params(name) if "." in key], name
        assert before <= set(stage_params(name)), name
        before = set(stage_params(name))


def covered(path: Path, stage: str) -> bool:
    """Tell whether the deps of a stage include a file of the project, or a folder above it."""
    deps = {PROJECT / one for one in stages()[stage]["deps"]}
    return bool(deps & {path, *path.parents}) or empty(path)


def empty(path: Path) -> bool:
    """Tell whether a file is the `__init__.py` of a package and holds nothing but a docstring."""
    return path.name == "__init__.py" and path.read_text().count('"""') == 2 and len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize("group", ["dataset", "task", "split", "scaling", "reducer", "layout", "model"])
def test_the_deps_of_each_stage_cover_the_code_that_its_output_follows_from(group: str, composed: Compose) -> None:
    for option in options(group):
        choice = f"{group}={option}"
        needs = NEEDS.get(choice, "").split(",")[1:]
        config: Any = OmegaConf.to_container(composed(choice, *needs), resolve=True)
        for stage in STAGES:
            assert [path for path in stage_code(config, stage).files if not covered(path, stage)] == [], (choice, stage)


# --- functions that really run ---------------------------------------------------------------------------------------


class Recording(dict[str, Any]):
    """Config that records which of its keys are read."""

    def __init__(self, config: dict[str, Any]):
        super().__init__(config)
        self.keys_read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.keys_read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_read.add(key)
        return super().get(key, default)


@contextmanager
def recorded() -> Iterator[set[str]]:
    """Record the full names of the functions of this project that run in the block."""
    ran: set[str] = set()
    source = f"{PROJECT / 'src'}/"

    def note(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        is_function = code.co_flags & inspect.CO_OPTIMIZED  # not the body of a class, which runs at an import
        if event == "call" and is_function and code.co_filename.startswith(source):
            module = "src." + code.co_filename.removeprefix(source).removesuffix(".py").replace("/", ".")
            ran.add(f"{module}.{code.co_qualname.split('.<locals>')[0]}")

    sys.setprofile(note)
    try:
        yield ran
    finally:
        sys.setprofile(None)


NOT_REACHED = ("src.evaluation.plots.", "src.utils.paths.")  # pictures, and paths of files


def missing(ran: set[str], definitions: frozenset[str]) -> set[str]:
    """Functions that ran but are not reached, neither by name nor as part of a class that counts whole."""
    functions = {name for name in ran if not name.rpartition(".")[2].startswith("<")}
    reached = {name for name in functions if name in definitions or name.rpartition(".")[0] in definitions}
    return {name for name in functions - reached if not name.startswith(NOT_REACHED)}


CHOICES = [
    ("model=lstm",),
    ("model=lstm", "task=five", "split=official", "layout=window", "decision.rule=least_cost",
     "decision.calibrate=true"),
    ("model=random_forest", "reducer=mi", "split=grouped", "split.distinct=true", "decision.false_alarm_budget=0.1",
     "decision.false_alarm_blocks=2"),
    ("model=lstm_weighted", "reducer=none", "layout=history", "split=official", "training.history_grafts=0.1",
     "training.type_balance=0.5", "training.class_balance=0.5", "scaling=log_minmax"),
    ("model=svm_rbf", "reducer=autoencoder", "k=3"),
]  # fmt: skip
SMALL = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=2000", "training.epochs=1",
         "training.progress=false", "model.units=4", "model.fourier.n_frequencies=2",
         "evaluation.bootstrap=2")  # fmt: skip


@pytest.mark.parametrize(
    "choice", [CHOICES[0], *(pytest.param(one, marks=pytest.mark.integration) for one in CHOICES[1:])], ids=" ".join
)
def test_each_stage_reads_what_it_declares_and_runs_what_its_fingerprint_reaches(
    choice: tuple[str, ...], composed: Compose, tmp_path: Path
) -> None:
    network = "model=lstm" in choice[0]
    cfg = composed(*choice, *(one for one in SMALL if network or not one.startswith("model.")))
    out = Workspace(tmp_path)
    steps: dict[str, Callable[[Settings], object]] = {
        "download": lambda settings: write_raw(settings, out),
        "preprocess": lambda settings: write_preprocessed(settings, out, out),
        "sample": lambda settings: write_sampled(settings, out, out),
        "reduce": lambda settings: _reduce(settings, out),
        "train": lambda settings: _train(settings, out, outcomes),
        "evaluate": lambda settings: _evaluate(settings, out, outcomes[0]),
    }
    outcomes: list[Outcome] = []
    not_reached = dict[str, set[str]]()
    for stage, step in steps.items():
        settings = build(cfg, stage=stage)
        config = Recording(settings.config)
        with recorded() as ran:
            step(replace(settings, config=config))
        assert config.keys_read <= set(stage_params(stage)), stage
        not_reached[stage] = missing(ran, stage_code(settings.config, stage).definitions)
    assert not_reached == {stage: set() for stage in STAGES}


def _reduce(settings: Settings, out: Workspace) -> None:
    outputs = StageOutputs(settings, out, making="reduce")
    write_reduced(outputs, settings, out)
    write_reduction_reports(outputs, settings, out)


def _train(settings: Settings, out: Workspace, outcomes: list[Outcome]) -> None:
    outcomes.append(train(settings, StageOutputs(settings, out)))
    write_training(outcomes[0], settings, TrainingRecord("a run", {}, {}, {}, [], {}), out)


def _evaluate(settings: Settings, out: Workspace, outcome: Outcome) -> None:
    sampled = StageOutputs(settings, out).sampled
    record = TrainingRecord("a run", outcome.metrics, outcome.timings, {}, [], {})
    evaluate(outcome.detector, sampled, settings, record, out)
