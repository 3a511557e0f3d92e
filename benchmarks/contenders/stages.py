"""Measures the work of each stage in one process that has imported everything, so that only the work is left.

    python -m benchmarks.contenders.stages

Runs in a clone after the download, as DVC runs the stages (DVC_STAGE is set). Prints seconds as JSON: the `work` of
each stage, and the `imports` at the start of its process.
"""

import importlib
import json
import time
from contextlib import nullcontext

from omegaconf import OmegaConf

from src.utils.imports import without_collections
from src.utils.paths import PROJECT

STAGES = ("preprocess", "sample", "reduce", "train", "evaluate")
# The order matters: modules that two groups share count for the first of them.
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
    """Run all stages except the download."""
    imports, work = {}, {}
    for name, modules in IMPORTS.items():
        start = time.perf_counter()
        with without_collections() if name == "MLflow" else nullcontext():  # as src/tracking/store.py does
            for module in modules:
                importlib.import_module(module)
        imports[name] = time.perf_counter() - start
    entry_points = {stage: importlib.import_module(f"src.{stage}") for stage in STAGES}
    config = OmegaConf.load(PROJECT / "params.yaml")
    for stage, entry_point in entry_points.items():
        start = time.perf_counter()
        entry_point.main(config)
        work[stage] = time.perf_counter() - start
    print(json.dumps({"work": work, "imports": imports}))


if __name__ == "__main__":
    main()
