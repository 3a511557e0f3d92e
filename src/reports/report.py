"""Base class of the reports: renders the template with the runs of the store and writes text and pictures."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from matplotlib.figure import Figure

from src.reports.markdown import MISSING, commands, run_ids
from src.reports.page import templates, with_contents, write_report
from src.reports.runs import Results, Run
from src.utils.files import whole_folder


@dataclass(frozen=True)
class Picture:
    """A figure of a report.

    Attributes:
        name: File name without its ending.
        runs: Runs that the caption lists; none where the tables beside the figure list them.
    """

    name: str
    figure: Figure
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Report(ABC):
    """A report on the runs of some grids.

    Attributes:
        title: Title of the page.
        folder: Folder of the report's code, with `templates/<template>`.
        template: File name of the template.
        results: Runs to report on.
    """

    title: ClassVar[str]
    folder: ClassVar[Path]

    results: Results

    @property
    def template(self) -> str:
        return "report.md.j2"

    def pictures(self) -> Iterator[Picture]:
        """Draw each picture for which there are runs."""
        yield from ()

    @abstractmethod
    def values(self, *, links: bool) -> Mapping[str, Any]:
        """Return the values of the template, beside those that all reports share.

        Args:
            links: True if runs are links to their pages in the MLflow UI.
        """

    @property
    def warning(self) -> str:
        """Beginning of the title of each picture."""
        return "SIMULATED DATA - " if self.results.simulated else ""

    def write(self, folder: Path) -> None:
        """Write the report; everything or nothing."""
        with whole_folder(folder) as part:
            self.write_files(part)

    def write_files(self, folder: Path) -> None:
        """Write README.md with its pictures, and index.html with the pictures inside, into a folder."""
        pictures = {picture.name: picture for picture in self.pictures()}
        figures = {name: picture.figure for name, picture in pictures.items()}
        markdown, page = (self._text(pictures, links=links) for links in (False, True))
        write_report(folder, self.title, figures, markdown, page, simulated=self.results.simulated)

    def _text(self, pictures: Mapping[str, Picture], *, links: bool) -> str:
        def picture(name: str, caption: str) -> str:
            if name not in pictures:
                return f"\n*{caption}* {MISSING}.\n"
            runs = pictures[name].runs
            listed = f" Runs: {run_ids(runs, links=links)}." if runs else ""
            return f"\n![{caption}]({name}.svg)\n\n*{caption}*{listed}\n"

        template = templates(self.folder / "templates").get_template(self.template)
        index = "index.html" if links else "README.md"  # file of a page that another page links to
        shared = {
            "title": self.title,
            "results": self.results,
            "index": index,
            "picture": picture,
            "commands": commands,
        }
        return with_contents(template.render(**shared, **self.values(links=links)))
