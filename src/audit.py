"""Audit the data themselves: copies, conflicting labels, columns that give the label away, order, values, classes.

Findings are green, yellow or red, or grey where a check could not run. The page is reports/audit/README.md in the
folder of the call, below outputs/.
"""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.tracking.store import check_store
from src.utils.paths import output, project


@entry_point()
def main(cfg: DictConfig) -> None:
    """Audit, report and track."""
    check_store()
    settings = build(cfg, stage="sample")
    # only now, after all values are checked: they take a second
    from hydra.core.hydra_config import HydraConfig

    from src.reports.audit.collect import audit_and_write

    audit_and_write(settings, HydraConfig.get().overrides.task, project(), output())


if __name__ == "__main__":
    main()
