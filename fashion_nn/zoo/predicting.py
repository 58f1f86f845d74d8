"""Predictions of a Keras model that was built in this process."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import numpy as np


def predict(model: "keras.Model", images: "np.ndarray", batch_size: int) -> "np.ndarray":
    """The probabilities that `model` gives for `images`.

    Args:
        model: takes `images`.
        images: uint8 (n, height, width) or (n, height, width, 3), at least one image.
        batch_size: number of images that are computed at a time.

    Returns:
        float32 (n, k), in the order of `images`.
    """
    import numpy as np

    # Not Keras' own `predict`: it makes a tf.data dataset, and destroying that joins its tuning
    # thread, so the call can block until that thread wakes from a sleep.
    starts = range(0, len(images), batch_size)
    blocks = [images[start : start + batch_size] for start in starts]
    return np.concatenate([model.predict_on_batch(block) for block in blocks])
