"""Several runs as one model: their probabilities, averaged with weights that are chosen on the
validation rows.

    image ──┬────────▶ member 1 ──┐                    ┌──▶ × weight 1 ──┐
            └ mirror ▶ member 1 ──┴─▶ average ─────────┘       …          ├──▶ sum = probabilities
            …                                                             ┘

The result is one Keras model of layers that the loader allows, so it is used, exported and graded
like any other. A confined process builds and writes it from the members' networks and weights.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fashion_nn import inference, measures, runs
from fashion_nn.core import scratch, writing
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.runs import (
    DatasetRecord,
    EnsembleOptions,
    Member,
    Metrics,
    RecipeRecord,
    Run,
    StoredScores,
    WeightsChosenOn,
)

TOLERANCE = 1e-3
"""Largest difference between the model's probabilities and the average of its members'.

A wrongly built model is off by far more; a kernel with thousands of landmarks rounds to 1e-4 by the
size of the batch.
"""

_STEPS = 500
_AGREE = {
    "image_shape": "images of another size or colour",
    "fingerprint": "other training data",
    "split_id": "other validation rows",
}


def require_alike(members: Sequence[Run]) -> DatasetRecord:
    """The data record of `members`, which must be the same for all.

    Raises:
        InputError: a run is incomplete, named twice, or was trained on other data than the first.
    """
    found = []
    for run in members:
        run.read_metrics()
        found.append(run.read_record().dataset)
    first = found[0]
    for run, data in zip(members, found, strict=True):
        # The size is compared before the data that it comes with: it says more.
        for key, difference in _AGREE.items():
            here = getattr(data, key)
            there = getattr(first, key)
            if here != there:
                raise InputError(
                    f"{run.folder}: {difference} than {members[0].folder}: got {data.name}"
                    f" {_shown(here)}, expected {first.name} {_shown(there)}; an ensemble takes"
                    " runs on the same rows"
                )
    if len({run.folder.resolve() for run in members}) < len(members):
        raise InputError("a run is named twice: an ensemble takes each once")
    if not first.rows.get("valid"):
        raise InputError(
            f"{members[0].folder}: held out no validation rows, by which weights are chosen"
        )
    return first


def combine(
    members: Sequence[Run],
    splits: Splits,
    folder: Path,
    *,
    flip: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Average `members` and leave a complete run in `folder`.

    Args:
        flip: whether each member's answer is averaged with that on the mirrored image; None: when
            the log loss on the validation rows, with the weights chosen for either, is lower so.
        progress: told (done, total) after each member.

    Raises:
        InputError: `folder` is taken; the members do not fit together, or `splits` are not their
            data.
    """
    runs.require_free(folder, resumable=False)
    _require_useful(members, splits, flip)
    start = time.perf_counter()
    answers = _answers_of(members, splits, progress)
    choice = _choose(answers, splits.valid.labels, flip)
    _require_gain(members, choice)
    weights = choice.mixture.weights.tolist()
    mixed = _mixed(folder, answers, weights, splits, mirror=choice.mirror)
    probabilities = _predicted(mixed.content, splits.valid.images)
    _require_as_chosen(folder, probabilities, choice.mixture)
    parts = [
        _described(member, weight)
        for member, weight in zip(members, choice.mixture.weights, strict=True)
    ]
    target = Run(folder)
    target.write_complete(
        splits,
        mixed.content,
        recipe=_recipe(EnsembleOptions(mirror=choice.mirror, members=tuple(parts))),
        parameters=mixed.parameters,
        # An ensemble costs what its members cost.
        seconds=[*(part.train_seconds for part in parts), time.perf_counter() - start],
        metrics=_metrics(choice, measures.score(splits.valid.labels, probabilities)),
    )
    return target


def _require_useful(members: Sequence[Run], splits: Splits, flip: bool | None) -> None:
    """The members fit together and are of these data, and there is something to average."""
    data = require_alike(members)
    if not data.is_of(splits):
        raise InputError(
            f"{splits.name}: not the data or split that {members[0].folder} was trained on"
        )
    if len(members) == 1 and flip is False:
        raise InputError(
            "one run without mirroring is that run: name several, or leave out --no-flip"
        )


