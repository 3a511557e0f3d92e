"""Fingerprints: the config values and the code that an output follows from.

The output of a stage has its fingerprint in a note beside it, so that a stale table is never read. A run has its
fingerprint in the store, where it is found again by it. The code is what `src.pipeline.closure` reaches from the
function that makes the output and from the classes that its config names. The config values of a stage are the params
that dvc.yaml declares for it. A test shows that params and deps cover what the stage reads.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from src.config.stage_params import stage_params
from src.pipeline.closure import Closure, Code
from src.utils.files import write_text
from src.utils.paths import PROJECT, in_dvc_stage

Config = Mapping[str, Any]

_READS = "src.pipeline.stage_outputs.StageOutputs"  # reads the outputs of earlier stages, or makes them in memory
_TRAINS = ("src.pipeline.experiment.train", "src.pipeline.experiment.write_training", _READS)
# Functions and classes that make the output of each stage.
STAGES: dict[str, tuple[str, ...]] = {
    "download": ("src.pipeline.stages.write_raw",),
    "preprocess": ("src.pipeline.stages.write_preprocessed", _READS),
    "sample": ("src.pipeline.stages.write_sampled", _READS),
    "reduce": ("src.pipeline.stages.write_reduced", "src.pipeline.stages.write_reduction_reports", _READS),
    "train": _TRAINS,
    "evaluate": (*_TRAINS, "src.pipeline.experiment.evaluate"),  # its detector comes from there
}
_BUILDS = "src.config.build.build"  # makes the objects of every config
# A published file is fixed by its digest in the config; the code that fetches it does not matter.
_PUBLISHED = "src.data.sources.PublishedDataset"
# Values that decide what of a run is shown and kept, or only which configs are refused; results do not depend on them.
_WITHOUT_RESULT = (("tracking",), ("training", "progress"), ("dataset", "ordered"))
# Distributions whose name is not that of their package.
_DISTRIBUTIONS = {"sklearn": ("scikit-learn",), "yaml": ("pyyaml",), "tensorflow": ("tensorflow", "tensorflow-cpu")}


@cache
def _code() -> Code:
    return Code(PROJECT)


def stage_code(config: Config, stage: str) -> Closure:
    """Code that the output of a stage follows from."""
    return _code().closure(_roots(config, stage))


def of_stage(config: Config, stage: str) -> dict[str, Any]:
    """Fingerprint of the output of a stage: the stage, its config values, and its code with the libraries it imports.

    Take it before the work: code that changes meanwhile did not make the output.
    """
    code = stage_code(config, stage)
    return {
        "stage": stage,
        "config": _stage_values(config, stage),
        "code": code.digest,
        "libraries": [platform.python_version(), *_versions(code)],
    }


def of_run(config: Config) -> dict[str, str]:
    """Fingerprint of a run: a digest of its config, and one of its code and the libraries that this imports."""
    code = _code().closure(root for stage in STAGES for root in _roots(config, stage))
    built_on = [code.digest, platform.python_version(), _versions(code)]
    return {"config": config_digest(config), "code": _digest(built_on)}


def config_digest(config: Config) -> str:
    """Fingerprint of the config of a run."""
    return _digest(_values(config))


def stage_digest(config: Config, stage: str) -> str:
    """Digest of the config values that the output of a stage follows from."""
    return _digest(_stage_values(config, stage))


def same_output(one: Config, other: Config, stage: str) -> bool:
    """Tell whether two configs give a stage the same output."""
    return _stage_values(one, stage) == _stage_values(other, stage)


def _stage_values(config: Config, stage: str) -> dict[str, Any]:
    """Values of a config that the output of a stage follows from."""
    values = _values(config)
    return {key: values[key] for key in stage_params(stage) if key in values}


def _values(config: Config) -> dict[str, Any]:
    """Values of a config that change a number, in a form in which two configs are equal only if they give the same."""
    values: dict[str, Any] = json.loads(json.dumps(config))
    for *places, last in _WITHOUT_RESULT:
        node = values
        for place in places:
            node = node[place]
        node.pop(last, None)
    # Records were drawn with copies, and by `seed`, before there were these keys: such values say nothing new.
    if values["dataset"].get("copies"):
        del values["dataset"]["copies"]
    own = {name: seed for name, seed in values.pop("seeds", {}).items() if seed != values["seed"]}
    if own:
        values["seeds"] = own
    # a list, as the order of the classes is their index, and mappings are equal in any order
    if "classes" in values["task"]:
        values["task"]["classes"] = list(values["task"]["classes"].items())
    # lists too, as the features follow from the order
    schema = values["dataset"]["schema"]
    for key in ("columns", "categories", "groups"):
        schema[key] = list(schema.get(key, {}).items())
    return values


def _roots(config: Config, stage: str) -> Iterator[str]:
    """Full names of the definitions that the closure of a stage starts from."""
    targets = {target for key in stage_params(stage) for target in _targets(config[key])}
    if stage != "download" or _PUBLISHED not in targets:
        yield from (*(targets - {_PUBLISHED}), *STAGES[stage], _BUILDS)


def _targets(node: Any) -> Iterator[str]:
    """Full names of the classes that a config, or a part of one, names."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield node["_target_"]
        for value in node.values():
            yield from _targets(value)


