"""Choices that conf/ offers, and the other choices that some of them need."""

from src.utils.paths import PROJECT

CONF = PROJECT / "conf"
NEEDS = {
    "training/teacher=extra_trees": ",layout=groups,reducer=none",
    "layout=window": ",split=official",
    "layout=groups": ",reducer=none",
    "layout=history": ",split=official,reducer=none",
}


def options(group: str) -> list[str]:
    """Every file of a group, also one that was added today."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
