"""Paths as messages show them."""

from pathlib import Path

import pytest

from src.utils.paths import PROJECT, shown_path


def test_a_path_is_shown_so_that_it_can_be_opened_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    assert shown_path(PROJECT / "reports") == "reports"
    monkeypatch.chdir(tmp_path)
    assert shown_path(PROJECT / "reports") == str(PROJECT / "reports")
    assert shown_path(Path("reports")) == "reports"
    assert shown_path(tmp_path) == "."
