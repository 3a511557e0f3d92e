"""One experiment as checked objects."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from src.data.parsing import OnBadRecord
from src.data.sampling import REFERENCE_RECORDS, Task
from src.data.sources import Dataset
from src.data.splitting import Split

if TYPE_CHECKING:
    from src.data.layout import Layout
    from src.evaluation.config import DecisionProtocol, EvaluationProtocol


@dataclass(frozen=True)
class Settings:
    """One experiment, every value checked.

    Attributes:
        config: The whole composed config, resolved, as plain containers.
        scaling: A `src.features.scaling.Scaling`; None, like all other groups, where it was built for a stage that
            does not declare it.
        reducer: An unfitted `src.features.reducers.Reducer`.
        model: A `src.models.interface.Model`.
        training: `src.models.training.Training`.
    """

    config: dict[str, Any]
    dataset: Dataset
    task: Task
    split: Split
    scaling: Any
    reducer: Any
    layout: "Layout"
    model: Any
    training: Any
    decision: "DecisionProtocol"
    evaluation: "EvaluationProtocol"
    on_bad_record: OnBadRecord
    k: int
    seed: int

    @property
    def scale(self) -> float:
        """Factor on the task's counts; published files are drawn from as the task says."""
        records = self.config["dataset"].get("records", REFERENCE_RECORDS)
        return min(1.0, float(records / REFERENCE_RECORDS))

    @property
    def caption(self) -> str:
        """Data, protocol and model that a picture or table shows, in a line."""
        return self._caption(f"{self.config['model']['name']} on ")

    @property
    def input_caption(self) -> str:
        """The same of what no model has a part in."""
        return self._caption("")

    def _caption(self, model: str) -> str:
        names = {group: self.config[group]["name"] for group in ("dataset", "task", "split", "scaling", "reducer")}
        warning = "SIMULATED DATA - " if self.dataset.simulated else ""
        scaled = "" if names["scaling"] == "minmax" else f"{names['scaling']} "
        steps = {
            "record": "",
            "groups": ", by groups",
            "history": ", by groups and history",
            "window": f", windows of {self.layout.window}",
        }
        return (
            f"{warning}{names['dataset']}, {names['task']}, {names['split']} split, "
            f"{model}{scaled}{names['reducer']} k={self.k}{steps[self.layout.name]}, seed {self.seed}"
        )
