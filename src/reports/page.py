"""Files of a report: Markdown with its pictures beside it, and one HTML file with everything inside."""

import base64
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from src.evaluation.plots import save_svg
from src.utils.files import whole_folder, write_text


def templates(folder: Path) -> Environment:
    """Return the text templates of a folder and the shared ones; a name without a value is an error."""
    return Environment(loader=FileSystemLoader([folder, _SHARED]), undefined=StrictUndefined, autoescape=False)


_SHARED = Path(__file__).with_name("templates")
_PAGE = templates(_SHARED)


def tidy(text: str) -> str:
    """Return a rendered template without white space at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def contents(text: str) -> str:
    """Return links to the sections of a Markdown text.

    >>> contents("## The paper's claims")
    "Contents: [The paper's claims](#the-papers-claims)"
    """
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    return "Contents: " + " · ".join(f"[{section}](#{anchor(section)})" for section in sections)


def anchor(section: str) -> str:
    """Return the anchor of a section, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", section.lower()).replace(" ", "-")


def write_report(
    folder: Path, title: str, pictures: Mapping[str, Figure], markdown: str, page: str, *, simulated: bool
) -> None:
    """Write README.md, its pictures as SVG, and index.html; everything or nothing.

    Args:
        pictures: Figures by name: the text shows `<name>.svg`.
        markdown: Text of README.md.
        page: Text of index.html in Markdown; it may have links that only help where the store is.
    """
    with whole_folder(folder) as part:
        for name, figure in pictures.items():
            save_svg(figure, part / f"{name}.svg")
        write_text(part / "README.md", tidy(markdown))
        write_text(part / "index.html", _html(title, tidy(page), part, simulated=simulated))


def _html(title: str, text: str, folder: Path, *, simulated: bool) -> str:
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse(text)
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", anchor(content.content))
    body = str(markdown.renderer.render(tokens, markdown.options, {}))
    for picture in folder.glob("*.svg"):
        data = base64.b64encode(picture.read_bytes()).decode()
        body = body.replace(f'src="{picture.name}"', f'src="data:image/svg+xml;base64,{data}"')
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    return _PAGE.get_template("page.html.j2").render(title=title, body=body, simulated=simulated)
