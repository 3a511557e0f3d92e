"""Search with Optuna over inputs, networks and their training: `python -m src.sweep sweep=components`.

A study has `sweep.n_trials` trials. The same command, repeated or run by several workers at once, goes on with those
that are left. Trials are scored on validation only; the winner becomes conf/experiment/best/<study>.yaml.
"""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from src.config.build import make
from src.config.entry_point import entry_point
from src.models.networks.keras_setup import limit_threads
from src.search.create import open_study, parent_run
from src.search.experiments import Experiments
from src.search.objective import Objective, on_stale_trial
from src.search.report import write_report
from src.search.space import read_space
from src.search.storage import open_storage, storage_url
from src.search.worker import Worker
from src.tracking import parents
from src.utils.paths import project


@entry_point("sweep")
def main(cfg: DictConfig) -> None:
    """Run one worker of a study; the last worker writes the report."""
    sweep = make("sweep", OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)["sweep"])  # type: ignore
    experiments = Experiments(HydraConfig.get().overrides.task, project())
    space = read_space(sweep.space, experiments.fixed)
    experiments.check(space)
    if sweep.threads:
        limit_threads(sweep.threads)
    storage = open_storage(storage_url(sweep.storage), sweep.heartbeat, on_stale_trial)
    study, created = open_study(sweep, storage, experiments, space)
    tags = {"study": sweep.study, "simulated": str(cfg.dataset.name == "simulated").lower()}
    parent = parent_run(
        study, created, lambda: parents.start_parent(cfg.tracking.experiment, sweep.study, tags), parents.reopen_parent
    )
    with parents.open_parent(parent):
        objective = Objective(sweep, space, experiments, parent)
        if Worker(sweep, study, storage, experiments.defaults(space), objective).work():
            print(write_report(sweep, study, experiments, parent))


if __name__ == "__main__":
    main()
