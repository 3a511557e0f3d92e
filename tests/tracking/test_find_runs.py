"""Runs are found by id, first digits and name, in a database and on a server."""

import re
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pytest

from src.tracking import find_runs
from src.tracking.find_runs import FoundRun, find_run, folder_or_id
from src.tracking.store import store_uri


@pytest.fixture
def client(laid_out_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> mlflow.MlflowClient:
    """Client of a store of one test."""
    uri = f"sqlite:///{shutil.copy(laid_out_store, tmp_path)}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return mlflow.MlflowClient(uri)


@pytest.fixture(params=["database", "server"])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is read directly; a server is asked by MLflow, here with the same database behind it."""
    if request.param == "server":
        monkeypatch.setattr(find_runs, "_candidates", find_runs._of_server)


def made(client: mlflow.MlflowClient, *names: str) -> list[str]:
    """Ids of new runs of these names."""
    experiment = client.create_experiment("simulated")
    return [
        client.create_run(experiment, 1000 * number, run_name=name).info.run_id for number, name in enumerate(names, 1)
    ]


def digits(run_id: str, others: list[str]) -> str:
    """The fewest first digits that no other id has."""
    return next(run_id[:n] for n in range(1, 33) if not any(one.startswith(run_id[:n]) for one in others))


@pytest.mark.usefixtures("asked")
def test_a_run_is_found_by_id_by_first_digits_and_by_name(client: mlflow.MlflowClient) -> None:
    names = ("lstm-pca-2-binary", "gru's-pca-2-binary", "gru-pca-2")
    ids = made(client, *names)
    for place, (run_id, name) in enumerate(zip(ids, names, strict=True)):
        others = ids[:place] + ids[place + 1 :]
        found = [find_run(text) for text in (run_id, digits(run_id, others), name)]
        assert found == [FoundRun(run_id, name, "RUNNING", 1000 * (place + 1), "simulated")] * 3


@pytest.mark.usefixtures("asked")
def test_several_runs_of_a_name_are_listed_newest_first(client: mlflow.MlflowClient) -> None:
    ids = made(client, "one", "same", "same")
    with pytest.raises(
        ValueError, match=r"^'same': found 2 runs in sqlite.*; give the first digits of an id:"
    ) as error:
        find_run("same")
    assert [line.split()[0] for line in str(error.value).splitlines()[1:]] == [ids[2][:8], ids[1][:8]]


@pytest.mark.usefixtures("asked")
def test_an_unknown_run_is_named_with_runs_that_exist(client: mlflow.MlflowClient) -> None:
    (run_id,) = made(client, "lstm-pca-2-binary")
    for text in ("lstm-pca-2-binry", "0" * 33, 'a"b', ""):
        with pytest.raises(
            ValueError, match="found neither such a folder nor a run of this name or id in sqlite"
        ) as error:
            find_run(text)
        assert re.fullmatch(
            rf"  {run_id[:8]}  19\S+ \S+  RUNNING  simulated  lstm-pca-2-binary", str(error.value).splitlines()[1]
        )


def test_close_names_are_shown_before_others_and_ten_runs_at_most(client: mlflow.MlflowClient) -> None:
    made(client, *(f"lstm-pca-{k}-binary" for k in range(12)), "random_forest")
    with pytest.raises(ValueError, match="such as these") as error:
        find_run("random_forst")
    assert [line.split()[-1] for line in str(error.value).splitlines()[1:]] == ["random_forest"]
    with pytest.raises(ValueError, match="such as these") as error:
        find_run("xyz")
    assert len(str(error.value).splitlines()) == 12
    assert str(error.value).endswith("  and 3 more")


@pytest.mark.usefixtures("asked")
def test_first_digits_of_several_ids_are_refused_and_deleted_runs_are_none(client: mlflow.MlflowClient) -> None:
    ids = made(client, *("name",) * 17)  # two of 17 ids begin with the same digit
    digit = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    with pytest.raises(ValueError, match=r"found \d+ runs in sqlite"):
        find_run(digit)
    for run_id in ids[1:]:
        client.delete_run(run_id)
    assert find_run(ids[0][:3]).id == ids[0]


def test_a_store_that_is_missing_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(ValueError, match=r"found neither such a folder nor any run in sqlite.*; make demo or"):
        find_run("lstm")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_taken_as_it_is(tmp_path: Path, client: mlflow.MlflowClient) -> None:
    (run_id,) = made(client, "lstm")
    assert folder_or_id(str(tmp_path)) == str(tmp_path)
    assert folder_or_id("lstm") == run_id


def test_a_server_is_asked_by_mlflow(client: mlflow.MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(find_runs, "_of_server", lambda text: asked.append(text) or [])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match=f"found neither such a folder nor any run in {store_uri()}"):
        find_run("lstm")
    assert asked == ["lstm"]
