"""Are predictions a matter of the image alone? A few rows are predicted again, in another batch size."""

import hashlib
import heapq
from collections.abc import Callable

import numpy as np

from fashion_nn.grading.check import Check, not_applicable

ROWS = 256
BATCH = 37
# Different batch sizes may add in another order; then two classes that are as good as equal can change places.
# As a share of the range of a row's outputs.
_TIE = 1e-3


class Chosen:
    """The rows with the smallest hashes, picked from blocks of images as they come."""

    def __init__(self, rows: int = ROWS) -> None:
        self._limit = rows
        self._heap: list[tuple[int, int, np.ndarray]] = []
        self._seen = 0

    def add(self, images: np.ndarray) -> None:
        """Look at the next rows, uint8 (n, height, width)."""
        for row, image in enumerate(images, self._seen):
            digest = hashlib.blake2b(image.tobytes() + row.to_bytes(8), digest_size=8).digest()
            entry = (-int.from_bytes(digest), row, image)
            if len(self._heap) < self._limit:
                heapq.heappush(self._heap, (*entry[:2], image.copy()))
            elif entry[0] > self._heap[0][0]:
                heapq.heapreplace(self._heap, (*entry[:2], image.copy()))
        self._seen += len(images)

    @property
    def rows(self) -> np.ndarray:
        """Positions of the chosen rows, int64 (m,), in no order of theirs."""
        return np.array([row for _, row, _ in self._heap], np.int64)

    @property
    def images(self) -> np.ndarray:
        """uint8 (m, height, width)."""
        return np.stack([image for _, _, image in self._heap])


def check_canary(labels: np.ndarray | None, chosen: Chosen, predict: Callable[..., np.ndarray] | None) -> Check:
    """Compare `labels`, int64 (n,), with what the model now says of the `chosen` rows.

    `predict(images, batch_size=…)` gives the model's outputs, float32 (m, classes).
    """
    if predict is None:
        return not_applicable("canary", "no model at hand")
    if labels is None:
        return not_applicable("canary", "the labels cannot be read")
    rows = chosen.rows
    outputs = predict(chosen.images, batch_size=BATCH)
    given = labels[rows]
    known = (given >= 0) & (given < outputs.shape[1])
    of_given = outputs[np.arange(len(rows)), np.where(known, given, 0)]
    largest = outputs.max(axis=1)
    tolerance = _TIE * (largest - outputs.min(axis=1))
    wrong = rows[~known | (of_given < largest - tolerance)]
    expected = f"the same labels for {len(rows)} rows in batches of {BATCH}"
    value = f"{len(rows) - len(wrong)} of {len(rows)} agree"
    if len(wrong):
        value += f"; row {int(wrong.min()) + 1} does not"
    return Check("canary", "FAIL" if len(wrong) else "PASS", value, expected, {"rows": len(rows), "differ": len(wrong)})
