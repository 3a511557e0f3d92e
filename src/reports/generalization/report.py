"""The report on unseen traffic: an index, and a page on each of its questions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src.reports.generalization.pages import PAGES, Page
from src.reports.report import Report


class GeneralizationReport(Report):
    """The index of the pages."""

    title = "Scores on unseen traffic"
    folder = Path(__file__).parent

    def write_files(self, folder: Path) -> None:
        """Write the index, and each page into a folder of its own."""
        super().write_files(folder)
        for page in self._pages:
            page.write_files(folder / page.name)

    def values(self, *, links: bool) -> Mapping[str, Any]:
        return {"pages": self._pages}

    @property
    def _pages(self) -> list[Page]:
        return [page.on(self.results) for page in PAGES]
