"""The work of each stage in a process that has everything imported: what is left is the work itself.

    python -m benchmarks.contenders.stages

Runs in a clone whose download is there, as DVC runs the stages (DVC_STAGE is set), and prints seconds by stage.
"""

import importlib
import json
import time

from omegaconf import OmegaConf

from src import evaluate, preprocess, reduce, sample, train
from src.models.framework import load_keras
from src.workspace import PROJECT

DOORS = {"preprocess": preprocess, "sample": sample, "reduce": reduce, "train": train, "evaluate": evaluate}
LATE = ("mlflow.pyfunc", "matplotlib.pyplot", "src.features.preparation", "src.models.network")  # imported at first use


def main() -> None:
    """Run all stages but the download."""
    load_keras()
    for module in LATE:
        importlib.import_module(module)
    config, seconds = OmegaConf.load(PROJECT / "params.yaml"), {}
    for name, door in DOORS.items():
        start = time.perf_counter()
        door.main(config)
        seconds[name] = time.perf_counter() - start
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
