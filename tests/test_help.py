"""`--help` of every command: short, true to conf/, and printed before anything large is imported."""

import importlib
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from docs import configuration
from src.config.help import PAGES, help_page
from src.utils.command_line import WIDTH
from src.utils.paths import PROJECT

COMMANDS = sorted(path.stem for path in (PROJECT / "src").glob("*.py") if path.stem != "__init__")
ON_CONFIG = sorted(path.stem for path in PAGES.glob("*.txt"))
FORMER = {"honest", "standings"}  # names of an earlier version, which print the page of the new one
MOST_LINES = 40
HEAVY = ("tensorflow", "keras", "mlflow", "sklearn", "scipy", "pandas", "matplotlib", "optuna", "ray")

# every command in one process: a process for each would take ten times as long
ALL_PAGES = """
import contextlib, io, json, runpy, sys
pages = {}
for name in sys.argv[1:]:
    sys.argv = [f"src/{name}.py", "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as page, contextlib.suppress(SystemExit):
        runpy.run_module(f"src.{name}", run_name="__main__")
    pages[name] = [page.getvalue(), [one for one in HEAVY if one in sys.modules]]
print(json.dumps(pages))
"""


@cache
def printed() -> dict[str, tuple[str, list[str]]]:
    """Output of each command for `--help`, and the large libraries that were imported by then."""
    code = ALL_PAGES.replace("HEAVY", repr(HEAVY))
    result = subprocess.run(
        [sys.executable, "-c", code, *COMMANDS], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "300"},
    )  # fmt: skip
    return {name: (text, heavy) for name, (text, heavy) in json.loads(result.stdout).items()}


@cache
def composed_config(config: str) -> dict[str, Any]:
    """Values of a primary config by full name, and its choices."""
    with initialize_config_dir(str(configuration.CONF)):
        found: Any = OmegaConf.to_container(compose(config, return_hydra_config=True), resolve=False)
        choices = found.pop("hydra")["runtime"]["choices"]
    return {**configuration.flat(found), "choices": choices}


@cache
def of_option(group: str, option: str) -> dict[str, Any]:
    """Keys of an option."""
    with initialize_config_dir(str(configuration.CONF)):
        return configuration.keys_of(group, option)


def primary(name: str) -> str:
    """Primary config of a command."""
    return "sweep" if name == "sweep" else "config"


def rows(name: str, heading: str) -> list[str]:
    """Lines of a section of a page, those that go on joined."""
    section = re.search(rf"^{heading}[^\n]*:\n((?:  .*\n)+)", f"{help_page(name)}\n", re.M)
    assert section, f"{name}: no section {heading}"
    return re.sub(r"\n {5,}", " ", section[1].rstrip("\n")).split("\n")


on_config = pytest.mark.parametrize("name", ON_CONFIG)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_fits_a_screen_and_says_what_the_command_does(name: str) -> None:
    page, heavy = printed()[name]
    lines = page.rstrip("\n").split("\n")
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= WIDTH
    assert heavy == [], f"{name} --help imports {heavy}"
    opening = (importlib.import_module(f"src.{name}").__doc__ or "").split(":")[0]
    if name not in FORMER:
        assert page.startswith(f"usage: python -m src.{name} ")
        assert " ".join(opening.split()[:6]) in " ".join(page.split())
        assert len(re.findall(rf"^  python -m src\.{name}\b", page, re.M)) == 3, "expected three examples"


@on_config
def test_a_command_on_the_config_prints_its_page_and_names_what_prints_the_rest(name: str) -> None:
    assert printed()[name][0] == f"{help_page(name)}\n"
    assert "--cfg job" in help_page(name)


@on_config
def test_every_choice_is_a_file_and_the_default_comes_first(name: str) -> None:
    choices = composed_config(primary(name))["choices"]
    for row in rows(name, "groups"):
        group, _, text = row.strip().partition("=")
        if group == "+experiment":
            assert all((configuration.CONF / "experiment" / one).is_dir() for one in text.split(": ")[1].split(", "))
            continue
        shown = [one.strip() for one in text.split(",")]
        assert sorted(shown) == configuration.options(group)
        assert shown[0] == choices[group]


@on_config
def test_every_key_exists_and_its_default_is_that_of_the_config(name: str) -> None:
    config = composed_config(primary(name))
    for row in rows(name, "keys"):
        key, default, _ = row.strip().split(maxsplit=2)
        chosen = re.search(r"\((\w+)=(\w+)\)$", row)
        if chosen and key.startswith(f"{chosen[1]}."):  # a key of another option than the default
            value = of_option(chosen[1], chosen[2])[key]
        else:
            value = config[key]
        assert default == configuration.as_yaml(value), key


@on_config
def test_every_choice_and_key_of_an_example_exists(name: str) -> None:
    config = composed_config(primary(name))
    for row in rows(name, "examples"):
        for argument in row.split("#")[0].split()[3:]:
            key, sets, values = argument.partition("=")
            if key.startswith("hydra/"):
                continue  # a launcher that is installed
            if key in config["choices"]:
                assert set(values.split(",")) <= set(configuration.options(key)), argument
            elif sets:
                assert key in {**config, **of_option("dataset", "simulated")}, argument


# --- a reader that goes away -----------------------------------------------------------------------------------------


@pytest.mark.integration
@pytest.mark.parametrize(
    "command",
    [
        *(f"{name} --help" for name in COMMANDS),
        "train --cfg job",
        "train --cfg all",
        "sweep --cfg job --resolve",
        "train --hydra-help",
        "train --info defaults",
    ],
)
def test_a_command_whose_reader_goes_away_ends_quietly(command: str, tmp_path: Path) -> None:
    # the reader is gone before anything is written, so that even a short page meets a closed pipe
    code = f"{sys.executable} -m src.{command} 2>{tmp_path / 'errors'} | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", code], cwd=PROJECT, timeout=120, check=False)
    assert result.returncode in (0, 141)
    errors = (tmp_path / "errors").read_text().splitlines()
    assert [line for line in errors if " is now: " not in line] == []
