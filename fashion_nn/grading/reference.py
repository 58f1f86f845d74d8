"""What every hand-in is graded against: a test table, and what is known of its images.

The table is read once, by `read_reference` or, if a model predicts it at the same time, by both
together (`ReferenceBuilder.watch`). Then any number of files can be graded.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fashion_nn import datasets, submission, tables
from fashion_nn.core import reading
from fashion_nn.core.images import described, shape_of
from fashion_nn.datasets import FOUND_OUT, LabelMap, ReadOptions, Split, Splits
from fashion_nn.datasets.layouts import read_source
from fashion_nn.datasets.layouts.labels_file import is_labels_file, labels_of_file
from fashion_nn.datasets.source import Request
from fashion_nn.errors import InputError
from fashion_nn.grading import predictions, sentinel
from fashion_nn.grading.rows import Chosen, NearDuplicates
from fashion_nn.grading.sentinel import Sentinel
from fashion_nn.submission import ImageTable, Sample

_HELD_OUT_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Sources:
    """The files and names that tell more about a test table.

    sample: a competition's sample file.
    train, dataset: where the images come from: a training CSV, or a known data set or folder.
        Without either, images that look like a known data set are taken for it.
    labels: the true labels: labelled images, which may be those of the test; a prediction file; or
        a file of labels alone, one for each test image.
    data_dir: the folder in which known data sets are looked for first.
    options: how files with images are read, where they leave it open.
    """

    sample: str | os.PathLike[str] | None = None
    train: str | os.PathLike[str] | None = None
    dataset: str | None = None
    labels: str | os.PathLike[str] | None = None
    data_dir: str | os.PathLike[str] | None = None
    options: ReadOptions = FOUND_OUT


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The data set that the test images belong to; all None where it is not known.

    sentinel: a sentinel for its images.
    splits: its labelled rows, if they were named or are on this machine.
    mismatch: why the test images cannot be of this data set.
    """

    name: str | None = None
    classes: int | None = None
    sentinel: Sentinel | None = None
    splits: Splits | None = None
    mismatch: str | None = None

    @property
    def held_out(self) -> Split | None:
        """At most 2,000 validation rows, evenly spread; None where there are none."""
        if self.splits is None or not len(self.splits.valid):
            return None
        rows = self.splits.valid
        step = -(-len(rows) // _HELD_OUT_ROWS)
        return rows.take(np.arange(0, len(rows), step))


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A test table, examined.

    test: its path.
    rows: number of its rows, n.
    row_ids: their ids, in their order.
    file_ids: the ids in the order that a prediction file should have.
    sample: the competition's sample file.
    origin: the data set that the images belong to.
    probabilities: of the sentinel for these images, float32 (n, classes).
    chosen: the rows of the canary.
    duplicates: the test rows that are among the training rows; None if nobody looked for them.
    truth: the true classes, int64 (n,).
    sha256: of the files that were read, by what they are.
    originals: the label that each class has in the data, as files have it.
    """

    test: str | os.PathLike[str]
    rows: int
    row_ids: list[str]
    file_ids: list[str]
    sample: Sample | None
    origin: Origin
    probabilities: np.ndarray | None
    chosen: Chosen
    duplicates: NearDuplicates | None
    truth: np.ndarray | None
    sha256: Mapping[str, str]
    originals: LabelMap = field(default_factory=LabelMap)


def read_reference(
    test: str | os.PathLike[str],
    sources: Sources | None = None,
    *,
    find_duplicates: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Reference:
    """Read and examine the test table at `test`.

    Args:
        sources: files and names that tell more about it.
        find_duplicates: compare the test images with the training images of `sources`; 10,000 take
            some twenty seconds.
        progress: called as progress(done_bytes, total_bytes) while the table is read.

    Raises:
        InputError: a file cannot be used.
    """
    builder = ReferenceBuilder(test, sources, find_duplicates=find_duplicates)
    options = sources.options if sources else FOUND_OUT
    for _ in builder.watch(ImageTable(test, options).blocks(progress)):
        pass
    return builder.finish()


class ReferenceBuilder:
    """Makes the reference of a table that is read elsewhere: `watch` the blocks, then `finish`."""

    def __init__(
        self,
        test: str | os.PathLike[str],
        sources: Sources | None = None,
        *,
        find_duplicates: bool = True,
    ) -> None:
        """See `read_reference`.

        Raises:
            InputError: the sample file cannot be used.
        """
        self._test = test
        self._sources = sources or Sources()
        self._sample = None
        if self._sources.sample is not None:
            self._sample = submission.read_sample(self._sources.sample)
        self._find_duplicates = find_duplicates
        self._origin: Origin | None = None
        self._duplicates: NearDuplicates | None = None
        self._chosen = Chosen()
        self._probabilities: list[np.ndarray] = []
        self._ids: list[np.ndarray] = []
        self._rows = 0

    def watch(self, blocks: Iterable[tables.Table]) -> Iterator[tables.Table]:
        """Yield the blocks of the table, each after it was examined.

        Raises:
            InputError: the data set that the images come from cannot be used.
        """
        for block in blocks:
            if self._origin is None:
                self._begin(block.images)
            self._examine(block)
            yield block

    def finish(self) -> Reference:
        """The reference, when all blocks have been seen.

        Raises:
            InputError: the ids of the sample are others than the table's, or the true labels
                cannot be used.
        """
        row_ids, file_ids = self._row_and_file_ids()
        truth = None
        splits = self._origin.splits if self._origin else None
        originals = splits.labels if splits else LabelMap()
        if self._sources.labels is not None:
            truth, originals = _read_truth(self._sources, row_ids, originals)
        return Reference(
            test=self._test,
            rows=self._rows,
            row_ids=row_ids,
            file_ids=file_ids,
            sample=self._sample,
            origin=self._origin or Origin(),
            probabilities=np.concatenate(self._probabilities) if self._probabilities else None,
            chosen=self._chosen,
            duplicates=self._duplicates,
            truth=truth,
            originals=originals,
            sha256=self._digests(),
        )

    def _begin(self, images: np.ndarray) -> None:
        """Find out from the first images where all come from."""
        self._origin = _origin(images, self._sources)
        is_named = self._sources.train or self._sources.dataset
        if self._find_duplicates and is_named and self._origin.splits:
            self._duplicates = NearDuplicates(self._origin.splits.original_train().images)

    def _examine(self, block: tables.Table) -> None:
        images = block.images
        self._rows += len(images)
        self._chosen.add(images)
        known = self._origin.sentinel if self._origin else None
        if known and known.baseline.image_shape == block.image_shape[:2]:
            self._probabilities.append(known.baseline.probabilities(images))
        if self._duplicates:
            self._duplicates.add(images)
        if block.ids is not None:
            self._ids.append(block.ids)

    def _row_and_file_ids(self) -> tuple[list[str], list[str]]:
        has_ids = bool(self._ids)
        numbers = np.concatenate(self._ids) if has_ids else np.arange(1, self._rows + 1)
        row_ids = [str(number) for number in numbers.tolist()]
        if self._sample is None:
            return row_ids, row_ids
        file_ids = list(self._sample.ids)
        if len(file_ids) != self._rows or (has_ids and set(file_ids) != set(row_ids)):
            others = ", or others than the table's" if has_ids else ""
            raise InputError(
                f"{self._test}: has {self._rows} rows, the sample {len(file_ids)} ids{others}: not"
                " the same data"
            )
        return row_ids if has_ids else file_ids, file_ids

    def _digests(self) -> dict[str, str]:
        given = {
            "data": self._test,
            "sample": self._sources.sample,
            "train": self._sources.train,
            "labels": self._sources.labels,
        }
        return {
            name: reading.sha256(Path(path), follow_links=True)
            for name, path in given.items()
            if path is not None and Path(path).is_file()
        }


def _read_truth(
    sources: Sources, row_ids: list[str], originals: LabelMap
) -> tuple[np.ndarray, LabelMap]:
    """The true classes of the test rows, and the labels that these have; of words that nothing else
    names, a map is made.
    """
    path = sources.labels
    assert path is not None  # else there is nothing to read
    rows = len(row_ids)
    given = None
    truth = None
    with suppress(InputError):  # without an option that says how, a table may hold no images
        given = None if sources.options == FOUND_OUT else _labels_of(sources, row_ids)
    if given is None:
        with suppress(InputError):  # it may hold images
            file = predictions.read(path, rows=rows)
            if originals.is_identity and (words := file.words()) is not None:
                originals = LabelMap.of(words)
            truth = file.aligned_labels(row_ids, originals)
    if truth is None:
        given = _labels_of(sources, row_ids) if given is None else given
        if given.dtype.kind == "U" and originals.is_identity:
            originals = LabelMap.of(given)
        truth = given if originals.is_identity else originals.encode(given)
    if len(truth) != rows:
        raise InputError(f"{path}: holds {len(truth)} labels, the test table {rows} rows")
    if not 0 <= truth.min() <= truth.max() < predictions.MAX_CLASSES:
        raise InputError(
            f"{path}: holds labels from {truth.min()} to {truth.max()}: expected classes from 0 to"
            f" {predictions.MAX_CLASSES - 1} at most"
        )
    return truth, originals


def _labels_of(sources: Sources, row_ids: list[str]) -> np.ndarray:
    """The labels of the test rows, from a file of labels alone or from labelled images."""
    path = sources.labels
    assert path is not None  # else there is nothing to read
    if os.path.isfile(path) and is_labels_file(path):
        return labels_of_file(path, len(row_ids))
    source = read_source(path, Request(sources.options, "required"))
    part = source.test or source.train
    labels = part.labels
    assert labels is not None  # as required above
    if part.ids is None:
        return labels
    places = {str(name): place for place, name in enumerate(part.ids.tolist())}
    if places.keys() != set(row_ids):
        return labels
    return labels[[places[name] for name in row_ids]]


def _origin(images: np.ndarray, sources: Sources) -> Origin:
    """The data set that the first images of a table belong to."""
    looks = datasets.recognise(images).name
    if sources.train is not None:
        return _of_splits(_loaded(sources.train, sources), images, looks)
    if sources.dataset is None:
        return _of_name(looks, looks, _at_hand(looks, sources.data_dir)) if looks else Origin()
    name = sources.dataset.replace("-", "_")
    if name in datasets.names() and not datasets.at_hand(name, data_dir=sources.data_dir):
        return _of_name(name, looks, None)
    return _of_splits(_loaded(sources.dataset, sources), images, looks)


def _loaded(place: str | os.PathLike[str], sources: Sources) -> Splits:
    return datasets.load(place, data_dir=sources.data_dir, options=sources.options)


def _of_splits(splits: Splits, images: np.ndarray, looks: str | None) -> Origin:
    mismatch = None
    if splits.image_shape != shape_of(images):
        mismatch = (
            f"test images are {described(shape_of(images))}, those of {splits.name}"
            f" {described(splits.image_shape)}"
        )
    elif looks and splits.name in datasets.names() and looks != splits.name:
        mismatch = f"the test images look like {looks}, not {splits.name}"
    found = None if mismatch else _sentinel_for(splits)
    return Origin(splits.name, splits.classes, found, splits, mismatch)


def _of_name(name: str, looks: str | None, splits: Splits | None) -> Origin:
    mismatch = None
    if looks and looks != name:
        mismatch = f"the test images look like {looks}, not {name}"
    is_shipped = name == sentinel.SHIPPED and not mismatch
    classes = datasets.DATASETS[name].classes
    return Origin(name, classes, sentinel.shipped() if is_shipped else None, splits, mismatch)


def _at_hand(name: str, data_dir: str | os.PathLike[str] | None) -> Splits | None:
    """The known data set, if it is on this machine and whole.

    Nobody asked for it, so nothing is said if it is not.
    """
    with suppress(InputError):
        if datasets.at_hand(name, data_dir=data_dir):
            return datasets.load(name, data_dir=data_dir)
    return None


def _sentinel_for(splits: Splits) -> Sentinel:
    if splits.name == sentinel.SHIPPED:
        return sentinel.shipped()
    provenance = {
        "dataset": splits.name,
        "fingerprint": splits.fingerprint,
        "split": splits.split_id,
    }
    return sentinel.fit(splits.train, splits.valid, splits.classes, provenance=provenance)
