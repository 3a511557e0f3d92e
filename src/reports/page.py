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
from src.utils.files import write_text


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


def with_contents(text: str) -> str:
    """Return a Markdown text with the links to its sections below its title, which is its first line."""
    title, rest = text.split("\n", 1)
    return f"{title}\n\n{contents(rest)}\n{rest}"


def anchor(section: str) -> str:
    """Return the anchor of a section, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", section.lower()).replace(" ", "-")


def write_report(
    folder: Path, title: str, pictures: Mapping[str, Figure], markdown: str, page: str, *, simulated: bool
) -> None:
    """Write README.md, its pictures as SVG, and index.html into a folder, which is made if it is not there.

    Args:
        folder: Folder of the report; that of `whole_folder` where readers may see the old one meanwhile.
        pictures: Figures by name: the text shows `<name>.svg`.
        markdown: Text of README.md.
        page: Text of index.html in Markdown; it may have links that only help where the store is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in pictures.items():
        save_svg(figure, folder / f"{name}.svg")
    write_text(folder / "README.md", tidy(markdown))
    write_text(folder / "index.html", _html(title, tidy(page), folder, simulated=simulated))


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
