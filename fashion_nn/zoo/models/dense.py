"""Networks of dense layers only."""

from typing import TYPE_CHECKING

from fashion_nn.core.image_shape import ImageShape
from fashion_nn.zoo.registry import Fraction, register
from fashion_nn.zoo.spaces import Between, OneOf

if TYPE_CHECKING:
    import keras


@register(
    source="report 003, figure 5",
    parameters=244_591,
    space={
        "dropout_1": Between(0.0, 0.7, 0.05),
        "dropout_2": Between(0.0, 0.7, 0.05),
        "dropout_3": Between(0.0, 0.7, 0.05),
        "bn_momentum": OneOf(0.7, 0.9, 0.99),
    },
)
def mlp(
    *,
    name: str,
    image_shape: ImageShape,
    classes: int,
    dropout_1: Fraction = 0.6,
    dropout_2: Fraction = 0.4,
    dropout_3: Fraction = 0.5,
    bn_momentum: Fraction = 0.70,
) -> "keras.Model":
    """Six dense layers with ReLU, three dropouts and one batch normalisation.

    ReLU is inside the dense layers; softmax is a layer of its own. The dropout rates and the
    momentum of the batch normalisation are those of the public code of this network.
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="image"),
            layers.Rescaling(1 / 255, name="scale"),
            layers.Flatten(name="pixels"),
            layers.Dense(256, activation="relu", name="dense_1"),
            layers.Dropout(dropout_1, name="dropout_1"),
            layers.Dense(128, activation="relu", name="dense_2"),
            layers.Dropout(dropout_2, name="dropout_2"),
            layers.Dense(50, activation="relu", name="dense_3"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_1"),
            layers.Dense(50, activation="relu", name="dense_4"),
            layers.Dense(25, activation="relu", name="dense_5"),
            layers.Dropout(dropout_3, name="dropout_3"),
            layers.Dense(classes, name="dense_6"),
            layers.Activation("softmax", dtype="float32", name="probabilities"),
        ],
        name=name,
    )
