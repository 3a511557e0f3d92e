"""What runs and what tests are installed from two lock files: one within the other, by hash, from any index."""

import ast
import re
from importlib.metadata import packages_distributions

import pytest

from src.utils.paths import PROJECT

RUN, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
EXTRAS = {"ray"}  # imported late, where its launcher is chosen
ENTRY = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; [^\\\n]+?)?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)\n"
)


def entries(name: str) -> set[tuple[str, str]]:
    """Package and version of each entry of a lock file, each of which has a hash; nothing else is in the file."""
    text = (PROJECT / name).read_text()
    found = list(ENTRY.finditer(text))
    assert "".join(entry[0] for entry in found) == text, f"{name} holds more than entries"
    assert [entry["name"] for entry in found if not entry["hashes"]] == []
    return {(entry["name"], entry["version"]) for entry in found}


def test_what_runs_is_part_of_what_develops_in_the_same_versions() -> None:
    run, development = entries(RUN), entries(DEVELOPMENT)
    assert run < development
    names = {name for name, _ in run}
    assert {pair for pair in development if pair[0] in names} == run  # no second version of the same package


def test_tools_and_optional_backends_are_in_the_development_lock_alone() -> None:
    extra = {
        *("ray", "hydra-ray-launcher", "jax", "jaxlib", "psycopg", "psycopg-binary"),
        *("pytest", "pytest-xdist", "hypothesis", "import-linter", "mypy", "ruff", "pandas-stubs"),
    }
    assert not extra & {name for name, _ in entries(RUN)}
    assert extra <= {name for name, _ in entries(DEVELOPMENT)}


def test_uv_is_pinned_by_the_lock_and_nowhere_else() -> None:
    assert "uv" in {name for name, _ in entries(RUN)}
    for name in ("Makefile", ".ci/run", "pyproject.toml", "README.md", "CONTRIBUTING.md"):
        assert not re.search(r"\buv *[=~<>]=+ *\d", (PROJECT / name).read_text()), name


@pytest.mark.parametrize("name", [RUN, DEVELOPMENT, "benchmarks/requirements.lock"])
def test_a_lock_file_holds_no_address(name: str) -> None:
    text = (PROJECT / name).read_text()
    assert not re.search(r"://|^\s*-|@", re.sub(r" {4}--hash=", "", text), re.MULTILINE)


def test_the_program_imports_nothing_that_is_not_in_its_lock_file() -> None:
    names = {name for name, _ in entries(RUN)}
    homes = packages_distributions()
    for path in sorted((PROJECT / "src").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for module in modules:
                packages = {home.lower().replace("_", "-") for home in homes.get(module.split(".")[0], ())}
                late = node not in tree.body and packages & EXTRAS
                assert not packages or packages & names or late, f"{path.relative_to(PROJECT)} imports {module}"
