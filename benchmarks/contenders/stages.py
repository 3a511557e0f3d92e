"""The work of each stage in a process that has everything imported: what is left is the work itself.

    python -m benchmarks.contenders.stages

Runs in a clone whose download is there, as DVC runs the stages (DVC_STAGE is set), and prints seconds as JSON: of the
`work` of each stage, and of the `imports` that its process starts with.
"""

import importlib
import json
import time
from contextlib import nullcontext

from omegaconf import OmegaConf

from src.utils.imports import without_collections
from src.utils.paths import PROJECT

STAGES = ("preprocess", "sample", "reduce", "train", "evaluate")
# In this order, as a later one finds what it shares with an earlier one.
IMPORTS = {
    "Hydra, Arrow": ("hydra", "src.config.build", "src.pipeline.stages"),
    "pandas, scikit-learn": ("pandas", "sklearn.decomposition"),
    "skops, matplotlib": ("skops.io", "src.features.reduction", "matplotlib.pyplot"),
    "Keras on TensorFlow": (
        "src.models.networks.layers",
        "src.models.networks.network",
        "src.models.networks.callbacks",
    ),
    "MLflow": ("mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store"),
}


def main() -> None:
    """Run all stages but the download."""
    imports, work = {}, {}
    for name, modules in IMPORTS.items():
        start = time.perf_counter()
        with without_collections() if name == "MLflow" else nullcontext():  # as the store does
            for module in modules:
                importlib.import_module(module)
        imports[name] = time.perf_counter() - start
    doors = {stage: importlib.import_module(f"src.{stage}") for stage in STAGES}
    config = OmegaConf.load(PROJECT / "params.yaml")
    for stage, door in doors.items():
        start = time.perf_counter()
        door.main(config)
        work[stage] = time.perf_counter() - start
    print(json.dumps({"work": work, "imports": imports}))


if __name__ == "__main__":
    main()
