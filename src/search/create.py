"""Creation of a study by its first worker. Other workers and later calls open it, and check that it is the same."""

import hashlib
import json
import time
from typing import Any

import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import RDBStorage
from optuna.study import Study

from src.config.build import ConfigError
from src.pipeline.fingerprint import of_run
from src.search.config import Sweep
from src.search.experiments import Experiments
from src.search.space import Space
from src.search.trial_queue import RUN
from src.tracking import parents

COMMAND = "command"
_DEFINITION = "definition"
_CODE = "code or library"
_SPACE = "space, objective or number of seeds"
_TIMEOUT_S = 60


def open_study(sweep: Sweep, storage: RDBStorage, experiments: Experiments, space: Space) -> tuple[Study, bool]:
    """Return the study, and True where this call created it.

    Raises:
        ConfigError: the storage has a study of that name with other data, space, objectives, code or libraries.
    """
    definition = _definition(sweep, experiments, space)
    try:
        study = optuna.create_study(study_name=sweep.study, storage=storage, directions=list(sweep.objectives.values()))
        study.set_metric_names(list(sweep.objectives))
        study.set_user_attr(COMMAND, experiments.command)
        study.set_user_attr(_DEFINITION, definition)
        return study, True
    except DuplicatedStudyError:
        study = optuna.load_study(study_name=sweep.study, storage=storage)
    found = _wait_for(study, _DEFINITION)
    if found is None:  # the worker that created it died at once
        study.set_user_attr(_DEFINITION, definition)
    elif changed := [part for part in definition if found.get(part) != definition[part]]:
        if _SPACE in changed:  # another space may use other code
            changed = [part for part in changed if part != _CODE]
        raise ConfigError(
            f"sweep.study={sweep.study}: the storage has a study of that name with another {' and '.join(changed)}, "
            f"so their trials cannot be compared; choose another name, such as sweep.study={sweep.study}-2"
        )
    if study.user_attrs.get(COMMAND) != experiments.command:  # the same study with another budget or sampler
        study.set_user_attr(COMMAND, experiments.command)
    return study, False


def parent_run(study: Study, created: bool, experiments: Experiments) -> str:
    """Return the id of the study's MLflow run. The worker that created the study makes it; the others reopen it.

    Args:
        study: Study that keeps the id.
        created: True for the worker that created the study.
        experiments: Experiments of the study, whose config names the MLflow experiment and the data.
    """
    run_id = None if created else _wait_for(study, RUN)
    if run_id is None or not parents.reopen_parent(run_id):
        base = experiments.settings({})
        simulated, experiment = base.dataset.simulated, base.config["tracking"]["experiment"]
        warning = "**Simulated data.** " if simulated else ""
        page = f"{warning}`{study.user_attrs[COMMAND]}` is running, or was interrupted: the same command goes on."
        tags = {"study": study.study_name, "simulated": str(simulated).lower(), "mlflow.note.content": page}
        run_id = parents.start_parent(experiment, f"sweep {study.study_name}", tags)
        study.set_user_attr(RUN, run_id)
    return run_id


def _definition(sweep: Sweep, experiments: Experiments, space: Space) -> dict[str, str]:
    """Digests of what trials must share to be comparable. The code is that of every model and reducer in the space.

    Parameters that the command fixes belong to the space: a fixed default is another space, but the same config.
    """
    probes = [of_run(experiments.settings(values).config) for values in ({}, *space.probes())]
    code = sorted({probe["code"] for probe in probes})
    search = json.dumps([sweep.space, sweep.objectives, sweep.n_seeds, sorted(space.fixed)], sort_keys=True)
    return {
        "config": probes[0]["config"],
        _CODE: hashlib.sha256(json.dumps(code).encode()).hexdigest(),
        _SPACE: hashlib.sha256(search.encode()).hexdigest(),
    }


def _wait_for(study: Study, attribute: str) -> Any:
    """Wait for an attribute that the creating worker is about to write; None where that worker died before."""
    end = time.monotonic() + _TIMEOUT_S
    while (value := study.user_attrs.get(attribute)) is None and time.monotonic() < end:
        time.sleep(0.2)
    return value
