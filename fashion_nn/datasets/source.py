"""What reading a file or folder gives, before labels are numbered and rows are held out."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from fashion_nn.core.images import Images
from fashion_nn.tables import TableOptions

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ReadOptions(TableOptions):
    """How to read files; what is None is found out, or refused where it cannot be.

    labels_from: a file with the labels, or with file names and labels, of images that have none.
    transpose: exchange the rows and columns of each image.
    """

    labels_from: str | None = None
    transpose: bool = False


FOUND_OUT = ReadOptions()
"""Nothing is said: all is found out."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What rows were read from, and how: enough to read them again from any folder.

    dataset: name of a known data set, or absolute path of a file or folder.
    test: absolute path of the file with the test rows; None if they had none of their own.
    options: how the files were read; a path in them is absolute.
    """

    dataset: str
    test: str | None = None
    options: ReadOptions = FOUND_OUT

    @property
    def paths(self) -> list[str]:
        """The files and folders that have to be there."""
        own = self.dataset if os.path.isabs(self.dataset) else None
        return [path for path in (own, self.test, self.options.labels_from) if path is not None]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be read, and how.

    labels: whether the images must have labels; "ignored" leaves them out.
    progress: called as progress(done, total).
    """

    options: ReadOptions = FOUND_OUT
    labels: Literal["required", "optional", "ignored"] = "required"
    progress: Progress | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """Images in their order.

    labels: as the source has them, int64 (n,) or text (n,); None if there are none.
    ids: int64 (n,) or text (n,), unique; None if there are none.
    """

    images: Images
    labels: np.ndarray | None = None
    ids: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    def transposed(self) -> "Part":
        """The same images with rows and columns exchanged."""
        return replace(self, images=np.ascontiguousarray(self.images.swapaxes(1, 2)))


@dataclass(frozen=True, eq=False)
class Source:
    """The parts of a data set that a file or folder holds.

    train: the rows to train with, or all rows if they are not divided.
    valid: the validation rows, if the source has its own.
    test: the test rows.
    said: what the source was taken for, in one line.
    class_names: of the labels 0..k-1, if the source names them.
    """

    train: Part
    valid: Part | None = None
    test: Part | None = None
    said: str = ""
    class_names: tuple[str, ...] = field(default=())
