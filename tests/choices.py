"""What may be chosen: the files of conf/, and what a choice needs beside it."""

from src.workspace import PROJECT

CONF = PROJECT / "conf"
NEEDS = {
    "layout=window": ",split=official",
    "layout=groups": ",reducer=none",
    "layout=past": ",split=official,reducer=none",
}


def options(group: str) -> list[str]:
    """Every file of a group, also one that was added today."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
