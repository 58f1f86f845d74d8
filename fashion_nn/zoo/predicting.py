"""The answers of a model that was built here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import numpy as np


def predict(model: "keras.Model", images: "np.ndarray", batch_size: int) -> "np.ndarray":
    """What `model` answers to `images`, uint8 (n, height, width), n at least 1: float32 (n, k), in their order.

    Block by block, not by Keras' `predict`: that makes a dataset, and destroying one joins the thread that tunes it, so
    that it may end with waiting for the rest of a sleep of that thread.
    """
    import numpy as np

    blocks = (images[start : start + batch_size] for start in range(0, len(images), batch_size))
    return np.concatenate([model.predict_on_batch(block) for block in blocks])
