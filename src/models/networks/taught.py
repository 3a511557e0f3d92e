"""Network that learns the class probabilities of a teacher, a classical model, on mixed records.

References: Hinton et al. 2015, arXiv:1503.02531 (distillation); Breiman & Shang 1996, "Born again trees" (records whose
columns come from other records).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from src.data.layout import ModelInput
from src.models.classical.classifier import Classical, ClassicalClassifier
from src.models.dedup import distinct
from src.models.interface import Fitted, OnEpoch
from src.models.networks.lessons import Lesson, agreement, digest, probabilities
from src.models.networks.mixing import Mixture
from src.models.networks.network import Network
from src.models.networks.row_weights import limit_types
from src.models.training import Training
from src.utils.validation import CHECKED, Count

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=CHECKED)
class Teaching:
    """Settings of a teacher, and of the records on which a network learns from it.

    The teacher is fitted on the training part. The network learns on records of the training part, at most
    `training.max_rows_per_attack_type` of a type, drawn and mixed anew for each epoch. Validation records, mixed in the
    same way, decide by the teacher's probabilities which epoch is kept. The labels are for the teacher alone.

    Attributes:
        model: Config of the teacher, a file of conf/model with a classical model.
        records_per_epoch: Records drawn for an epoch.
        mixed_by_column: Share of them in which each column comes from another record at random; the chance is drawn
            from 0 to 1 for each record.
        mixed_by_group: Share of them in which each group of columns (a step of `layout=groups` or `layout=history`)
            comes from another record at random. The rest stays as it is.
        group_chance: Chance of that for each group.
        targets: `probabilities` of the teacher, or its most probable `classes`.
    """

    model: dict[str, Any]
    records_per_epoch: Count
    mixed_by_column: Share
    mixed_by_group: Share
    group_chance: Share
    targets: Literal["probabilities", "classes"]

    @model_validator(mode="after")
    def _check(self) -> "Teaching":
        if self.mixed_by_column + self.mixed_by_group > 1:
            raise ValueError(
                f"mixed_by_column={self.mixed_by_column:g} mixed_by_group={self.mixed_by_group:g}: expected shares of "
                "at most 1 together"
            )
        return self

    def teach(self, student: Any, teacher: Any) -> "Taught":
        """Make the model of a student and its teacher.

        Raises:
            ValueError: the student is no network, or the teacher is no classical model.
        """
        if not isinstance(student, Network):
            raise ValueError(f"training.teacher: found the model {type(student).__name__}, expected a network, such as "
                             "model=lstm; other models have no teacher: add training/teacher=none")  # fmt: skip
        if not isinstance(teacher, Classical):
            raise ValueError(f"training.teacher.model: found {type(teacher).__name__}, expected a classical model, "
                             "such as model@training.teacher.model=extra_trees")  # fmt: skip
        return Taught(student, teacher, self)


@plain_dataclass(frozen=True)
class Taught:
    """Network and its teacher as one model; the result of a fit is the network alone."""

    student: Network
    teacher: Classical
    teaching: Teaching
    reads_windows: ClassVar[bool] = True

    @property
    def max_classes(self) -> int | None:
        """Largest number of classes of both."""
        limits = [one.max_classes for one in (self.student, self.teacher) if one.max_classes is not None]
        return min(limits, default=None)

    @property
    def single(self) -> "Taught":
        """The same with one member."""
        return replace(self, student=self.student.single)

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
        """Fit the teacher, then the network on its probabilities; see `src.models.interface.Model.fit`."""
        start = time.perf_counter()
        X, X_val = np.asarray(X), np.asarray(X_val)
        taught = self.teacher.fit(X, y, X_val, y_val, n_classes=n_classes, training=training, seed=seed)
        assert isinstance(taught.classifier, ClassicalClassifier)
        teacher = taught.classifier.on_one_core()
        lesson = self._lesson(teacher, self._pool(X, attack, training, seed), steps, (seed, 5))
        held_out = X_val[distinct(X_val)[0]]
        rehearsal = replace(self._lesson(teacher, held_out, steps, (seed, 6)),
                            rows_per_epoch=max(1, self.teaching.records_per_epoch // 10))  # fmt: skip
        mixed, targets = rehearsal.draw(0)
        fitted = self.student.fit_rows(
            lambda: lesson,
            (mixed, targets, np.ones(len(mixed), dtype=np.float32)),
            X,
            y,
            n_classes=n_classes,
            training=training,
            seed=seed,
            on_epoch=on_epoch,
            steps=steps,
            codes=codes,
        )
        scores: dict[str, float] = {}
        for name, records in (("mixed", mixed), ("held_out", held_out)):
            found = agreement(fitted.classifier.predict_proba(records), probabilities(teacher, records))
            scores |= {f"teacher_{score}_{name}": value for score, value in found.items()}
        facts = {"teacher_seconds": taught.seconds, "teacher_sha256": digest(taught.classifier)}
        seconds = time.perf_counter() - start
        return replace(fitted, seconds=seconds, facts=fitted.facts | facts, scores=scores)

    def _lesson(
        self, teacher: ClassicalClassifier, pool: np.ndarray, groups: np.ndarray | None, seed: tuple[int, int]
    ) -> Lesson:
        how = self.teaching
        mixture = Mixture(how.mixed_by_column, how.mixed_by_group, how.group_chance)
        return Lesson(teacher, pool, mixture, groups, how.records_per_epoch, how.targets == "classes", seed)

    def _pool(self, X: np.ndarray, attack: np.ndarray | None, training: Training, seed: int) -> np.ndarray:
        """Choose the records to draw from: at most so many of each attack type."""
        limit = training.max_rows_per_attack_type
        if limit is None:
            return X
        if attack is None:
            raise ValueError(f"training.max_rows_per_attack_type={limit}: found no attack types, expected one for each "
                             "row; pass `attack` to fit, or set it to null")  # fmt: skip
        return X[limit_types(attack, limit, seed)]
