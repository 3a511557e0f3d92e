"""Checks of loaded scikit-learn estimators whose compiled code trusts indices and sizes.

A wrong index makes that code read or write outside of its arrays, or follow a tree without end. Python code of
estimators needs no check: NumPy raises an error.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from src.utils.archives import AGAIN, DamagedError

_JOBS = (None, 1, -1)


def tree_fault(
    nodes: np.ndarray, inner: np.ndarray, fields: tuple[str, str, str], n_features: int | None
) -> str | None:
    """Describe a fault of a decision tree; None if each path from the root ends in a leaf.

    Args:
        nodes: Nodes by index, a structured array, shape (n,); the first is the root.
        inner: True for the nodes that are no leaves, bool, shape (n,).
        fields: Names of the fields that hold the two children, which stand behind their parent, and the feature.
        n_features: Number of features.
    """
    if nodes.ndim != 1 or not len(nodes):
        return f"nodes of shape {nodes.shape}"
    place = np.flatnonzero(inner)
    for field in fields[:2]:
        child = nodes[field][inner].astype(np.int64)
        wrong = (child <= place) | (child >= len(nodes))
        if wrong.any():
            return f"the child {child[wrong][0]} of node {place[wrong][0]}, of {len(nodes)} nodes,"
    feature = nodes[fields[2]][inner].astype(np.int64)
    wrong = (feature < 0) | (feature >= (n_features or 0))
    return f"feature {feature[wrong][0]} of {n_features}" if wrong.any() else None


def check_estimators(path: Path, found: Any) -> None:
    """Check all estimators in a loaded object.

    Args:
        path: File that the object is from.
        found: Estimator with the estimators that it holds.
    Raises:
        DamagedError: sizes or indices of an estimator contradict each other.
    """
    checks = _checks()
    for one in _objects(found):
        if not any(name.endswith("_") and not name.startswith("__") for name in vars(one)):
            continue  # not fitted: an ensemble also holds the estimator that its members are copies of
        jobs = getattr(one, "n_jobs", None)
        if not (jobs is None or type(jobs) is int) or jobs not in _JOBS:
            raise _wrong(path, one, f"n_jobs={jobs!r}, expected -1, 1 or none")
        for kind, check in checks.items():
            if isinstance(one, kind):
                try:
                    fault = check(one)
                except Exception as error:  # an attribute is missing, or of another type
                    fault = f"a damaged state ({type(error).__name__}: {error})"
                if fault:
                    raise _wrong(path, one, f"{fault}, expected sizes and indices that fit each other")


def _wrong(path: Path, found: Any, fault: str) -> DamagedError:
    return DamagedError(f"{path}: found a {type(found).__name__} with {fault}; {AGAIN}")


def _objects(found: Any) -> Iterator[Any]:
    """Yield an object and all objects that it holds, each once."""
    seen, left = set(), [found]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, (str, bytes, int, float, type)):
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, (list, tuple, set)) or (isinstance(one, np.ndarray) and one.dtype == object):
            left += list(one.ravel() if isinstance(one, np.ndarray) else one)
        elif hasattr(one, "__dict__"):
            yield one
            left += vars(one).values()


def _checks() -> dict[type, Callable[[Any], str | None]]:
    """Map the base class of each such kind of estimator to its check."""
    from sklearn.cluster._kmeans import _BaseKMeans  # late imports: they take a second
    from sklearn.ensemble._forest import BaseForest
    from sklearn.ensemble._gb import BaseGradientBoosting
    from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
    from sklearn.neighbors._base import NeighborsBase
    from sklearn.svm._base import BaseLibSVM
    from sklearn.tree import BaseDecisionTree

    return {
        BaseDecisionTree: _tree,
        BaseForest: _forest,
        BaseGradientBoosting: _boosted_trees,
        BaseHistGradientBoosting: _boosted_histograms,
        NeighborsBase: _neighbors,
        BaseLibSVM: _support_vectors,
        _BaseKMeans: _means,
    }


def _tree(one: Any) -> str | None:
    if one.tree_.n_features != one.n_features_in_ or one.n_outputs_ != 1:
        return f"{one.tree_.n_features} features in its tree and {one.n_features_in_} features"
    classes = getattr(one, "n_classes_", 1)  # a regressor has none
    return None if one.tree_.max_n_classes == classes else f"{classes} classes"


def _forest(one: Any) -> str | None:
    sizes = {(tree.tree_.n_features, tree.tree_.max_n_classes) for tree in one.estimators_}
    expected = (one.n_features_in_, len(one.classes_) if hasattr(one, "classes_") else 1)
    if sizes != {expected} or getattr(one, "n_classes_", 1) != expected[1] or one.n_outputs_ != 1:
        return f"trees of {sorted(sizes)} features and classes"
    return None


def _boosted_trees(one: Any) -> str | None:
    outputs = len(one.classes_) if hasattr(one, "classes_") and len(one.classes_) > 2 else 1
    if one.estimators_.ndim != 2 or one.estimators_.shape[1] != outputs or one.n_trees_per_iteration_ != outputs:
        return f"trees of shape {one.estimators_.shape}"
    sizes = {(tree.tree_.n_features, tree.tree_.max_n_classes) for tree in one.estimators_.ravel()}
    return None if sizes == {(one.n_features_in_, 1)} else f"trees of {sorted(sizes)} features and classes"


def _boosted_histograms(one: Any) -> str | None:
    outputs = len(one.classes_) if hasattr(one, "classes_") and len(one.classes_) > 2 else 1
    if one.n_trees_per_iteration_ != outputs or {len(trees) for trees in one._predictors} - {outputs}:
        return f"{one.n_trees_per_iteration_} trees an iteration"
    if one._baseline_prediction.shape != (1, outputs):
        return f"a baseline of shape {one._baseline_prediction.shape}"
    categorical = one._bin_mapper.is_categorical_
    if categorical.shape != (one.n_features_in_,):
        return f"bins of {categorical.shape[0]} features"
    for tree in (tree for trees in one._predictors for tree in trees):
        nodes = tree.nodes
        fields = ("left", "right", "feature_idx")
        if fault := tree_fault(nodes, nodes["is_leaf"] == 0, fields, one.n_features_in_):
            return fault
        chosen = nodes[(nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0)]
        sets = tree.raw_left_cat_bitsets
        if len(chosen) and not (
            categorical[chosen["feature_idx"]].all() and sets.shape[1] == 8 and chosen["bitset_idx"].max() < len(sets)
        ):
            return "a split by categories that it does not hold"
    return None


def _neighbors(one: Any) -> str | None:
    rows = one._fit_X
    if one._fit_method != "brute" or rows.ndim != 2 or rows.shape[1] != one.n_features_in_:
        return f"records of shape {rows.shape} for {one.n_features_in_} features"
    if len(rows) != one.n_samples_fit_ or not 1 <= one.n_neighbors <= len(rows):
        return f"{one.n_neighbors} neighbors among {len(rows)} records"
    labels = np.asarray(one._y)
    if labels.shape != (len(rows),) or labels.min() < 0 or labels.max() >= len(one.classes_):
        return f"labels of shape {labels.shape} for {len(rows)} records"
    return None


def _support_vectors(one: Any) -> str | None:
    vectors, classes = one.support_vectors_, len(one.classes_)
    pairs = classes * (classes - 1) // 2
    shapes = {
        "support_vectors_": (vectors.shape, (len(one.support_), one.n_features_in_)),
        "_n_support": (one._n_support.shape, (classes,)),
        "_dual_coef_": (one._dual_coef_.shape, (classes - 1, len(vectors))),
        "_intercept_": (one._intercept_.shape, (pairs,)),
        "_probA": (one._probA.shape, (pairs,)),
        "_probB": (one._probB.shape, (pairs,)),
    }
    for name, (shape, expected) in shapes.items():
        if shape != expected:
            return f"{name} of shape {shape}"
    counts = one._n_support
    if counts.min() < 0 or counts.sum() != len(vectors) or one._sparse or one.kernel == "precomputed":
        return f"{counts.sum()} support vectors of {len(vectors)}"
    return None


def _means(one: Any) -> str | None:
    centers = one.cluster_centers_
    one._n_threads = min(one._n_threads, os.cpu_count() or 1)  # of the machine that fitted it
    if centers.ndim != 2 or centers.shape[1] != one.n_features_in_ or one._n_threads < 1:
        return f"centers of shape {centers.shape} for {one.n_features_in_} features"
    return None
