"""The code that a function reaches: the rules on made-up packages, and the real code against what runs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from omegaconf import DictConfig

from src import fingerprint
from src.build import build
from src.closure import Closure, Code
from src.experiment import TrainingRecord, evaluate, train, write_training
from src.fingerprint import stage_code
from src.pipeline import Walk, write_preprocessed, write_raw, write_reduced, write_reduction_reports, write_sampled
from src.workspace import PROJECT, Workspace

Compose = Callable[..., DictConfig]


def closure(folder: Path, root: str, **modules: str) -> Closure:
    """The closure of a root in a package of modules, given as texts."""
    (folder / "src").mkdir(exist_ok=True)
    for name, text in modules.items():
        (folder / "src" / f"{name}.py").write_text(text)
    return Code(folder).closure([f"src.{root}"])


def names(found: Closure) -> set[str]:
    return {name.removeprefix("src.") for name in found.definitions}


ONE = """
import json
from src.two import helper, LIMIT, Shape
from src import three

UNUSED = LIMIT

def run(x: Shape) -> "Shape":
    '''Doc.'''
    return helper(x) + three.used(x)

def other():
    return LIMIT
"""
TWO = """
import numpy as np
LIMIT = 3
def helper(x):
    return np.sum(x) + LIMIT
class Shape:
    pass
"""
THREE = "def used(x):\n    return deeper(x)\ndef deeper(x):\n    return x\ndef unused(x):\n    return x\n"


def test_a_function_reaches_what_its_names_stand_for_and_no_more(tmp_path: Path) -> None:
    found = closure(tmp_path, "one.run", one=ONE, two=TWO, three=THREE)
    assert names(found) == {"one.run", "two.helper", "two.LIMIT", "three.used", "three.deeper"}
    assert {path.stem for path in found.files} == {"one", "two", "three"}
    assert found.libraries == {"numpy"}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("one", "'''Doc.'''", "'''Other words.'''  # and a comment"),
        ("one", "x: Shape", "x: int"),
        ("one", "def other():\n    return LIMIT", "def other():\n    return 2 * LIMIT"),
        ("three", "def unused(x):\n    return x", ""),
        ("two", "LIMIT = 3", "LIMIT = (3)"),
    ],
)
def test_what_does_nothing_or_is_not_reached_changes_no_digest(module: str, old: str, new: str, tmp_path: Path) -> None:
    texts = {"one": ONE, "two": TWO, "three": THREE}
    before = closure(tmp_path, "one.run", **texts)
    assert texts[module].count(old) == 1
    texts[module] = texts[module].replace(old, new)
    assert closure(tmp_path, "one.run", **texts).digest == before.digest


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("two", "LIMIT = 3", "LIMIT = 4"),
        ("two", "import numpy as np", "import numpy as np\nnp.seterr(all='raise')"),
        ("three", "def deeper(x):\n    return x", "def deeper(x):\n    return 2 * x"),
        ("one", "three.used(x)", "three.unused(x)"),
    ],
)
def test_what_is_reached_changes_the_digest(module: str, old: str, new: str, tmp_path: Path) -> None:
    texts = {"one": ONE, "two": TWO, "three": THREE}
    before = closure(tmp_path, "one.run", **texts)
    assert texts[module].count(old) == 1
    texts[module] = texts[module].replace(old, new)
    assert closure(tmp_path, "one.run", **texts).digest != before.digest


CLASSES = """
from abc import ABC, abstractmethod
from sklearn.base import BaseEstimator
from pydantic.dataclasses import dataclass
from pydantic import model_validator
from src.kinds import Kind, Note

class Base(ABC):
    def fit(self): return self.step()
    @abstractmethod
    def step(self): ...
    def load(self): return Note

class Derived(Base):
    def step(self): return 1
    def unused(self): return 2
    def __len__(self): return 3

class Estimator(BaseEstimator):
    def transform(self): return 1

@dataclass
class Checked:
    kind: Kind
    @model_validator(mode="after")
    def _check(self): return self

def run(x: Note):
    return Derived().fit()

def build():
    return Estimator, Checked
