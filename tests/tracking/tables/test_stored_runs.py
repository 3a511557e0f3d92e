"""`python -m src.table` on a store: selection by parent, name and filter, its formats, and its errors."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag

from src.table import main
from src.tracking.tables.stored_runs import RUNS_IN_STORE

NAMES = {"dataset.name": "simulated", "derived.simulated": "True", "task.name": "binary", "split.name": "random",
         "model.name": "svm", "task.classes.normal.count": "1", "task.classes.attack.count": "1"}  # fmt: skip


@pytest.fixture(scope="module")
def ids(laid_out_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Ids of the runs of a store: a parent of k=2, run three times, and of k=3 with two seeds; k=9 alone."""
    folder = tmp_path_factory.mktemp("table")
    shutil.copy(laid_out_store, folder)
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    client = mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.create_experiment("simulated", str(folder / "artifacts"))
    start = iter(range(1, 100))

    def run(name: str, k: int, accuracy: float | None, seed: int = 0, code: str = "old", **tags: str) -> str:
        tags["fingerprint.code"] = code
        made = client.create_run(experiment, start_time=next(start), run_name=name, tags=tags).info.run_id
        scores = {"val_macro_f1": accuracy, "test_accuracy": accuracy} if accuracy is not None else {}
        params = [Param(key, value) for key, value in (NAMES | {"k": str(k), "seed": str(seed)}).items()]
        client.log_batch(made, [Metric(key, value, 0, 0) for key, value in scores.items()], params)
        client.set_terminated(made, "FAILED" if accuracy is None else "FINISHED")
        return made

    parent = client.create_run(experiment, run_name="k=2,3 model=svm", tags={"multirun": "true"}).info.run_id
    found = {"parent": parent, "alone": run("svm-pca-9", 9, 0.99)}
    client.log_batch(parent, tags=[RunTag(f"{RUNS_IN_STORE}.0", found["alone"])])
    nested = {"mlflow.parentRunId": parent}
    found["first"] = run("svm-pca-2", 2, 0.5, **nested)
    found["again"] = run("svm-pca-2", 2, 0.6, **nested)
    run("svm-pca-3", 3, 0.7, **nested)
    run("svm-pca-3-seed=1", 3, None, seed=1, **nested)
    run("svm-pca-2", 2, None, **nested)
    yield found
    patch.undo()


@pytest.fixture
def shown(ids: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def show(*arguments: str) -> str:
        assert main(list(arguments)) == 0
        return capsys.readouterr().out

    return show


def first_cells(made: str) -> list[str]:
    return [line.split()[0] for line in made.split("\n---")[1].splitlines()[1:] if line]


def test_without_a_selection_all_runs_are_rows(shown) -> None:
    made = shown()
    assert first_cells(made) == ["9", "3", "2"]
    assert "2 other runs of the same configurations and seeds left out." in made
    assert "60.00" in made  # the newest with scores
    assert "1 of 2" in made


@pytest.mark.parametrize("selection", ["k=2,3 model=svm", "k=2,3", "id"])
def test_a_parent_is_found_by_the_beginning_of_its_name_or_id(shown, ids, selection: str) -> None:
    """Its table has the run that its multirun found in the store."""
    made = shown(ids["parent"][:8] if selection == "id" else selection)
    assert first_cells(made) == ["9", "3", "2"]


def test_runs_are_found_by_the_beginning_of_their_names_and_by_a_filter(shown, ids) -> None:
    assert ids["again"][:8] in shown("svm-pca-2")
    assert ids["alone"][:8] in shown("metrics.test_accuracy > 0.9")
    assert ids["again"][:8] in shown('params."k" = "2"')


def test_a_name_is_no_pattern(shown, ids, capsys) -> None:
    """In a filter of MLflow `_` and `%` stand for any characters, and a quote ends the text."""
    for selection in ("svm_pca", "svm%9", "svm'pca", "svm'\"pca"):
        assert main([selection]) == 1
        assert f"looked for a multirun or a run whose name begins with {selection!r}" in capsys.readouterr().err


def test_a_run_that_was_deleted_is_no_row(shown, ids) -> None:
    """Also one that a multirun found in the store, whose id its parent keeps."""
    client = mlflow.MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    client.delete_run(ids["alone"])
    try:
        assert first_cells(shown("k=2,3")) == ["3", "2"]
        assert first_cells(shown()) == ["3", "2"]
    finally:
        client.restore_run(ids["alone"])


def test_a_table_is_written_in_the_format_of_the_suffix(shown, tmp_path: Path) -> None:
    for suffix, beginning in (("csv", "k,seeds,"), ("md", "**SIMULATED"), ("tex", "% SIMULATED"), ("txt", "SIMULATED")):
        file = tmp_path / f"made.{suffix}"
        assert shown("-o", str(file)) == f"{file}: 3 configurations\n"
        assert file.read_text().startswith(beginning)
        assert file.read_text().endswith("\n")
    assert shown("--format", "csv", "--columns", "k,val_macro_f1", "--sort", "k").splitlines()[1].startswith("2,0,0.6,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "looked for a multirun or a run whose name begins with 'nothing', and a multirun whose id does"),
        (["metrics.test_accuracy > 1"], "and runs for which that filter is true; make ui shows all runs"),
        (["foo = 1"], '\'foo\' is no key of a filter. Known are params."model.name", params."k", params."split.name"'),
        (["modle=svm"], "'modle' is no key of a filter. Did you mean params.\"model.name\"?"),
        (["k=7"], "'k' is no key of a filter. Did you mean params.\"k\"?"),
        (["params.\"modle.name\" = 'a=b'"], "no param 'modle.name'. Did you mean params.\"model.name\"?"),
        (["metrics.test_acuracy > 0.5"], "no metric 'test_acuracy'. Did you mean metrics.test_accuracy?"),
        (["status = 'FAILED' and test_accuracy > 1"], "no key of a filter. Did you mean metrics.test_accuracy?"),
        (["metrics.test_accuracy > abc"], "MLflow cannot read the filter (Expected numeric value"),
        (["k=2,3 modle=svm"], "Did you mean 'k=2,3 model=svm'?"),
        (
            ["--sort", "acc"],
            "acc: found no metric or parameter of that name in these runs, expected one such as val_macro_f1",
        ),
        (["--columns", "k,units"], "units: found no metric or parameter"),
        (["-o", "table.pdf"], "table.pdf: found the suffix '.pdf', expected one of .txt, .csv, .md, .tex, or --format"),
    ],
)
def test_an_error_says_what_was_looked_for(ids, capsys, arguments: list[str], message: str) -> None:
    assert main(arguments) == 1
    found = capsys.readouterr().err
    assert found.startswith("table: ")
    assert found.count("\n") == 1
    assert message in found


