"""Final table of a multirun: printed, written to its folder, and logged to its parent run."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from src.config.flatten import flat
from src.pipeline.fingerprint import config_digest
from src.tracking.finished_runs import FinishedRuns
from src.tracking.multirun.seed_groups import Configs
from src.tracking.parents import children, describe
from src.tracking.store import open_store
from src.tracking.tables.alike_runs import shared_params
from src.tracking.tables.formats import MOST_ROWS, markdown, text, write_files
from src.tracking.tables.remarks import mixed_code
from src.tracking.tables.results import FINISHED, NOT_RUN, Row, TableRun, results_table
from src.tracking.tables.seed_shares import seed_shares
from src.tracking.tables.seed_summary import SeedSummary, seeds_csv
from src.tracking.tables.stored_runs import RUNS_IN_STORE
from src.utils.files import write_text
from src.utils.paths import shown_path

_IDS_OF_A_TAG = 120  # of 32 characters, in the 5,000 that a tag has
_LONGEST_NOTE = 5000


def log_results(groups: Sequence[Configs], parent: str, folder: Path, place: str | None) -> bool:
    """Make the final table of a multirun, print it, write it to `folder`, and log it to the parent run.

    Args:
        groups: Configs of the jobs by seed, one group for each configuration.
        parent: Id of the parent run.
        folder: Folder for the files of the table, of their own.
        place: Folder among the parent's artifacts, where several multiruns share the parent; the top, unless given.
    Returns:
        False if a job has no finished run.
    """
    client = open_store(None).MlflowClient()
    own = {child.data.tags.get("fingerprint.config", ""): child for child in reversed(children(client, parent))}
    finished = FinishedRuns()
    rows = [_row(group, own, finished) for group in groups]
    nested = {child.info.run_id for child in own.values()}
    stored = [run.id for row in rows for run in row.runs.values() if run.id and run.id not in nested]
    table = results_table(rows, remarks=[*_remarks(stored, rows), *mixed_code(rows), *seed_shares(rows)])
    write_files(table, folder)
    shown = f"{shown_path(folder)}/table"
    tags, metrics = dict(_tags(stored, place)), dict[str, float]()
    over_seeds = [SeedSummary(table.label(row), tuple(row.finished), row.over_seeds) for row in rows if row.over_seeds]
    if over_seeds:
        write_text(folder / "seeds.csv", seeds_csv(over_seeds))
        if len(over_seeds) == 1:  # several groups would give one metric several values
            tags["seeds"] = " ".join(over_seeds[0].seeds)
            metrics = over_seeds[0].parent_metrics
    heading = f"### {place} (tables of the other grids: artifacts)\n\n" if place else ""
    rest = f"`{f'{place}/' if place else ''}table.csv` among the artifacts"
    note = markdown(table, most=MOST_ROWS, longest=_LONGEST_NOTE - len(heading), rest=rest)
    describe(parent, heading + note, tags, metrics, folder, place)
    print(
        "",
        text(table, f"{shown}.csv"),
        "",
        f"Also: {shown}.csv, .md and .tex, and the page of the multirun (make ui).",
        sep="\n",
        flush=True,
    )
    return all(row.status == FINISHED for row in rows)


def _row(group: Configs, own: Mapping[str, Any], finished: FinishedRuns) -> Row:
    """Row of a configuration.

    Args:
        group: Configs by seed.
        own: Newest child of the parent for each fingerprint of a config.
        finished: Lookup of the runs that made jobs needless.
    """
    runs = {str(seed): _run(config, own, finished) for seed, config in group.items()}
    params = [{key: str(value) for key, value in flat(config).items()} for config in group.values()]
    return Row(shared_params(params), runs)


def _run(config: dict[str, Any], own: Mapping[str, Any], finished: FinishedRuns) -> TableRun:
    """Run of a job: the child of the parent, or the run that made it needless."""
    child = own.get(config_digest(config))
    if child and child.info.status == "FINISHED":
        return TableRun.of(child)
    if done := finished.already_done(config):
        return TableRun(done.id, done.metrics, FINISHED, done.params)
    return TableRun.of(child) if child else TableRun("", {}, NOT_RUN)


def _remarks(stored: Sequence[str], rows: Sequence[Row]) -> list[str]:
    if not stored:
        return []
    count = sum(len(row.runs) for row in rows)
    return [f"{len(stored)} of {count} runs were in the store already, under other parents."]


def _tags(stored: Sequence[str], place: str | None) -> Iterator[tuple[str, str]]:
    """Tags with the ids of the runs that were in the store, for a later table of the same parent.

    Args:
        place: Folder of this multirun among the artifacts of a parent that several share.
    """
    name = f"{RUNS_IN_STORE}.{place}" if place else RUNS_IN_STORE
    for start in range(0, len(stored), _IDS_OF_A_TAG):
        yield f"{name}.{start // _IDS_OF_A_TAG}", " ".join(stored[start : start + _IDS_OF_A_TAG])