"""
KINDS = "class Kind: ...\nclass Note: ...\n"


def test_methods_are_reached_by_name_also_those_of_a_derived_class(tmp_path: Path) -> None:
    found = closure(tmp_path, "classes.run", classes=CLASSES, kinds=KINDS)
    assert names(found) == {f"classes.{name}" for name in
                            ("run", "Derived", "Derived.step", "Base", "Base.fit", "Base.step")}  # fmt: skip


def test_a_class_of_a_library_counts_whole_and_annotations_that_are_read_count(tmp_path: Path) -> None:
    found = closure(tmp_path, "classes.build", classes=CLASSES, kinds=KINDS)
    assert names(found) == {"classes.build", "classes.Estimator", "classes.Checked", "kinds.Kind"}
    change = CLASSES.replace("def transform(self): return 1", "def transform(self): return 2")
    assert closure(tmp_path, "classes.build", classes=change, kinds=KINDS).digest != found.digest


def test_imports_inside_functions_and_files_beside_the_code_count_and_pictures_do_not(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "table.json").write_text("[1]")
    one = "def run():\n    from src.late import read\n    from src import plots\n    plots.draw()\n    return read()\n"
    late = 'from pathlib import Path\ndef read():\n    return Path(__file__).with_name("table.json").read_text()\n'
    plots = "import matplotlib.pyplot as plt\ndef draw():\n    return plt\n"
    found = closure(tmp_path, "one.run", one=one, late=late, plots=plots)
    assert names(found) == {"one.run", "late.read"}
    assert {path.name for path in found.files} == {"one.py", "late.py", "table.json"}
    (tmp_path / "src" / "table.json").write_text("[2]")
    assert closure(tmp_path, "one.run", one=one, late=late, plots=plots).digest != found.digest


@pytest.mark.parametrize("root", ["one.nothing", "nowhere.run"])
def test_a_root_that_is_not_there_is_an_error(root: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"src\.{root}: found no such definition"):
        closure(tmp_path, root, one=ONE)


# --- the real code ---------------------------------------------------------------------------------------------------


@contextmanager
def recorded() -> Iterator[set[str]]:
    """Full names of the functions of this project that run meanwhile, as a closure has them."""
    ran: set[str] = set()
    source = f"{PROJECT / 'src'}/"

    def note(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(source):
            module = "src." + code.co_filename.removeprefix(source).removesuffix(".py").replace("/", ".")
            ran.add(f"{module}.{code.co_qualname.split('.<locals>')[0]}")

    sys.setprofile(note)
    try:
        yield ran
    finally:
        sys.setprofile(None)


# What draws and what keeps the record is not in a closure, nor is what fetches a published file.
def missing(ran: set[str], definitions: frozenset[str]) -> set[str]:
    """Functions that ran and are not reached: neither themselves nor as a part of a class that counts whole."""
    functions = {name for name in ran if not name.rpartition(".")[2].startswith("<")}
    return {name for name in functions if name not in definitions and name.rpartition(".")[0] not in definitions
            and not name.startswith("src.evaluation.plots.")}  # fmt: skip


CHOICES = [
    ("model=lstm",),
    ("model=lstm", "task=five", "split=official", "layout=window", "decision.rule=least_cost",
     "decision.calibrate=true"),
    ("model=random_forest", "reducer=mi", "split=grouped", "split.distinct=true", "decision.false_alarm_budget=0.1",
     "decision.false_alarm_blocks=2"),
    ("model=lstm_weighted", "reducer=none", "layout=past", "split=official", "training.past_grafts=0.1",
     "training.type_balance=0.5", "training.class_balance=0.5", "scaling=log_minmax"),
    ("model=svm_rbf", "reducer=autoencoder", "k=3"),
]  # fmt: skip
SMALL = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=2000", "training.epochs=1",
         "training.progress=false", "model.units=4", "model.frequencies=2", "evaluation.bootstrap=2")  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES, ids=" ".join)
def test_every_function_that_makes_an_output_is_in_its_closure(
    choice: tuple[str, ...], composed: Compose, tmp_path: Path
) -> None:
    network = "model=lstm" in choice[0]
    settings = build(composed(*choice, *(one for one in SMALL if network or not one.startswith("model."))))
    out = Workspace(tmp_path)
    steps: dict[str, Callable[[], object]] = {
        "download": lambda: write_raw(settings, out),
        "preprocess": lambda: write_preprocessed(settings, out, out),
        "sample": lambda: write_sampled(settings, out, out),
        "reduce": lambda: reduce(settings, out),
        "train": lambda: write_training(outcome := train(settings, Walk(settings, out)), settings,
                                        TrainingRecord.of(outcome, ""), out),
        "evaluate": lambda: evaluate(train(settings, Walk(settings, out)).detector, Walk(settings, out).sampled[0],
                                     settings, {}, out),
    }  # fmt: skip
    assert list(steps) == list(fingerprint.STAGES)
    bookkeeping = {"src.pipeline.write_raw", "src.pipeline._shown_on", "src.experiment.write_training"}
    for stage, step in steps.items():
        with recorded() as ran:
            step()
        definitions = stage_code(settings.config, stage).definitions
        if stage == "download":
            ran = {name for name in ran if name.startswith("src.data.")}
        if stage == "evaluate":
            definitions |= stage_code(settings.config, "train").definitions
        assert missing(ran, definitions) <= bookkeeping, stage


def reduce(settings: Any, out: Workspace) -> None:
    walk = Walk(settings, out, making="reduce")
    write_reduced(walk, settings, out)
    write_reduction_reports(walk, settings, out)
