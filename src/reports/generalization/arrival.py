"""Tables of detectors that read previous records, where records arrive in another way than in the file."""

from collections.abc import Sequence

from src.evaluation.arrivals import IN_FILE
from src.reports.markdown import markdown_table, over_seeds
from src.reports.runs import Configuration

_READ_PREVIOUS_RECORDS = ("history", "window")  # layouts
_WAYS = {
    IN_FILE: "file in order",
    "single": "single records",
    "requests": "requests of 100",
    "shuffled": "shuffled",
    "reversed": "reversed",
    "mixed": "ten parts mixed",
}


def false_alarms(configurations: Sequence[Configuration]) -> str:
    """Return the false alarms for each way in which records arrive."""
    return _by_arrival("false alarms by arrival, %", "false_alarm_rate", 100, 2, configurations)


def costs(configurations: Sequence[Configuration]) -> str:
    """Return the mean cost for each way in which records arrive."""
    return _by_arrival("cost by arrival", "mean_cost", 1, 4, configurations)


def _by_arrival(title: str, metric: str, scale: float, digits: int, configurations: Sequence[Configuration]) -> str:
    """Means over the seeds, with the lowest and the highest, of the configurations that read previous records."""
    names = [f"test_{metric}" if way == IN_FILE else f"test_{metric}_{way}" for way in _WAYS]
    rows = [
        [one.title, *(over_seeds(one.values(name).values(), scale, digits) for name in names)]
        for one in configurations
        if one.config["layout"]["name"] in _READ_PREVIOUS_RECORDS
    ]
    return markdown_table([title, *_WAYS.values()], rows)
