"""Reports as people read them: Markdown with its pictures, and the same as one HTML file that needs nothing else."""

import base64
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from src.evaluation.plots import save_svg
from src.utils.files import whole_folder, write_text


def templates(folder: Path) -> Environment:
    """The text templates of a folder, and the shared ones; a name that is not given is an error."""
    return Environment(loader=FileSystemLoader([folder, _SHARED]), undefined=StrictUndefined, autoescape=False)


_SHARED = Path(__file__).with_name("templates")
_PAGE = templates(_SHARED)


def tidy(text: str) -> str:
    """A rendered template without white space at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def write_report(
    folder: Path, title: str, pictures: Mapping[str, Figure], markdown: str, page: str, *, simulated: bool
) -> None:
    """Write README.md, its pictures as SVG, and index.html; all of it or nothing.

    Args:
        pictures: By name: the text shows `<name>.svg`.
        markdown: README.md.
        page: The text of index.html, in Markdown; it may have links that only help where the store is.
    """
    with whole_folder(folder) as part:
        for name, figure in pictures.items():
            save_svg(figure, part / f"{name}.svg")
        write_text(part / "README.md", tidy(markdown))
        write_text(part / "index.html", _html(title, tidy(page), part, simulated=simulated))


def _html(title: str, text: str, folder: Path, *, simulated: bool) -> str:
    body = MarkdownIt("commonmark").enable("table").render(text)
    for picture in folder.glob("*.svg"):
        data = base64.b64encode(picture.read_bytes()).decode()
        body = body.replace(f'src="{picture.name}"', f'src="data:image/svg+xml;base64,{data}"')
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    return _PAGE.get_template("page.html.j2").render(title=title, body=body, simulated=simulated)
