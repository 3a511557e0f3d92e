"""Runs of the store, selected for a table by their parent or by a filter."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from src.tracking.audits import SUFFIX as AUDITS
from src.tracking.connection import has_runs
from src.tracking.dead_runs import close_dead_runs
from src.tracking.parents import children
from src.tracking.runs import active_run
from src.tracking.store import MOST_RUNS, open_store, store_uri
from src.tracking.tables.alike_runs import by_configuration, shared_params
from src.tracking.tables.filter_keys import unknown_key
from src.tracking.tables.formats import formatted, kind_of
from src.tracking.tables.remarks import left_out, mixed_code
from src.tracking.tables.results import FINISHED, Row, TableRun, results_table
from src.tracking.tables.seed_shares import seed_shares
from src.utils.files import write_text
from src.utils.messages import first_line

RUNS_IN_STORE = "runs_in_store"  # tags of a parent: ids of runs that its multirun found finished
_FILTER = re.compile(r"[=<>]|\b(?:i?like|in|is)\b", re.IGNORECASE)


def select(selection: str | None) -> tuple[list[Row], list[str]]:
    """Find runs, and group them by configuration.

    Args:
        selection: Name of a parent or its beginning, beginning of a parent's id, beginning of the name of runs, or a
            filter of MLflow; None for all runs.
    Returns:
        Configurations, and sentences about the choice of the runs.
    Raises:
        ValueError: the store has no such run.
    """
    uri = store_uri()
    if not has_runs(uri):  # MLflow would lay it out
        raise ValueError(f"found no run in {uri}, expected one; make demo or python -m src.train makes one")
    remarks: list[str] = []
    mlflow = open_store(None)
    close_dead_runs(mlflow, None)
    client = mlflow.MlflowClient()
    experiments = [one.experiment_id for one in client.search_experiments() if not one.name.endswith(AUDITS)]

    def search(text: str) -> list[Any]:
        return list(client.search_runs(experiments, text, max_results=MOST_RUNS))

    if selection is None:
        found, looked_for = search(""), "any run"
    elif parents := _named(search("tags.multirun = 'true'"), selection):
        same = [parent for parent in parents if parent.info.run_name == selection]
        if len(same) > 1:
            remarks.append(f"The newest of {len(same)} multiruns of this name; an id selects another.")
            parents = [max(same, key=lambda parent: parent.info.start_time)]
        elif len(parents) > 1:
            remarks.append(f"Runs of {len(parents)} multiruns; a whole name or an id selects one.")
        found = [run for parent in parents for run in _runs_of(client, parent)]
        looked_for = f"runs of {', '.join(parent.info.run_name for parent in parents)}"
    else:
        found = _begin_with(search, selection) or _filtered(search, selection, uri)
        looked_for = f"a multirun or a run whose name begins with {selection!r}, and a multirun whose id does"
        looked_for += ", and runs for which that filter is true" if _FILTER.search(selection) else ""
    rows, repeated = configurations([run for run in found if run.data.tags.get("multirun") != "true"])
    if not rows:
        raise ValueError(f"found no run in {uri}, looked for {looked_for}; make ui shows all runs")
    return rows, [*remarks, *left_out(repeated), *mixed_code(rows)]


def write_selected(
    selection: str | None,
    output: Path | None = None,
    kind: str | None = None,
    sort: str | None = None,
    columns: Sequence[str] | None = None,
) -> str:
    """Make the table of some runs, write it to `output` if given, and return the text to print.

    Args:
        selection: Selection of the runs, as `select` takes it.
        output: File to write.
        kind: Format of the table: text, csv, markdown or latex; unless given, that of the suffix of `output`, or text.
        sort: Metric or parameter that the rows are sorted by.
        columns: Names of metrics and parameters.
    Raises:
        ValueError: there is no such run, metric, parameter or format.
    """
    kind = kind or (kind_of(output, ", or --format") if output else "text")
    rows, remarks = select(selection)
    table = results_table(rows, sort=sort, columns=columns, remarks=[*remarks, *seed_shares(rows)])
    if not output:
        return formatted(table, kind)
    write_text(output, formatted(table, kind, most=None) + "\n")
    return f"{output}: {len(rows)} configuration{'s' * (len(rows) != 1)}"


def _filtered(search: Callable[[str], list[Any]], text: str, uri: str) -> list[Any]:
    """Runs for which a filter of MLflow is true; none where the text is no filter.

    Raises:
        ValueError: no run has a key of the filter, or MLflow cannot read it.
    """
    if not _FILTER.search(text):
        return []
    from mlflow.exceptions import MlflowException

    reason = None
    try:
        if found := search(text):
            return found
    except MlflowException as error:
        reason = first_line(error.message)
    stored = search("")
    names = {one.info.run_name[: len(text) + 1]: one.info.run_name for one in stored if "multirun" in one.data.tags}
    if near := get_close_matches(text, names, n=1, cutoff=0.8):
        raise ValueError(f"{text}: found no such multirun or run in {uri}. Did you mean {names[near[0]]!r}?")
    reason = unknown_key(text, stored) or (reason and f"MLflow cannot read the filter ({reason}).")
    if reason:
        raise ValueError(
            f"{text}: found no multirun or run whose name begins so in {uri}, and {reason} "
            """A filter is such as 'params."model.name" = "lstm" and metrics.test_accuracy > 0.9'"""
        )
    return []


def _begin_with(search: Callable[[str], list[Any]], beginning: str) -> list[Any]:
    """Runs whose name begins so; `search` takes a filter, in which `%` and `_` stand for any characters."""
    quotes = [one for one in ("'", '"') if one not in beginning]
    found = search(f"attributes.run_name LIKE {quotes[0]}{beginning}%{quotes[0]}") if quotes else search("")
    return [run for run in found if run.info.run_name.startswith(beginning)]


def _named(parents: Sequence[Any], selection: str) -> list[Any]:
    """Parents of exactly that name, or else those whose name or id begins so."""
    exact = [one for one in parents if one.info.run_name == selection]
    return exact or [
        one
        for one in parents
        if one.info.run_name.startswith(selection) or (len(selection) >= 4 and one.info.run_id.startswith(selection))
    ]


def _runs_of(client: Any, parent: Any) -> list[Any]:
    """Children of a parent, and runs that its multirun found in the store, without those deleted since."""
    ids = [run_id for tag, text in parent.data.tags.items() if tag.startswith(RUNS_IN_STORE) for run_id in text.split()]
    found = [active_run(client, run_id) for run_id in ids]
    return [*children(client, parent.info.run_id), *(run for run in found if run)]


def configurations(runs: Sequence[Any]) -> tuple[list[Row], int]:
    """Group MLflow runs that differ by the seed alone; a run may belong to two configurations, see `alike_runs`.

    Of runs with the same configuration and seed the newest one with test scores counts, or else the newest.

    Args:
        runs: Runs, in any order.
    Returns:
        Configurations, the oldest first, and the number of runs that do not count.
    """
    rows: list[Row] = []
    by_experiment: dict[str, list[Any]] = {}
    for run in sorted(runs, key=_worth):  # those that are worth most last
        by_experiment.setdefault(run.info.experiment_id, []).append(run)
    for alike in by_experiment.values():
        for places in by_configuration([run.data.params for run in alike]):
            by_seed = {seed: alike[place] for seed, place in sorted(places.items(), key=_by_seed)}
            params = shared_params([run.data.params for run in by_seed.values()])
            rows.append(Row(params, {seed: TableRun.of(run) for seed, run in by_seed.items()}))
    counted = {run.id for row in rows for run in row.runs.values()}
    return rows, len({run.info.run_id for run in runs} - counted)


def _worth(run: Any) -> tuple[bool, int]:
    return run.info.status.lower() == FINISHED and "test_accuracy" in run.data.metrics, run.info.start_time


def _by_seed(item: tuple[str, int]) -> tuple[int, str]:
    return len(item[0]), item[0]
