"""Random changes to training images, drawn from a seed: the same in every process and on resume.

Mirroring and shifting copy windows of a padded batch in NumPy, which is many times faster than
resampling. Only a rotation resamples, in TensorFlow.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from fashion_nn.datasets import Images, ImageShape
from fashion_nn.recipes import Augmentation


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The changes to n images, in the order in which they are applied.

    Attributes:
        angle: float32 (n,), radians, counterclockwise about the centre.
        mirror: bool (n,), about the middle column.
        shift: int64 (n, 2), pixels down and right.
        brightness: float32 (n,), factors.
        corner: int64 (n, 2), top and left of the erased square.
        side: side of the erased square in pixels, the same for all images; 0 for none.
    """

    angle: np.ndarray
    mirror: np.ndarray
    shift: np.ndarray
    brightness: np.ndarray
    corner: np.ndarray
    side: int

    def apply(self, images: Images, rows: slice) -> Images:
        """Apply the draws of `rows` to m images; what moves in from outside is black."""
        if self.angle.any():
            images = rotate(images, self.angle[rows])
        images = move(images, self.mirror[rows], self.shift[rows])
        if (self.brightness != 1).any():
            scaled = images * self.brightness[rows].reshape(-1, *[1] * (images.ndim - 1))
            images = np.rint(np.minimum(scaled, 255, out=scaled), out=scaled).astype(np.uint8)
        if self.side:
            for image, (top, left) in zip(images, self.corner[rows], strict=True):
                image[top : top + self.side, left : left + self.side] = 0
        return images


def draw(
    settings: Augmentation, n: int, image_shape: ImageShape, rng: np.random.Generator
) -> Draws:
    """Draw independent changes for `n` images of `image_shape`."""
    reach = settings.shift_pixels
    size = np.array(image_shape[:2])
    side = round(settings.erase * min(size))
    return Draws(
        angle=np.radians(settings.rotation_degrees * rng.uniform(-1, 1, n)).astype(np.float32),
        mirror=rng.random(n) < (0.5 if settings.flip else 0),
        shift=rng.integers(-reach, reach, (n, 2), endpoint=True),
        brightness=(1 + settings.brightness * rng.uniform(-1, 1, n)).astype(np.float32),
        corner=rng.integers(0, size - side, (n, 2), endpoint=True),
        side=side,
    )


def move(images: Images, mirror: np.ndarray, shift: np.ndarray) -> Images:
    """Mirror images where `mirror` is set, then shift each by whole pixels (down, right)."""
    n, height, width, *colours = images.shape
    reach = np.abs(shift).max(initial=0)
    padded = np.zeros((n, height + 2 * reach, width + 2 * reach, *colours), np.uint8)
    inner = padded[:, reach : reach + height, reach : reach + width]
    inner[:] = images
    inner[mirror] = images[mirror, :, ::-1]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    moved = windows[np.arange(n), reach - shift[:, 0], reach - shift[:, 1]]
    return np.moveaxis(moved, 1, -1) if colours else moved


def rotate(images: Images, angle: np.ndarray) -> Images:
    """Rotate images about their centre, counterclockwise by `angle` (radians), bilinearly."""
    height, width = images.shape[1:3]
    cx = (width - 1) / 2
    cy = (height - 1) / 2
    cos = np.cos(angle)
    sin = np.sin(angle)
    zero = np.zeros_like(angle)
    # Output pixel (x, y) is input pixel (cos x - sin y + ..., sin x + cos y + ...); y points down.
    x_row = [cos, -sin, cx - cos * cx + sin * cy]
    y_row = [sin, cos, cy - sin * cx - cos * cy]
    transforms = np.stack([*x_row, *y_row, zero, zero], axis=1)
    turned = tf.raw_ops.ImageProjectiveTransformV3(
        images=images.reshape(len(images), height, width, -1).astype(np.float32),
        transforms=transforms,
        output_shape=[height, width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return np.rint(turned.numpy()).astype(np.uint8).reshape(images.shape)
