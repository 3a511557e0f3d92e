"""Run the grids of a folder, one after the other. Repeated, the command goes on with the runs that are left."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from src.config.conf_copy import copy_conf
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

        conf = copy_conf(Path(folder) / "conf")  # one for all grids: one that begins in an hour is as planned now
        planned = {one: [f"+experiment={one}", *options.overrides] for one in grids(options.folder)}
        # it takes a tenth of a second a run, and more beside other work
        print(f"{options.folder}: looks for the runs of {len(planned)} grids in the store", file=sys.stderr, flush=True)
        found = Grids.of(options.folder, {one: composed_jobs(given, conf) for one, given in planned.items()})
        with shared_progress(found.progress):
            failed = [grid for grid in found.left if _fails(conf, planned[grid])]
        found.progress.finish()
        if failed:
            raise RuntimeError(f"a run of {', '.join(failed)} failed; the other grids went on")

    with TemporaryDirectory() as folder:
        in_words("grids", run)


def _fails(conf: Path, overrides: Sequence[str]) -> bool:
    """Run a grid; True if one of its runs failed."""
    sys.argv[1:] = ["--config-path", str(conf), "-m", *overrides]
    try:
        train()
    except SystemExit as end:
        return bool(end.code)
    return False


if __name__ == "__main__":
    main()
