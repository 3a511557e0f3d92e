"""Archives that repeat to the byte."""

import json
import zipfile
from pathlib import Path

import numpy as np
import skops.io
from sklearn.tree import DecisionTreeClassifier

from src.utils.repeatable_archives import make_repeatable


def test_neither_times_nor_addresses_nor_padding_are_left(tmp_path: Path) -> None:
    path = tmp_path / "tree.skops"
    skops.io.dump(DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]), path)
    make_repeatable(path)
    with zipfile.ZipFile(path) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(info.filename == "schema.json" or len(info.filename) < 8 for info in archive.infolist())
        assert json.loads(archive.read("schema.json"))["__id__"] == 0
        for name in archive.namelist():
            array = np.load(archive.open(name)) if name.endswith(".npy") else np.zeros(1)
            if array.dtype.names:
                rows = np.frombuffer(array.tobytes(), np.uint8).reshape(len(array), array.dtype.itemsize)
                assert not rows[:, 57:].any()  # behind the last field of a node
    assert skops.io.load(path, trusted=["sklearn.tree._tree.Tree"]).predict([[1.0]]) == [1]
