"""Every file of conf/ composes, builds and, where it can, runs; params.yaml and dvc.yaml agree with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from src import recipes
from src.build import build
from src.data.schema import LABELS
from src.data.windows import Layout
from src.detector import Detector
from src.experiment import train
from src.pipeline import Walk, write_preprocessed, write_reduced, write_sampled
from src.workspace import PROJECT, Workspace

Compose = Callable[..., DictConfig]
CONF = PROJECT / "conf"
# Nothing in these groups changes what a stage makes.
NOT_TRACKED_BY_DVC = {"tracking"}
# What a choice does not go without.
NEEDS = {
    "layout=window": ",split=official",
    "layout=groups": ",reducer=none",
    "layout=past": ",split=official,reducer=none",
}
SMALL = ("dataset=simulated", "dataset.records=2000", "dataset.test_records=1000")
RARE = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=2000")  # enough for every class of `five`
# A GRU and a multiplicative LSTM take more epochs than an LSTM to learn from 53 steps, sigmoid layers for themselves.
LONGER = {"none": {"training.epochs": "10"}, "stl": {"training.epochs": "20"}, "dbn": {"training.epochs": "20"}}
QUICK = ("training.epochs=4", "training.batch_size=32", "training.jit_compile=false", "training.progress=false")


def defaults() -> list[str]:
    """The groups of the defaults list."""
    entries = yaml.safe_load((CONF / "config.yaml").read_text())["defaults"]
    return [group for entry in entries if isinstance(entry, dict) for group in entry]


def options(group: str) -> list[str]:
    """Every file of a group, also one that was added today."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def every_choice() -> list[str]:
    """An override for each file of each group."""
    choices = []
    for path in sorted(CONF.rglob("*.yaml")):
        group = path.parent.relative_to(CONF).as_posix()
        if group.partition("/")[0] == "sweep":  # of src.sweep, in tests/study/test_definition.py
            continue
        if group.startswith("recipe/"):  # the values of recipe=<folder>, never chosen by themselves
            continue
        if group != ".":
            known = group in defaults() or group.startswith("hydra")
            needs = NEEDS.get(f"{group}={path.stem}", "")
            choices.append(f"{'' if known else '+'}{group}={path.stem}{needs}")
    return choices


