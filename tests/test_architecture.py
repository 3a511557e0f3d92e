"""Rules of the code that import-linter cannot state (its contracts are in pyproject.toml); importing does nothing."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from src.utils.paths import PROJECT

SRC = PROJECT / "src"
MODULES = sorted(SRC.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, also inside functions and for types only."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_only_build_instantiates_classes_that_config_files_name() -> None:
    assert [path for path in MODULES if "hydra.utils" in imports(path)] == [SRC / "config" / "build.py"]
    for path in MODULES:
        words = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not words & {"instantiate", "get_class", "get_method", "get_object"}, path


def test_no_module_has_effects_that_fingerprints_would_not_see() -> None:
    """Fingerprints follow definitions (`src.pipeline.closure`); what else an import runs would change runs unseen."""
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign)
    for path in MODULES:
        statements = ast.parse(path.read_text(encoding="utf-8")).body
        assert isinstance(statements[0], ast.Expr), f"{path}: expected a docstring"
        if path.name == "__init__.py":
            assert len(statements) == 1, path
        for one in statements[1:]:
            guarded = isinstance(one, ast.If) and ast.unparse(one.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
            assert guarded or isinstance(one, allowed), f"{path}:{one.lineno}"


def test_every_folder_of_modules_is_a_package() -> None:
    """import-linter does not see the modules of a folder without `__init__.py`."""
    assert [folder for folder in {path.parent for path in MODULES} if not (folder / "__init__.py").is_file()] == []


def test_no_array_file_is_unpickled() -> None:
    for path in MODULES:
        assert "allow_pickle=True" not in path.read_text(), path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_no_module_is_longer_than_400_lines_and_none_of_models_than_200(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= (200 if "models" in path.parts else 400)


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.parent == SRC], ids=lambda path: str(path.relative_to(SRC))
)
def test_an_entry_point_is_a_page(path: Path) -> None:
    assert len(lines_of_code(path)) <= 40


def lines_of_code(path: Path) -> list[str]:
    """Lines that are not empty and hold no comment, import or docstring alone."""
    text = path.read_text(encoding="utf-8")
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
        first = node.body[0] if documented else node
        if documented or isinstance(node, (ast.Import, ast.ImportFrom)):
            left_out |= set(range(first.lineno, first.end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return [line for number, line in lines if number not in left_out and not re.match(r"\s*(#|$)", line)]


def python(code: str, folder: Path) -> str:
    """Output of a fresh process that runs in `folder` and imports from it."""
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


def test_the_callback_that_every_process_makes_imports_no_scikit_learn() -> None:
    code = """
import sys
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from src.config.targets import MADE_BY_HYDRA
from src.utils.paths import PROJECT
with initialize_config_dir(str(PROJECT / "conf")):
    callbacks = compose("config", return_hydra_config=True).hydra.callbacks
    print([type(instantiate(one, _execution_whitelist_=MADE_BY_HYDRA)).__name__ for one in callbacks.values()])
print([one for one in ("sklearn", "scipy", "pandas", "matplotlib", "mlflow", "keras") if one in sys.modules])
"""
    assert python(code, PROJECT) == "['MultirunCallback']\n[]\n"


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
        if path.name != "callbacks.py"  # imports Keras on purpose
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
