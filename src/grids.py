"""Run the grids of a folder, one after the other. Repeated, the command goes on with the runs that are left."""

import sys
from collections.abc import Sequence

from src.config.entry_point import in_words
from src.config.jobs import composed_jobs, grids
from src.tracking.store import check_store
from src.train import main as train
from src.utils.command_line import command_parser, quiet_pipe

FOLDERS = ("paper", "generalization", "leaderboard", "selection", "unsw_nb15")
EXAMPLES = (
    "paper",
    "paper dataset=simulated dataset.records=20000 training.epochs=2",
    "leaderboard hydra/launcher=joblib hydra.launcher.n_jobs=2",
)


@quiet_pipe()
def main() -> None:
    """Run each grid of conf/experiment/<folder> that the store does not have."""
    parser = command_parser("grids", __doc__, EXAMPLES)
    parser.add_argument("folder", choices=FOLDERS, help="folder of conf/experiment")
    parser.add_argument("overrides", nargs="*", help="keys of the config, as for src.train; they hold for every run")
    options = parser.parse_args()

    def run() -> None:
        check_store()
        from src.tracking.multirun.grids import Grids
        from src.tracking.multirun.progress import shared_progress

        configs = {one: composed_jobs([f"+experiment={one}", *options.overrides]) for one in grids(options.folder)}
        found = Grids.of(options.folder, configs)
        with shared_progress(found.progress):
            failed = [grid for grid in found.left if _fails(grid, options.overrides)]
        found.progress.finish()
        if failed:
            raise RuntimeError(f"a run of {', '.join(failed)} failed; the other grids went on")

    in_words("grids", run)


def _fails(grid: str, overrides: Sequence[str]) -> bool:
    """Run a grid; True if one of its runs failed."""
    sys.argv[1:] = ["-m", f"+experiment={grid}", *overrides]
    try:
        train()
    except SystemExit as end:
        return bool(end.code)
    return False


if __name__ == "__main__":
    main()
