"""Reports as files."""

import re

import pytest
from matplotlib.figure import Figure

from src.reports.markdown import markdown_table
from src.reports.page import contents, write_report
from tests import browser


def test_a_table_with_an_empty_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 cells, none of them empty"):
        markdown_table(["a", "b"], [["1", ""]])


def test_the_page_has_its_pictures_inside_and_the_text_has_them_beside_it(tmp_path):
    text = "# Title   \n\n![a picture](one.svg)\n\n" + markdown_table(["a"], [["1"]])
    write_report(tmp_path / "report", "Title", {"one": Figure()}, text, text, simulated=True)
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"README.md", "index.html", "one.svg"}
    beside = "# Title\n\n![a picture](one.svg)\n\n| a |\n| --- |\n| 1 |\n"
    assert (tmp_path / "report" / "README.md").read_text() == beside
    page = (tmp_path / "report" / "index.html").read_text()
    assert 'src="data:image/svg+xml;base64,' in page
    assert "one.svg" not in page
    assert "SIMULATED DATA" in page


def test_the_contents_link_to_the_sections_of_the_page(tmp_path):
    sections = ["The paper's claims", "Three classes, DoS = smurf", "Is `one` better?"]
    text = "\n\n".join(["# Title", *(f"## {section}" for section in sections)])
    write_report(tmp_path / "report", "Title", {}, text, text, simulated=False)
    anchors = re.findall(r"\]\(#([^)]+)\)", contents(text))
    assert anchors == ["the-papers-claims", "three-classes-dos--smurf", "is-one-better"]
    page = (tmp_path / "report" / "index.html").read_text()
    assert [f'<h2 id="{anchor}">' in page for anchor in anchors] == [True] * 3


@pytest.mark.integration
@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_each_link_of_the_contents_leads_to_its_section(tmp_path, width):
    sections = ["The paper's claims", "Three classes, DoS = smurf", "Is `one` better?"]
    body = "\n\n".join(f"## {section}\n\n" + "A line.\n\n" * 60 for section in sections)
    text = f"# Title\n\n{contents(body)}\n\n{body}"
    write_report(tmp_path / "report", "Title", {}, text, text, simulated=True)
    shown = [section.replace("`", "") for section in sections]
    # the text of the link, the section that it leads to, which is then at the top, and the link within the window
    assert browser.followed(tmp_path / "report", width) == [[one, one, True, True] for one in shown]
