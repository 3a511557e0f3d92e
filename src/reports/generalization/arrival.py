"""Tables and words on detectors that read previous records, where records arrive in another way than in the file."""

from collections.abc import Sequence

from src.detector.arrival import IN_FILE, WAYS
from src.reports.markdown import markdown_table, over_seeds
from src.reports.runs import Configuration

_READ_PREVIOUS_RECORDS = ("history", "window")  # layouts


def ways() -> str:
    """Return in words what arrives where it is not the file in order."""
    return "; ".join(way.words for name, way in WAYS.items() if name != IN_FILE)


def false_alarms(configurations: Sequence[Configuration]) -> str:
    """Return the false alarms for each way in which records arrive."""
    return _by_arrival("false alarms by arrival, %", "false_alarm_rate", 100, 2, configurations)


def costs(configurations: Sequence[Configuration]) -> str:
    """Return the mean cost for each way in which records arrive."""
    return _by_arrival("cost by arrival", "mean_cost", 1, 4, configurations)


def _by_arrival(title: str, metric: str, scale: float, digits: int, configurations: Sequence[Configuration]) -> str:
    """Means over the seeds, with the lowest and the highest, of the configurations that read previous records."""
    names = [f"test_{metric}" if way == IN_FILE else f"test_{metric}_{way}" for way in WAYS]
    rows = [
        [one.title, *(over_seeds(one.values(name).values(), scale, digits) for name in names)]
        for one in configurations
        if one.config["layout"]["name"] in _READ_PREVIOUS_RECORDS
    ]
    return markdown_table([title, *(way.short for way in WAYS.values())], rows)
