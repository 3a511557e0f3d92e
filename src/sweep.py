"""Search with Optuna: `python -m src.sweep sweep=components`. Repeated, it goes on with the trials that are left."""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from src.config.build import make
from src.config.entry_point import entry_point
from src.utils.paths import project


@entry_point("sweep")
def main(cfg: DictConfig) -> None:
    """Run one worker of a study; the last worker writes the report."""
    from src.models.networks.keras_setup import limit_threads
    from src.search.create import open_study, parent_run
    from src.search.experiments import Experiments
    from src.search.objective import Objective, on_stale_trial
    from src.search.report import write_report
    from src.search.space import read_space
    from src.search.storage import open_storage, storage_url
    from src.search.worker import Worker
    from src.tracking.parents import open_parent

    sweep = make("sweep", OmegaConf.to_container(cfg.sweep, resolve=True, throw_on_missing=True))  # type: ignore
    experiments = Experiments(HydraConfig.get().overrides.task, project())
    space = read_space(sweep.space, experiments.fixed)
    experiments.check(space)
    limit_threads(sweep.threads)
    storage = open_storage(storage_url(sweep.storage), sweep.heartbeat, on_stale_trial)
    study, created = open_study(sweep, storage, experiments, space)
    parent = parent_run(study, created, cfg.tracking.experiment, simulated=cfg.dataset.name == "simulated")
    with open_parent(parent):
        objective = Objective(sweep, space, experiments, parent)
        if Worker(sweep, study, storage, experiments.defaults(space), objective).work():
            print(write_report(sweep, study, experiments, parent))


if __name__ == "__main__":
    main()
