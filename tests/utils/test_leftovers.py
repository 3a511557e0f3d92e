"""Unfinished files of killed processes are removed, and those of running ones are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.utils.files import whole_file, whole_folder
from src.utils.leftovers import remove_leftovers

KILLED = """
import os, signal, sys
from pathlib import Path
from src.utils.files import whole_file, whole_folder
with (whole_folder if sys.argv[2] == "folder" else whole_file)(Path(sys.argv[1])) as part:
    (part / "file" if part.is_dir() else part).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_next_writer_removes_what_a_killed_one_left(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a[b]"
    subprocess.run([sys.executable, "-c", KILLED, str(path), kind], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".a[b].")
    with whole_file(tmp_path / "other"):
        assert left.exists()  # of another file
    with (whole_folder if kind == "folder" else whole_file)(path):
        assert not left.exists()
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "other"]


def test_what_another_writer_has_open_stays(tmp_path: Path) -> None:
    (tmp_path / ".file.12.part").touch()
    with whole_file(tmp_path / "file") as one, whole_folder(tmp_path / "folder") as two:
        remove_leftovers(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([one, two])
        with whole_file(tmp_path / "file") as newer:
            newer.write_text("newer")
        one.write_text("one")
    assert (tmp_path / "file").read_text() == "one"


def test_no_handle_stays_open(tmp_path: Path) -> None:
    handles = Path(f"/proc/{os.getpid()}/fd")
    before = len(list(handles.glob("*")))
    for _ in range(3):
        with whole_file(tmp_path / "file"), whole_folder(tmp_path / "folder"):
            pass
    assert len(list(handles.glob("*"))) == before
