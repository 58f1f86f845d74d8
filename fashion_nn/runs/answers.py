"""What a model answered to each test image, and the .npz file that keeps it for tests of paired
answers.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fashion_nn.errors import InputError

_KINDS = {
    "labels": np.int64,
    "predicted": np.int64,
    "confidence": np.float32,
    "of_truth": np.float32,
}


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
    arrays = {name: getattr(answers, name) for name in _KINDS}
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
    try:
        with np.load(path, allow_pickle=False) as stored:
            model_sha256 = str(stored["model_sha256"])
            fingerprint = str(stored["fingerprint"])
            found = {name: stored[name] for name in _KINDS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: damaged ({error}): remove it and evaluate again") from None
    shape = found["labels"].shape
    if len(shape) != 1 or shape == (0,) or any(values.shape != shape for values in found.values()):
        raise InputError(
            f"{path}: damaged (lists of different lengths): remove it and evaluate again"
        )
    arrays = {name: values.astype(_KINDS[name]) for name, values in found.items()}
    return TestPredictions(**arrays, fingerprint=fingerprint), model_sha256
