"""Files and folders are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from src.utils.files import whole_file, whole_folder, write_text


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(path: Path, error: BaseException) -> None:
    path.write_text("ne")
    raise error


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_takes_its_name_only_at_the_end_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "a.txt"
    with whole_file(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.parent == path.parent  # the same file system: the last step is a rename
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert names(path.parent) == ["a.txt"]


def test_an_exception_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="disk full"), whole_file(path) as part:
        write_half(part, RuntimeError("disk full"))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_an_interrupted_first_write_leaves_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt, match="ctrl-c"), whole_file(tmp_path / "a.txt") as part:
        write_half(part, KeyboardInterrupt("ctrl-c"))
    assert names(tmp_path) == []


def test_two_writers_of_one_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with whole_file(path) as first, whole_file(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # its block ended last
    assert names(tmp_path) == ["a.txt"]


def test_an_exception_leaves_the_old_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "weights").write_text("old")
    with pytest.raises(RuntimeError, match="disk full"), whole_folder(path) as part:
        write_half(part / "weights", RuntimeError("disk full"))
    assert (path / "weights").read_text() == "old"
    assert names(tmp_path) == ["model"]


def test_a_new_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "model"
    for name in ("weights", "card"):
        with whole_folder(path) as part:
            (part / name).write_text(name)
    assert names(path) == ["card"]  # nothing of the first folder is left in the second
    assert names(path.parent) == ["model"]


@pytest.mark.parametrize(("mask", "file", "folder"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700), (0, 0o666, 0o777)])
def test_permissions_are_what_the_umask_leaves(mask: int, file: int, folder: int, tmp_path: Path) -> None:
    with umask(mask):
        write_text(tmp_path / "a.txt", "text")
        with whole_folder(tmp_path / "model"):
            pass
        assert os.umask(mask) == mask  # reading it did not change it
    assert mode(tmp_path / "a.txt") == file
    assert mode(tmp_path / "model") == folder


def test_text_is_written_as_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "é\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n"


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    for name, target in (("there.txt", tmp_path / "a" / "target.txt"), ("new.txt", Path("a/other.txt"))):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "target.txt").write_text("old")
    for name in ("there.txt", "new.txt"):
        write_text(tmp_path / name, name)
        assert (tmp_path / name).is_symlink()
    assert names(tmp_path / "a") == ["other.txt", "target.txt"]
    assert (tmp_path / "a" / "target.txt").read_text() == "there.txt"
    assert (tmp_path / "a" / "other.txt").read_text() == "new.txt"


def test_a_pipe_or_device_is_written_and_not_replaced(tmp_path: Path) -> None:
    """A pipe that was replaced would be a file, and its reader would wait for ever."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_text(path, "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert path.is_fifo()
    assert names(tmp_path) == ["pipe"]
    (tmp_path / "null").symlink_to("/dev/null")
    write_text(tmp_path / "null", "text")
    assert (tmp_path / "null").is_char_device()
    assert names(tmp_path) == ["null", "pipe"]


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(
        IsADirectoryError, match="found a folder, expected a file to write, or none; choose another name"
    ):
        write_text(tmp_path, "text")
