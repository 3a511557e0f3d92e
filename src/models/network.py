"""What all networks share: scaling of the input, the fit, and the classifier it gives."""

import importlib
import math
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from src.checked import CHECKED
from src.data.schema import GROUPS
from src.data.windows import ModelInput, Windows
from src.files import whole_file
from src.models.balance import balance, balance_types, limit_types
from src.models.copies import distinct, merge_copies
from src.models.evidence import Evidence
from src.models.framework import cores_for_calls, load_keras
from src.models.grafts import graft
from src.models.interface import Fitted, OnEpoch, write_kind
from src.models.training import Training

# Records, or windows: what a batch leaves on its way through the network then stays in the processor's cache.
SCORING_BATCH = 2048
# An input that varies by less, against the largest one, is constant but for float32's rounding: principal components
# without variance reach 1e-6, the columns of KDD99 scaled to [0, 1] stay above 1e-4. Blown up to `input_scale`, the
# rounding would drown all else as soon as a record does not have the constant.
ROUNDING = 1e-5

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=CHECKED)
class Network(ABC):
    """A network over a record's k values as a sequence, shape (n, k, 1), or over windows of records, shape (n, w, k).

    Attributes:
        members: Networks side by side that judge together, see `src.models.committee`.
        standardise: Each of the k inputs is standardised on the training part; false leaves it as it is, so that an
            indicator that is rare in training is not blown up where it is set.
        input_scale: What the inputs are multiplied by then: the standard deviation the network sees.
        frequencies: The network also sees sine and cosine of its inputs at so many frequencies (0: only the inputs), by
            `src.models.layers.FourierFeatures`: KDD99's classes differ at a fine scale, which a smooth network misses.
            A step of a window, or of groups of columns, has k values, which makes k (1 + 2 frequencies) of them.
        lowest_frequency, highest_frequency: Range of them before training, in radians per unit of the scaled input.
        knee_frequency, frequency_decay: Above the knee their amplitudes fall, the faster the larger the decay.
    """

    reads_windows: ClassVar[bool] = True
    max_classes: ClassVar[int | None] = None

    members: Annotated[int, Field(ge=1)]
    standardise: bool
    input_scale: Positive
    frequencies: Annotated[int, Field(ge=0)]
    lowest_frequency: Positive
    highest_frequency: Positive
    knee_frequency: Positive
    frequency_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]

    @property
    def single(self) -> "Network":
        """One of the members."""
        return replace(self, members=1)

    @abstractmethod
    def body(self, inputs: Any) -> Any:
        """Keras layers from inputs, float32, shape (batch, steps, c), to what the classes are read from, (batch, d)."""

    def recoding(self, X: np.ndarray, y: np.ndarray) -> Evidence | None:
        """What the inputs become before all else, fitted on the training part; None leaves them as they are.

        Args:
            X: float32, shape (n, k).
            y: int32, shape (n,); 0 is normal.
        """
        return None

    def pretrained(self, inputs: Any, seen: Any, X: ModelInput, rng: np.random.Generator) -> list[np.ndarray]:
        """What the first weights of a body start as, learned without classes; none: all of them as they are drawn.

        Args:
            inputs: The network's input, a Keras tensor.
            seen: What the body reads, of the same network.
            X: The training part.
            rng: Of the body's member.
        """
        return []

    def build(
        self,
        mean: np.ndarray,
        deviation: np.ndarray,
        n_classes: int,
        window: int | None = None,
        *,
        steps: np.ndarray | None = None,
        noise: float = 0.0,
        evidence: Evidence | None = None,
        unlabelled: ModelInput | None = None,
        seed: int = 0,
    ) -> Any:
        """The Keras model: float32, shape (batch, k, 1), to logits, float32, shape (batch, members, n_classes).

        Args:
            mean: Of each input, recoded where it is, on the training part, shape (k,).
            deviation: Its standard deviation, shape (k,); where it is nothing but rounding the input is only centred.
            window: Records in a window: the model takes shape (batch, window, k).
            steps: The step that each input belongs to, int64, shape (k,); None: each its own.
            noise: Standard deviation of what training adds to the scaled inputs.
            evidence: What the inputs are recoded to before they are scaled; None: they are not.
            unlabelled: The training part, for bodies that are pre-trained; None: they start as they are drawn.
            seed: Of the pre-training.
        """
        keras = load_keras()
        if not self.standardise:
            mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
        variance = np.where(is_constant(mean, deviation), 1.0, (deviation / self.input_scale) ** 2)
        k = len(mean)
        inputs = keras.Input((k, 1) if window is None else (window, k))
        axis = 1 if window is None else 2
        seen = inputs
        if evidence is not None:
            from src.models.layers import WeightOfEvidence

            seen = WeightOfEvidence(evidence.edges, evidence.weights, axis)(inputs)
        scaled = keras.layers.Normalization(axis=axis, mean=mean, variance=variance)(seen)
        if noise:
            scaled = keras.layers.GaussianNoise(noise)(scaled)
        if steps is not None:
            from src.models.layers import Grouped

            scaled = Grouped(steps.tolist())(scaled)
        judged = []
        for member in range(self.members):
            head = keras.layers.Dense(n_classes)  # before the body: weights are drawn in the order of the layers
            seen = self._seen(scaled, member)
            read = self.body(seen)
            start = []
            if unlabelled is not None:
                start = self.pretrained(inputs, seen, unlabelled, np.random.default_rng([seed, member]))
            if start:
                body = keras.Model(seen, read)
                body.set_weights([*start, *body.get_weights()[len(start) :]])
            judged.append(keras.layers.Reshape((1, n_classes))(head(read)))
        return keras.Model(inputs, keras.layers.Concatenate(axis=1)(judged) if len(judged) > 1 else judged[0])

    def _seen(self, scaled: Any, member: int) -> Any:
        """What one member sees: the members' frequencies lie between each other's, so that they do not err alike."""
        if not self.frequencies:
            return scaled
        from src.models.layers import FourierFeatures

        step = (self.highest_frequency / self.lowest_frequency) ** (1 / max(1, self.frequencies - 1))
        shift = step ** (member / self.members)
        return FourierFeatures(
            self.frequencies,
            self.lowest_frequency * shift,
            self.highest_frequency * shift,
            self.knee_frequency,
            self.frequency_decay,
        )(scaled)

    def fit(
        self,
        X: ModelInput,
        y: np.ndarray,
        X_val: ModelInput,
        y_val: np.ndarray,
        *,
        n_classes: int,
        training: Training,
        seed: int,
        on_epoch: OnEpoch = lambda epoch: None,
        steps: np.ndarray | None = None,
        attack: np.ndarray | None = None,
    ) -> Fitted:
        """See `src.models.interface.Model.fit`."""
        keras = load_keras()
        from src.models import committee
        from src.models.callbacks import EpochReport, StopOnDivergence
        from src.models.shards import sharded

        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        start = time.perf_counter()
        records, window = (X.newest, X.window) if isinstance(X, Windows) else (X, None)
        evidence = self.recoding(records, y)
        seen = records if evidence is None else evidence.recode(records)
        mean, deviation = seen.mean(axis=0, dtype=np.float64), seen.std(axis=0, dtype=np.float64)
        network = self.build(mean, deviation, n_classes, window, steps=steps, noise=training.noise, evidence=evidence,
                             unlabelled=X, seed=seed)  # fmt: skip
        X, y, weight = _weighed(X, y, attack, training, seed)
        if training.past_grafts:
            X, y, weight = graft(np.asarray(X), y, weight, _past(steps), training.past_grafts, seed)
        X_val, y_val, weight_val = merge_copies(X_val, y_val, len(X_val))
        batch = min(training.batch_size, len(X))
        updates = math.ceil(len(X) / batch)
        # Whole batches only, filled up from the front: one shape means one compiled step, and with all steps of an
        # epoch in one call the framework's cost per step is gone (0.3 s an epoch instead of 0.9 s at k = 2).
        filled = np.resize(np.arange(len(X)), updates * batch)
        report = EpochReport(training, on_epoch)
        # XLA makes one program of a step, whose shards would wait for each other
        trained = network if training.jit_compile else sharded(network, batch)
        trained.compile(
            optimizer=_optimizer(training, updates),
            loss=committee.smoothed_loss(training.label_smoothing),
            weighted_metrics=[committee.accuracy],
            jit_compile=training.jit_compile,
            steps_per_execution=updates,
        )
        trained.fit(
            sequences(X[filled]),
            y[filled],
            sample_weight=weight[filled],
            batch_size=batch,
            epochs=training.epochs,
            validation_data=(sequences(X_val), y_val, weight_val),
            validation_batch_size=min(len(X_val), SCORING_BATCH),
            verbose=0,
            callbacks=[
                StopOnDivergence(training),
                report,
                keras.callbacks.EarlyStopping(
                    training.monitor,
                    mode="max" if training.monitor == "val_accuracy" else "min",
                    patience=training.patience or training.epochs,
                    restore_best_weights=True,
                ),
            ],
        )
        seconds = time.perf_counter() - start
        facts = {
            "rows_per_epoch": len(X),
            "network_parameters": network.count_params(),
            "backend": keras.backend.backend(),
        }
        return Fitted(NetworkClassifier(network), seconds, report.epochs, facts)


