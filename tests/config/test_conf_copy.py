"""Copies of conf/ that the runs of a grid are composed from."""

import shutil
from pathlib import Path

import pytest
import yaml
from hydra import initialize_config_dir

from src.config.conf_copy import compose_from_copy, copy_conf, edited_file
from src.config.hydra_errors import in_words
from src.config.jobs import jobs
from src.utils.paths import PROJECT

HEADLINE = ["+experiment=paper/headline"]


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """Config files that a test may edit."""
    return shutil.copytree(PROJECT / "conf", tmp_path / "conf")


def edit(conf: Path, old: str, new: str) -> None:
    experiment = conf / "experiment" / "paper" / "headline.yaml"
    before = experiment.read_text(encoding="utf-8")
    assert before.count(old) == 1
    experiment.write_text(before.replace(old, new), encoding="utf-8")


def test_the_jobs_of_a_multirun_keep_the_files_that_it_began_with(conf: Path, tmp_path: Path) -> None:
    with initialize_config_dir(str(conf)):
        compose_from_copy(tmp_path / "one")
        before = jobs(HEADLINE)
        edit(conf, "k: 2", "k: 3")
        assert jobs(HEADLINE) == before
    with initialize_config_dir(str(conf)):
        compose_from_copy(tmp_path / "two")
        assert [job.k for job in jobs(HEADLINE)] == [3] * len(before)


def test_a_folder_that_is_there_is_never_replaced(conf: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FileExistsError):
        copy_conf(mine.parent, conf)
    assert mine.read_text() == "mine"


def test_a_copy_in_the_folder_itself_is_refused(conf: Path) -> None:
    with pytest.raises(ValueError, match=r"hydra\.sweep\.dir: found .*model, expected a folder outside of .*conf"):
        copy_conf(conf / "model" / "conf-1", conf)
    assert not (conf / "model" / "conf-1").exists()


def test_what_an_editor_leaves_beside_a_file_is_no_part_of_a_copy(conf: Path, tmp_path: Path) -> None:
    (conf / "model" / ".#lstm.yaml").symlink_to("someone@somewhere.1234")
    (conf / "model" / "gone.yaml").symlink_to(tmp_path / "nowhere")
    copied = copy_conf(tmp_path / "copy", conf)
    assert sorted(copied.rglob("*")) == sorted(
        copied / path.relative_to(conf) for path in conf.rglob("*") if not path.is_symlink()
    )


def test_an_error_names_the_file_that_a_user_edits(conf: Path, tmp_path: Path) -> None:
    edit(conf, "k: 2", "k: [2")
    with initialize_config_dir(str(conf)):
        compose_from_copy(tmp_path / "copy")
        with pytest.raises(yaml.YAMLError) as raised:
            jobs(HEADLINE)
    assert in_words(raised.value).startswith(f"{conf}/experiment/paper/headline.yaml, line ")


def test_a_copy_of_a_copy_leads_to_the_same_file(conf: Path, tmp_path: Path) -> None:
    again = copy_conf(tmp_path / "again", copy_conf(tmp_path / "copy", conf))
    assert edited_file(str(again / "config.yaml")) == str(conf / "config.yaml")
    assert edited_file("/elsewhere/config.yaml") == "/elsewhere/config.yaml"
