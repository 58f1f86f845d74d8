"""A table of test images that is read once for all who need it."""

import os
from collections.abc import Callable, Iterator
from functools import cached_property

from fashion_nn import datasets, tables
from fashion_nn.core.images import ImageShape
from fashion_nn.errors import InputError


class ImageTable:
    """The CSV at `path`, read block by block in bounded memory; a label column is not looked at.

    The first block can be examined beforehand, to find out what the images are and which model
    fits. Nothing is read before that, or before `blocks` is iterated.

    Args:
        path: a table as `tables.read` describes it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self._progress: Callable[[int, int], None] | None = None
        self._unread = tables.blocks(path, labels="ignored", progress=self._report)

    @cached_property
    def first(self) -> tables.Table:
        """The first rows, about 16 MiB of pixels.

        Raises:
            InputError: the table is not usable.
        """
        return next(self._unread)

    @property
    def image_shape(self) -> ImageShape:
        """The shape of the images.

        Raises:
            InputError: the table is not usable.
        """
        return self.first.image_shape

    def recognised(self) -> str:
        """The name of the known data set that the first images look like.

        Raises:
            InputError: the table is not usable, or its images look like no known data set.
        """
        found = datasets.recognise(self.first.images)
        if found.name is None:
            raise InputError(
                f"{self.path}: its images look like no known data set: name it with --dataset, or"
                " give --model"
            )
        return found.name

    def blocks(self, progress: Callable[[int, int], None] | None = None) -> Iterator[tables.Table]:
        """Yield all blocks in the order of the file. This can be done once.

        Args:
            progress: called as progress(done_bytes, total_bytes) while the file is read.

        Raises:
            InputError: the table is not usable. Whatever was made of earlier blocks is then void.
        """
        self._progress = progress
        yield self.first
        yield from self._unread

    def _report(self, done: int, total: int) -> None:
        if self._progress:
            self._progress(done, total)
