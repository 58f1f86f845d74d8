"""Augmentation against plain NumPy, and its speed."""

import numpy as np
import pytest
from scipy import ndimage

from fashion_nn.recipes import Augmentation
from fashion_nn.training import augment


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (64, 28, 28), np.uint8)


def changed(images, seed=1, **settings):
    draws = augment.draw(
        Augmentation(**settings), len(images), images.shape[1:], np.random.default_rng(seed)
    )
    return draws, draws.apply(images, slice(None))


def test_nothing_asked_nothing_changed(images):
    assert not Augmentation().active
    assert np.array_equal(changed(images)[1], images)


def test_flip_mirrors_about_half_of_the_images_exactly(images):
    result = changed(images, flip=True)[1]
    mirrored = [np.array_equal(new, old[:, ::-1]) for new, old in zip(result, images, strict=True)]
    same = [np.array_equal(new, old) for new, old in zip(result, images, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 16 < sum(mirrored) < 48


def test_shift_moves_whole_pixels_and_fills_black(images):
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    shifts = set()
    for new, old in zip(changed(images, shift_pixels=2)[1], padded, strict=True):
        found = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if np.array_equal(new, old[2 - dy : 30 - dy, 2 - dx : 30 - dx])
        ]
        assert len(found) == 1
        shifts.update(found)
    assert len(shifts) > 15  # of 25


def test_rotation_agrees_with_scipy():
    smooth = ndimage.gaussian_filter(np.random.default_rng(0).random((8, 28, 28)), (0, 2, 2))
    smooth = (255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    draws, result = changed(smooth, rotation_degrees=30)
    for image, angle, new in zip(smooth, draws.angle, result, strict=True):
        expected = ndimage.rotate(image.astype(float), np.degrees(angle), reshape=False, order=1)
        inner = np.s_[8:20, 8:20]
        assert np.abs(new[inner] - expected[inner]).max() <= 1.5
    assert np.ptp(draws.angle) > 0.3


def test_brightness_scales_and_clips(images):
    draws, result = changed(images, brightness=0.4)
    expected = np.clip(np.round(images * draws.brightness[:, None, None]), 0, 255)
    assert np.abs(result - expected).max() <= 1
    assert 0.6 <= draws.brightness.min() < 0.8 and 1.2 < draws.brightness.max() <= 1.4


def test_erase_blackens_one_square_an_image(images):
    bright = np.maximum(images, 1)
    draws, result = changed(bright, erase=0.5)
    assert draws.side == 14
    for new, old, (top, left) in zip(result, bright, draws.corner, strict=True):
        assert not new[top : top + 14, left : left + 14].any()
        assert (new == 0).sum() == 14 * 14 and np.array_equal(new[new > 0], old[new > 0])
    assert len({tuple(corner) for corner in draws.corner}) > 30


def test_same_seed_same_images_other_seed_others(images):
    everything = {
        "flip": True,
        "shift_pixels": 3,
        "rotation_degrees": 10,
        "brightness": 0.2,
        "erase": 0.3,
    }
    first, again, other = (changed(images, seed, **everything)[1] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_images_that_are_not_square():
    image = np.arange(2 * 20 * 30, dtype=np.uint8).reshape(2, 20, 30)
    draws, result = changed(image, flip=True, seed=3)
    for new, old, mirrored in zip(result, image, draws.mirror, strict=True):
        assert np.array_equal(new, old[:, ::-1] if mirrored else old)


def test_the_colours_of_an_image_are_changed_together():
    coloured = np.random.default_rng(0).integers(0, 256, (16, 12, 9, 3), np.uint8)
    settings = {
        "flip": True,
        "shift_pixels": 2,
        "rotation_degrees": 15,
        "brightness": 0.3,
        "erase": 0.25,
    }
    result = changed(coloured, **settings)[1]
    assert result.shape == coloured.shape and result.dtype == np.uint8
    for colour in range(3):
        alone = changed(np.ascontiguousarray(coloured[..., colour]), **settings)[1]
        np.testing.assert_array_equal(result[..., colour], alone)
