"""What an array of images may be."""

import numpy as np
import pytest
from PIL import Image

from fashion_nn.core import images
from fashion_nn.errors import InputError


@pytest.mark.parametrize("shape", [(28, 20), (20, 28, 3)])
def test_images_are_grey_or_in_colour(shape):
    assert images.shape_of(np.zeros((5, *shape), np.uint8)) == shape
    assert images.values_of(shape) == np.prod(shape)
    assert images.channels_of(shape) == (3 if len(shape) == 3 else 1)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((5, 784), np.uint8),
        ((5, 28, 28), np.float32),
        ((5, 28, 28, 1), np.uint8),
        ((5, 28, 28, 4), np.uint8),
        ((5, 3, 28, 28), np.uint8),
        ((5, 0, 28), np.uint8),
    ],
)
def test_other_arrays_are_refused_by_what_they_are(shape, dtype):
    with pytest.raises(InputError) as refusal:
        images.shape_of(np.zeros(shape, dtype))
    assert f"images are {np.dtype(dtype)} {shape}, expected uint8 (n, height, width)" in str(
        refusal.value
    )


def test_grey_is_the_brightness_that_pillow_computes():
    coloured = np.random.default_rng(0).integers(0, 256, (20, 9, 7, 3), np.uint8)
    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in coloured])
    np.testing.assert_array_equal(images.grey(coloured), expected)
    assert images.grey(expected) is expected
