"""Makes the paper's report from the runs of its grids."""

from src.pipeline.stage_outputs import StageOutputs
from src.reports.collect import settings
from src.reports.paper.report import PaperReport
from src.reports.paper.results import PaperResults, merge
from src.reports.runs import Results
from src.utils.paths import project


def paper_report(results: Results) -> PaperReport:
    """Return the report on the runs of the paper's grids, with the tasks and the attack counts of their data set."""
    first = settings(results.configurations[0])
    tasks = {one.task: one for one in results.configurations}
    return PaperReport(
        PaperResults(merge(results.configurations), results.simulated),
        first.dataset.name,
        StageOutputs(first, project()).training_file.findings["attacks"],
        [settings(one).task for _, one in sorted(tasks.items())],
        first.scale,
    )
