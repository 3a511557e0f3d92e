"""Run the grids of a report: `python -m src.grids paper`. Repeated, it goes on with the runs that are left."""

import sys

from src.config.entry_point import in_words
from src.config.jobs import composed_jobs
from src.reports.collect import grids
from src.tracking.grids import Grids
from src.tracking.multirun_progress import shared_progress
from src.train import main as train

REPORTS = ("paper", "generalization", "leaderboard")


def main() -> None:
    """Run the grids of conf/experiment/<first argument>, one after the other; other arguments are overrides."""
    name, overrides = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if name not in REPORTS:
        sys.exit(f"grids: found {name!r}, expected one of {', '.join(REPORTS)}: python -m src.grids paper")

    def run() -> None:
        found = Grids.of(name, {grid: composed_jobs([f"+experiment={grid}", *overrides]) for grid in grids(name)})
        with shared_progress(found.progress):
            for grid in found.left:
                sys.argv[1:] = ["-m", f"+experiment={grid}", *overrides]
                train()
        found.progress.finish()

    in_words("grids", run)


if __name__ == "__main__":
    main()
