"""Keys in a filter of MLflow that no run has: which were meant."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

_KINDS = {"metrics": "metrics", "metric": "metrics", "params": "params", "param": "params", "parameter": "params"}
_OTHER_KINDS = ("tags", "tag", "attributes", "attribute", "attr", "run", "datasets", "dataset")
_ATTRIBUTES = ("status", "start_time", "end_time", "created", "run_name", "run_id", "artifact_uri", "user_id")
_USUAL = ("model.name", "reducer.name", "k", "split.name", "val_macro_f1", "test_accuracy")
_OPERATOR = r"(?:[!<>]?=|[<>]|\b(?:not\s+)?(?:i?like|in)\b)"
_VALUE = re.compile(rf"({_OPERATOR})\s*(?:'[^']*'|\"[^\"]*\")", re.IGNORECASE)
_KEY = re.compile(rf"(?:(\w+)\.)?(\"[^\"]+\"|`[^`]+`|[\w./-]+)\s*{_OPERATOR}", re.IGNORECASE)


def unknown_key(text: str, runs: Iterable[Any]) -> str | None:
    """Message on the first key of a filter that no run has as metric or parameter; None where all are known.

    Args:
        text: Filter, or what was meant to be one.
        runs: Runs of the store.
    """
    metrics: set[str] = set()
    params: set[str] = set()
    for run in runs:
        metrics |= run.data.metrics.keys()
        params |= run.data.params.keys()
    for kind, key in _keys(text):
        known = {"metrics": metrics, "params": params}.get(kind, metrics | params)
        if kind and key in known:
            continue

        def full(names: Iterable[str]) -> list[str]:
            return [f"metrics.{one}" if one in metrics else f'params."{one}"' for one in names]

        near = full(_near(key, known))
        usual = full(one for one in _USUAL if one in known) or full(sorted(known)[: len(_USUAL)])
        what = f"no {kind.removesuffix('s')} {key!r}" if kind else f"{key!r} is no key of a filter"
        return f"{what}. " + (f"Did you mean {near[0]}?" if near else f"Known are {', '.join(usual)}, ...")
    return None


def _keys(text: str) -> Iterator[tuple[str, str]]:
    """Kind and name of each key that may be a metric or a parameter; the kind is empty where the filter has none."""
    for kind, quoted in _KEY.findall(_VALUE.sub(r"\1", text)):
        key = quoted.strip('"`')
        if kind.lower() in _KINDS:
            yield _KINDS[kind.lower()], key
        elif kind.lower() not in _OTHER_KINDS and (kind or key.lower() not in _ATTRIBUTES):
            yield "", f"{kind}.{key}".lstrip(".")


def _near(key: str, known: Iterable[str]) -> list[str]:
    """Names that may have been meant: `reducr` is near to reducer.name, and `acuracy` to test_accuracy."""
    names = {one: one for one in sorted(known)}
    short = {one.removesuffix(".name").removeprefix("test_"): one for one in names} | names
    if key in short:
        return [short[key]]
    return [short[one] for one in get_close_matches(key, short, n=1)]
