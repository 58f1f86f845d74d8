"""A fitted pipeline as a Keras model with the same numbers: its file needs no pickle."""

from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.datasets import ImageShape

if TYPE_CHECKING:
    import keras
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline


def linear_network(fitted: "Pipeline", image_shape: ImageShape, name: str) -> "keras.Model":
    """The Keras model of a pipeline that `linear.pipeline` made.

    It takes images of this shape, uint8, and gives probabilities, float32 (n, k).
    """
    import keras
    from keras import layers

    steps = dict(fitted.named_steps)
    before: list[Any] = []
    values: list[np.ndarray] = []
    if "pca" in steps:
        kernel = steps["pca"].components_.T
        before = [layers.Dense(kernel.shape[1], name="principal_components")]
        values = [kernel, -steps["pca"].mean_ @ kernel]
    weights, bias = softmax_of(steps["logreg"])
    model = keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="image"),
            layers.Rescaling(1 / 255, name="scale"),
            layers.Flatten(name="pixels"),
            *before,
            layers.Dense(len(bias), activation="softmax", name="probabilities"),
        ],
        name=name.replace("-", "_"),
    )
    model.set_weights([*values, weights, bias])
    return model


def softmax_of(fitted: "LogisticRegression") -> tuple[np.ndarray, np.ndarray]:
    """Weights (d, k) and bias (k,) of the softmax layer that equals a fitted logistic
    regression.
    """
    weights = fitted.coef_
    bias = fitted.intercept_
    if len(weights) == 1:  # for two classes, scikit-learn stores the difference
        weights = np.concatenate([-weights, weights]) / 2
        bias = np.concatenate([-bias, bias]) / 2
    return weights.T, bias
