"""Values of `conf/dataset` are told with their file, and a name is that of its file."""

from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from src.config.build import ConfigError, build
from src.config.declared_files import check_names, file_of
from src.utils.paths import PROJECT

CHOICES = {"dataset": "mine", "dataset/schema": "flows", "task": "binary"}
DATASETS = sorted(path.stem for path in (PROJECT / "conf" / "dataset").glob("*.yaml"))


def named(dataset: str, schema: str) -> dict[str, Any]:
    return {"dataset": {"name": dataset, "schema": {"name": schema}}}


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_data_set_and_its_schema_have_the_name_of_their_file(dataset: str) -> None:
    with initialize_config_dir(str(PROJECT / "conf")):
        config = compose("config", [f"dataset={dataset}"], return_hydra_config=True)
    assert config.hydra.runtime.choices["dataset"] == dataset
    check_names(config, config.hydra.runtime.choices, config.hydra.overrides.task)


def test_a_copied_name_is_refused_unless_the_command_gives_it() -> None:
    check_names(named("mine", "flows"), CHOICES, ["dataset=mine"])
    with pytest.raises(ValueError, match=r"conf/dataset/mine\.yaml: name: found 'flows', expected 'mine', the name of"):
        check_names(named("flows", "flows"), CHOICES, ["dataset=mine"])
    with pytest.raises(ValueError, match=r"conf/dataset/schema/flows\.yaml: name: found 'kdd', expected 'flows'"):
        check_names(named("mine", "kdd"), CHOICES, ["dataset=mine"])
    check_names(named("other", "kdd"), CHOICES, ["dataset.name=other", "++dataset.schema.name=kdd"])
    check_names(named("other", "kdd"), {}, [])  # of a config that no file of the group made
    check_names(named("mine", "flows"), CHOICES | {"dataset": "folder/mine"}, [])


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ({}, r"conf/dataset/mine\.yaml: found no keys, expected those of a data set or schema"),
        (["a"], r"conf/dataset/mine\.yaml: found no keys, expected those of a data set or schema"),
        (
            {"name": "mine"},
            r"conf/dataset/mine\.yaml: found no schema, expected the name of a file of conf/dataset/sch",
        ),
        ({"schema": {"name": "flows"}}, r"conf/dataset/mine\.yaml: name: found nothing, expected 'mine', the name of"),
        (
            {"name": "mine", "schema": ["a"]},
            r"conf/dataset/schema/flows\.yaml: found no keys, expected those of a data",
        ),
        ({"name": "mine", "schema": {}}, r"conf/dataset/schema/flows\.yaml: name: found nothing, expected 'flows'"),
    ],
)
def test_a_file_without_what_a_data_set_needs_is_named(dataset: Any, message: str) -> None:
    choices = CHOICES if "schema" in dataset else {"dataset": "mine"}
    with pytest.raises(ValueError, match=message):
        check_names(OmegaConf.create({"dataset": dataset}), choices, ["dataset=mine"])


def test_a_value_comes_from_the_file_of_its_group_unless_the_command_gives_it() -> None:
    assert file_of("dataset.schema.columns.a", CHOICES, ()) == "conf/dataset/schema/flows.yaml"
    assert file_of("dataset.train", CHOICES, ["k=3", "dataset.test=null"]) == "conf/dataset/mine.yaml"
    assert file_of("dataset.train.records", CHOICES, ["+dataset.train={records: 3}"]) == ""
    assert file_of("task.name", CHOICES, ()) == ""


def test_a_wrong_value_of_a_data_set_names_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with initialize_config_dir(str(PROJECT / "conf")):
        config = compose("config", ["dataset=simulated"])
        HydraConfig.instance().set_config(compose("config", ["dataset=simulated"], return_hydra_config=True))
    monkeypatch.setattr("src.config.declared_files.in_dvc_stage", lambda: False)
    config.dataset.records = "x"
    try:
        with pytest.raises(ConfigError, match=r"^conf/dataset/simulated\.yaml: dataset\.records='x': .*valid integer"):
            build(config, stage="sample")
    finally:
        HydraConfig.instance().cfg = None
    with pytest.raises(ConfigError, match=r"^dataset\.records='x'"):
        build(config, stage="sample")
