"""Recognition by simple figures: right on every class of the known data sets, silent on anything
else.
"""

import numpy as np
import pytest

from fashion_nn.datasets import DATASETS, load, recognise
from fashion_nn.datasets.recognition import figures, measure_ranges

rng = np.random.default_rng(0)
UNKNOWN = {
    "noise": rng.integers(0, 256, (60, 28, 28), dtype=np.uint8),
    "sparse noise": (
        (rng.integers(0, 256, (60, 28, 28)) * (rng.random((60, 28, 28)) < 0.3)).astype(np.uint8)
    ),
    "black": np.zeros((60, 28, 28), dtype=np.uint8),
    "white": np.full((60, 28, 28), 255, dtype=np.uint8),
    "gradient": np.tile(np.linspace(0, 255, 28).astype(np.uint8), (60, 28, 1)),
    "another size": np.zeros((60, 32, 32), dtype=np.uint8),
    "none": np.zeros((0, 28, 28), dtype=np.uint8),
}


@pytest.mark.parametrize("images", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_images_are_not_recognised(images):
    assert recognise(images).name is None


def test_figures_of_an_image_known_by_hand():
    image = np.zeros((1, 28, 28), dtype=np.uint8)
    image[0, 10:12, 4:24] = 255  # a bar of 2 x 20
    expected = {
        "zeros": 1 - 40 / 784,
        "bright": 40 / 784,
        "mean": 40 / 784,
        "step": 1,
        "roughness": 4 / 40,  # two edges in each of two rows
        "extent": 20,
        "row": 10.5 - 13.5,
        "column": 0,
        "height": np.sqrt((3.5**2 + 2.5**2) / 2),
        "width": np.sqrt((np.arange(4, 24) - 13.5) @ (np.arange(4, 24) - 13.5) / 20),
    }
    found = {name: float(value[0]) for name, value in figures(image).items()}
    assert found == pytest.approx(expected, abs=1e-5)


def test_digits_are_recognised_and_their_negative_is_not():
    images = load("digits").train.images
    assert recognise(images).name == "digits"
    assert recognise(255 - images).name is None
    assert recognise(images.transpose(0, 2, 1)).name is None


@pytest.fixture(scope="module", params=list(DATASETS))
def known(request, real_data):
    return load(request.param, data_dir=real_data, validation_fraction=0)


def test_ranges_are_those_of_the_data(known):
    assert measure_ranges(known.train.images, known.train.labels) == DATASETS[known.name].ranges


@pytest.mark.parametrize("part", ["train", "test"])
def test_no_subset_of_a_hundred_is_taken_for_another(known, part):
    split, generator = getattr(known, part), np.random.default_rng(1)
    for _ in range(200):
        images = split.images[generator.choice(len(split), 100, replace=False)]
        assert recognise(images).name == known.name


def test_fifty_images_of_a_single_class_are_enough(known):
    generator = np.random.default_rng(2)
    for label in range(10):
        rows = np.flatnonzero(known.train.labels == label)
        for _ in range(20):
            assert (
                recognise(known.train.images[generator.choice(rows, 50, replace=False)]).name
                == known.name
            )


def test_changed_images_are_not_recognised(known):
    images = known.test.images
    assert recognise(255 - images).name is None
    assert recognise(np.where(images > 127, 255, 0).astype(np.uint8)).name is None
    assert recognise(np.roll(images, 6, axis=2)).name is None


def test_two_data_sets_mixed_are_neither(real_data):
    parts = [
        load(name, data_dir=real_data).test.images[:200] for name in ("mnist", "fashion_mnist")
    ]
    assert recognise(np.concatenate(parts)).name is None
