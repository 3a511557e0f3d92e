"""Outputs of `predict`: no file of the user is lost, and errors name the output."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from src import predict
from src.data.parsing.records import BadRecord
from src.detector.outputs import open_output, open_quarantine
from src.detector.record_file import check_files, in_words
from src.utils.paths import PROJECT

BAD = BadRecord(2, "(record)", "1 field", "41 fields", b"bad")
HEADER = "line,column,value,expected\n"
ITSELF = "found the file of records itself, expected another output"
ANOTHER = "found the file of another output, "


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with a file of records."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("0,tcp\n")
    return tmp_path


@pytest.fixture
def standard_input() -> Iterator[int]:
    """Handle 0, which is as before when the test ends."""
    kept = os.dup(0)
    yield 0
    os.dup2(kept, 0)
    os.close(kept)


def error_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Error that a call prints before it looks for the model."""
    assert predict.main(["--model", "no-such-model", *arguments]) == 1
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("in.csv -o in.csv", f"in.csv: {ITSELF}"),
        ("in.csv --quarantine in.csv", f"in.csv: {ITSELF}"),
        ("in.csv -o link.csv", f"link.csv: {ITSELF}"),
        ("in.csv -o hard.csv", f"hard.csv: {ITSELF}"),
        ("Z.reasons.csv --quarantine Z", f"Z.reasons.csv: {ITSELF}"),
        ("in.csv -o X --quarantine X", f"X: {ANOTHER}X"),
        ("in.csv -o Y.reasons.csv --quarantine Y", f"Y.reasons.csv: {ANOTHER}Y.reasons.csv"),
        ("in.csv -o X --quarantine to_x", f"to_x: {ANOTHER}X"),
        ("in.csv -o sub/X --quarantine to_sub/X", f"to_sub/X: {ANOTHER}sub/X"),
        ("in.csv -o sub", "sub: found a folder, expected a file to write"),
        ("in.csv -o X --quarantine sub", "sub: found a folder, expected a file to write"),
    ],
)
def test_a_file_has_one_use_by_whatever_name(
    arguments: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Z.reasons.csv").write_text("0,tcp\n")
    (folder / "sub").mkdir()
    for link, target in (("link.csv", "in.csv"), ("to_x", "X"), ("to_sub", "sub")):
        (folder / link).symlink_to(target)
    (folder / "hard.csv").hardlink_to("in.csv")
    before = sorted(folder.iterdir())
    assert error_of(*arguments.split(), capsys=capsys).startswith(f"predict: {message}")
    assert sorted(folder.iterdir()) == before


def test_standard_input_is_no_output(folder: Path, standard_input: int, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "in.csv").open("rb") as file:
        os.dup2(file.fileno(), standard_input)
    for option in ("-o", "--quarantine"):
        assert f"predict: in.csv: {ITSELF}" in error_of("-", option, "in.csv", capsys=capsys)
    assert (folder / "in.csv").read_text() == "0,tcp\n"
    check_files(Path("-"), Path("out.csv"), Path("bad.csv"))


def test_standard_output_is_no_other_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, real = (folder / "in.csv").stat(), os.fstat
    monkeypatch.setattr(os, "fstat", lambda handle: status if handle == 1 else real(handle))
    with pytest.raises(ValueError, match=f"^standard output: {ITSELF}"):
        check_files(Path("in.csv"), None, None)
    (folder / "other.csv").write_text("0,tcp\n")
    with pytest.raises(ValueError, match=f"^in.csv: {ANOTHER}standard output"):
        check_files(Path("other.csv"), Path("/dev/stdout"), Path("in.csv"))


def test_pipes_and_devices_may_be_used_twice(folder: Path, standard_input: int) -> None:
    read, write = os.pipe()
    os.dup2(read, standard_input)
    check_files(Path("-"), Path("/dev/null"), Path("/dev/null"))
    check_files(Path("-"), Path("-"), Path("bad.csv"))
    check_files(Path("/dev/null"), Path("/dev/null"), None)
    os.close(read)
    os.close(write)


def test_a_folder_as_standard_input_is_named(
    folder: Path, standard_input: int, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.dup2(handle, standard_input)
    os.close(handle)
    assert "predict: standard input: found a folder, expected a file" in error_of("-", capsys=capsys)
    os.close(standard_input)
    assert "predict: standard input: found 'Bad file descriptor', expected raw" in error_of("-", capsys=capsys)


@pytest.mark.parametrize("name", ["thesis.txt", "thesis.txt.reasons.csv"])
def test_a_file_that_is_no_quarantine_is_kept(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / name).write_text("years of work\n")
    printed = error_of("in.csv", "--quarantine", "thesis.txt", capsys=capsys)
    assert printed.startswith(f"predict: {name}: found a file that is no quarantine of an earlier call, expected")
    assert (folder / name).read_text() == "years of work\n"


def test_a_quarantine_is_always_that_of_this_call(folder: Path) -> None:
    path = folder / "bad.csv"
    path.touch()  # as mktemp does
    for bad, lines in (([], ""), ([BAD], "bad\n"), ([], "")):
        check_files(Path("in.csv"), None, path)
        quarantine = open_quarantine(path)
        assert quarantine
        with quarantine:
            quarantine.add(bad)
        assert path.read_text() == lines
        reasons = (folder / "bad.csv.reasons.csv").read_text()
        assert reasons == HEADER + ("2,(record),1 field,41 fields\n" if bad else "")


def test_an_error_leaves_the_earlier_quarantine(folder: Path) -> None:
    (folder / "bad.csv").write_text("before\n")
    quarantine = open_quarantine(folder / "bad.csv")
    assert quarantine
    with pytest.raises(TypeError), quarantine:
        quarantine.add([BAD, BAD._replace(raw="no bytes")])  # type: ignore[arg-type]
    assert (folder / "bad.csv").read_text() == "before\n"
    assert sorted(path.name for path in folder.iterdir()) == ["bad.csv", "in.csv"]


@pytest.mark.parametrize("path", ["/dev/full", "/proc/x.csv", "in.csv/x.csv"])
def test_an_error_of_writing_names_the_output(path: str, folder: Path) -> None:
    for size in (1, 1 << 20):  # it fails at the end, or at once
        with pytest.raises(OSError, match="in writing it, expected") as error, open_output(Path(path)) as file:
            file.write(b"x" * size)
        assert in_words(error.value, Path("records.csv")).startswith(f"{path}: found '")
        quarantine = open_quarantine(Path(path)) if path != "in.csv/x.csv" else None
        if quarantine:
            with pytest.raises(OSError, match="in writing it, expected") as error, quarantine:
                quarantine.add([BAD._replace(raw=b"x" * size)])
            assert in_words(error.value, Path("records.csv")).startswith(f"{path}: found '")


def test_an_error_of_reading_does_not_name_the_output(folder: Path) -> None:
    with pytest.raises(FileNotFoundError) as error, open_output(Path("out.csv")):
        Path("none.csv").read_bytes()
    assert in_words(error.value, Path("none.csv")) == "[Errno 2] No such file or directory: 'none.csv'"
    with pytest.raises(BrokenPipeError), open_output(None):  # ends the command quietly
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.integration
def test_closed_standard_streams_end_in_one_line(folder: Path) -> None:
    """Without a stream in its place, the next file that is opened takes the number: a read of it never ended."""
    command = f"exec {shlex.quote(sys.executable)} -m src.predict --model . "
    for call, told in (
        ("- <&-", "standard input: found it closed"),
        ("in.csv >&-", "standard output: found it closed"),
    ):
        done = subprocess.run(
            ["sh", "-c", command + call], env={**os.environ, "PYTHONPATH": str(PROJECT)}, timeout=60,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert told in done.stderr
    closed = "from src.utils.command_line import *; open_closed_streams(); quiet_pipe()(print)('x')"
    for end in (">&-", "2>&-", "<&- >&- 2>&-"):
        script = f"{shlex.join([sys.executable, '-c', closed])} {end}"
        done = subprocess.run(
            ["sh", "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
