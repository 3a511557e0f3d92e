"""Tells whether runs of several seeds have one test, or each their own, and by how much these overlap."""

from collections.abc import Mapping, Sequence

_DRAWS = ("seeds.sampling", "seeds.split")  # the test follows from them, beside the config


def have_one_test(split: Mapping[str, object], runs: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether all runs of one configuration have the same test records.

    Args:
        split: Config of the split: `train`, and `test` as a share or `published`.
        runs: Parameters of the runs. Seeds of single draws follow `seed` where a run has none.

    >>> have_one_test({"test": "published"}, [])
    True
    >>> have_one_test({"test": "0.2"}, [{"seed": "0", "seeds.sampling": "0", "seeds.split": "0"},
    ...                                 {"seed": "1", "seeds.sampling": "0", "seeds.split": "0"}])
    True
    >>> have_one_test({"test": "0.2"}, [{"seed": "0"}, {"seed": "1"}])
    False
    """
    if split.get("test") == "published":
        return True
    drawn = {tuple(run.get(key, run.get("seed")) for key in _DRAWS) for run in runs}
    return len(runs) > 1 and len(drawn) == 1 and None not in drawn.pop()


def overlap_of_tests(split: Mapping[str, object], runs: Sequence[Mapping[str, object]] = ()) -> float:
    """Return the ratio of test to training records where each run draws both anew; 0 where all runs have one test.

    Args:
        split: Config of the split, as for `have_one_test`. A split without `test` decides by attack types and blocks:
            the numbers of records of the runs count.
        runs: Parameters of the runs.

    >>> overlap_of_tests({"train": 0.6, "test": 0.2}), overlap_of_tests({"train": 0.8, "test": "published"})
    (0.33333333333333337, 0.0)
    >>> overlap_of_tests({"train": 0.9}, [{"derived.records_test": "50", "derived.records_train": "200"}])
    0.25
    """
    if have_one_test(split, runs):
        return 0.0
    if split.get("test") is not None:
        return float(str(split["test"])) / float(str(split["train"]))
    counts = ([run.get(f"derived.records_{part}") for part in ("test", "train")] for run in runs)
    ratios = [float(str(test)) / float(str(train)) for test, train in counts if test and train]
    return sum(ratios) / len(ratios) if ratios else 0.0