def _versions(code: Closure) -> list[str]:
    """Versions of the libraries that some code imports, for Keras also of its backend."""
    backend = {os.environ.get("KERAS_BACKEND", "tensorflow")} if "keras" in code.libraries else set[str]()
    return sorted(f"{library} {_version(library)}" for library in code.libraries | backend)


def _version(library: str) -> str:
    """Installed version of a library by its import name; empty if it has none."""
    versions = map(version, _DISTRIBUTIONS.get(library, (library,)))
    return next(filter(None, versions), "")


@cache
def version(distribution: str) -> str:
    """Version of a distribution at the first call; empty if it is not installed. To read its metadata takes 1 ms."""
    with suppress(PackageNotFoundError):
        return metadata.version(distribution)
    return ""


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def note_path(output: Path) -> Path:
    """Path of the note beside an output; inside, a new note would change the output that later stages depend on."""
    return output.with_name(f"{output.name}.fingerprint.json")


def write_note(output: Path, fingerprint: dict[str, Any], facts: dict[str, Any]) -> None:
    """Write the note of an output: its fingerprint from before the work, its files, and facts about it."""
    note = {"fingerprint": fingerprint, "files": _sizes(output), "facts": facts}
    write_text(note_path(output), json.dumps(note, indent=1) + "\n")


def _sizes(output: Path) -> dict[str, int]:
    """Bytes of each file of an output, by its path inside of it."""
    return {path.relative_to(output).as_posix(): path.stat().st_size for path in output.rglob("*") if path.is_file()}


def current_facts(output: Path, config: Config, stage: str) -> dict[str, Any] | None:
    """Facts noted with `output`; None if another config or other code made it.

    Raises:
        RuntimeError: another config or other code made it, and this is a DVC stage. DVC records that the stage read
            this output, so that the stage must not make another in memory.
    """
    try:
        note = json.loads(note_path(output).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no note, or a damaged one
        note = None
    noted = isinstance(note, dict) and {"fingerprint", "files", "facts"} <= note.keys()
    if noted and _whole(output, note["files"]) and made_by(note["fingerprint"], config, stage):
        facts: dict[str, Any] = note["facts"]
        return facts
    if in_dvc_stage():
        raise RuntimeError(stale(output, stage))
    return None


def made_by(fingerprint: Any, config: Config, stage: str) -> bool:
    """Tell whether a noted fingerprint is that of this config, this code and these libraries."""
    return bool(fingerprint == json.loads(json.dumps(of_stage(config, stage))))


def stale(output: Path, stage: str) -> str:
    """Error on an output that something else made."""
    return (
        f"{output}: found an output of another config, other code or other library versions, or with a file missing, "
        f"expected that of the present ones; make it again with `dvc repro --force {stage}`"
    )


def _whole(output: Path, files: Any) -> bool:
    """Tell whether every file that was noted is there, and as large; there may be others."""
    return output.exists() and isinstance(files, dict) and files.items() <= _sizes(output).items()
