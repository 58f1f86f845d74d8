"""Several runs as one model: their probabilities, averaged with weights that are chosen on the validation rows.

    image ──┬────────▶ member 1 ──┐                    ┌──▶ × weight 1 ──┐
            └ mirror ▶ member 1 ──┴─▶ average ─────────┘       …          ├──▶ sum = probabilities
            …                                                             ┘

The result is one Keras model of layers that the loader allows, so it is used, exported and graded like any other.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn import inference, metrics, runs, zoo
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.saving import keras_file

if TYPE_CHECKING:
    import keras

TOLERANCE = 1e-3
"""Largest difference between the model's probabilities and the average of its members'.

A wrongly built model is off by far more; a kernel with thousands of landmarks rounds to 1e-4 by the size of the batch.
"""

_STEPS = 500
_BATCH = 500
_AGREE = {
    "fingerprint": "other training data",
    "image_shape": "another image size",
    "split_id": "other validation rows",
}


def require_alike(members: Sequence[Run]) -> dict[str, Any]:
    """The data record of `members`, which must be the same for all.

    Raises:
        InputError: a run is incomplete, named twice, or was trained on other data than the first.
    """
    first = None
    for run in members:
        run.read_metrics()
        data = run.read_record()["dataset"]
        if first is None:
            first = data
        # The size is looked at before the data that it comes with: it says more.
        for key in ("image_shape", "fingerprint", "split_id"):
            if data[key] != first[key]:
                raise InputError(
                    f"{run.folder}: {_AGREE[key]} than {members[0].folder}: got {data['name']} {data[key]}, expected "
                    f"{first['name']} {first[key]}; an ensemble takes runs on the same rows"
                )
    if len({run.folder.resolve() for run in members}) < len(members):
        raise InputError("a run is named twice: an ensemble takes each once")
    if not first["rows"]["valid"]:
        raise InputError(f"{members[0].folder}: held out no validation rows, by which weights are chosen")
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
        flip: whether each member's answer is averaged with that on the mirrored image; None: when the log loss on
            the validation rows, with the weights chosen for either, is lower so.
        progress: told (done, total) after each member.

    Raises:
        InputError: `folder` is taken; the members do not fit together, or `splits` are not their data.
    """
    runs.require_free(folder, resumable=False)
    data = require_alike(members)
    if (splits.fingerprint, splits.split_id) != (data["fingerprint"], data["split_id"]):
        raise InputError(f"{splits.name}: not the data or split that {members[0].folder} was trained on")
    if len(members) == 1 and flip is False:
        raise InputError("one run without mirroring is that run: name several, or leave out --no-flip")
    start = time.perf_counter()
    plain, both, models = [], [], []
    for done, run in enumerate(members, start=1):
        answer, mirrored, model = _predictions(run, splits.valid.images)
        plain.append(answer)
        both.append((answer + mirrored) / 2)
        models.append(model)
        if progress:
            progress(done, len(members))
    labels = splits.valid.labels
    choices = {mirror: (table := np.stack(both if mirror else plain), weigh(table, labels)) for mirror in (False, True)}
    losses = {mirror: metrics.log_loss(labels, mix(*choice)) for mirror, choice in choices.items()}
    mirror = flip if flip is not None else losses[True] < losses[False]
    if len(members) == 1 and not mirror:
        raise InputError(
            f"{members[0].folder}: alone it gains nothing by mirroring: log loss on validation {losses[False]:.4f} "
            f"without, {losses[True]:.4f} with; name several runs, or insist with --flip"
        )
    table, weights = choices[mirror]
    model = zoo.mixture(models, weights, splits.image_shape, mirror=mirror, name="ensemble")
    probabilities = zoo.predict(model, splits.valid.images, _BATCH)
    difference = float(np.abs(probabilities - mix(table, weights)).max())
    if difference > TOLERANCE:
        raise InputError(f"{folder}: not written: the model would differ from its members by {difference:.1e}")
    parts = [_described(member, weight) for member, weight in zip(members, weights, strict=True)]
    scores = {
        "valid": metrics.score(labels, probabilities).to_json(),
        "weights_chosen_on": {
            "split": "valid",
            "log_loss_plain": losses[False],
            "log_loss_mirrored": losses[True],
        },
    }
    target = Run(folder)
    target.write_complete(
        splits,
        keras_file(model),
        recipe={
            "name": "ensemble",
            "model": "ensemble",
            "kind": "ensemble",
            "options": {"mirror": mirror, "members": parts},
            "seed": 0,
            "sources": {},
        },
        parameters=model.count_params(),
        # An ensemble costs what its members cost.
        seconds=[*(part["train_seconds"] for part in parts), time.perf_counter() - start],
        scores=scores,
    )
    return target


def weigh(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights (m,), at least 0 and with sum 1, of the mixture of m members with the least log loss on `labels`.

    Args:
        probabilities: of m members for n images, (m, n, k).

    The loss is convex in the weights; expectation-maximisation for the proportions of a mixture finds its minimum.
    Source: A. P. Dempster, N. M. Laird, D. B. Rubin, Maximum likelihood from incomplete data, JRSS B 39 (1977).
    """
    of_truth = np.maximum(probabilities[:, np.arange(len(labels)), labels].astype(np.float64), 1e-12)
    weights = np.full(len(of_truth), 1 / len(of_truth))
    for _ in range(_STEPS):
        share = weights[:, None] * of_truth
        weights = (share / share.sum(axis=0)).mean(axis=1)
    weights = np.round(weights, 4)
    return weights / weights.sum()


def mix(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted average, float32 (n, k), of members' probabilities (m, n, k)."""
    return np.tensordot(weights, probabilities, 1).astype(np.float32)


def _predictions(run: Run, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, "keras.Model"]:
    """Probabilities of `images` and of their mirror images, and the model."""
    with inference.open_model(run.model) as predictor:
        return predictor(images), predictor(np.ascontiguousarray(images[:, :, ::-1])), inference.rebuild(predictor)


def _described(member: Run, weight: float) -> dict[str, Any]:
    record, measured = member.read_record(), member.read_metrics()
    return {
        "run": member.name,
        "model": record["recipe"]["model"],
        "model_sha256": measured["model_sha256"],
        "weight": round(float(weight), 4),
        "valid_accuracy": measured["valid"]["accuracy"],
        "train_seconds": round(sum(part for each in record["sessions"] for part in each["epoch_seconds"]), 3),
    }
