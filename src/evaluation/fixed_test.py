"""Tells whether runs of several seeds have one test, or each their own, which then overlap."""

from collections.abc import Mapping, Sequence

from src.evaluation.intervals import overlap_of_seeds

_DRAWS = ("seeds.sampling", "seeds.split")  # the test follows from them, beside the config


def draw_one_test(runs: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether several runs of one configuration drew their records and divided them with the same seeds.

    Args:
        runs: Parameters of the runs. Seeds of single draws follow `seed` where a run has none.

    >>> draw_one_test([{"seed": "0", "seeds.sampling": "0", "seeds.split": "0"},
    ...                {"seed": "1", "seeds.sampling": "0", "seeds.split": "0"}])
    True
    >>> draw_one_test([{"seed": "0"}, {"seed": "1"}])
    False
    """
    drawn = {tuple(run.get(key, run.get("seed")) for key in _DRAWS) for run in runs}
    return len(runs) > 1 and len(drawn) == 1 and None not in drawn.pop()


def overlap_of_tests(split: Mapping[str, object], runs: Sequence[Mapping[str, object]]) -> float:
    """Ratio of test to training records where each run draws both anew; 0 where all runs have one test.

    Args:
        split: Config of the split, as for `overlap_of_seeds`.
        runs: Parameters of the runs.
    """
    return 0.0 if draw_one_test(runs) else overlap_of_seeds(split, runs)
