"""Messages on a command line that Hydra refuses."""

import sys
from collections.abc import Callable
from pathlib import Path

import hydra._internal.hydra
import hydra._internal.utils
import hydra.core.utils
import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.config.errors import summary
from src.config.hydra_errors import OF_LIBRARIES, in_words, raised_by_hydra


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainin.epochs=3", "trainin.epochs: found no such key. Did you mean training.epochs?"),
        ("training.epoch=3", "training.epoch: found no such key. Did you mean training.epochs?"),
        ("epochs=3", "epochs: found no such key. Did you mean training.epochs?"),
        ("reducr=pca", "reducr: found no such key. Did you mean reducer?"),
        ("model.units.low=3", "model.units.low: found no such key, as model.units is a value"),
        ("k=1,2", "k=1,2: found several values, expected one; -m makes a run of each, and [...] around them a list"),
        ("model=lstmm", "model=lstmm: found no such choice. Did you mean lstm or bilstm?\nexpected one of ae_alexnet,"),
        ("+experiment=paper/headlin", "experiment=paper/headlin: found no such choice. Did you mean paper/headline or"),
        ("training=none", "training=none: found no such choice.\nexpected one of default"),
        ("k=[", "k=[: found an argument that cannot be read, expected key=value; a value with special characters"),
        ("+k=2", "Could not append to config. An item is already at 'k'. Either remove + prefix: 'k=2' Or add"),
    ],
)
def test_it_names_what_was_found_and_what_was_meant(
    composed: Callable[..., DictConfig], override: str, message: str
) -> None:
    with pytest.raises(OF_LIBRARIES, match=r"[Cc]ould not|parsing|Ambiguous") as caught:
        composed(override)
    told = in_words(caught.value)
    assert told.startswith(message)
    assert len(told.splitlines()) <= 2
    assert summary(caught.value) == told.splitlines()[0]


def test_a_key_without_a_similar_one_lists_the_keys_beside_it(composed: Callable[..., DictConfig]) -> None:
    with pytest.raises(OF_LIBRARIES, match="Could not override") as caught:
        composed("tracking.zzz=1")
    assert "found no such key, expected one such as tracking.experiment, tracking." in in_words(caught.value)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("seeed=1", "train: seeed: found no such key. Did you mean seed?\n"),
        (
            "k=54",
            "train: k=54: expected a whole number from 1 to 53 (the number of features); set it with k=... on the",
        ),
        ("k=3", "Error executing job with overrides: ['k=3'"),  # a mistake in the code
    ],
)
def test_a_command_prints_an_expected_error_alone(
    argument: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (hydra.core.utils, hydra._internal.hydra):  # it closes handlers, and with absl's the file of pytest
        monkeypatch.setattr(module, "configure_log", lambda *given, **named: None)
    nowhere = ["hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=none", "hydra.job.name=train"]
    monkeypatch.setattr(sys, "argv", ["src/train.py", argument, *nowhere])

    @entry_point()
    def main(config: DictConfig) -> None:
        build(config)
        raise ValueError(config.k)

    with pytest.raises(SystemExit, match="1"):
        main()
    told = capsys.readouterr().err
    assert told.startswith(message)
    assert (len(told.splitlines()) == 1) == message.startswith("train: ")


@pytest.mark.parametrize("text", ["columns: [\n", "a: 1\na: 2\n"])
def test_a_file_that_is_no_yaml_is_named_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(OF_LIBRARIES) as caught, initialize_config_dir(str(tmp_path)):
        compose("mine")
    told = in_words(caught.value)
    assert told == summary(caught.value)
    assert told.startswith(f"{tmp_path / 'mine.yaml'}, line 2: ")
    assert told.endswith("; expected a file in YAML: correct this line")


def test_a_file_that_is_no_utf8_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.config.hydra_errors.PROJECT", tmp_path)
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    (tmp_path / "conf" / "config.yaml").write_text("# Flüsse\n", encoding="utf-8")
    path = tmp_path / "conf" / "dataset" / "mine.yaml"
    path.write_text("# Flows\n# Flüsse\n", encoding="latin-1")

    def composes() -> None:
        with initialize_config_dir(str(path.parent)):
            compose("mine")

    with raised_by_hydra(), pytest.raises(HydraException) as caught:
        hydra._internal.utils.run_and_report(composes)
    assert in_words(caught.value) == f"{path}, line 2: found the byte 0xfc, expected text in UTF-8: save it so"
