"""The page of licenses has every direct dependency, with the license that the installed one states."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata

import pytest
from packaging.requirements import Requirement

from src.utils.paths import PROJECT

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \|$", re.M)
PAGE = (PROJECT / "docs" / "licenses.md").read_text(encoding="utf-8")
LISTED = {name: license for names, license in ROW.findall(PAGE) for name in names.split(", ") if name != "dependency"}
# Words in the older fields of a distribution that stand for a license.
WORDS = {
    "MIT": "MIT",
    "BSD-3-Clause": "BSD",
    "BSD-2-Clause": "BSD",
    "Apache-2.0": "Apache",
    "LicenseRef-Matplotlib": "Python",
}


def direct() -> set[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {Requirement(one).name for group in groups for one in group}


def test_the_direct_dependencies_and_no_others_are_listed() -> None:
    assert set(LISTED) == direct()


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_license_is_the_one_that_the_installed_dependency_states(name: str) -> None:
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        pytest.skip("not installed here")
    expression = stated.get("License-Expression")
    if expression:
        assert LISTED[name] == expression
        return
    texts = [stated.get("License") or "", *(one for one in stated.get_all("Classifier") or [] if "License" in one)]
    told = " ".join(texts).replace("OSI Approved", "").replace("License ::", "").strip()
    if len(told) > 3:  # some state nothing but the text in a file
        assert LISTED[name] in told or WORDS[LISTED[name].partition(",")[0]] in told


def test_the_page_on_security_is_short_and_names_what_it_speaks_of() -> None:
    text = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line and not line.startswith("#")]) <= 10
    assert {"Report", "Trusted", "Not trusted", "Servers", "Secrets"} == set(re.findall(r"\*\*(.+?)\*\*", text))
    for name in re.findall(r"[A-Z]{3,}_[A-Z_]+", text):
        assert any(name in path.read_text(encoding="utf-8") for path in (PROJECT / "src").rglob("*.py")), name
