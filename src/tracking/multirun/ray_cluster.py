"""Multiruns on a Ray cluster: its workers get the addresses of the stores, and the code where they do not see it."""

import atexit
import os
import platform
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from omegaconf import DictConfig, OmegaConf

from src.tracking.connection import VARIABLE, database_file
from src.tracking.environment import REVISION_VARIABLE, git_revision
from src.tracking.store import store_uri
from src.utils.environment_variables import STORAGE_VARIABLE
from src.utils.paths import PROJECT
from src.utils.secrets import masked_address

# Beginnings of the variables that a run depends on, beside those of the node itself.
_PASSED_ON = ("MLFLOW_", "OPTUNA_", "IDS_", "KERAS_", "TF_")
_CODE = ("src", "conf", "dvc.yaml")  # parts of the project that a run reads


def is_ray(config: DictConfig) -> bool:
    """Tell whether the launcher of a multirun is Ray's."""
    return str(OmegaConf.select(config, "hydra.launcher._target_")).endswith(".RayLauncher")


def environment_for_workers() -> dict[str, str]:
    """Variables of this process for workers, which a running cluster does not pass on.

    They travel with the pickled callback: Ray logs what its own `runtime_env` has, passwords too.
    """
    passed = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    uri = store_uri()
    file = database_file(uri)
    return passed | {
        VARIABLE: f"sqlite:///{file.absolute()}" if file else uri,
        REVISION_VARIABLE: git_revision(),
    }


def connect(config: DictConfig) -> bool:
    """Connect to the cluster that the launcher names, or start one on this machine, before the launcher does so.

    The code goes with the jobs unless every node sees the folder of the project.

    Returns:
        True if the workers run a copy of the code.
    Raises:
        ValueError: a node does not see the folder, and a store is a file in it.
    """
    import ray

    init: Any = OmegaConf.to_container(config.hydra.launcher.ray.init, resolve=True)
    if init.get("address") == "local" or "runtime_env" in init or ray.is_initialized():
        return False  # workers of this machine, or a user who says what they get
    ray.init(**init)
    if not (blind := _nodes_without_the_project(ray)):
        return False
    _refuse_files(config, blind)
    ray.shutdown()
    ray.init(**init, runtime_env={"working_dir": str(_copy_of_the_code())})
    return True


def _nodes_without_the_project(ray: Any) -> list[str]:
    """Names of the nodes that do not see a file that this process writes beside the code."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = {node["NodeID"]: node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
    (PROJECT / "multirun").mkdir(exist_ok=True)
    proof = PROJECT / "multirun" / f".seen-{uuid4().hex}"
    proof.touch()
    try:
        exists = ray.remote(os.path.isfile)
        asked = {
            node: exists.options(
                num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
            ).remote(str(proof))
            for node in nodes
        }
        return sorted({nodes[node] for node, answer in asked.items() if not ray.get(answer)})
    finally:
        proof.unlink()
        with suppress(OSError):  # not empty
            proof.parent.rmdir()


def _refuse_files(config: DictConfig, nodes: list[str]) -> None:
    """Refuse stores that are files of this machine: each node would write to a file of its own."""
    where = f"{', '.join(nodes)} of the Ray cluster do not see {PROJECT} of {platform.node()}"
    if database_file(store_uri()):
        raise ValueError(
            f"{masked_address(store_uri())}: found a file as store, but {where}; expected a server: set {VARIABLE}, or "
            "share the folder"
        )
    storage = ("sweep" in config and config.sweep.storage) or os.environ.get(STORAGE_VARIABLE, "")
    if "sweep" in config and (not storage or storage.startswith("sqlite")):
        raise ValueError(
            f"sweep.storage={storage or 'null'}: found a file as storage of the study, but {where}; expected a "
            f"database server: set {STORAGE_VARIABLE}, or share the folder"
        )


def _copy_of_the_code() -> Path:
    """Folder with the parts of the project that a run reads, without hidden files; removed when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="ids-code-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in _CODE:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        else:
            shutil.copy2(PROJECT / name, folder / name)
    return folder
