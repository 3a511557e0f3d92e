"""Files of objects: what may not be in them is refused before it is built."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from src.models.classical.classifier import TRUSTED
from src.utils import archives
from src.utils.skops_files import load_object

X = np.random.default_rng(0).random((60, 3))
Y = (X[:, 0] + X[:, 1] > 1).astype(np.int64)


def load(found: Any, path: Path) -> Any:
    skops.io.dump(found, path)
    return load_object(path, TRUSTED.__contains__)


def fitted(**changes: int) -> DecisionTreeClassifier:
    """A tree, with values of its first inner node changed."""
    tree = DecisionTreeClassifier(random_state=0).fit(X, Y)
    state = tree.tree_.__getstate__()
    for name, value in changes.items():
        state["nodes"][name][0] = value
    tree.tree_.__setstate__(state)
    return tree


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"left_child": 0}, "the child 0 of node 0"),  # a path without end
        ({"right_child": 10**6}, "the child 1000000 of node 0"),
        ({"right_child": -7}, "the child -7 of node 0"),
        ({"feature": 3}, "feature 3 of 3"),
        ({"feature": -5}, "feature -5 of 3"),
        ({"threshold": float("nan")}, r"nan in tree_\.nodes\.threshold, expected finite numbers"),
    ],
)
def test_a_tree_that_would_crash_or_never_end_is_refused(changes: dict[str, int], message: str, tmp_path: Path) -> None:
    path = tmp_path / "estimator.skops"
    with pytest.raises(ValueError, match=rf"{path}: found .*{message}"):
        load(fitted(**changes), path)


def test_a_tree_of_a_forest_reads_the_features_of_the_forest(tmp_path: Path) -> None:
    forest = RandomForestClassifier(2, random_state=0).fit(X, Y)
    forest.estimators_[1] = DecisionTreeClassifier().fit(np.hstack([X, X]), Y)
    with pytest.raises(ValueError, match="found a RandomForestClassifier with trees of"):
        load(forest, tmp_path / "forest.skops")


def _boosted(field: str, value: int) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=2).fit(X, Y)
    model._predictors[0][0].nodes[field][0] = value
    return model


def _changed(model: Any, name: str, value: Any) -> Any:
    model = model.fit(X, Y)
    setattr(model, name, value)
    return model


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _boosted("left", 0), "the child 0 of node 0"),
        (lambda: _boosted("feature_idx", 77), "feature 77 of 3"),
        (lambda: _boosted("is_categorical", 1), "a split by categories"),
        (lambda: _changed(GradientBoostingClassifier(n_estimators=1), "n_features_in_", 2), "trees of"),
        (lambda: _changed(KNeighborsClassifier(algorithm="brute"), "_y", np.full(60, 9)), "labels of shape"),
        (lambda: _changed(KNeighborsClassifier(algorithm="brute"), "_fit_X", X[:, :2]), r"records of shape \(60, 2\)"),
        (lambda: _changed(KMeans(2), "cluster_centers_", X[:2, :2]), r"centers of shape \(2, 2\)"),
        (lambda: _changed(RandomForestClassifier(1), "n_jobs", 10**6), "n_jobs=1000000"),
        (lambda: _changed(RandomForestClassifier(1), "n_classes_", 10**9), "trees of"),
    ],
)
def test_sizes_and_indices_that_compiled_code_trusts_are_checked(
    make: Callable[[], Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=rf"found a .*{message}"):
        load(make(), tmp_path / "estimator.skops")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named_by_its_attribute(value: float, tmp_path: Path) -> None:
    model = KMeans(2, random_state=0).fit(X)
    model.cluster_centers_[0, 0] = value
    with pytest.raises(ValueError, match=rf"estimator\.skops: found {value} in cluster_centers_, expected finite"):
        load(model, tmp_path / "estimator.skops")


def _changed_schema(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    skops.io.dump(fitted(), path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    change(schema["content"]["content"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | {"schema.json": json.dumps(schema).encode()}).items():
            archive.writestr(name, data)


LIST = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}


def _nested(content: dict[str, Any]) -> None:
    content["nested"] = node = {**LIST, "content": []}
    for _ in range(200):
        node["content"] = [{**LIST, "content": []}]
        node = node["content"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_nested, "nested in more than 100 levels"),
        (lambda content: content.update(classes_={**LIST, "__loader__": "FunctionNode"}), "Untrusted types"),
        (lambda content: content.update(classes_={"__loader__": ["x"]}), "Untrusted types"),
        (lambda content: content["tree_"].pop("__reduce__"), "found an incomplete tree in tree_"),
        (lambda content: content["tree_"]["__reduce__"]["args"]["content"][2].update(content="9"), "and one output"),
        (lambda content: content["classes_"].update(file="no.npy"), "found no array in classes_"),
    ],
)
def test_a_description_without_end_or_with_other_parts_is_refused(
    change: Callable[[dict[str, Any]], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "estimator.skops"
    _changed_schema(path, change)
    with pytest.raises(ValueError, match=message):
        load_object(path, TRUSTED.__contains__)


def test_what_is_written_once_is_there_once(tmp_path: Path) -> None:
    """skops lets a list hold itself by its id, and forty lists, each twice in the next, be 2 ** 40 lists."""
    path = tmp_path / "estimator.skops"
    endless = {**LIST, "__id__": 7, "content": [{**LIST, "__id__": 7, "content": []}]}
    _changed_schema(path, lambda content: content.update(splitter=endless))
    assert load_object(path, TRUSTED.__contains__).splitter == [[]]
    node: dict[str, Any] = {**LIST, "__id__": 1, "content": []}
    for number in range(2, 42):
        node = {**LIST, "__id__": number, "content": [node, {**LIST, "__id__": number - 1, "content": []}]}
    _changed_schema(path, lambda content: content.update(splitter=node))
    assert str(load_object(path, TRUSTED.__contains__).splitter).count("[") == 81


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "UNPACKED_BYTES", 10_000)
    path = tmp_path / "estimator.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 1_000_000)
    with pytest.raises(ValueError, match=r"bytes that unpacks to 1,000,000, expected at most 10,000"):
        load_object(path, TRUSTED.__contains__)
    skops.io.dump(np.zeros(100_000), path)  # as large as it says: what a large model takes
    assert load_object(path, TRUSTED.__contains__).shape == (100_000,)


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip"])
def test_a_file_that_is_no_archive_is_named(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "estimator.skops"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"{path}: found no whole zip archive \(.*\), expected a saved model"):
        load_object(path, TRUSTED.__contains__)
    with pytest.raises(ValueError, match="found no such file"):
        load_object(tmp_path / "nothing.skops", TRUSTED.__contains__)
