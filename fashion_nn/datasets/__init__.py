"""From raw files to checked training, validation and test rows.

`load` is the way in; `fetch`, `info`, `export` and `duplicates.check` serve the command line.
"""

from fashion_nn.datasets.catalogue import DATASETS, DataSet, names
from fashion_nn.datasets.exporting import export
from fashion_nn.datasets.loading import load
from fashion_nn.datasets.recognition import Recognition, recognise
from fashion_nn.datasets.sources import at_hand, fetch, needs_download
from fashion_nn.datasets.splits import SPLIT_SEED, VALIDATION_FRACTION, Split, Splits, fingerprint
from fashion_nn.datasets.summary import info

__all__ = [
    "DATASETS",
    "SPLIT_SEED",
    "VALIDATION_FRACTION",
    "DataSet",
    "Recognition",
    "Split",
    "Splits",
    "at_hand",
    "export",
    "fetch",
    "fingerprint",
    "info",
    "load",
    "names",
    "needs_download",
    "recognise",
]