def stages() -> dict[str, dict[str, Any]]:
    """The stages of dvc.yaml."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    return found


def paths(entries: list[Any]) -> list[str]:
    """The paths of a list of outputs, some of which carry options."""
    return [path for entry in entries for path in (entry if isinstance(entry, dict) else [entry])]


@pytest.mark.parametrize("choice", every_choice())
def test_every_file_composes_and_builds(choice: str, composed: Compose) -> None:
    build(composed(*choice.split(",")))


@pytest.mark.parametrize("group", ["dataset", "task", "split", "scaling", "reducer", "layout", "model"])
def test_every_file_of_a_group_is_named_as_it_calls_itself(group: str, composed: Compose) -> None:
    assert options(group)
    for option in options(group):
        assert composed(f"{group}={option}")[group].name == option


@pytest.fixture(scope="module")
def made(composed: Compose, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """2,000 simulated records, preprocessed and sampled as the default config says."""
    out = Workspace(tmp_path_factory.mktemp("made"))
    settings = build(composed(*SMALL))
    write_preprocessed(settings, out, out)
    write_sampled(settings, out, out)
    return out


PAIRS = {(model, reducer) for model in options("model") for reducer in ("mi", "none", "pca")} | {
    (model, reducer) for model in ("lstm", "decision_tree") for reducer in options("reducer")
}


@pytest.mark.parametrize(("model", "reducer"), sorted(PAIRS))
def test_every_model_and_every_reducer_are_fitted_and_scored_together(
    model: str, reducer: str, composed: Compose, made: Workspace
) -> None:
    quick = {**dict(one.split("=") for one in QUICK), **LONGER.get(reducer, {}), **LONGER.get(model, {})}
    overrides = [f"{key}={value}" for key, value in quick.items()]
    settings = build(composed(*SMALL, *overrides, f"model={model}", f"reducer={reducer}"))
    walk = Walk(settings, made)
    outcome = train(settings, walk)
    test = walk.sampled[0]["test"]
    probability = outcome.detector.score(test.X)
    assert probability.shape == (len(test), 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)
    assert (outcome.detector.card.model, outcome.detector.card.reducer) == (model, reducer)
    assert outcome.metrics["train_accuracy"] > 0.9  # half of them are attacks


@pytest.mark.parametrize("one_hot_service", [False, True])
@pytest.mark.parametrize("scaling", options("scaling"))
def test_every_scaling_is_learned_and_scored(
    scaling: str, one_hot_service: bool, composed: Compose, made: Workspace
) -> None:
    choices = (f"scaling={scaling}", f"scaling.one_hot_service={str(one_hot_service).lower()}")
    settings = build(composed(*SMALL, *choices, "k=20", "model=decision_tree"))
    walk = Walk(settings, made)
    outcome = train(settings, walk)
    assert outcome.metrics["val_accuracy"] > 0.9
    assert outcome.detector.card.scaling == scaling
    assert outcome.detector.score(walk.sampled[0]["test"].X).shape[1] == 2


@pytest.mark.parametrize("layout", options("layout"))
def test_every_layout_is_learned_and_scored(layout: str, composed: Compose, made: Workspace) -> None:
    needs = NEEDS.get(f"layout={layout}", "").split(",")[1:]
    settings = build(composed(*SMALL, *QUICK, f"layout={layout}", *{*needs, "split=official"}, "model.frequencies=4"))
    walk = Walk(settings, made)
    outcome = train(settings, walk)
    assert outcome.metrics["val_accuracy"] > 0.8
    assert Layout(layout, outcome.detector.card.window, [*outcome.detector.card.past]) == settings.layout  # type: ignore[arg-type]
    test = walk.reduced[0]["test"]
    probability = outcome.detector.score(walk.sampled[0]["test"].X)
    np.testing.assert_allclose(probability, outcome.fitted.classifier.predict_proba(test.X), atol=1e-5)


def test_a_detector_that_reads_by_groups_is_kept_and_scores_alike(
    composed: Compose, made: Workspace, tmp_path: Path
) -> None:
    choices = ("layout=groups", "reducer=none", "k=123", "scaling=log_minmax", "scaling.one_hot_service=true")
    training = ("model.frequencies=0", "model.standardise=false", "training.type_balance=0.5", "training.noise=0.1")
    settings = build(composed(*SMALL, *QUICK, *choices, *training))
    walk = Walk(settings, made)
    detector = train(settings, walk).detector
    X = walk.sampled[0]["test"].X
    probability = detector.score(X)
    detector.save(tmp_path / "kept")
    again = Detector.load(tmp_path / "kept")
    assert again.card == detector.card
    np.testing.assert_array_equal(again.score(X), probability)
    stream = again.stream()
    blocks = [stream.uncalibrated(X[start : start + 70]) for start in range(0, len(X), 70)]
    np.testing.assert_allclose(np.concatenate(blocks), probability, atol=1e-5)


def test_the_attack_types_of_a_part_come_with_it(composed: Compose, made: Workspace) -> None:
    walk = Walk(build(composed(*SMALL)), made)
    for name, part in walk.reduced[0].items():
        table = walk.sampled[0][name]
        assert part.attack.dtype == np.int32
        assert [LABELS[code] for code in part.attack] == [table.attacks[code] for code in table.attack]


def test_what_the_reduce_stage_keeps_of_windows_is_what_it_made(
    composed: Compose, made: Workspace, tmp_path: Path
) -> None:
    settings = build(composed(*SMALL, "layout=window", "split=official"))
    walk, out = Walk(settings, made), Workspace(tmp_path)
    write_reduced(walk, settings, out)
    kept = Walk(settings, out).reduced
    for part, one in walk.reduced[0].items():
        np.testing.assert_array_equal(np.asarray(kept[0][part].X), np.asarray(one.X))
        np.testing.assert_array_equal(kept[0][part].y, one.y)
        np.testing.assert_array_equal(kept[0][part].attack, one.attack)
    assert kept[2] == walk.reduced[2]


@pytest.fixture(scope="module")
def encoded(composed: Compose, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """20,000 simulated records, preprocessed."""
    out = Workspace(tmp_path_factory.mktemp("encoded"))
    write_preprocessed(build(composed(*RARE)), out, out)
    return out


@pytest.mark.parametrize("split", options("split"))
@pytest.mark.parametrize("task", options("task"))
def test_every_task_is_learned_on_every_split(task: str, split: str, composed: Compose, encoded: Workspace) -> None:
    settings = build(composed(*RARE, f"task={task}", f"split={split}", "reducer=none", "model=decision_tree"))
    walk = Walk(settings, encoded)
    outcome = train(settings, walk)
    tables, facts = walk.sampled
    assert outcome.metrics["train_accuracy"] > 0.99
    assert outcome.metrics["val_accuracy"] > 0.8
    n_classes = len(settings.task.classes)
    assert set(tables["train"].target.tolist()) == set(range(n_classes))  # type: ignore[union-attr]
    assert outcome.detector.score(tables["test"].X).shape[1] == n_classes
    drawn = [part for part in tables if split != "official" or part in ("train", "val")]
    assert sum(facts["records"][part] for part in drawn) == sum(one["drawn"] for one in facts["classes"].values())
    if split == "grouped":
        assert facts["test_share_seen_in_training"] == 0


# --- k ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reducer", "k"), [("pca", 2), ("mi", 4), ("none", 53)])
def test_each_reducer_has_its_own_default_k(reducer: str, k: int, composed: Compose) -> None:
    settings = build(composed(f"reducer={reducer}"))
    assert settings.k == settings.reducer.k == settings.config["reducer"]["k"] == k


@pytest.mark.parametrize("overrides", [("reducer=pca", "k=7"), ("k=7", "reducer=mi"), ("k=7",)])
def test_k_on_the_command_line_overrides_it(overrides: tuple[str, ...], composed: Compose) -> None:
    settings = build(composed(*overrides))
    assert settings.k == settings.reducer.k == 7


# --- params.yaml and dvc.yaml ----------------------------------------------------------------------------------------


def test_params_yaml_is_the_composed_config(composed: Compose) -> None:
    expected = OmegaConf.to_yaml(composed(), resolve=True)
    assert (PROJECT / "params.yaml").read_text() == expected, "conf/ and params.yaml differ: run `make params`"


def test_every_key_of_params_yaml_makes_some_stage_run_again() -> None:
    keys = set(yaml.safe_load((PROJECT / "params.yaml").read_text()))
    declared = {key.partition(".")[0] for stage in stages().values() for key in stage["params"]}
    assert keys - declared == NOT_TRACKED_BY_DVC
    assert declared <= keys


def test_the_stages_are_the_doors_in_walking_order() -> None:
    names = list(stages())
    assert names == ["download", "preprocess", "sample", "reduce", "train", "evaluate"]
    for name, stage in stages().items():
        assert stage["cmd"] == f"python -m src.{name} ${{h}}"
        assert f"src/{name}.py" in stage["deps"]


def test_the_outputs_of_each_stage_lie_where_the_workspace_says() -> None:
    root = Workspace(Path())
    expected = {
        "download": [root.raw("${dataset.name}"), recipes.note_path(root.raw("${dataset.name}"))],
        "preprocess": [root.preprocessed("${dataset.name}"), recipes.note_path(root.preprocessed("${dataset.name}"))],
        "sample": [root.sampled, recipes.note_path(root.sampled)],
        "reduce": [root.reduced, recipes.note_path(root.reduced)],
        "train": [root.detector, root.run_note],
        "evaluate": [],
    }
    for name, stage in stages().items():
        outs = {Path(path) for key in ("outs", "metrics") for path in paths(stage.get(key, []))}
        reports = {path for path in outs if path.parent == root.reports}
        assert outs - reports == set(expected[name]), name
        assert bool(reports) == (name in ("reduce", "train", "evaluate")), name


def test_every_dependency_is_a_file_of_the_project_or_an_output_of_a_stage_before() -> None:
    made: set[Path] = set()
    for name, stage in stages().items():
        for path in map(Path, stage["deps"]):
            if path.parts[0] == "src":
                assert (PROJECT / path).exists(), f"{name}: {path}"
            else:
                assert any(path == out or path in out.parents for out in made), f"{name}: {path}"
        made |= {Path(path) for key in ("outs", "metrics") for path in paths(stage.get(key, []))}


def test_each_stage_declares_the_params_that_its_output_is_made_of() -> None:
    declared = {name: set(stage["params"]) for name, stage in stages().items()}
    for name, keys in recipes._KEYS.items():
        assert declared[name] == set(keys)
    # reads what reduce made, and fits what the detector carries; the rest of `evaluation` is about test
    carried = {f"evaluation.{key}" for key in ("decision", "attack_odds", "calibrate", "false_alarm_budget")}
    assert declared["train"] == set(recipes._KEYS["reduce"]) | {"model", "training"} | carried
    # reads what sample made, and the detector
    assert declared["evaluate"] == set(recipes._KEYS["sample"]) | {"evaluation"}


def test_what_dvc_shows_is_what_a_stage_writes() -> None:
    config = yaml.safe_load((PROJECT / "dvc.yaml").read_text())
    outs = {path for stage in stages().values() for key in ("outs", "metrics") for path in paths(stage.get(key, []))}
    for plot in config["plots"]:
        files = [plot] if isinstance(plot, str) else [file for one in plot.values() for file in one["y"]]
        assert set(files) <= outs
