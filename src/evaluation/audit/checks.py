"""All checks of an audit, in the order of its page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.evaluation.audit.classes import classes
from src.evaluation.audit.columns import constant, identifiers, missing, redundant
from src.evaluation.audit.conflicts import conflicts, contradicted
from src.evaluation.audit.copies import copies_in, shared, shared_with
from src.evaluation.audit.findings import Finding, grey
from src.evaluation.audit.giveaways import giveaways
from src.evaluation.audit.order import looks_ordered, neighbors, order, sorted_columns
from src.evaluation.audit.records import Records
from src.evaluation.audit.unseen import new_types, outside

_NO_TEST = "the data set has no test file"
_ACROSS = ("shared", "contradicted", "outside", "new_labels")


@dataclass(frozen=True)
class SplitRows:
    """Records of the training file that a split puts into training and test, as indexes into the file.

    Attributes:
        train: Records of the training part, int64, shape (m,); a record may be drawn several times.
        test: Records of the test part, int64, shape (n,).
    """

    train: np.ndarray
    test: np.ndarray


def audit(
    train: Records, tests: Sequence[Records], split: SplitRows | str | None, *, ordered: bool, seed: int
) -> list[Finding]:
    """Run all checks.

    Args:
        train: Training file.
        tests: Test files; the first is the main one.
        split: Parts that the split makes of the training file; None if the tests are the files themselves, or the
            reason why the split cannot be made.
        ordered: True if the data set says that its lines are in the order of the traffic.
        seed: Seed of the halves that rules on one column are learned and scored on.
    """
    files = (train, *tests)
    found = [copies_in(one) for one in files]
    found += [shared_with(train, one) for one in tests]
    found += _of_split(train, split)
    found += [conflicts(one.part, one.vectors, one.label) for one in files]
    found += [contradicted(one.part, train.vectors, train.label, one.vectors, one.label) for one in tests]
    found.append(giveaways(train, seed))
    found += [constant(one.part, one.columns) for one in files]
    found += [redundant(train), identifiers(train)]
    found += [order(one.part, one.label, declared=ordered) for one in files]
    found += [
        sorted_columns(one.part, {name: one.columns[name] for name in one.columns if name not in one.words})
        for one in files
    ]
    found += [outside(train, one) for one in tests]
    found += [new_types(one.part, train.label, one.label, one.labels) for one in tests]
    found += [classes(one.part, one.vectors, one.label, one.labels, one.categories) for one in files]
    found += [missing(one.part, len(one), one.missing) for one in files]
    return found if tests else [*found, *(grey(check, "test", _NO_TEST) for check in _ACROSS)]


def _of_split(train: Records, split: SplitRows | str | None) -> list[Finding]:
    """Check the parts that the split makes of the training file."""
    if split is None:
        return []
    if isinstance(split, str):
        return [grey(check, "split", split) for check in ("shared", "neighbors")]
    line, test = train.line, split.test
    return [
        shared(
            "split",
            train.vectors[split.train],
            train.label[split.train],
            train.vectors[test],
            train.label[test],
            place="training part",
        ),
        neighbors(line[split.train], line[test], ordered=looks_ordered(train.label)),
    ]
