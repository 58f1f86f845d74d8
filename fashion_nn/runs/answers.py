"""What a model answered to each test image, and the .npz file that keeps it for tests of paired
answers.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fashion_nn.core import npz
from fashion_nn.core.reading import read_bytes
from fashion_nn.errors import InputError

_TYPES = {
    "labels": np.int64,
    "predicted": np.int64,
    "confidence": np.float32,
    "of_truth": np.float32,
}
_KINDS = {
    "model_sha256": "U",
    "fingerprint": "U",
    "labels": "iu",
    "predicted": "iu",
    "confidence": "f",
    "of_truth": "f",
}
_MAX_BYTES = 64 << 20
_MAX_CLASSES = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class TestPredictions:
    """What a model answered to each of n test images.

    labels, predicted: true and predicted classes, int64 (n,).
    confidence, of_truth: probabilities of the predicted and of the true class, float32 (n,).
    fingerprint: of the test rows; answers are comparable where it is the same.
    """

    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    of_truth: np.ndarray
    fingerprint: str

    __test__ = False  # pytest takes the name for that of a test

    @property
    def right(self) -> np.ndarray:
        """Whether the predicted class is the true one, bool (n,)."""
        return self.predicted == self.labels


def to_npz(answers: TestPredictions, model_sha256: str) -> bytes:
    """The content of the file: the arrays in the smallest integer types that hold them."""
    arrays = {name: getattr(answers, name) for name in _TYPES}
    for name, values in arrays.items():
        if values.dtype.kind == "i":
            arrays[name] = values.astype(np.min_scalar_type(values.max()))
    content = io.BytesIO()
    np.savez_compressed(
        content, model_sha256=model_sha256, fingerprint=answers.fingerprint, **arrays
    )
    return content.getvalue()


def read_npz(path: Path) -> tuple[TestPredictions, str]:
    """The answers in a file and the checksum of the model that gave them.

    Raises:
        InputError: the file is damaged.
    """
    mend = "remove it and evaluate again"
    content = read_bytes(path, expected=mend, most=_MAX_BYTES + npz.OVERHEAD)
    try:
        found = npz.read(content, _KINDS, limit=_MAX_BYTES)
        _require_answers(found)
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error}): {mend}") from None
    arrays = {name: found[name].astype(kind) for name, kind in _TYPES.items()}
    answers = TestPredictions(**arrays, fingerprint=str(found["fingerprint"]))
    return answers, str(found["model_sha256"])


def _require_answers(found: Mapping[str, np.ndarray]) -> None:
    shape = found["labels"].shape
    if len(shape) != 1 or shape == (0,) or any(found[name].shape != shape for name in _TYPES):
        raise ValueError("lists of different lengths")
    for name in ("labels", "predicted"):
        if found[name].min() < 0 or found[name].max() >= _MAX_CLASSES:
            raise ValueError(f"{name} are not all from 0 to {_MAX_CLASSES - 1}")
    for name in ("confidence", "of_truth"):
        # Rounding in single precision can take a sum of probabilities a little above 1.
        if not ((found[name] >= 0) & (found[name] <= 1.001)).all():
            raise ValueError(f"{name} are not all from 0 to 1")
