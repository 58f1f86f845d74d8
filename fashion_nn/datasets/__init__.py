"""From raw files to checked training, validation and test rows.

Start with `load`. `fetch`, `describe`, `export` and `duplicates.check` serve the command line. The
known data sets are records in `catalogue`. What an array of images may be is decided in
`fashion_nn.core.images`.
"""

from fashion_nn.core.images import Images, ImageShape
from fashion_nn.datasets.catalogue import DATASETS, DataSet, names
from fashion_nn.datasets.exporting import export
from fashion_nn.datasets.importing import write_npz
from fashion_nn.datasets.labels import LabelMap
from fashion_nn.datasets.loading import load
from fashion_nn.datasets.recognition import Recognition, recognise
from fashion_nn.datasets.source import FOUND_OUT, Origin, ReadOptions
from fashion_nn.datasets.sources import at_hand, fetch, needs_download
from fashion_nn.datasets.splits import (
    SPLIT_SEED,
    VALIDATION_FRACTION,
    Split,
    Splits,
    fingerprint,
    shuffled_by_class,
)
from fashion_nn.datasets.summary import describe, disagreements

__all__ = [
    "DATASETS",
    "FOUND_OUT",
    "SPLIT_SEED",
    "VALIDATION_FRACTION",
    "DataSet",
    "ImageShape",
    "Images",
    "LabelMap",
    "Origin",
    "ReadOptions",
    "Recognition",
    "Split",
    "Splits",
    "at_hand",
    "describe",
    "disagreements",
    "export",
    "fetch",
    "fingerprint",
    "load",
    "names",
    "needs_download",
    "recognise",
    "shuffled_by_class",
    "write_npz",
]
