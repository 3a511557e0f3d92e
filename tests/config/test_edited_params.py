"""Note on a params.yaml that differs from the defaults of conf/."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from src.config.edited_params import note_edited_params
from src.utils.paths import PROJECT


@pytest.fixture
def direct_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hydra as it is in `python -m src.train`."""
    monkeypatch.delenv("DVC_STAGE", raising=False)
    with initialize_config_dir(str(PROJECT / "conf")):
        HydraConfig.instance().set_config(compose("config", ["hydra.mode=RUN"], return_hydra_config=True))
        yield
    HydraConfig.instance().cfg = None


@pytest.fixture
def edited(tmp_path: Path, direct_run: None) -> Path:
    path = tmp_path / "params.yaml"
    config = compose("config", ["reducer=mi", "k=4"])
    path.write_text(OmegaConf.to_yaml(config, resolve=True))
    return path


def test_edited_params_are_named_in_one_line(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note_edited_params(edited)
    (line,) = capsys.readouterr().err.splitlines()
    assert "reducer.name=mi (default pca), k=4 (default 2), reducer.k=4 (default 2) and 3 more" in line
    assert line.endswith("git checkout params.yaml dvc.lock, or make params where it was committed")


@pytest.mark.usefixtures("direct_run")
def test_columns_of_a_data_set_are_not_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = compose("config", ["dataset.schema.columns.land=count"])
    (tmp_path / "params.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    note_edited_params(tmp_path / "params.yaml")
    assert "which has dataset.schema.columns={...} (default {...}). To set it back" in capsys.readouterr().err


@pytest.mark.usefixtures("direct_run")
def test_the_committed_params_need_no_note(capsys: pytest.CaptureFixture[str]) -> None:
    note_edited_params()
    assert capsys.readouterr().err == ""


def test_a_stage_of_dvc_needs_no_note(
    edited: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train")
    note_edited_params(edited)
    assert capsys.readouterr().err == ""