def test_no_store_is_made_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert main([]) == 1
    assert "make demo or python -m src.train makes one" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_grid_over_data_sets_has_the_runs_of_each(ids, shown) -> None:
    """Each data set has an experiment of its own, and the parent is in one of them."""
    client = mlflow.MlflowClient()
    nested = {
        "mlflow.parentRunId": client.create_run("1", run_name="dataset=a,b", tags={"multirun": "true"}).info.run_id
    }
    for name in ("a", "b"):
        experiment = client.create_experiment(name)
        made = client.create_run(experiment, run_name=f"svm-{name}", tags=nested).info.run_id
        schema = {"dataset.schema.columns": str({"a column of": f"the schema {name}"}), "seed": "0"}
        params = [Param(key, value) for key, value in {**NAMES, "dataset.name": name, **schema}.items()]
        client.log_batch(made, [Metric("test_accuracy", 0.5, 0, 0)], params)
        client.set_terminated(made)
    table = shown("dataset=a,b")
    assert first_cells(table) == ["a", "b"]
    assert "the schema" not in table
    assert shown("dataset=a,b", "--columns", "dataset,run,status,accuracy") == shown(
        "dataset=a,b", "--columns", "dataset,accuracy"
    )


def test_a_row_of_runs_of_several_versions_of_the_code_is_told(ids, shown) -> None:
    """Rows with one finished run, as k=3, or with one seed, as k=2, cannot mix versions."""
    assert "versions of the code" not in shown()
    client = mlflow.MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("simulated").experiment_id
    made = []
    for seed, code in enumerate(("old", "new", "new")):
        tags = {"fingerprint.code": code}
        made.append(client.create_run(experiment, start_time=200, run_name=f"mix-{seed}", tags=tags).info.run_id)
        params = [Param(key, value) for key, value in (NAMES | {"k": "5", "seed": str(seed)}).items()]
        client.log_batch(made[-1], [Metric("test_accuracy", 0.5, 0, 0), Metric("val_macro_f1", 0.5, 0, 0)], params)
        client.set_terminated(made[-1], "FINISHED")
    try:
        assert "1 row mixes runs of several versions of the code or the libraries." in shown()
        client.delete_run(made[0])
        assert "versions of the code" not in shown()
    finally:
        for run_id in made:
            client.delete_run(run_id)


def test_the_number_of_multiruns_that_begin_so_is_told(ids, shown) -> None:
    assert "multiruns" not in shown("k=2,3")
    client = mlflow.MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("simulated").experiment_id
    other = client.create_run(experiment, run_name="k=2,3 model=svm seed=0,1", tags={"multirun": "true"}).info.run_id
    try:
        assert "Runs of 2 multiruns; a whole name or an id selects one." in shown("k=2,3")
        assert "multiruns" not in shown("k=2,3 model=svm")
    finally:
        client.delete_run(other)


def test_audits_are_no_rows(ids, shown) -> None:
    before = shown()
    client = mlflow.MlflowClient()
    client.create_run(client.create_experiment("simulated-audit"), run_name="audit")
    assert shown() == before
