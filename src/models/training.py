"""Settings of the training of networks, from conf/training."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.utils.validation import CHECKED, Count


@dataclass(frozen=True, config=CHECKED)
class Training:
    """Settings of the training of a network; classical models do not use them.

    Attributes:
        epochs: Upper bound on the passes over the training part.
        batch_size: Rows in a batch; a smaller training part is one batch.
        max_copies_per_row: Upper bound on the equal rows that are merged into one heavier row (`src.models.dedup`);
            1 merges none.
        class_balance: Exponent b from 0 to 1: each record of a class of n records weighs n ** -b. At 1 all classes
            weigh the same. The loss and accuracy of training are weighted; those of validation are not.
        type_balance: Exponent b from 0 to 1: each record also weighs (records of its attack type / records of its
            class) ** -b. At 1 all types of a class weigh the same, and a class of more types weighs more.
        max_rows_per_attack_type: Upper bound on the rows of each attack type, and of normal traffic, drawn at random;
            null for none. Two thirds of the distinct records are normal; nine in ten of the others are of one type.
        history_grafts: Copies of normal rows with the history and class of an attack, as a share of the normal rows
            (`src.models.networks.history_grafts`); for layout=history.
        noise: Standard deviation of the Gaussian noise that training adds to the standardized inputs.
        label_smoothing: Share of each target that is spread evenly over all classes, also in `val_loss`.
        optimizer: Keras optimizer.
        learning_rate: Peak of the learning rate, reached after the warm-up.
        schedule: Course of the learning rate: `constant`, or `cosine`, which falls to 0 at the last epoch.
        warmup_epochs: Duration of the linear rise from 0, in epochs.
        clipnorm: Upper bound on the norm of each weight's gradient; null for none.
        monitor: Metric of early stopping; the weights of its best epoch are kept.
        patience: Epochs without a better value before the fit ends; null runs all epochs.
        jit_compile: Compile each step with XLA. On a CPU that is slower: the cores then share operations, not batches.
        progress: Show the epochs of a fit: a bar on a terminal, elsewhere a line every ten seconds. A multirun shows
            them only if its command gives this key.
    """

    epochs: Count
    batch_size: Count
    max_copies_per_row: Count
    class_balance: Annotated[float, Field(ge=0, le=1)]
    type_balance: Annotated[float, Field(ge=0, le=1)]
    max_rows_per_attack_type: Count | None
    history_grafts: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    schedule: Literal["constant", "cosine"]
    warmup_epochs: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    clipnorm: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    monitor: Literal["val_loss", "val_accuracy"]
    patience: Count | None
    jit_compile: bool
    progress: bool
