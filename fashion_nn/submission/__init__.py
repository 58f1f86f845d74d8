"""From a table of test images to a complete prediction file.

image_table    the test table, read once
choosing       the best saved run for it
from_scratch   or training one: `candidates` says which models, `planning` for how long
calibration    labelled rows by which the scale of the pixels is found
predicting     the model's labels of all rows
formats        the file that is written, and what a correct one holds
"""

from fashion_nn.submission.calibration import read_calibration
from fashion_nn.submission.choosing import best_run, labels_of, trained_for, trained_on
from fashion_nn.submission.formats import (
    FORMATS,
    Layout,
    Sample,
    expectation,
    read_sample,
    render,
    require_output,
    write,
)
from fashion_nn.submission.from_scratch import (
    Limit,
    Prospect,
    best_of,
    follow,
    free_folder,
    prospect,
    trainer,
)
from fashion_nn.submission.image_table import ImageTable
from fashion_nn.submission.planning import Stage
from fashion_nn.submission.predicting import Predictions, predict, predict_blocks, warnings

__all__ = [
    "FORMATS",
    "ImageTable",
    "Layout",
    "Limit",
    "Predictions",
    "Prospect",
    "Sample",
    "Stage",
    "best_of",
    "best_run",
    "expectation",
    "follow",
    "free_folder",
    "labels_of",
    "predict",
    "predict_blocks",
    "prospect",
    "read_calibration",
    "read_sample",
    "render",
    "require_output",
    "trained_for",
    "trained_on",
    "trainer",
    "warnings",
    "write",
]
