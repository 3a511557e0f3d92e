"""Import closure of a function, on made-up packages."""

from pathlib import Path

import pytest

from src.pipeline.closure import Closure, Code


def closure(folder: Path, root: str, **modules: str) -> Closure:
    """Closure of a root in a package of modules, given as texts."""
    (folder / "src").mkdir(exist_ok=True)
    for name, text in modules.items():
        (folder / "src" / f"{name}.py").write_text(text)
    return Code(folder).closure([f"src.{root}"])


def names(found: Closure) -> set[str]:
    return {name.removeprefix("src.") for name in found.definitions}


ONE = """
import json
from src.two import helper
from src.two import LIMIT
from src.two import Shape
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


def changes_the_digest(module: str, old: str, new: str, folder: Path) -> bool:
    """Tell whether a change in one module gives another digest."""
    texts = {"one": ONE, "two": TWO, "three": THREE}
    before = closure(folder, "one.run", **texts)
    assert texts[module].count(old) == 1
    texts[module] = texts[module].replace(old, new)
    return closure(folder, "one.run", **texts).digest != before.digest


def test_a_function_reaches_the_definitions_of_its_names_and_no_others(tmp_path: Path) -> None:
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
def test_code_without_effect_and_unreached_code_change_no_digest(
    module: str, old: str, new: str, tmp_path: Path
) -> None:
    assert not changes_the_digest(module, old, new, tmp_path)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("two", "LIMIT = 3", "LIMIT = 4"),
        ("two", "import numpy as np", "import numpy as np\nnp.seterr(all='raise')"),
        ("three", "def deeper(x):\n    return x", "def deeper(x):\n    return 2 * x"),
        ("one", "three.used(x)", "three.unused(x)"),
    ],
)
def test_reached_code_changes_the_digest(module: str, old: str, new: str, tmp_path: Path) -> None:
    assert changes_the_digest(module, old, new, tmp_path)


CLASSES = """
from abc import ABC, abstractmethod
from sklearn.base import BaseEstimator
from pydantic.dataclasses import dataclass
from pydantic import model_validator
from src.kinds import Kind
from src.kinds import Note

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


def test_a_class_derived_from_a_library_counts_whole_and_annotations_that_are_read_count(tmp_path: Path) -> None:
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
def test_a_missing_root_is_an_error(root: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"src\.{root}: found no such definition"):
        closure(tmp_path, root, one=ONE)


def test_another_class_under_the_same_name_counts(tmp_path: Path) -> None:
    one = "from sklearn.decomposition import PCA\n\ndef run():\n    return PCA()\n"
    other = one.replace("import PCA", "import IncrementalPCA as PCA")
    unused = "from sklearn.decomposition import NMF\n" + one
    found = closure(tmp_path, "one.run", one=one)
    assert closure(tmp_path, "one.run", one=other).digest != found.digest
    assert closure(tmp_path, "one.run", one=unused).digest == found.digest
