"""How networks are trained: the numbers of conf/training."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED


@dataclass(frozen=True, config=CHECKED)
class Training:
    """Training of a network; classical models have none.

    Attributes:
        epochs: At most so many passes over the training part.
        batch_size: Records a step; a smaller training part is one batch.
        max_copies_per_row: Up to so many equal rows are trained as one that weighs as much (`src.models.dedup`);
            1 merges none.
        class_balance: 0 to 1: a class of n records weighs n ** -class_balance a record, so that at 1 all classes weigh
            the same. Loss and accuracy of training are of the weighted rows, those of validation are not weighted.
        type_balance: 0 to 1: a record also weighs (records of its attack type / records of its class) ** -type_balance,
            so that at 1 all types of a class weigh the same. A class weighs more by it, the more types it has.
        max_rows_per_attack_type: At most so many rows of each attack type, and of normal traffic, are trained, drawn at
            random; null trains all. Of distinct records two thirds are normal, and nine attacks in ten are of one type.
        history_grafts: Copies of normal rows that get the history of an attack and its class, as a share of the normal
            rows (`src.models.networks.history_grafts`); for a model that reads the history.
        noise: Standard deviation of the Gaussian noise that training adds to the inputs, after they are standardized.
        label_smoothing: Share of each target that is spread evenly over all classes, also in `val_loss`.
        optimizer: Keras optimizer.
        learning_rate: Its peak, reached after the warm-up.
        schedule: `constant`, or `cosine`: down to 0 at the last epoch.
        warmup_epochs: Linear rise from 0, in epochs.
        clipnorm: Norm that each weight's gradient is cut to; null for none.
        monitor: What early stopping looks at; the weights of its best epoch are kept.
        patience: Epochs without a better value before the fit ends; null never ends early.
        jit_compile: Compile each step with XLA, whose cores then share operations: on a CPU that is slower.
        progress: Show a progress bar.
    """

    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    max_copies_per_row: Annotated[int, Field(ge=1)]
    class_balance: Annotated[float, Field(ge=0, le=1)]
    type_balance: Annotated[float, Field(ge=0, le=1)]
    max_rows_per_attack_type: Annotated[int, Field(ge=1)] | None
    history_grafts: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    schedule: Literal["constant", "cosine"]
    warmup_epochs: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    clipnorm: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    monitor: Literal["val_loss", "val_accuracy"]
    patience: Annotated[int, Field(ge=1)] | None
    jit_compile: bool
    progress: bool
