"""Runs of the store, found by id, by the first digits of the id, by name, or by a model that they logged."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from src.tracking.connection import database_file, has_runs
from src.tracking.store import open_store, store_uri

SHOWN = 10  # runs that a message lists
MODEL_ADDRESSES = ("models:/", "runs:/")
_PREFIX = re.compile(r"[0-9a-f]{1,32}")
_EVERYTHING = (
    "select runs.run_uuid, runs.name, runs.status, runs.start_time, experiments.name from runs "
    "join experiments using (experiment_id) where runs.lifecycle_stage = 'active'"
)


@dataclass(frozen=True)
class FoundRun:
    """Run of the store; `start` is in milliseconds since 1970, `experiment` the name of its experiment."""

    id: str
    name: str
    status: str
    start: int
    experiment: str

    def __str__(self) -> str:
        start = f"{datetime.fromtimestamp(self.start / 1000):%Y-%m-%d %H:%M}"
        return f"{self.id[:8]}  {start}  {self.status}  {self.experiment}  {self.name}"


def find_run(text: str) -> FoundRun:
    """Find the run that a person means.

    Args:
        text: Id, first digits of an id, or name of a run. A name goes before digits, and finished runs of a
            name before others. Address of a model, such as models:/name@alias, for the run that logged it.
    Raises:
        ValueError: the store has no such run or model, or several runs; the message lists them.
    """
    if text.startswith(MODEL_ADDRESSES):
        text = _run_of_model(text)
    runs = sorted(_candidates(text), key=lambda run: (run.status != "FINISHED", -run.start))
    named = [run for run in runs if run.name == text]
    exact = [run for run in runs if run.id == text] or [run for run in named if run.status == "FINISHED"] or named
    found = exact or [run for run in runs if _PREFIX.fullmatch(text) and run.id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            f"{text!r}: found {len(found)} runs in {store_uri()}, expected one; give the first digits of an id:\n"
            + _listed(found)
        )
    if not runs:
        raise ValueError(
            f"{text!r}: found neither such a folder nor any run in {store_uri()}, expected one; make demo or "
            "python -m src.train makes a run"
        )
    near = get_close_matches(text, dict.fromkeys(run.name for run in runs), n=3)
    shown = [run for run in runs if run.name in near] or runs
    raise ValueError(
        f"{text!r}: found neither such a folder nor a run of this name or id in {store_uri()}, expected one such as "
        f"these (make ui shows all):\n{_listed(shown)}"
    )


def folder_or_id(text: str) -> str:
    """Return the path of a folder as it is, and the full id of any other run that `find_run` finds."""
    return text if Path(text).is_dir() else find_run(text).id


def _run_of_model(address: str) -> str:
    """Id of the run that logged a model, or what stands for it in `runs:/<run>/...`."""
    if address.startswith("runs:/"):
        return address.removeprefix("runs:/").partition("/")[0]
    with model_errors(address) as mlflow:
        return str(mlflow.models.get_model_info(address).run_id)


@contextmanager
def model_errors(address: str) -> Iterator[Any]:
    """Give MLflow to a block that asks for a model, and name the model where the store does not have it.

    Raises:
        ValueError: the store does not exist, or does not have the model.
    """
    expected = "expected models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN/detector"
    if not has_runs(store_uri()):  # MLflow would make it
        raise ValueError(f"{address}: found no store in {store_uri()}; {expected}")
    mlflow = open_store(None)
    try:
        yield mlflow
    except (mlflow.exceptions.MlflowException, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{address}: found no such model in {store_uri()} ({reason}); {expected}") from None


def _listed(runs: list[FoundRun]) -> str:
    more = [f"  and {len(runs) - SHOWN} more"] if len(runs) > SHOWN else []
    return "\n".join([*(f"  {run}" for run in runs[:SHOWN]), *more])


def _candidates(text: str) -> list[FoundRun]:
    """Runs of the store that are not deleted.

    A local database is asked directly, in a hundredth of a second: MLflow takes two seconds to import and connect. A
    database that is missing or empty is not laid out.
    """
    uri = store_uri()
    database = database_file(uri)
    if database is None:
        return _of_server(text)
    if not has_runs(uri):
        return []
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return _runs(connection.execute(_EVERYTHING))


def _runs(rows: Iterable[tuple[str, str | None, str, int | None, str]]) -> list[FoundRun]:
    return [FoundRun(run_id, name or "", status, start or 0, kept_in) for run_id, name, status, start, kept_in in rows]


def _of_server(text: str) -> list[FoundRun]:
    """Runs of a server whose name or id begins as `text`; the newest runs if there are none."""
    client = open_store(None).MlflowClient()
    experiments = {one.experiment_id: one.name for one in client.search_experiments()}
    quote = '"' if "'" in text else "'"
    filters = [f"attributes.run_name = {quote}{text}{quote}"] if '"' not in text else []
    if _PREFIX.fullmatch(text):
        filters.append(f"attributes.run_id LIKE '{text}%'")
    found = [run for one in filters for run in client.search_runs(list(experiments), one, max_results=1000)]
    found = found or client.search_runs(list(experiments), max_results=SHOWN, order_by=["attributes.start_time DESC"])
    infos = {run.info.run_id: run.info for run in found}
    return _runs(
        (info.run_id, info.run_name, info.status, info.start_time, experiments[info.experiment_id])
        for info in infos.values()
    )
