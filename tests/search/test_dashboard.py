"""Dashboard of the sweeps: whom it answers, and its words before the first sweep. (Its server: tests/e2e.)"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from src import dashboard
from src.search.dashboard import of_this_machine


def answer(headers: dict[str, str]) -> str:
    """Answer to a request with some headers: its status, or `studies`."""
    status: list[str] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return [b"studies"]

    body = b"".join(of_this_machine(application)(headers, lambda code, lines: status.append(code)))
    return status[0] if status else body.decode()


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "localhost:9000", "[::1]:8080"])
def test_requests_of_this_machine_are_answered(host: str) -> None:
    assert answer({"HTTP_HOST": host}) == "studies"
    assert answer({"HTTP_HOST": host, "HTTP_ORIGIN": f"http://{host}"}) == "studies"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_HOST": "elsewhere.example:8080"},
        {"HTTP_HOST": "127.0.0.1.elsewhere.example"},
        {"HTTP_HOST": "[127.0.0.1"},
        {"HTTP_HOST": "localhost:8080", "HTTP_ORIGIN": "http://elsewhere.example"},
        {"HTTP_HOST": "localhost:8080", "HTTP_ORIGIN": "http://localhost:3000"},
        {"HTTP_HOST": "localhost:8080", "HTTP_ORIGIN": "null"},
    ],
)
def test_requests_of_another_site_in_the_browser_are_refused(headers: dict[str, str]) -> None:
    assert answer(headers) == "403 Forbidden"


@pytest.mark.parametrize("empty", [True, False])
def test_before_the_first_sweep_it_names_the_command_that_runs_one_and_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty: bool
) -> None:
    file = tmp_path / "optuna.db"
    if empty:
        file.touch()
    monkeypatch.setenv("OPTUNA_STORAGE", f"sqlite:///{file}")
    assert dashboard.main([]) == 0
    assert "python -m src.sweep sweep=components sweep.n_trials=6" in capsys.readouterr().err
    assert not file.exists() or not file.stat().st_size


def test_a_storage_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("OPTUNA_STORAGE", "postgresql+psycopg://me:not-shown@127.0.0.1:9/db")
    assert dashboard.main([]) == 1
    said = capsys.readouterr().err
    assert "check that the server runs" in said
    assert "not-shown" not in said
