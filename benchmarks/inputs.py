"""Input of the benchmarks: records of the 10 % file or simulated ones, in a folder with the project's layout."""

import gzip
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir

from src.config.build import build
from src.config.settings import Settings
from src.data.schema_files import declared_schema
from src.data.sources import Dataset
from src.pipeline.stage_outputs import StageOutputs
from src.pipeline.stages import write_preprocessed, write_raw
from src.utils.paths import PROJECT, Workspace


def build_settings(*overrides: str) -> Settings:
    """Build and check the default config with overrides."""
    with initialize_config_dir(str(PROJECT / "conf")):
        return build(compose("config", overrides=list(overrides)))


@dataclass(frozen=True)
class Inputs:
    """Records of a data set.

    Attributes:
        scratch: Folder for the files made from them.
        dataset: Overrides that choose the data set.
    """

    scratch: Path
    dataset: Sequence[str] = ()

    @cached_property
    def workspace(self) -> Workspace:
        """Outputs of the stages download and preprocess."""
        made = Workspace(self.scratch / "workspace")
        write_raw(self.settings, made)
        write_preprocessed(self.settings, made, made)
        return made

    @property
    def gz(self) -> Path:
        """Training file as published."""
        dataset: Dataset = self.settings.dataset
        return self.workspace.raw(dataset.name) / dataset.file_name("train")

    @cached_property
    def text(self) -> Path:
        """Uncompressed training file."""
        path = self.scratch / "records.csv"
        with gzip.open(self.gz) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)
        return path

    @cached_property
    def settings(self) -> Settings:
        """Settings of the default config."""
        return build_settings(*self.dataset)

    def settings_for(self, k: int) -> Settings:
        """Settings for k components, or for all 53 features."""
        every = len(declared_schema("kdd").features)
        return build_settings(*self.dataset, *(("reducer=none",) if k == every else (f"k={k}",)))

    @cached_property
    def outputs(self) -> StageOutputs:
        """Outputs of the stages for the default config, up to the sample."""
        outputs = StageOutputs(self.settings, self.workspace)
        _ = outputs.sampled
        return outputs

    def outputs_for(self, k: int) -> StageOutputs:
        """Outputs of the stages for `settings_for`, from the same sample."""
        return self.outputs.for_config(self.settings_for(k))

    def for_training(self, k: int, *, batch: int, standardize: bool = True) -> Path:
        """A file for the contenders: the training part, cut to whole batches, and the validation part."""
        reduced = self.outputs_for(k).reduced
        X, y = reduced.train.X, reduced.train.y
        assert isinstance(X, np.ndarray)
        mean, deviation = X.mean(axis=0), X.std(axis=0)
        deviation[deviation < 1e-4] = 1
        if not standardize:
            mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
        whole = len(X) // batch * batch
        path = self.scratch / f"train-{k}-{batch}-{standardize}.npz"
        np.savez(
            path,
            X=((X - mean) / deviation)[:whole].astype(np.float32),
            y=y[:whole],
            X_val=((np.asarray(reduced.val.X) - mean) / deviation).astype(np.float32),
            y_val=reduced.val.y,
        )
        return path
