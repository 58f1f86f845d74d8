"""A table of test images, or other files with them, that is read once for all who need it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from fashion_nn import datasets, tables
from fashion_nn.core.files import FileIn, Files, Single, files_at
from fashion_nn.core.images import ImageShape, shape_of
from fashion_nn.datasets import ReadOptions
from fashion_nn.datasets.layouts import TABLES, Layout, layout_of
from fashion_nn.datasets.source import FOUND_OUT, Part, Request
from fashion_nn.errors import InputError
from fashion_nn.tables import TableSource

_EXAMINED = 1000


class ImageTable:
    """The test images at `path`; their labels are not looked at.

    A table is read block by block in bounded memory. The first block can be examined beforehand, to
    find out what the images are and which model fits. Nothing is read before that, or before
    `blocks` is iterated.

    Args:
        path: a table as `tables.read` describes it, or files in another layout that
            `datasets.load` reads; of several parts, the test rows.
        options: what the files themselves leave open.
    """

    def __init__(self, path: TableSource, options: ReadOptions = FOUND_OUT) -> None:
        self.path = path
        self._options = options
        self._progress: Callable[[int, int], None] | None = None
        self._unread = self._read()

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

    @property
    def fingerprint(self) -> str:
        """Tells these images from others: a digest of the first thousand.

        Raises:
            InputError: the table is not usable.
        """
        images = self.first.images[:_EXAMINED]
        return datasets.fingerprint(images, np.zeros(len(images), np.int64))

    def count(self) -> int:
        """The number of images. All are read, so the table is known to be usable afterwards.

        Raises:
            InputError: the table is not usable.
        """
        return sum(len(block.pixels) for block in self.blocks())

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

    def _read(self) -> Iterator[tables.Table]:
        source = self.path
        if not isinstance(source, FileIn) and not Path(source).exists():
            yield from self._blocks(source)  # which says what is wrong
            return
        if not isinstance(source, FileIn):
            files = files_at(source)
            layout = layout_of(files)
            if layout is not TABLES or not isinstance(files, Single):
                yield self._whole(layout, files)
                return
        yield from self._blocks(source)

    def _blocks(self, source: TableSource) -> Iterator[tables.Table]:
        options = self._options
        blocks = tables.blocks(source, labels="ignored", options=options, progress=self._report)
        for block in blocks:
            yield _transposed(block) if options.transpose else block

    def _whole(self, layout: Layout, files: Files) -> tables.Table:
        """All images of files that are no single table."""
        found = layout.read(files, Request(self._options, "ignored", self._report))
        part = found.test or found.train
        if self._options.transpose:
            part = part.transposed()
        pixels = part.images.reshape(len(part), -1)
        shape = shape_of(part.images)
        return tables.Table(pixels, None, part.ids, None, shape, found.said)

    def _report(self, done: int, total: int) -> None:
        if self._progress:
            self._progress(done, total)


def _transposed(table: tables.Table) -> tables.Table:
    images = Part(table.images).transposed().images
    pixels = images.reshape(len(images), -1)
    return replace(table, pixels=pixels, image_shape=shape_of(images))
