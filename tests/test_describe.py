"""Command line of `src.describe`: exit status, and one line for what cannot be read."""

from pathlib import Path

import pytest

from src.describe import main

FLOWS = "a,b,label\n1,4,Benign\n2,3,DoS\n"


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (None, [], "found no such file, expected a file of records"),
        ("", [], "found an empty file"),
        ("a,b,c\n1,2,3\n", [], "found no column that may be the label"),
        (FLOWS, ["--name", "../x"], "--name: found '../x', expected a letter, then letters"),
        (FLOWS, ["--name", "kdd99"], "found a file, expected none; choose another --name, or"),
        (FLOWS, ["--label", "zz", "--name", "zz"], "--label: found 'zz', expected one of the"),
        (FLOWS, ["--schema", "zz"], "--schema: found no schema 'zz', expected one of kdd, "),
    ],
)
def test_what_cannot_be_described_is_one_line_and_exit_status_1(
    text: str | None, arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "flows.csv").write_text(text)
    assert main([str(tmp_path / "flows.csv"), *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("describe: ")
    assert message in err


def test_a_file_that_disagrees_has_exit_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "flows.csv").write_text(FLOWS)
    assert main([str(tmp_path / "flows.csv"), "--schema", "unsw_nb15"]) == 1
    assert "does not agree with schema 'unsw_nb15'" in capsys.readouterr().out


def test_a_check_takes_no_option_of_a_proposal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["flows.csv", "--schema", "kdd", "--overwrite"])
    assert "expected none of them: a check writes no file" in capsys.readouterr().err
