"""What a confined process that a model has taken over may answer: each lie is a refusal."""

import numpy as np
import pytest

from fashion_nn.inference.engines import confined_keras
from fashion_nn.inference.shared.refusal import Refusal


@pytest.mark.parametrize(
    "shapes",
    [
        None,
        {},
        [],
        [[], []],
        [5],
        [[5]],
        [[[0]]],
        [[[-1]]],
        [[[True]]],
        [[["2"]]],
        [[[10**12]]],
        [[[1] * 9]],
    ],
    ids=repr,
)
def test_shapes_that_no_layer_has_are_refused(shapes):
    with pytest.raises(Refusal, match="its process"):
        confined_keras._require_shapes(shapes, layers=1)


@pytest.mark.parametrize("size", [0, 20, 28])
def test_weights_of_another_length_are_refused(size):
    with pytest.raises(Refusal, match="other weights"):
        confined_keras._arrays([[2, 3]], bytes(size))


class Target:
    shape = (2, 3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "other weights"),
        ([np.zeros((3, 2), "f4")], "other weights"),
        ([np.zeros((2, 3), "f4")] * 2, "other weights"),
        ([np.full((2, 3), np.nan, "f4")], "not finite"),
    ],
)
def test_weights_that_do_not_fit_the_network_are_refused(values, message):
    with pytest.raises(Refusal, match=message):
        confined_keras._require_weights_of([Target], values)
