"""Write a report on the runs of the store: `python -m src.report paper`, `generalization` or `leaderboard`.

The report is reports/<name>/index.html and README.md. It lists the runs of conf/experiment/<name> that are missing.
"""

import sys

from omegaconf import DictConfig

from src.config.entry_point import entry_point
from src.tracking.store import check_store
from src.utils.command_line import asks_for_help

NAMES = ("paper", "generalization", "leaderboard")


def main() -> None:
    """Write the report that the first argument names; the other arguments are overrides."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 and "=" not in sys.argv[1] and sys.argv[1][0] != "-" else ""
    if name not in NAMES and not asks_for_help(sys.argv[1:]):
        sys.exit(f"report: found {name!r}, expected one of {', '.join(NAMES)}: python -m src.report paper")

    @entry_point()
    def write(cfg: DictConfig) -> None:
        check_store()
        from hydra.core.hydra_config import HydraConfig

        from src.reports.collect import collect_and_write
        from src.reports.generalization.report import GeneralizationReport
        from src.reports.leaderboard.report import LeaderboardReport
        from src.reports.paper.collect import paper_report

        report = {"paper": paper_report, "generalization": GeneralizationReport, "leaderboard": LeaderboardReport}[name]
        collect_and_write(name, report, HydraConfig.get().overrides.task)

    write()


if __name__ == "__main__":
    main()
