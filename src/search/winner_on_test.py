"""Test accuracy of the winner beside that of the config without the search, from runs that the store has."""

from dataclasses import dataclass

import numpy as np
from hydra import compose
from omegaconf import OmegaConf

from src.evaluation.intervals import student
from src.evaluation.overlapping_tests import overlap_of_tests
from src.reports.markdown import markdown_table
from src.search.best_config import Winner, train_command
from src.search.experiments import Experiments
from src.tracking.finished_runs import FinishedRuns

SEEDS = tuple(range(5))


@dataclass(frozen=True)
class OnTest:
    """Test accuracy of one config on several seeds.

    Attributes:
        overlap: Ratio of test to training records where each seed draws both anew, as for `intervals.student`.
    """

    accuracy: tuple[float, ...]
    seconds: tuple[float, ...]
    overlap: float

    @property
    def cells(self) -> tuple[str, str]:
        """Cells of a table: mean accuracy with its interval, and mean seconds."""
        mean = student(self.accuracy, overlap=self.overlap, scale="share")
        accuracy = f"{mean.mean:.3%} [{mean.low:.3%}, {mean.high:.3%}]"
        return accuracy.replace("%", " %"), f"{np.mean(self.seconds):.0f}"


def on_test(winner: Winner, experiments: Experiments) -> list[str]:
    """Lines of Markdown: a table of test accuracies, or the commands that make the runs for it."""
    seeds = f"seed={','.join(map(str, SEEDS))}"
    commands = [train_command(["-m", *own, seeds]) for own in (winner.arguments, experiments.overrides)]
    stored = FinishedRuns()
    found = [_runs(winner.overrides, stored), _runs(experiments.overrides, stored)]
    head = ["## On test", ""]
    if None in found:
        both = " and ".join(f"`{command}`" for command in commands)
        return [*head, f"Not run. {both} make the runs; then the command at the top writes the comparison here.", ""]
    best, before = (runs for runs in found if runs)
    points = [100 * (new - old) for new, old in zip(best.accuracy, before.accuracy, strict=True)]
    gain = student(points, overlap=before.overlap)
    return [
        *head,
        f"Mean test accuracy and 95 % interval over the seeds {SEEDS[0]} to {SEEDS[-1]}, which also draw the sample "
        "and the split; seconds of training. Where the tests of the seeds overlap, the intervals have Nadeau and "
        "Bengio's correction.",
        "",
        markdown_table(
            ("", "test accuracy", "s"),
            [(f"`{command}`", *runs.cells) for command, runs in zip(commands, (best, before), strict=True)],
        ),
        "",
        f"Difference, seed by seed: {gain.mean:+.3f} points [{gain.low:+.3f}, {gain.high:+.3f}].",
        "",
    ]


def _runs(overrides: list[str], stored: FinishedRuns) -> OnTest | None:
    """Read the runs of one config; None unless the current code has made one of each seed."""
    found = []
    for seed in SEEDS:
        config = compose("config", [*overrides, f"seed={seed}"])
        run = stored.find(OmegaConf.to_container(config, resolve=True))  # type: ignore[arg-type]
        if run is None or not run.current:
            return None
        found.append(run)
    return OnTest(
        tuple(run.metrics["test_accuracy"] for run in found),
        tuple(run.metrics["fit_seconds"] for run in found),
        overlap_of_tests(config.split, [run.params for run in found]),
    )
