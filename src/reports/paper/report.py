"""The report on the paper: the template's values, and the runs and drawing of each figure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from src.data.sampling import Task
from src.reports.paper import figures, tables
from src.reports.paper.claims import OPEN
from src.reports.paper.numbers import numbers
from src.reports.paper.paper import TASKS, find
from src.reports.paper.results import PaperResults
from src.reports.report import Picture, Report
from src.reports.runs import Run
from src.reports.titles import input_name


class Drawing(NamedTuple):
    """A figure to draw.

    Attributes:
        runs: Runs that it shows; without any it is not drawn.
        draw: Function that draws it.
    """

    name: str
    runs: Sequence[Run]
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class PaperReport(Report):
    """The paper's results beside ours.

    Attributes:
        dataset: Name of the data set.
        attacks: Numbers of records in the training file by label.
        tasks: Tasks of the grids.
        scale: Factor on the tasks' record counts.
    """

    title = "The paper, reproduced"
    folder = Path(__file__).parent

    results: PaperResults
    dataset: str
    attacks: Mapping[str, int]
    tasks: Sequence[Task]
    scale: float

    def pictures(self) -> Iterator[Picture]:
        for drawing in [*self._data_figures(), *(one for task in self.results.tasks for one in self._figures_of(task))]:
            if drawing.runs:
                yield Picture(drawing.name, drawing.draw(), tuple(drawing.runs))

    def values(self, *, links: bool) -> Mapping[str, Any]:
        return {
            **{"t": tables, "numbers": numbers, "words": TASKS, "OPEN": OPEN, "links": links},
            **{"dataset": self.dataset, "attacks": self.attacks, "tasks": self.tasks, "scale": self.scale},
        }

    def _data_figures(self) -> Iterator[Drawing]:
        """Figures 5 to 7: explained variance, mutual information and the network."""
        draw_variance, draw_information = figures.explained_variance, figures.mutual_information

        binary = self._labelled(("our training part", "binary", "pca", 2))
        title = "Figure 5a: explained variance, binary"
        yield Drawing("figure-5a", _runs(binary), partial(draw_variance, binary, "binary", title))

        tasks = [task for task in reversed(self.results.tasks) if task != "binary"]
        both = self._labelled(*((TASKS.get(task, task), task, "pca", 2) for task in tasks))
        title = "Figure 5b: explained variance, 3-class"
        yield Drawing("figure-5b", _runs(both), partial(draw_variance, both, "multiclass", title))

        of_paper = [int(number.value) for rank in range(1, 11) if (number := find("information", "binary", rank))]
        for name, task, title, marked in (
            ("figure-6a", "binary", "Figure 6a: mutual information, binary", of_paper),
            ("figure-6b", "multiclass_smurf", "Figure 6b: mutual information, 3-class", []),
        ):
            if run := self.results.first(task, "mi", 4):
                yield Drawing(name, [run], partial(draw_information, run, title, marked))

        if run := self.results.first("binary", "pca", 2):
            yield Drawing("figure-7", [run], partial(figures.network, run))

    def _figures_of(self, task: str) -> Iterator[Drawing]:
        """Figures 8 to 10 and the training time, of one task."""
        results, words = self.results, TASKS.get(task, task)
        first = self._labelled(*((f"LSTM, {input_name(*one)}", task, *one) for one in results.inputs))

        every = [run for one in results.inputs for run in results.runs_of(task, *one)]
        title = f"Figure 8: performance, {words}"
        yield Drawing(f"figure-8-{task}", every, partial(figures.performance, results, task, title))

        name, number = ("figure-9", 9) if task == "binary" else (f"figure-10-{task}", 10)
        title = f"Figure {number}: {words}"
        yield Drawing(name, _runs(first), partial(figures.confusion_matrices, first, title))

        title = f"Training time, {words}"
        yield Drawing(f"figure-time-{task}", _runs(first), partial(figures.processing_time, results, task, title))

    def _labelled(self, *wanted: tuple[str, str, str, int]) -> list[tuple[str, Run]]:
        """Return label and run of each (label, task, reducer, k) that has a run of the LSTM."""
        found = ((label, self.results.first(task, reducer, k)) for label, task, reducer, k in wanted)
        return [(label, run) for label, run in found if run]


def _runs(labelled: Sequence[tuple[str, Run]]) -> list[Run]:
    return [run for _, run in labelled]
