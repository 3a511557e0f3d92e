"""The report on the paper: its text and its pictures, from the runs at hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from src.data.sampling import Task
from src.reports.page import templates, write_report
from src.reports.paper import figures, tables
from src.reports.paper.claims import OPEN, name
from src.reports.paper.paper import find
from src.reports.paper.results import Result, Results

_TEMPLATES = templates(Path(__file__).with_name("templates"))
TITLE = "The paper, reproduced"


@dataclass(frozen=True)
class Picture:
    """A figure and the runs that it was drawn from."""

    figure: Figure
    runs: tuple[Result, ...]


@dataclass(frozen=True)
class Report:
    """What there is to report.

    Attributes:
        dataset: Its name.
        attacks: Records of the training file by label.
        tasks: The tasks of the grid.
        scale: Factor on the tasks' counts.
        recipes: Name of the recipe by model and task; "none" without one.
    """

    results: Results
    dataset: str
    attacks: Mapping[str, int]
    tasks: Sequence[Task]
    scale: float
    recipes: Mapping[tuple[str, str], str]

    def write(self, folder: Path) -> None:
        """Write README.md with its pictures, and index.html, self-contained; all of it or nothing."""
        pictures = draw(self.results)
        figures = {title: picture.figure for title, picture in pictures.items()}
        texts = (self._markdown(pictures, links=links) for links in (False, True))
        write_report(folder, TITLE, figures, *texts, simulated=self.results.simulated)

    def _markdown(self, pictures: Mapping[str, Picture], *, links: bool) -> str:
        def figure(title: str, caption: str) -> str:
            if title not in pictures:
                return f"\n*{caption}* {tables.MISSING}.\n"
            runs = tables.run_list(pictures[title].runs, links=links)
            return f"\n![{caption}]({title}.svg)\n\n*{caption}* Runs: {runs}.\n"

        found = self.results.found.values()
        return _TEMPLATES.get_template("report.md.j2").render(
            **{"title": TITLE, "results": self.results, "t": tables, "OPEN": OPEN, "links": links, "figure": figure},
            **{"dataset": self.dataset, "attacks": self.attacks, "tasks": self.tasks, "scale": self.scale},
            recipes=self.recipes,
            found=len(self.results.found),
            wanted=len(self.results.wanted),
            outdated=sum(not run.current for run in found),
            revisions=", ".join(sorted({f"`{run.params['derived.git_revision'][:10]}`" for run in found})) or "none",
            machines="; ".join(
                sorted({f"{run.params['derived.cpu']}, {run.params['derived.cores']} cores" for run in found})
            )
            or "none",
        )


def draw(results: Results) -> dict[str, Picture]:
    """Every figure that the runs at hand are enough for, by name."""
    found: dict[str, Picture] = {}

    def add(title: str, runs: Sequence[Result | None], make: Callable[..., Figure], *arguments: object) -> None:
        there = tuple(run for run in runs if run)
        if there:
            found[title] = Picture(make(*arguments), there)

    def labelled(runs: Sequence[tuple[str, Result | None]]) -> list[tuple[str, Result]]:
        return [(label, run) for label, run in runs if run]

    multi = [task for task in results.tasks if task != "binary"]
    binary = results.first("binary", "pca", 2)
    add("figure-5a", [binary], figures.explained_variance, labelled([("our training part", binary)]), "binary",
        "Figure 5a: explained variance, binary")  # fmt: skip
    both = [(tables.TASKS.get(task, task), results.first(task, "pca", 2)) for task in reversed(multi)]
    add("figure-5b", [run for _, run in both], figures.explained_variance, labelled(both), "multiclass",
        "Figure 5b: explained variance, 3-class")  # fmt: skip
    named = [int(number.value) for rank in range(1, 11) if (number := find("information", "binary", rank))]
    run = results.first("binary", "mi", 4)
    add("figure-6a", [run], figures.mutual_information, run, "Figure 6a: mutual information, binary", named)
    run = results.first("multiclass_smurf", "mi", 4)
    add("figure-6b", [run], figures.mutual_information, run, "Figure 6b: mutual information, 3-class", [])
    add("figure-7", [binary], figures.network, binary)
    for task in results.tasks:
        words = tables.TASKS.get(task, task)
        every = [run for one in results.inputs for run in results.runs(task, *one)]
        add(f"figure-8-{task}", every, figures.performance, results, task, f"Figure 8: performance, {words}")
        shown = [(f"LSTM, {name(one)}", results.first(task, *one)) for one in results.inputs]
        figure = "9" if task == "binary" else "10"
        title = "figure-9" if task == "binary" else f"figure-10-{task}"
        matrices = labelled(shown)
        add(title, [run for _, run in shown], figures.confusion_matrices, matrices, f"Figure {figure}: {words}")
        first = [results.first(task, *one) for one in results.inputs]
        add(f"figure-time-{task}", first, figures.processing_time, results, task, f"Training time, {words}")
    return found
