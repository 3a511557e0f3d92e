"""The mutation sample: which faults are made, in what code, and what the tests say of them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults import LEFT_OUT, Mutation, draw, mutations
from benchmarks.mutations import Checkout, related_tests, table
from src.utils.paths import PROJECT

SOURCE = '''\
"""Module with 1 docstring."""

import math

SIZE: dict[str, int] = {"a": 7}


class Box:
    @property
    def room(self, k: int = 2) -> "tuple[1]":
        if not k < 3 and k:
            raise ValueError(f"k={k + 1} is not 5" + 6)
        return min(k, math.floor(k * 0.5))  # not 8


def order(rows, é):
    rows.sort()
    return rows[é:-1].argsort(kind="stable") + "text"
'''
FAULTS = [
    ("", "constant", "7", "8"),
    ("Box.room", "constant", "2", "3"),
    ("Box.room", "condition", "not k < 3 and k", "(not (not k < 3 and k))"),
    ("Box.room", "and/or", "not k < 3 and k", "(not k < 3 or k)"),
    ("Box.room", "not removed", "not k < 3", "(k < 3)"),
    ("Box.room", "comparison", "k < 3", "(k <= 3)"),
    ("Box.room", "constant", "3", "4"),
    ("Box.room", "no result", "return min(k, math.floor(k * 0.5))", "return None"),
    ("Box.room", "other function", "min", "max"),
    ("Box.room", "other function", "math.floor", "(math).ceil"),
    ("Box.room", "arithmetic", "k * 0.5", "(k / 0.5)"),
    ("Box.room", "constant", "0.5", "1.5"),
    ("order", "statement removed", "rows.sort()", "pass"),
    ("order", "no result", "return rows[é:-1].argsort(kind='stable') + 'text'", "return None"),
    ("order", "order", "rows[é:-1].argsort(kind='stable')", "(rows[é:-1].argsort())"),
    ("order", "slice", "é", "(é + 1)"),
    ("order", "slice", "-1", "(-1 + 1)"),
    ("order", "constant", "1", "2"),
]


def test_every_rule_makes_its_fault_and_messages_and_types_have_none() -> None:
    found = [(one.function, one.operator, one.before, one.after) for one in mutations("src/box.py", SOURCE)]
    assert found == FAULTS


def test_a_fault_changes_its_own_place_alone() -> None:
    made = {(one.operator, one.before): text for one, text in mutations("src/box.py", SOURCE).items()}
    assert made["slice", "-1"] == SOURCE.replace("[é:-1]", "[é:(-1 + 1)]")
    assert made["order", "rows[é:-1].argsort(kind='stable')"] == SOURCE.replace(
        'rows[é:-1].argsort(kind="stable")', "(rows[é:-1].argsort())"
    )
    assert made["statement removed", "rows.sort()"] == SOURCE.replace("rows.sort()", "pass")


def test_a_fault_is_found_again_where_lines_and_format_changed() -> None:
    later = "# a comment\n" + SOURCE.replace(
        "min(k, math.floor(k * 0.5))", "min(\n            k, math.floor(k * .5)\n)"
    )
    assert list(mutations("src/box.py", later)) == list(mutations("src/box.py", SOURCE))


def test_equal_faults_of_a_function_are_counted() -> None:
    indices = [one.index for one in mutations("m.py", "x = f(1, 1)") if one.operator == "constant"]
    assert indices == [0, 1]


def test_every_fault_of_the_project_is_python_that_differs() -> None:
    for module in ("src/evaluation/calibration.py", "src/data/layout.py"):
        source = (PROJECT / module).read_text(encoding="utf-8")
        for text in mutations(module, source).values():
            assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(source))


def test_a_seed_draws_one_sample_spread_over_the_packages() -> None:
    sample = draw(PROJECT, seed=3, count=12)
    assert sample == draw(PROJECT, seed=3, count=12)
    assert sample != draw(PROJECT, seed=4, count=12)
    assert len(set(sample)) == 12
    packages = [one.module.split("/")[1] for one in sample]
    assert packages == sorted(packages, key=["data", "features", "evaluation", "search", "models"].index)
    assert [packages.count(name) for name in ("data", "features", "evaluation", "search", "models")] == [3, 3, 2, 2, 2]
    assert not {one.module for one in sample} & LEFT_OUT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout of two modules and their tests."""
    files = {
        "src/data/__init__.py": "",
        "src/data/add.py": "def add(a, b):\n    return a + b\n\n\ndef less(a, b):\n    return a < b\n",
        "src/data/inner.py": '"""Doubles.\n\n>>> 2\n2\n"""\n\nTWICE = 2\n',
        "src/data/outer.py": "from src.data import inner\n",
        "tests/data/test_add.py": "from src.data.add import add, less\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"
        "\n\ndef test_less():\n    assert less(1, 2)\n",
        "tests/data/test_early.py": "from src.data.add import add\n",
        "tests/a/test_other.py": "import src.data.add\nimport src.data.outer\n",
        "tests/e2e/test_whole.py": "from src.data.add import add\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    return tmp_path


def test_the_related_tests_a_module_are_those_that_import_it_its_own_first(checkout: Path) -> None:
    assert related_tests(checkout, "src/data/add.py") == [
        "tests/data/test_add.py",
        "tests/data/test_early.py",
        "tests/a/test_other.py",
    ]
    assert related_tests(checkout, "src/data/inner.py") == ["src/data/inner.py", "tests/a/test_other.py"]


@pytest.mark.integration
def test_a_fault_is_killed_survives_or_is_gone(checkout: Path) -> None:
    module = "src/data/add.py"
    faults = {one.before: one for one in mutations(module, (checkout / module).read_text())}
    runs = Checkout(checkout, sys.executable, limit=60)
    killed = runs.result(faults["a + b"])
    assert (killed["result"], killed["test"]) == ("killed", "tests/data/test_add.py::test_add")
    assert runs.result(faults["a < b"])["result"] == "survived"
    gone = Mutation(module, "add", "arithmetic", "return a - b", "a - b", "(a + b)")
    assert runs.result(gone)["result"] == "not in this code"
    assert (
        runs.result(Mutation("src/data/removed.py", "", "constant", "X = 1", "1", "2"))["result"] == "not in this code"
    )
    assert "a + b" in (checkout / module).read_text()


def interpreter(folder: Path, does: str) -> str:
    """A command that stands in for Python, and does something else."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


def test_a_run_that_is_as_slow_on_the_code_as_it_is_kills_nothing(checkout: Path) -> None:
    fault = Mutation("src/data/add.py", "add", "arithmetic", "return a + b", "a + b", "(a - b)")
    assert Checkout(checkout, interpreter(checkout, "exec sleep 60"), 0.1).result(fault)["result"] == "too slow"
    hangs = interpreter(checkout, "grep -q 'a + b' src/data/add.py || exec sleep 60")
    assert Checkout(checkout, hangs, 1).result(fault)["result"] == "killed"


def test_tests_that_fail_on_the_code_as_it_is_are_named(checkout: Path) -> None:
    fails = interpreter(checkout, "echo 'FAILED tests/a.py::test_no[x - y] - assert a[1]'; exit 1")
    assert Checkout(checkout, fails, 60).fail_anyway(["tests/a.py::test_no[x - y]"]) == {"tests/a.py::test_no[x - y]"}
    assert Checkout(checkout, "true", 60).fail_anyway(["tests/a.py::test_no"]) == set()


def test_a_command_of_the_tests_that_cannot_run_is_an_error(checkout: Path) -> None:
    fault = Mutation("src/data/add.py", "add", "arithmetic", "return a + b", "a + b", "(a - b)")
    with pytest.raises(SystemExit, match=r"ended with 1, expected tests to pass or fail"):
        Checkout(checkout, "false", 60).result(fault)


def test_the_table_counts_kills_by_package_before_and_after() -> None:
    where = {"module": "src/data/add.py", "function": "add", "operator": "and/or", "before": "a | b", "after": "a"}
    results = [
        {**where, "earlier": "survived", "result": "killed", "test": "tests/test_add.py::test_add", "seconds": 1.5},
        {**where, "earlier": "killed", "result": "killed", "function": "", "test": "", "seconds": 300.0},
    ]
    lines = table(results).splitlines()
    assert lines[:4] == [
        "| package | mutations | killed, before | killed, after |",
        "|---|---|---|---|",
        "| data | 2 | 1 | 2 |",
        "| all | 2 | 1 | 2 |",
    ]
    assert lines[-2:] == [
        "| src/data/add.py add | and/or: `a \\| b` to `a` | survived | killed | `tests/test_add.py::test_add` | 1.5 |",
        "| src/data/add.py | and/or: `a \\| b` to `a` | killed | killed | none in the time limit | 300.0 |",
    ]
