"""One experiment as checked objects."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from src.data.held_out import HeldOutTypes
from src.data.parsing.records import OnBadRecord
from src.data.sampling import REFERENCE_RECORDS, Task
from src.data.sources import Dataset, SimulatedDataset
from src.data.splitting import Split

if TYPE_CHECKING:  # the first stages start without scikit-learn
    from src.data.layout import Layout
    from src.evaluation.config import DecisionProtocol, EvaluationProtocol
    from src.features.reducers import Reducer
    from src.features.scaling import Scaling
    from src.models.interface import Model
    from src.models.training import Training

Config = dict[str, Any]  # resolved, in plain containers, as YAML has it
TRAINED_ON = "trained_on"  # key of the data set of the training, in the config of an evaluation on another


def scale_of_counts(dataset: Mapping[str, Any]) -> float:
    """Factor on the record counts of a task: 1 for published files, less for small simulated ones.

    Args:
        dataset: Config of the data set.
    """
    return min(1.0, float(dataset.get("records", REFERENCE_RECORDS) / REFERENCE_RECORDS))


def is_simulated(dataset: Mapping[str, Any]) -> bool:
    """Tell whether records are simulated, by the class of the data set: a copy of its config has another name.

    Args:
        dataset: Config of the data set.
    """
    return str(dataset.get("_target_", "")).endswith(f".{SimulatedDataset.__name__}")


@dataclass(frozen=True)
class Seeds:
    """Seeds of single draws.

    Attributes:
        sampling: Seed of the draw of the task's records.
        split: Seed of the division into parts.
        training: Seed of the weights, of the order of the rows, and of a classical model's own draws.
    """

    sampling: int
    split: int
    training: int


@dataclass(frozen=True)
class Settings:
    """One experiment, every value checked.

    A group is None where the settings were built for a stage that does not declare it in dvc.yaml.

    Attributes:
        config: The whole composed config.
        reducer: Unfitted reducer.
        model: Unfitted model.
        k: Number of values that the reducer makes of a record; None for all features, however many these are.
        seed: Seed of every draw that has none of its own.
    """

    config: Config
    dataset: Dataset
    task: Task
    split: Split | HeldOutTypes
    scaling: "Scaling"
    reducer: "Reducer"
    layout: "Layout"
    model: "Model"
    training: "Training"
    decision: "DecisionProtocol"
    evaluation: "EvaluationProtocol"
    on_bad_record: OnBadRecord
    max_unknown: float
    k: int | None
    seed: int
    seeds: Seeds

    @property
    def scale(self) -> float:
        """Factor on the record counts of the task, see `scale_of_counts`."""
        return scale_of_counts(self.config["dataset"])

    @property
    def caption(self) -> str:
        """One line that names data, protocol and model, for pictures and tables."""
        return self._caption(f"{self.model_words} on ")

    @property
    def model_words(self) -> str:
        """Model in words: `lstm`, `lstm taught by extra_trees`."""
        teacher, name = self.config["training"].get("teacher"), str(self.config["model"]["name"])
        return f"{name} taught by {teacher['model']['name']}" if teacher else name

    @property
    def input_caption(self) -> str:
        """One line that names data and protocol, for what no model is part of."""
        return self._caption("")

    @property
    def input(self) -> str:
        """Input of the model in words: `pca k=2`."""
        scaling, reducer = (self.config[group]["name"] for group in ("scaling", "reducer"))
        scaled = "" if scaling == "minmax" else f"{scaling} "
        steps = {
            "record": "",
            "groups": ", by groups",
            "history": ", by groups and history",
            "window": f", windows of {self.layout.window}",
        }
        k = "all" if self.k is None else self.k
        return f"{scaled}{reducer} k={k}{steps[self.layout.name]}"

    def _caption(self, model: str) -> str:
        task, split = (self.config[group]["name"] for group in ("task", "split"))
        warning = "SIMULATED DATA - " if self.dataset.simulated else ""
        return f"{warning}{self.data_words}, {task}, {split} split, {model}{self.input}, {self.seed_words}"

    @property
    def data_words(self) -> str:
        """Data set in words, and that of the training if the detector is of another: `nsl_kdd, trained on kdd99`."""
        name = str(self.config["dataset"]["name"])
        return f"{name}, trained on {self.config[TRAINED_ON]['name']}" if TRAINED_ON in self.config else name

    @property
    def seed_words(self) -> str:
        """Seed of the run in words, and those of single draws that differ from it: `seed 0, split 3`."""
        own = (f"{name} {seed}" for name, seed in asdict(self.seeds).items() if seed != self.seed)
        return ", ".join([f"seed {self.seed}", *own])
