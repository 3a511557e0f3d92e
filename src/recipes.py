"""What a stage's output was made from, noted beside it, so that nobody trains on a stale table."""

import ast
import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from src.files import write_text
from src.workspace import PROJECT, in_dvc_stage

# The parts of the config that shape each stage's output: its own, and those of the stages before it.
_KEYS = {
    "download": ("dataset",),
    "preprocess": ("dataset", "preprocess"),
    "sample": ("dataset", "preprocess", "task", "split", "seed"),
    "reduce": (
        *("dataset", "preprocess", "task", "split", "seed"),
        *("scaling", "reducer", "k", "layout", "window"),
    ),
}
# The code that shapes it; a raw file is what it is, whatever fetched it.
_CODE: dict[str, tuple[str, ...]] = {"download": ()}
_ALL_CODE = ("data/*", "features/*", "pipeline.py")
# What the numbers of a whole run follow from.
_RUN_CODE = (
    *("data/*.py", "data/*.json", "features/*.py", "models/*.py"),
    *("evaluation/metrics.py", "evaluation/operating_point.py", "evaluation/judgement.py", "evaluation/leakage.py"),
    *("evaluation/uncertainty.py", "evaluation/calibration.py"),
    *("pipeline.py", "experiment.py", "detector.py", "decision.py"),
)
_NUMERICAL_LIBRARIES = ("keras", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")


def recipe(config: dict[str, Any], stage: str) -> dict[str, Any]:
    """The config values and the code that a stage's output depends on."""
    digest = hashlib.sha256()
    for place in _CODE.get(stage, _ALL_CODE):
        for path in sorted((PROJECT / "src").glob(place)):
            if path.suffix in (".py", ".json"):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return {"stage": stage, "config": {key: config[key] for key in _KEYS[stage]}, "code": digest.hexdigest()}


def same_output(one: dict[str, Any], other: dict[str, Any], stage: str) -> bool:
    """Whether two configs ask a stage for the same."""
    return all(one[key] == other[key] for key in _KEYS[stage])


def run_recipe(config: dict[str, Any]) -> dict[str, str]:
    """Digests of what a whole run's numbers follow from: its config, and the code and libraries that work on it.

    Comments, docstrings and pictures change no number, so they change no digest.
    """
    wanted = {key: value for key, value in config.items() if key != "tracking"}
    wanted["training"] = {key: value for key, value in config["training"].items() if key != "progress"}
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode())
    return {"config": digest.hexdigest(), "code": _run_code()}


@cache
def _run_code() -> str:
    digest = hashlib.sha256(platform.python_version().encode())
    for name in _NUMERICAL_LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for place in _RUN_CODE:
        for path in sorted((PROJECT / "src").glob(place)):
            digest.update(path.name.encode() + b"\0" + _essence(path))
    return digest.hexdigest()


def _essence(path: Path) -> bytes:
    """What a source file says to Python."""
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0] = ast.Pass()
    return ast.dump(tree).encode()


def note_path(output: Path) -> Path:
    """The note lies beside the output, not in it: new code or another duration must not change what others read."""
    return output.with_name(f"{output.name}.recipe.json")


def write_note(output: Path, config: dict[str, Any], stage: str, facts: dict[str, Any]) -> None:
    """Note that `output` is now what `stage` makes of `config`, and what there is to know about it."""
    note = {"recipe": recipe(config, stage), "facts": facts}
    write_text(note_path(output), json.dumps(note, indent=1) + "\n")


def current_facts(output: Path, config: dict[str, Any], stage: str) -> dict[str, Any] | None:
    """The facts noted with `output` if it is what `stage` makes of `config` with the code as it is, else None.

    Raises:
        RuntimeError: it is not, in a DVC stage: DVC records that this output was read, so it must be.
    """
    try:
        note = json.loads(note_path(output).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none, or half of one
        note = None
    wanted = json.loads(json.dumps(recipe(config, stage)))
    if output.exists() and isinstance(note, dict) and "facts" in note and note.get("recipe") == wanted:
        facts: dict[str, Any] = note["facts"]
        return facts
    if in_dvc_stage():
        raise RuntimeError(
            f"{output}: found an output of another config or other code, expected that of params.yaml; "
            f"make it again with `dvc repro --force {stage}`"
        )
    return None
