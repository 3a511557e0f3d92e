"""Fingerprints: the config values and the code that an output follows from.

A stage's output has one in a note beside it, so that nobody reads a stale table; a run has one in the store, by which
it is found again. The code is what `src.pipeline.closure` reaches from the function that makes the output and from the
classes that its config names. The config values of a stage are the params that dvc.yaml declares for it: a
test shows that they, and its deps, cover what the stage reads.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from src.config.stage_params import stage_params
from src.pipeline.closure import Closure, Code
from src.utils.files import write_text
from src.utils.paths import PROJECT, in_dvc_stage

Config = Mapping[str, Any]

_READS = "src.pipeline.stage_outputs.StageOutputs"  # reads the outputs of earlier stages, or makes them in memory
_TRAINS = ("src.pipeline.experiment.train", "src.pipeline.experiment.write_training", _READS)
# What makes the output of each stage from its config.
STAGES: dict[str, tuple[str, ...]] = {
    "download": ("src.pipeline.stages.write_raw",),
    "preprocess": ("src.pipeline.stages.write_preprocessed", _READS),
    "sample": ("src.pipeline.stages.write_sampled", _READS),
    "reduce": ("src.pipeline.stages.write_reduced", "src.pipeline.stages.write_reduction_reports", _READS),
    "train": _TRAINS,
    "evaluate": (*_TRAINS, "src.pipeline.experiment.evaluate"),  # its detector comes from there
}
_BUILDS = "src.config.build.build"  # turns every config into objects
# A published file is what its digest in the config says, whatever code fetched it.
_PUBLISHED = "src.data.sources.PublishedDataset"
# Values that say what is shown and kept of a run, and change no number of it.
_SHOWN = (("tracking",), ("training", "progress"))
# Names of distributions where they are not those of their packages.
_DISTRIBUTIONS = {"sklearn": ("scikit-learn",), "yaml": ("pyyaml",), "tensorflow": ("tensorflow", "tensorflow-cpu")}


@cache
def _code() -> Code:
    return Code(PROJECT)


def stage_code(config: Config, stage: str) -> Closure:
    """Code that a stage's output follows from."""
    return _code().closure(_roots(config, stage))


def of_stage(config: Config, stage: str) -> dict[str, Any]:
    """Fingerprint of a stage's output: the stage, its config values, and a digest of its code."""
    values = {key: config[key] for key in stage_params(stage)}
    return {"stage": stage, "config": values, "code": stage_code(config, stage).digest}


def of_run(config: Config) -> dict[str, str]:
    """Fingerprint of a whole run: digests of its config, and of its code and the libraries that this imports."""
    wanted = json.loads(json.dumps(config))
    for *places, last in _SHOWN:
        node = wanted
        for place in places:
            node = node[place]
        node.pop(last, None)
    code = _code().closure(root for stage in STAGES for root in _roots(config, stage))
    return {"config": _digest(wanted), "code": _digest([code.digest, platform.python_version(), _versions(code)])}


def same_output(one: Config, other: Config, stage: str) -> bool:
    """Tell whether two configs ask a stage for the same."""
    return all(one[key] == other[key] for key in stage_params(stage))


def _roots(config: Config, stage: str) -> Iterator[str]:
    """Definitions that a stage's output begins with."""
    targets = {target for key in stage_params(stage) for target in _targets(config[key])}
    if stage != "download" or _PUBLISHED not in targets:
        yield from (*(targets - {_PUBLISHED}), *STAGES[stage], _BUILDS)


def _targets(node: Any) -> Iterator[str]:
    """Full names of the classes that a part of the config names."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield node["_target_"]
        for value in node.values():
            yield from _targets(value)


def _versions(code: Closure) -> list[str]:
    """Versions of the libraries that some code imports; of Keras also that of its backend."""
    backend = {os.environ.get("KERAS_BACKEND", "tensorflow")} if "keras" in code.libraries else set[str]()
    return sorted(f"{library} {_version(library)}" for library in code.libraries | backend)


def _version(library: str) -> str:
    """Installed version of a library, by the name that it is imported by; empty where it has none."""
    for name in _DISTRIBUTIONS.get(library, (library,)):
        with suppress(PackageNotFoundError):
            return version(name)
    return ""


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def note_path(output: Path) -> Path:
    """Path of an output's note, beside it: new code or another duration must not change what others read."""
    return output.with_name(f"{output.name}.fingerprint.json")


def write_note(output: Path, config: Config, stage: str, facts: dict[str, Any]) -> None:
    """Note that `output` is now what `stage` makes of `config`, and what there is to know about it."""
    note = {"fingerprint": of_stage(config, stage), "facts": facts}
    write_text(note_path(output), json.dumps(note, indent=1) + "\n")


def current_facts(output: Path, config: Config, stage: str) -> dict[str, Any] | None:
    """The facts noted with `output` if it is what `stage` makes of `config` with the code as it is, else None.

    Raises:
        RuntimeError: it is not, in a DVC stage: DVC records that this output was read, so it must be.
    """
    try:
        note = json.loads(note_path(output).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none, or half of one
        note = None
    wanted = json.loads(json.dumps(of_stage(config, stage)))
    if output.exists() and isinstance(note, dict) and "facts" in note and note.get("fingerprint") == wanted:
        facts: dict[str, Any] = note["facts"]
        return facts
    if in_dvc_stage():
        raise RuntimeError(
            f"{output}: found an output of another config or other code, expected that of params.yaml; "
            f"make it again with `dvc repro --force {stage}`"
        )
    return None
