"""Only the classes that conf/ names are made, each in its own group, and nothing is made before all are checked."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from omegaconf import DictConfig

from src.config import targets
from src.config.build import GROUPS, ConfigError, build, make
from src.data import sampling
from src.utils.paths import PROJECT

Compose = Callable[..., DictConfig]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "model._target_=os.system",
            r"model\._target_='os\.system': found no class that a file of conf/model names, expected one such as src\.",
        ),
        ("model._target_=sklearn.svm.SVC", r"model\._target_='sklearn\.svm\.SVC': found no class that a file"),
        ("model._target_=srcs.models.LSTM", r"model\._target_='srcs\.models\.LSTM': found no class that a file"),
        ("model._target_=src.models.networks.lstm.LTSM", r"such as .*src\.models\.networks\.lstm\.LSTM"),
        # functions and classes of the project, also those of other groups
        ("task._target_=src.utils.files.write_text", r"task\._target_='src\.utils\.files\.write_text': found no class"),
        (
            "task._target_=src.search.best_config.save",
            r"such as .*CategoriesTask, src\.data\.sampling\.Task$",
        ),
        ("split._target_=src.data.sampling.Task", r"expected one such as .*src\.data\.splitting\.Split$"),
        ("split._target_=src.config.settings.Split", r"expected one such as .*src\.data\.splitting\.Split$"),
        ("~model._target_", r"model\._target_=None: found no class"),
        # inside of a group
        ("model.layers={_target_: os.system, command: ls}", r"model\.layers\._target_: found a key that makes objects"),
        (
            "task.classes.normal.attacks=[{_target_: src.data.sampling.Task}]",
            r"task\.classes\.normal\.attacks\[0\]\._target_: found a key that makes objects",
        ),
        (
            "training/teacher=extra_trees,training.teacher.model._target_=os.system",
            r"training\.teacher\.model\._target_='os\.system': found no class that a file of conf/model names",
        ),
        (
            "training/teacher=extra_trees,training.teacher._target_=os.system",
            r"training\.teacher\._target_='os\.system': found no class that a file of conf/training/teacher names",
        ),
        (
            "training/teacher=extra_trees,+training.teacher.model.x._args_=[1]",
            r"training\.teacher\.model\.x\._args_: found a key that makes objects, expected plain values",
        ),
        ("+model._partial_=true", r"model\._partial_: found a key that makes objects, expected plain values; only"),
        ("+training._args_=[1]", r"training\._args_: found a key that makes objects"),
        ("+split._execution_whitelist_=[os.system]", r"split\._execution_whitelist_: found a key that makes objects"),
    ],
)
def test_a_name_that_conf_does_not_give_the_group_is_refused(override: str, message: str, composed: Compose) -> None:
    config = composed(*(override.split(",") if override.startswith("training/") else [override]))
    with pytest.raises(ConfigError, match=message):
        build(config)


def test_nothing_is_made_before_every_group_is_checked(composed: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(sampling.Task, "__post_init__", lambda self: made.append(self), raising=False)
    with pytest.raises(ConfigError, match=r"evaluation\._target_='os\.system'"):
        build(composed("evaluation._target_=os.system"))
    assert made == []


def test_the_keys_of_a_sweep_are_checked_before_it_is_made() -> None:
    with pytest.raises(ConfigError, match=r"sweep\._target_='os\.remove': found no .*src\.search\.config\.Sweep$"):
        make("sweep", {"_target_": "os.remove", "path": "x"})


@pytest.mark.parametrize("group", GROUPS)
def test_the_classes_of_a_group_are_those_of_its_files(group: str, composed: Compose) -> None:
    assert composed()[group]["_target_"] in targets.classes(group)
    assert all(name.startswith("src.") for name in targets.classes(group))


def test_a_new_file_of_a_group_adds_its_class(tmp_path: Path) -> None:
    (tmp_path / "model" / "mine").mkdir(parents=True)
    (tmp_path / "experiment").mkdir()
    (tmp_path / "model" / "mine" / "one.yaml").write_text("_target_: src.models.mine.Mine\n")
    (tmp_path / "model" / "two.yaml").write_text("# @package _global_\nmodel: {_target_: src.models.mine.Two}\nk: 3\n")
    (tmp_path / "model" / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "experiment" / "evil.yaml").write_text("model: {_target_: src.utils.files.write_text}\n")
    assert targets.classes("model", tmp_path) == {"src.models.mine.Mine", "src.models.mine.Two"}
    assert targets.classes("reducer", tmp_path) == set()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: 1\nb: [\n", r"two\.yaml, line 3: did not find .*; expected a file in YAML: correct this line"),
        ("# Flüsse".encode("latin-1"), r"two\.yaml, line 1: found the byte 0xfc, expected text in UTF-8"),
        (b"a: \x00", r"two\.yaml: unacceptable character .*; expected a file in YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_though_another_is_chosen(
    text: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "one.yaml").write_text("_target_: src.models.mine.Mine\n")
    (tmp_path / "model" / "two.yaml").write_bytes(text)
    with pytest.raises(ValueError, match=message):
        targets.classes("model", tmp_path)


def test_a_class_is_named_where_it_is_defined(composed: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "src.config.settings.Split"
    known = targets.classes
    monkeypatch.setattr(targets, "classes", lambda group: known(group) | {name})
    with pytest.raises(ConfigError, match=r"found another name of a class, expected src\.data\.splitting\.Split"):
        build(composed(f"split._target_={name}"))


def test_hydra_makes_the_callbacks_of_conf_alone() -> None:
    config = yaml.safe_load((PROJECT / "conf" / "config.yaml").read_text(encoding="utf-8"))
    assert [one["_target_"] for one in config["hydra"]["callbacks"].values()] == targets.MADE_BY_HYDRA
