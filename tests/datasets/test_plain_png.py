"""The fast decoder of PNG gives what Pillow gives, or declines."""

import io

import layouts_of as given
import numpy as np
import pytest
from hypothesis import given as draws
from hypothesis import settings
from hypothesis import strategies as st
from PIL import Image

from fashion_nn.datasets.layouts import plain_png


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_every_filter(channels):
    generator = np.random.default_rng(0)
    made = []
    for i in range(40):
        noise = generator.integers(0, 256, (9, 11, channels))
        smooth = np.cumsum(generator.integers(0, 9, (9, 11, channels)), axis=i % 2) + 40
        made.append((noise if i % 4 == 0 else smooth).astype(np.uint8).squeeze())
    contents = [given.picture(each, compress_level=level % 10) for level, each in enumerate(made)]
    for found, expected in zip(plain_png.decode(contents), made, strict=True):
        np.testing.assert_array_equal(found, expected)


@settings(max_examples=200, deadline=None)
@draws(place=st.integers(0, 120), value=st.integers(0, 255))
def test_a_changed_byte_is_declined_or_read_as_pillow_reads_it(place, value):
    content = bytearray(given.picture(given.images()[0]))
    content[place % len(content)] = value
    (found,) = plain_png.decode([bytes(content)])
    if found is not None:
        with Image.open(io.BytesIO(content)) as picture:
            np.testing.assert_array_equal(found, np.asarray(picture))


def test_other_kinds_are_declined():
    grey = Image.fromarray(given.images()[0])
    contents = [
        given.picture(grey.convert("LA")),
        given.picture(grey.convert("P")),
        given.picture(grey.convert("1")),
        given.picture(grey, transparency=3),
        given.picture(Image.new("L", (200, 200))),
        given.picture(grey, "bmp"),
        b"",
    ]
    assert plain_png.decode(contents) == [None] * 7