def is_constant(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Which inputs do not vary but for rounding: bool, shape (k,), of the mean and deviation of each, shape (k,)."""
    constant: np.ndarray = deviation <= ROUNDING * np.max(np.abs(mean) + deviation)
    return constant


def sequences(X: ModelInput) -> np.ndarray:
    """The steps that a network reads, float32: shape (n, k, 1) of records, (n, w, k) of windows."""
    return np.asarray(X) if isinstance(X, Windows) else X[:, :, None]


def _weighed(
    X: ModelInput, y: np.ndarray, attack: np.ndarray | None, training: Training, seed: int
) -> tuple[ModelInput, np.ndarray, np.ndarray]:
    """The rows that are trained, their classes, int32, and their weights, float32, shape (m,)."""
    if not (training.type_balance or training.type_limit):
        X, y, weight = merge_copies(X, y, training.copies)
        return X, y, balance(weight, y, training.class_balance)
    if attack is None:
        raise ValueError(
            f"training.type_balance={training.type_balance} type_limit={training.type_limit}: found no attack types, "
            "expected one a row; give the fit `attack`, or set them to 0 and null"
        )
    types = int(attack.max()) + 1
    X, kind, weight = merge_copies(X, y * types + attack, training.copies)
    if training.type_limit:
        kept = limit_types(kind, training.type_limit, seed)
        X, kind, weight = X[kept], kind[kept], weight[kept]
    y = kind // types
    weight = balance(weight, y, training.class_balance)
    return X, y, balance_types(weight, y, kind, training.type_balance)


def _past(steps: np.ndarray | None) -> np.ndarray:
    """Columns that tell of the records before, int64."""
    found = np.zeros(0, dtype=np.int64) if steps is None else np.flatnonzero(steps == len(GROUPS))
    if not len(found):
        raise ValueError(
            "training.past_grafts: found no column of the past, expected layout=past; set it to 0 for other layouts"
        )
    return found


def _optimizer(training: Training, steps: int) -> Any:
    keras = load_keras()
    rate: Any = training.learning_rate
    warmup = round(training.warmup_epochs * steps)
    if training.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            max(1, training.epochs * steps - warmup),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    elif warmup:
        rate = keras.optimizers.schedules.PolynomialDecay(0.0, warmup, rate)
    kinds = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    return kinds[training.optimizer](rate, clipnorm=training.clipnorm)


class NetworkClassifier:
    """A fitted network."""

    def __init__(self, network: Any):
        self._network = network
        # For scoring: drops optimiser state and the step of the fit. XLA would take longer to compile than to score.
        self._network.compile(jit_compile=False)

    def predict_proba(self, X: ModelInput) -> np.ndarray:
        """Class probabilities, float32, shape (n, classes), of X, float32, shape (n, k), or Windows, shape (n, w, k).

        Each distinct row is scored once: 70 % of KDD99's records are copies.
        """
        first, row, _ = distinct(X)
        return self._score(X[first])[row]

    def _score(self, X: ModelInput) -> np.ndarray:
        logits = np.empty((len(X), *self._network.output_shape[1:]), dtype=np.float32)

        def score(start: int) -> None:
            some = slice(start, start + SCORING_BATCH)
            logits[some] = self._network.predict_on_batch(sequences(X[some]))

        starts = range(0, len(X), SCORING_BATCH)
        for start in starts[:1]:  # the first call builds what the others use
            score(start)
        with ThreadPoolExecutor(cores_for_calls()) as threads:
            list(threads.map(score, starts[1:]))
        logits -= logits.max(axis=-1, keepdims=True)
        odds = np.exp(logits)
        each: np.ndarray = odds / odds.sum(axis=-1, keepdims=True)
        return each.mean(axis=1)

    def save(self, folder: Path) -> None:
        """Keep the network as `network.keras`."""
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / "network.keras") as part:
            named = part.with_suffix(".keras")  # Keras looks at the ending
            self._network.save(named)
            named.replace(part)
        write_kind(folder, "network")

    @classmethod
    def load(cls, folder: Path) -> "NetworkClassifier":
        """Read back what `save` kept, in safe mode: no code in the file is run."""
        for module in ("src.models.layers", "src.models.cells"):
            importlib.import_module(module)  # registers what is in it
        return cls(load_keras().saving.load_model(folder / "network.keras", safe_mode=True, compile=False))
