"""Base class of all networks: the graph of an ensemble's members, and the fit."""

import dataclasses
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from src.data.layout import ModelInput, Windows
from src.models.dedup import merge_copies
from src.models.interface import Fitted, OnEpoch
from src.models.networks.classifier import NetworkClassifier
from src.models.networks.column_forms import ColumnForm, fit_forms
from src.models.networks.fit import fit_network
from src.models.networks.fourier import Fourier
from src.models.networks.keras_setup import SETTINGS, load_keras
from src.models.networks.member import Member
from src.models.networks.network_input import NetworkInput
from src.models.networks.training_rows import Rows, trained_rows
from src.models.networks.weight_of_evidence import Evidence
from src.models.training import Training
from src.utils.validation import CHECKED, Count, Positive

if TYPE_CHECKING:  # imports Keras
    from src.models.networks.drawn_rows import RowSource


@dataclass(frozen=True, config=CHECKED)
class Network(ABC):
    """A network over a record's k values as a sequence, shape (n, k, 1), or over windows of records, shape (n, w, k).

    Attributes:
        members: Networks side by side whose mean probability is the result, see `src.models.networks.ensemble`.
        standardize: Standardize each of the k inputs on the training part. False leaves the inputs as they are:
            standardizing an indicator that is rare in training makes it very large where it is set.
        form: Form of each column that the network reads (`src.models.networks.column_forms`). All forms but `value` are
            read as they are, from 0 to 1; standardizing does not apply to them.
        input_scale: Factor on the inputs after that: the standard deviation that the network sees.
        fourier: Sines and cosines of the inputs that the network also sees.
    """

    reads_windows: ClassVar[bool] = True
    max_classes: ClassVar[int | None] = None

    members: Count
    standardize: bool
    form: ColumnForm
    input_scale: Positive
    fourier: Fourier

    @property
    def single(self) -> "Network":
        """The same network with one member."""
        return dataclasses.replace(self, members=1)

    @abstractmethod
    def body(self, inputs: Any) -> Any:
        """Apply Keras layers: float32, shape (batch, steps, c), to what the head reads, shape (batch, d)."""

    def recoding(self, X: np.ndarray, y: np.ndarray) -> Evidence | None:
        """Fit a recoding of the inputs on the training part; None leaves the inputs as they are.

        Args:
            X: float32, shape (n, k).
            y: int32, shape (n,); 0 is normal.
        """
        return None

    def pretrained_weights(self, member: Member, X: ModelInput, rng: np.random.Generator) -> list[np.ndarray]:
        """Learn the first weights of a member's body without classes; an empty list leaves all of them as drawn.

        Args:
            member: Graph of the member, with drawn weights.
            X: Training part.
            rng: Random generator of the member.
        """
        return []

    def build(
        self,
        data: NetworkInput,
        n_classes: int,
        *,
        noise: float = 0.0,
        pretrain_on: ModelInput | None = None,
        seed: int = 0,
    ) -> Any:
        """Build the Keras model: float32, shape (batch, k, 1), to logits, float32, shape (batch, members, n_classes).

        Args:
            data: Statistics and layout of the inputs; with a window the model reads shape (batch, window, k).
            n_classes: Number of classes.
            noise: Standard deviation of the noise that training adds to the scaled inputs.
            pretrain_on: Training part that each member is pre-trained on; None leaves the weights as drawn.
            seed: Seed of the pre-training.
        """
        keras = load_keras()
        inputs, scaled = data.layers(standardize=self.standardize, scale=self.input_scale, noise=noise)
        logits = []
        for number in range(self.members):
            member = self._member(number, inputs, scaled, n_classes)
            if pretrain_on is not None:
                # before the next member is built, as Keras draws the weights of all members from one sequence
                rng = np.random.default_rng([seed, number])
                member.set_first_weights(self.pretrained_weights(member, pretrain_on, rng))
            logits.append(member.logits)
        return keras.Model(inputs, keras.layers.Concatenate(axis=1)(logits) if len(logits) > 1 else logits[0])

    def _member(self, number: int, inputs: Any, scaled: Any, n_classes: int) -> Member:
        """Build the graph of one member on the scaled inputs."""
        layers = load_keras().layers
        head = layers.Dense(n_classes)  # before the body: weights are drawn in the order of the layers
        features = self.fourier.expand(scaled, number, self.members)
        hidden = self.body(features)
        return Member(inputs, features, hidden, layers.Reshape((1, n_classes))(head(hidden)))

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
        codes: Sequence[int] = (),
    ) -> Fitted:
        """See `src.models.interface.Model.fit`."""
        return self.fit_rows(
            lambda: trained_rows(X, y, training, seed, attack=attack, steps=steps),
            merge_copies(X_val, y_val, len(X_val)),
            X,
            y,
            n_classes=n_classes,
            training=training,
            seed=seed,
            on_epoch=on_epoch,
            steps=steps,
            codes=codes,
        )

    def fit_rows(
        self,
        make_rows: "Callable[[], Rows | RowSource]",
        validation: Rows,
        X: ModelInput,
        y: np.ndarray,
        *,
        n_classes: int,
        training: Training,
        seed: int,
        on_epoch: OnEpoch,
        steps: np.ndarray | None,
        codes: Sequence[int],
    ) -> Fitted:
        """Fit on rows that another function chooses; X and y are the training part, on which the inputs are measured.

        Args:
            make_rows: Makes the rows, see `src.models.networks.fit.fit_network`; the seconds of the fit include it.
            validation: Rows by which the fit may stop early, their targets and weights.
            X, y, n_classes, training, seed, on_epoch, steps, codes: Arguments of `src.models.interface.Model.fit`.
        """
        keras = load_keras()
        from src.models.networks.saved_network import check_outputs

        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        start = time.perf_counter()
        data = self._measure(X, y, steps, codes)
        network = self.build(data, n_classes, noise=training.noise, pretrain_on=X, seed=seed)
        check_outputs(network)
        rows = make_rows()
        epochs = fit_network(network, rows, validation, training, on_epoch)
        seconds = time.perf_counter() - start
        n_rows = len(rows[0]) if isinstance(rows, tuple) else rows.rows_per_epoch
        facts = {"rows_per_epoch": n_rows, "network_parameters": network.count_params()}
        facts |= {"backend": keras.backend.backend()} | {f"keras_{name}": value for name, value in SETTINGS.items()}
        return Fitted(NetworkClassifier(network), seconds, epochs, facts)

    def _measure(self, X: ModelInput, y: np.ndarray, steps: np.ndarray | None, codes: Sequence[int]) -> NetworkInput:
        """Fit recoding and forms on the training part, and measure the recoded inputs."""
        records, window = (X.newest, X.window) if isinstance(X, Windows) else (X, None)
        evidence = self.recoding(records, y)
        recoded = records if evidence is None else evidence.recode(records)
        forms = fit_forms(recoded, self.form, codes)
        mean, deviation = recoded.mean(axis=0, dtype=np.float64), recoded.std(axis=0, dtype=np.float64)
        return NetworkInput(mean, deviation, evidence, steps, window, forms)
