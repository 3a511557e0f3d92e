"""Saved networks: sizes and weights are checked before a record is scored."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from src.models.interface import Fitted
from src.models.networks import saved_network
from src.models.networks.keras_setup import load_keras
from src.models.networks.saved_network import check_outputs, load_network
from tests.models.small import SMALL


@pytest.fixture(scope="module")
def saved(fit: Callable[..., Fitted], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The members of a saved network."""
    folder = tmp_path_factory.mktemp("saved")
    fit(SMALL, epochs=1).classifier.save(folder)
    with zipfile.ZipFile(folder / "network.keras") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_weights_that_the_file_cannot_hold_get_no_memory(saved: dict[str, bytes], tmp_path: Path) -> None:
    keras = load_keras()
    with keras.StatelessScope(initialize_variables=False):  # as a hostile file is made: without a value of a weight
        inputs = keras.Input((10, 1))
        hidden = keras.layers.Dense(60_000)(keras.layers.Dense(60_000)(keras.layers.Flatten()(inputs)))
        outputs = keras.layers.Reshape((1, 2))(keras.layers.Dense(2)(hidden))
        config = keras.saving.serialize_keras_object(keras.Model(inputs, outputs))
    keras.utils.clear_session()
    path = write(tmp_path / "network.keras", saved | {"config.json": json.dumps(config).encode()})
    with pytest.raises(ValueError, match=r"network\.keras: .*found layers with weights of 14,40.,...,... bytes, and "):
        load_network(path)
    load_network(write(path, saved))  # what was refused is forgotten


def change_weights(data: bytes, value: float) -> bytes:
    file = io.BytesIO(data)
    with h5py.File(file, "r+") as weights:
        found: list[Any] = []
        weights.visititems(lambda name, item: found.append(item) if getattr(item, "size", 0) > 4 else None)
        found[0][(0,) * found[0].ndim] = value
    return file.getvalue()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_named(value: float, saved: dict[str, bytes], tmp_path: Path) -> None:
    weights = change_weights(saved["model.weights.h5"], value)
    path = write(tmp_path / "network.keras", saved | {"model.weights.h5": weights})
    with pytest.raises(
        ValueError, match=rf"network\.keras: found {value} in the weights \w+.*, expected finite numbers"
    ):
        load_network(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"units": 2,', '"units": 1000000000,', "found units=1000000000 of a layer, expected at most 65536"),
        ('"units": 2,', '"units": 3,', "found no network of this project"),
        ('"batch_shape": [null, ', '"batch_shape": [null, 200', r"found 200\d+ steps to unroll"),
        ('"class_name": "Dense"', '"class_name": "Lambda"', "found no network of this project"),
        ('"class_name": "Functional"', '"class_name": "Nothing"', "found no network of this project"),
        ("1.0", "NaN", r"found \w+=nan, expected a finite number"),
        ('"config"', '"config": ' + "[" * 100_000 + ', "config"', "found no JSON"),
    ],
)
def test_another_config_is_refused(old: str, new: str, message: str, saved: dict[str, bytes], tmp_path: Path) -> None:
    config = json.dumps(json.loads(saved["config.json"]))
    assert old in config
    text = config.replace(old, new, 1 if len(new) > 1000 else -1)
    path = write(tmp_path / "network.keras", saved | {"config.json": text.encode()})
    with pytest.raises(ValueError, match=rf"network\.keras: {message}"):
        load_network(path)


def test_a_layer_with_too_many_values_is_named(monkeypatch: pytest.MonkeyPatch, fit: Callable[..., Fitted]) -> None:
    keras = load_keras()
    inputs = keras.Input((4, 1), name="four")
    wide = keras.Model(inputs, keras.layers.Dense(5, name="wide")(keras.layers.Flatten()(inputs)))
    monkeypatch.setattr(saved_network, "LARGEST_OUTPUT", 5)
    check_outputs(wide)
    monkeypatch.setattr(saved_network, "LARGEST_OUTPUT", 4)
    with pytest.raises(ValueError, match="layer wide: found 5 values a record, expected at most 4; choose fewer units"):
        check_outputs(wide)
    monkeypatch.setattr(saved_network, "LARGEST_OUTPUT", 1)
    with pytest.raises(ValueError, match="values a record, expected at most 1"):  # before it is trained
        fit(SMALL, epochs=1)
