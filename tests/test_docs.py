"""Pages that people read: links resolve, commands and choices exist, the configuration page agrees with conf/."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

from docs import command_help, configuration
from src.config.help import PAGES
from src.utils.paths import PROJECT

CONF = PROJECT / "conf"
GUIDES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
REPORTS = sorted((PROJECT / "docs").glob("*/**/*.md"))
# The page of all options is generated, and lists choices of earlier versions.
WRITTEN = [path for path in GUIDES if path != configuration.PAGE]


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


guides = pytest.mark.parametrize("path", GUIDES, ids=name_of)
written = pytest.mark.parametrize("path", WRITTEN, ids=name_of)


def blocks(text: str) -> list[str]:
    """Fenced code blocks."""
    return re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)


def code(text: str) -> str:
    """Fenced blocks without their comments, and code spans, a line each."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```\w*\n.*?^```", "", text, flags=re.M | re.S))
    return "\n".join([*(re.sub(r"(^|\s)#.*", "", block) for block in blocks(text)), *spans])


def slugs(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S), re.M)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).replace("`", "") for title in titles]
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in plain}


def words(line: str) -> list[str]:
    """A shell line as words, without its comment."""
    return shlex.split(line, comments=True)


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Module and arguments of each `python -m src.<module>` in a fenced block."""
    for block in blocks(text):
        for line in block.replace("\\\n", " ").splitlines():
            if match := re.match(r"(?:[A-Z_]+=\S+ )*python -m src\.(\w+)(.*)", line):
                yield match[1], words(match[2])


def proposed(text: str) -> set[str]:
    """Data sets whose config the commands of a page write."""
    return set(re.findall(r"python -m src\.describe .*--name (\w+)", text))


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*GUIDES, PROJECT / "CHANGELOG.md", *REPORTS], ids=name_of)
def test_every_relative_link_resolves(path: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = path.parent / file if file else path
        assert linked.exists(), f"{name_of(path)} links to {target}, found no such file"
        if anchor and linked.suffix == ".md":
            assert anchor in slugs(linked), f"{name_of(path)} links to {target}, found no such heading"


def test_the_index_of_docs_names_every_page() -> None:
    index = (PROJECT / "docs" / "README.md").read_text()
    pages = [path for path in (PROJECT / "docs").glob("*.md") if path.name != "README.md"]
    pages += list((PROJECT / "docs").glob("*/README.md"))
    assert [name_of(path) for path in pages if f"]({path.relative_to(PROJECT / 'docs')})" not in index] == []


# --- commands --------------------------------------------------------------------------------------------------------


@guides
def test_every_make_target_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(), re.M))
    for call in re.findall(r"\bmake((?: [a-z][a-z-]*\b(?![=/.]))+)", code(path.read_text())):
        assert set(call.split()) <= targets, f"{name_of(path)}: make{call}"


@guides
def test_every_module_that_is_run_exists(path: Path) -> None:
    for module in re.findall(r"python -m ((?:src|benchmarks|docs)(?:\.\w+)*)", path.read_text()):
        place = PROJECT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), f"{name_of(path)}: {module}"


@written
def test_every_file_of_the_project_that_a_page_names_exists(path: Path) -> None:
    for file in re.findall(
        r"(?<![\w/.])((?:src|conf|tests|benchmarks|docs)/[\w/.-]*\w)(?![\w/*<{(])", path.read_text()
    ):
        assert (PROJECT / file).exists(), f"{name_of(path)} names {file}"


@written
def test_every_command_of_a_block_composes(path: Path) -> None:
    for module, arguments in commands(path.read_text()):
        if module in ("predict", "cross_evaluate", "compare", "describe", "table", "ui"):
            continue
        overrides = [first_value(one) for one in arguments if not one.startswith(("-", "hydra", "~hydra"))]
        own = {f"dataset={name}" for name in proposed(path.read_text())}
        overrides = [one for one in overrides if "=" in one and one not in own]
        with initialize_config_dir(str(CONF)):
            compose("sweep" if module == "sweep" else "config", overrides)


def first_value(override: str) -> str:
    """An override with the first of the values that it sweeps."""
    key, _, value = override.partition("=")
    if re.match(r"(range|glob|choice|interval)\(", value):
        return ""
    return f"{key}={value}" if value.startswith(("[", "{")) else f"{key}={value.split(',')[0]}"


# --- choices ---------------------------------------------------------------------------------------------------------

GROUPS = sorted(
    path.relative_to(CONF).as_posix()
    for path in CONF.rglob("*")
    if path.is_dir() and any(path.glob("*.yaml")) and path.name != "local"  # winners of sweeps, which git ignores
)


@cache
def keys() -> frozenset[str]:
    """Every key of every option of conf/, and those outside the groups."""
    found: set[str] = set()
    with initialize_config_dir(str(CONF)):
        for group in GROUPS:
            if group.split("/")[0] not in ("experiment", "recipe") and group != "model/shared":
                for option in configuration.options(group):
                    found |= set(configuration.keys_of(group, option))
        found |= set(configuration.flat(compose("sweep")))
    return frozenset(found)


@written
def test_every_choice_that_a_page_names_is_an_option(path: Path) -> None:
    for group, values in re.findall(
        r"(?<![\w./])\+?([a-z_]+(?:/[a-z]+)?)=([\w/,.-]+)(?![\w(])", code(path.read_text())
    ):
        if group not in GROUPS and group != "experiment":
            continue
        for value in values.rstrip(",.").split(","):
            if group == "dataset" and value in proposed(path.read_text()):
                continue
            assert value == "..." or (CONF / group / f"{value}.yaml").exists(), f"{name_of(path)}: {group}={value}"


@written
def test_every_key_that_a_page_names_is_in_conf(path: Path) -> None:
    groups = {group.partition("/")[0] for group in GROUPS}
    for key in re.findall(r"(?<![\w./:])([a-z_]+(?:\.[a-z_A-Z]+)+)=", code(path.read_text())):
        if key.partition(".")[0] in groups:
            assert key in keys() or any(known.startswith(f"{key}.") for known in keys()), f"{name_of(path)}: {key}"


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "most"), [("README.md", 130), ("CONTRIBUTING.md", 60)])
def test_the_first_pages_are_short(name: str, most: int) -> None:
    assert len((PROJECT / name).read_text().splitlines()) <= most


def test_the_configuration_page_agrees_with_conf() -> None:
    assert configuration.PAGE.read_text() == configuration.page(), "run `make docs` and commit docs/configuration.md"


def test_the_help_pages_agree_with_conf() -> None:
    with initialize_config_dir(str(CONF)):
        pages = {f"{name}.txt": command_help.page(name) for name in command_help.COMMANDS}
    assert {path.name: path.read_text() for path in PAGES.iterdir()} == pages, "run `make docs` and commit docs/help/"


def test_comments_belong_to_the_key_on_their_line_or_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.yaml").write_text(
        "# @package _global_\n# The file,\n# in two lines.\na: 1 # the first\n# the block\nb:\n  c: 2 # inside\n"
        "d: '#'\n"
    )
    monkeypatch.setattr(configuration, "CONF", tmp_path)
    found = configuration.comments("one")
    assert found == {"": "The file, in two lines.", "a": "the first", "b": "the block", "b.c": "inside"}


def test_every_option_is_described() -> None:
    with initialize_config_dir(str(CONF)):
        groups = [group for group in GROUPS if "/" not in group and group not in ("recipe", "sweep", "training")]
        bare = [(group, one) for group in groups for one in configuration.options(group)
                if not configuration.described(group, one)]  # fmt: skip
    assert bare == []


def test_the_citation_names_the_last_release():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    version, date = re.search(r"^## (\d\S+) \((\S+)\)", (PROJECT / "CHANGELOG.md").read_text(), re.M).groups()
    assert (citation["version"], str(citation["date-released"])) == (version, date)
    assert citation["license"] == tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["license"]
