"""The code that a logged detector brings: what it imports and nothing else, under a name that nothing else has."""

import ast
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import skops.io

from src.features.scaling import UnitRange
from src.tracking.packed_code import PackedCode, importable, pack_code
from src.utils.paths import PROJECT


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedCode:
    return pack_code(tmp_path_factory.mktemp("packed"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project's code, to change."""
    root = tmp_path / "copy"
    shutil.copytree(PROJECT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def files(code: PackedCode) -> set[str]:
    return {path.relative_to(code.package).as_posix() for path in code.package.rglob("*") if path.is_file()}


def named(folder: Path, root: Path) -> str:
    """Name of the package that the code of `root` gets."""
    folder.mkdir()
    return pack_code(folder, root).package.name


def test_only_what_a_detector_imports_is_packed(packed: PackedCode) -> None:
    found = files(packed)
    assert {"__init__.py", "detector/__init__.py", "detector/mlflow_model.py", "features/encoding.py"} <= found
    # the code has these as strings
    assert {"models/networks/layers.py", "models/networks/cells.py", "features/projection.py"} <= found
    packages = {name.partition("/")[0] for name in found if "/" in name}
    assert packages == {"data", "detector", "features", "models", "utils"}
    assert not found & {"models/networks/lstm.py", "data/sources.py", "data/simulator.py", "utils/progress.py"}


def test_files_that_are_no_code_are_not_packed(copy: Path, tmp_path: Path) -> None:
    for name in (".env", "detector/.env", "detector/notes.txt", "detector/unused.py", "data/records.csv"):
        (copy / "src" / name).write_text("SECRET=1", encoding="utf-8")
    (tmp_path / "out").mkdir()
    found = files(pack_code(tmp_path / "out", copy))
    assert not [name for name in found if not name.endswith(".py")]
    assert "detector/unused.py" not in found


def test_no_name_of_the_project_is_left_in_packed_code(packed: PackedCode) -> None:
    for path in [*packed.package.rglob("*.py"), packed.model]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [one for one in modules if one.partition(".")[0] == "src"], path
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not (node.value.startswith("src.") and " " not in node.value), f"{path}: {node.value}"


def test_the_name_follows_from_the_code_that_is_packed(copy: Path, tmp_path: Path, packed: PackedCode) -> None:
    assert named(tmp_path / "same", copy) == packed.package.name
    with (copy / "src" / "train.py").open("a", encoding="utf-8") as file:
        file.write("CHANGED = True\n")
    assert named(tmp_path / "elsewhere", copy) == packed.package.name
    with (copy / "src" / "detector" / "decision.py").open("a", encoding="utf-8") as file:
        file.write("CHANGED = True\n")
    other = named(tmp_path / "other", copy)
    assert other != packed.package.name
    assert other.isidentifier()


def test_an_import_that_cannot_be_renamed_is_refused(copy: Path, tmp_path: Path) -> None:
    path = copy / "src" / "detector" / "decision.py"
    path.write_text("import src.data.schema\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"decision\.py:1: found `import src`, expected `from src\.\.\. import`"):
        pack_code(tmp_path, copy)


def test_packed_code_is_importable_inside_the_block_alone(packed: PackedCode, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(packed.package.name)]:
        monkeypatch.delitem(sys.modules, name)  # the same code, from a detector that another test loaded
    before = list(sys.path)
    with importable(packed):
        module = __import__(f"{packed.package.name}.data.schema", fromlist=["COLUMNS"])
        assert Path(module.__file__ or "").is_relative_to(packed.package)
    assert sys.path == before
    assert not [name for name in sys.modules if name.startswith(packed.package.name)]


def test_files_name_the_classes_of_the_package_that_reads_them(tmp_path: Path, packed: PackedCode) -> None:
    path = tmp_path / "scaler.skops"
    skops.io.dump({"one": [UnitRange()]}, path)
    with importable(packed):
        name = f"{packed.package.name}.features.scaling.UnitRange"
        module = __import__(f"{packed.package.name}.utils.skops_files", fromlist=["load_object"])
        with pytest.raises(ValueError, match="Untrusted types"):
            module.load_object(path, lambda one: one == "src.features.scaling.UnitRange")
        read = module.load_object(path, lambda one: one == name)["one"][0]
        assert f"{type(read).__module__}.{type(read).__qualname__}" == name
    with zipfile.ZipFile(path) as kept:
        assert b"src.features.scaling" in kept.read("schema.json")
