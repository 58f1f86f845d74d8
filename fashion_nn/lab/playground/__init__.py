"""TensorFlow Playground without the browser: its data, its initialisation, its updates, its loss.

    settings = from_url(address) or Settings(dataset="spiral", hidden=(5, 5, 5), ...)
    fit = train(settings, epochs=700)       fit.train_loss, fit.test_loss, fit.feature_strength()

A seed means what it means in the page's address: the same points, order, split and initial weights.
A training is the page's own, update by update, up to rounding.

Source: github.com/tensorflow/playground, src/nn.ts, dataset.ts, playground.ts and state.ts.
"""

from fashion_nn.lab.playground.address import Address, from_url, read_address
from fashion_nn.lab.playground.data import Start, start
from fashion_nn.lab.playground.half_plane import HalfPlane, best_for_xor, xor_accuracy
from fashion_nn.lab.playground.keras_script import keras_script
from fashion_nn.lab.playground.page import RowClaim, page
from fashion_nn.lab.playground.picture import draw, gallery, picture
from fashion_nn.lab.playground.rows import (
    ROWS,
    SYSTEMS,
    Rerun,
    Row,
    Summary,
    as_table,
    rerun,
    rows,
    summarise,
    train_rows,
)
from fashion_nn.lab.playground.settings import (
    ACTIVATIONS,
    DATASETS,
    FEATURES,
    REGULARIZATIONS,
    Settings,
    changed,
    parse_features,
    parse_hidden,
)
from fashion_nn.lab.playground.training import Accuracy, Fit, train, train_seeds

__all__ = [
    "ACTIVATIONS",
    "DATASETS",
    "FEATURES",
    "REGULARIZATIONS",
    "ROWS",
    "SYSTEMS",
    "Accuracy",
    "Address",
    "Fit",
    "HalfPlane",
    "Rerun",
    "Row",
    "RowClaim",
    "Settings",
    "Start",
    "Summary",
    "as_table",
    "best_for_xor",
    "changed",
    "draw",
    "from_url",
    "gallery",
    "keras_script",
    "page",
    "parse_features",
    "parse_hidden",
    "picture",
    "read_address",
    "rerun",
    "rows",
    "start",
    "summarise",
    "train",
    "train_rows",
    "train_seeds",
    "xor_accuracy",
]