def weigh(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights (m,), at least 0 and with sum 1, of the mixture of m members with the least log loss
    on `labels`.

    Args:
        probabilities: of m members for n images, (m, n, k).

    The loss is convex in the weights; expectation-maximisation for the proportions of a mixture
    finds its minimum.

    Source: A. P. Dempster, N. M. Laird, D. B. Rubin, Maximum likelihood from incomplete data,
    JRSS B 39 (1977).
    """
    of_truth = np.maximum(
        probabilities[:, np.arange(len(labels)), labels].astype(np.float64), 1e-12
    )
    weights = np.full(len(of_truth), 1 / len(of_truth))
    for _ in range(_STEPS):
        share = weights[:, None] * of_truth
        weights = (share / share.sum(axis=0)).mean(axis=1)
    weights = np.round(weights, 4)
    return weights / weights.sum()


def mix(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted average, float32 (n, k), of members' probabilities (m, n, k)."""
    return np.tensordot(weights, probabilities, 1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """A member, and its probabilities, float32 (n, k), of n images and of their mirror images."""

    plain: np.ndarray
    mirrored: np.ndarray
    part: inference.Part


def _answers_of(
    members: Sequence[Run], splits: Splits, progress: Callable[[int, int], None] | None
) -> list[_Answers]:
    images = splits.valid.images
    mirror_images = np.ascontiguousarray(images[:, :, ::-1])
    found = []
    for run in members:
        with inference.open_run(run) as predictor:
            predictor.require(splits.image_shape, splits.classes)
            plain = predictor(images)
            mirrored = predictor(mirror_images)
            found.append(_Answers(plain, mirrored, inference.Part.of(predictor)))
        if progress:
            progress(len(found), len(members))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Mixture:
    """The weighted average of the members' probabilities, float32 (n, k), and its log loss."""

    weights: np.ndarray
    probabilities: np.ndarray
    log_loss: float


def _mixture(answers: list[np.ndarray], labels: np.ndarray) -> _Mixture:
    table = np.stack(answers)
    weights = weigh(table, labels)
    probabilities = mix(table, weights)
    return _Mixture(weights, probabilities, measures.log_loss(labels, probabilities))


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    """The mixtures of the members without and with mirrored images, and whether the second is
    taken.
    """

    plain: _Mixture
    mirrored: _Mixture
    mirror: bool

    @property
    def mixture(self) -> _Mixture:
        return self.mirrored if self.mirror else self.plain


def _choose(answers: Sequence[_Answers], labels: np.ndarray, flip: bool | None) -> _Choice:
    """Choose the weights for either way, and the way with the lower log loss unless `flip` says
    which.
    """
    plain = _mixture([each.plain for each in answers], labels)
    mirrored = _mixture([(each.plain + each.mirrored) / 2 for each in answers], labels)
    mirror = flip if flip is not None else mirrored.log_loss < plain.log_loss
    return _Choice(plain, mirrored, mirror)


def _require_gain(members: Sequence[Run], choice: _Choice) -> None:
    """One member alone has to be averaged over an image and its mirror image."""
    if len(members) == 1 and not choice.mirror:
        raise InputError(
            f"{members[0].folder}: alone it gains nothing by mirroring: log loss on validation"
            f" {choice.plain.log_loss:.4f} without, {choice.mirrored.log_loss:.4f} with; name"
            " several runs, or insist with --flip"
        )


def _require_as_chosen(folder: Path, probabilities: np.ndarray, chosen: _Mixture) -> None:
    """The one model answers as the average of its members does."""
    difference = float(np.abs(probabilities - chosen.probabilities).max())
    if difference > TOLERANCE:
        raise InputError(
            f"{folder}: not written: the model would differ from its members by {difference:.1e}"
        )


def _mixed(
    folder: Path,
    answers: Sequence[_Answers],
    weights: Sequence[float],
    splits: Splits,
    *,
    mirror: bool,
) -> inference.Mixed:
    """One model that averages the members' with `weights`."""
    parts = [each.part for each in answers]
    try:
        return inference.mixed(parts, weights, splits.image_shape, mirror=mirror)
    except inference.Refusal as refusal:
        raise InputError(f"{folder}: not written: {refusal}") from None


def _predicted(content: bytes, images: np.ndarray) -> np.ndarray:
    """The probabilities, float32 (n, k), that the .keras file with this content gives `images`."""
    with scratch.folder() as folder:
        path = folder / "model.keras"
        writing.write_atomic(path, content)
        with inference.open_model(path) as predictor:
            return predictor(images)


def _metrics(choice: _Choice, scores: measures.Scores) -> Metrics:
    chosen_on = WeightsChosenOn(
        split="valid",
        log_loss_plain=choice.plain.log_loss,
        log_loss_mirrored=choice.mirrored.log_loss,
    )
    return Metrics(valid=StoredScores.of(scores), weights_chosen_on=chosen_on)


def _recipe(options: EnsembleOptions) -> RecipeRecord:
    return RecipeRecord(
        name="ensemble",
        model="ensemble",
        kind="ensemble",
        options=options,
        seed=0,
        sources={},
    )


def _described(member: Run, weight: float) -> Member:
    record = member.read_record()
    measured = member.read_metrics()
    return Member(
        run=member.name,
        model=record.recipe.model_name,
        model_sha256=measured.model_sha256,
        weight=round(float(weight), 4),
        valid_accuracy=measured.of_valid().accuracy,
        train_seconds=round(record.train_seconds, 3),
    )


def _shown(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
