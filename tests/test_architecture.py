"""The rules of the house: which room may know what, and that importing one does nothing."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from src.utils.paths import PROJECT

SRC = PROJECT / "src"
MODULES = sorted(SRC.rglob("*.py"))
DOORS = {
    "download",
    "preprocess",
    "sample",
    "reduce",
    "train",
    "evaluate",
    "sweep",
    "report",
    "honest",
    "standings",
    "predict",
    "compare",
    "ui",
}
# What each room may import beside the standard library and this project.
ROOMS = {
    "data": {"numpy", "pandas", "pyarrow", "sklearn", "pydantic"},
    "features": {"numpy", "pandas", "pyarrow", "sklearn", "skops", "pydantic"},
    "evaluation": {"numpy", "pandas", "pyarrow", "scipy", "sklearn", "matplotlib", "pydantic"},
    "models": {"numpy", "keras", "sklearn", "skops", "pydantic", "tqdm"},
    "pages": {"jinja2", "markdown_it", "matplotlib"},
    "reproduction": {"numpy", "pandas", "scipy", "matplotlib", "yaml", "pydantic"},
    "configurations": set(),
    "grid_report": {"matplotlib"},
    "generalisation": {"numpy", "pandas", "matplotlib", "yaml"},
    "systems": {"numpy", "pandas", "matplotlib", "yaml", "pydantic"},
    "study": {
        "numpy",
        "scipy",
        "matplotlib",
        "optuna",
        "sqlalchemy",
        "filelock",
        "hydra",
        "omegaconf",
        "pydantic",
        "yaml",
    },
    "detector": {"numpy", "pyarrow", "sklearn"},
    "decision": {"numpy"},
    "tracking": {"mlflow", "filelock", "psutil"},
}
# Which parts of this project each room may know; `TOOLS` are shared.
KNOWS = {
    "data": {"data"},
    "features": {"features", "data"},
    "evaluation": {"evaluation", "data", "decision"},
    "models": {"models", "data"},
    "pages": {"evaluation"},
    "reproduction": {"reproduction", "data", "evaluation", "pages"},
    "configurations": {"evaluation"},
    "grid_report": {"configurations", "evaluation", "pages"},
    "generalisation": {"generalisation", "configurations", "grid_report", "evaluation", "pages"},
    "systems": {"systems", "generalisation", "configurations", "grid_report", "evaluation", "pages"},
    "detector": {"data", "features", "models", "decision"},
    "decision": set[str](),
    "served_detector": {"data", "features", "models", "detector"},
}
TOOLS = {"checked", "files", "imports"}
ONLY_IN = {
    "mlflow": {"tracking", "served_detector"},
    "keras": {"models"},
    "tensorflow": set[str](),
    "dvc": set[str](),
    "optuna": {"study"},
    "sqlalchemy": {"study"},
    "hydra": DOORS | {"build", "entry", "grid", "multirun", "study", "workspace"},
}
UNSAFE = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions and for types only, by its full name."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    """The room a module is in; a module directly in src/ is a room of its own."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def libraries(path: Path) -> set[str]:
    """The packages that a file imports, without the standard library."""
    return {name.partition(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"src"}


def parts_of_this_project(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("src.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    if (allowed := ROOMS.get(room(path))) is not None:
        assert libraries(path) <= allowed
    if (known := KNOWS.get(room(path))) is not None:
        assert parts_of_this_project(path) <= known | TOOLS


@pytest.mark.parametrize("library", ONLY_IN)
def test_one_room_talks_to_each_outside_system(library: str) -> None:
    found = {room(path) for path in MODULES if library in libraries(path)}
    assert found <= ONLY_IN[library]


def test_only_build_makes_what_config_files_name() -> None:
    assert [room(path) for path in MODULES if "hydra.utils" in imports(path)] == ["build"]
    for path in MODULES:
        words = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not words & {"instantiate", "get_class", "get_method", "get_object"}, path


def test_no_room_imports_a_door() -> None:
    for path in MODULES:
        if room(path) not in DOORS:
            assert not parts_of_this_project(path) & DOORS, path


def test_nothing_is_unpickled() -> None:
    for path in MODULES:
        assert not {name.partition(".")[0] for name in imports(path)} & UNSAFE, path
        assert "allow_pickle=True" not in path.read_text(), path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_no_module_is_longer_than_400_lines_and_none_of_models_than_200(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= (200 if path.parent.name == "models" else 400)


@pytest.mark.parametrize("name", ["download", "preprocess", "sample", "reduce", "train", "evaluate"])
def test_a_stage_is_a_page(name: str) -> None:
    assert len((SRC / f"{name}.py").read_text().splitlines()) <= 40


def python(code: str, folder: Path) -> str:
    """What a fresh process prints, run in `folder` with `folder` to import from."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def test_stages_that_do_not_train_import_no_framework() -> None:
    code = """
import importlib, sys
for name in ("download", "preprocess", "sample", "reduce"):
    importlib.import_module(f"src.{name}")
    for heavy in ("tensorflow", "keras", "mlflow", "optuna", "torch", "jax"):
        if heavy in sys.modules: print(name, heavy)
"""
    assert python(code, PROJECT) == ""


def test_the_first_stages_check_their_values_without_scikit_learn() -> None:
    code = """
import sys
import src.download, src.preprocess, src.sample
from hydra import compose, initialize_config_dir
from src.config.build import build
from src.utils.paths import PROJECT
with initialize_config_dir(str(PROJECT / "conf")):
    for stage in ("download", "preprocess", "sample"):
        build(compose("config"), stage=stage)
    print([heavy for heavy in ("sklearn", "scipy", "pandas", "matplotlib") if heavy in sys.modules])
    build(compose("config"))
    print("sklearn" in sys.modules)
"""
    assert python(code, PROJECT) == "[]\nTrue\n"


def test_what_hydra_makes_in_every_process_imports_no_scikit_learn() -> None:
    code = """
import sys
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from src.config.build import WHITELIST
from src.utils.paths import PROJECT
with initialize_config_dir(str(PROJECT / "conf")):
    callbacks = compose("config", return_hydra_config=True).hydra.callbacks
    print([type(instantiate(one, _execution_whitelist_=WHITELIST)).__name__ for one in callbacks.values()])
print([one for one in ("sklearn", "scipy", "pandas", "matplotlib", "mlflow", "keras") if one in sys.modules])
"""
    assert python(code, PROJECT) == "['ParentRun']\n[]\n"


def test_building_a_config_imports_no_framework() -> None:
    code = """
import sys
from hydra import compose, initialize_config_dir
from src.config.build import build
from src.utils.paths import PROJECT
with initialize_config_dir(str(PROJECT / "conf")):
    print(build(compose("config")).model.units)
print([heavy for heavy in ("tensorflow", "keras", "mlflow") if heavy in sys.modules])
"""
    assert python(code, PROJECT) == "64\n[]\n"


@pytest.mark.integration
def test_imports_do_nothing(tmp_path: Path) -> None:
    shutil.copytree(SRC, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    names = sorted(
        ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        for path in MODULES
        if path.name != "callbacks.py"  # imports Keras, and says so
    )
    code = f"""
import importlib, logging, os, signal
before = dict(os.environ)
import mlflow
uri = mlflow.get_tracking_uri()
for name in {names}:
    importlib.import_module(name)
import src
print(os.path.dirname(src.__file__))
print(logging.getLogger().handlers, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
print(mlflow.get_tracking_uri() == uri, sorted(name for name in os.environ if name.startswith("IDS")))
"""
    assert python(code, tmp_path).splitlines() == [
        str(tmp_path / "src"),
        "[] True",
        f"True {sorted(name for name in os.environ if name.startswith('IDS'))}",
    ]
    found = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}
    assert found == {Path("src")} | {
        path.relative_to(PROJECT) for path in SRC.rglob("*") if "__pycache__" not in str(path)
    }
