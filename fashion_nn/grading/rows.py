"""What the checks need of the test images, gathered block by block while the table is read."""

import hashlib
import heapq
import math

import numpy as np

from fashion_nn.datasets.duplicates import nearest

CANARY_ROWS = 256
NEAR = 0.03
"""Images are near duplicates up to this root mean square difference of pixels from 0 to 1."""


class Chosen:
    """A few rows for the canary: those with the smallest hashes of position and image.

    The choice depends on all rows and on nothing else, and not on how they are cut into blocks.
    """

    def __init__(self, rows: int = CANARY_ROWS) -> None:
        self._limit = rows
        self._heap: list[tuple[int, int, np.ndarray]] = []
        self._seen = 0

    def add(self, images: np.ndarray) -> None:
        """Look at the next rows, uint8 (n, height, width)."""
        for row, image in enumerate(images, self._seen):
            content = image.tobytes() + row.to_bytes(8)
            digest = hashlib.blake2b(content, digest_size=8).digest()
            # The heap has its smallest entry first, which is to be the largest hash.
            rank = -int.from_bytes(digest)
            if len(self._heap) < self._limit:
                heapq.heappush(self._heap, (rank, row, image.copy()))
            elif rank > self._heap[0][0]:
                heapq.heapreplace(self._heap, (rank, row, image.copy()))
        self._seen += len(images)

    @property
    def rows(self) -> np.ndarray:
        """Positions of the chosen rows, int64 (m,), in no particular order."""
        return np.array([row for _, row, _ in self._heap], np.int64)

    @property
    def images(self) -> np.ndarray:
        """The images of these rows, uint8 (m, height, width)."""
        return np.stack([image for _, _, image in self._heap])


class NearDuplicates:
    """Counts the test rows that have an equal or nearly equal image among the training images.

    Attributes:
        rows: number of test rows so far.
        exact: number of those that have an equal image.
        near: number of those that have a nearly equal or equal image, see `NEAR`.
    """

    def __init__(self, train_images: np.ndarray) -> None:
        self._train = train_images
        pixels = math.prod(train_images.shape[1:])
        self._limit = math.floor(NEAR**2 * pixels * 255**2)
        self.rows = 0
        self.exact = 0
        self.near = 0

    def add(self, images: np.ndarray) -> None:
        """Count the next rows, uint8 (n, height, width). Other sizes have no duplicates."""
        self.rows += len(images)
        if images.shape[1:] != self._train.shape[1:]:
            return
        squared = nearest(images, self._train, limit=self._limit)[1]
        self.exact += int((squared == 0).sum())
        self.near += int((squared <= self._limit).sum())
