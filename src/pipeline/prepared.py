"""Preprocessed files that the jobs of a multirun share, so that data are fetched and preprocessed once."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from src.config.build import build
from src.pipeline.fingerprint import current_facts
from src.pipeline.stages import write_preprocessed
from src.utils.paths import PREPARED_VARIABLE, Workspace, project


@contextmanager
def prepared_once(configs: Sequence[DictConfig], folder: Path) -> Iterator[None]:
    """Fetch and preprocess what the jobs of a multirun read, for as long as the block runs.

    Nothing is done for a single job, nor for data that `dvc repro preprocess` has left.

    Args:
        configs: Configs of the jobs.
        folder: Folder for the files, which workers find in their environment; it is removed afterwards.
    """
    if len(configs) < 2:
        yield
        return
    different = {_key(config): config for config in configs}
    try:
        for number, config in enumerate(different.values()):
            settings = build(config, stage="preprocess")
            if current_facts(project().preprocessed(settings.dataset.name), settings.config, "preprocess") is None:
                write_preprocessed(settings, Workspace(folder / str(number)), project())
        os.environ[PREPARED_VARIABLE] = str(folder)
        yield
    finally:
        os.environ.pop(PREPARED_VARIABLE, None)
        shutil.rmtree(folder, ignore_errors=True)


def _key(config: DictConfig) -> str:
    """Text that is equal for configs with the same preprocessed files."""
    return json.dumps(OmegaConf.to_container(OmegaConf.masked_copy(config, ["dataset", "preprocess"]), resolve=False))
