"""Networks of dense layers only."""

from typing import TYPE_CHECKING, Annotated

from fashion_nn.core.image_shape import ImageShape
from fashion_nn.zoo.kinds import Sizes, sizes
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
        "widths": OneOf("128,64,25,25,12", "256,128,50,50,25", "512,256,100,100,50"),
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
    widths: Annotated[str, Sizes(5)] = "256,128,50,50,25",
) -> "keras.Model":
    """Six dense layers with ReLU, three dropouts and one batch normalisation.

    `widths` are the units of the dense layers but the last, which has one for each class. ReLU is
    inside the dense layers; softmax is a layer of its own. The dropout rates and the
    momentum of the batch normalisation are those of the public code of this network.
    """
    import keras
    from keras import layers

    units = sizes(widths)
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="image"),
            layers.Rescaling(1 / 255, name="scale"),
            layers.Flatten(name="pixels"),
            layers.Dense(units[0], activation="relu", name="dense_1"),
            layers.Dropout(dropout_1, name="dropout_1"),
            layers.Dense(units[1], activation="relu", name="dense_2"),
            layers.Dropout(dropout_2, name="dropout_2"),
            layers.Dense(units[2], activation="relu", name="dense_3"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_1"),
            layers.Dense(units[3], activation="relu", name="dense_4"),
            layers.Dense(units[4], activation="relu", name="dense_5"),
            layers.Dropout(dropout_3, name="dropout_3"),
            layers.Dense(classes, name="dense_6"),
            layers.Activation("softmax", dtype="float32", name="probabilities"),
        ],
        name=name,
    )
