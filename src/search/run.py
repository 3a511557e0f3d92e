"""One call of a sweep: checks the space, opens the study, runs a worker, and writes the report."""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from src.models.networks.keras_setup import limit_threads
from src.search import trial_queue
from src.search.config import Sweep
from src.search.create import open_study, parent_run
from src.search.experiments import Experiments
from src.search.objective import Objective
from src.search.progress import Lines
from src.search.report import write_report
from src.search.space import read_space
from src.search.storage import open_storage, storage_url
from src.search.worker import Worker
from src.tracking.parents import open_parent
from src.utils.paths import project
from src.utils.termination import closed_on_stop


def run_worker(cfg: DictConfig, sweep: Sweep, lines: Lines) -> None:
    """Run one worker of a study; the last worker writes the report.

    Args:
        cfg: Config of the command.
        sweep: Definition of the study.
        lines: Lines to print.
    """
    experiments = Experiments(HydraConfig.get().overrides.task, project())
    space = read_space(sweep.space, experiments.fixed)
    sweep.check_task(experiments.settings({}).task)
    experiments.check(space)
    limit_threads(sweep.threads)
    storage = open_storage(storage_url(sweep.storage), sweep.heartbeat, trial_queue.on_stale)
    study, created = open_study(sweep, storage, experiments, space)
    parent = parent_run(study, created, experiments)
    worker = Worker(
        sweep, study, storage, experiments.defaults(space), Objective(sweep, space, experiments, parent, lines), lines
    )
    with closed_on_stop(worker.release, lines.kept, ()), open_parent(parent):
        if worker.work():
            print(write_report(sweep, study, experiments, parent))
