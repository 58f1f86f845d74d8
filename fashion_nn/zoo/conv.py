"""Convolutional networks without skip connections."""

import keras
from keras import layers

from fashion_nn.zoo.registry import Fraction, register


# Three poolings halve the image, rounding down, and one pixel must be left: 8.
@register("cnn-v1", source="report 003, figure 8", smallest=8)
def cnn_v1(
    *,
    name: str,
    image_shape: tuple[int, int],
    classes: int,
    dropout_1: Fraction = 0.25,
    dropout_2: Fraction = 0.25,
    dropout_3: Fraction = 0.25,
    dropout_4: Fraction = 0.1,
    bn_momentum: Fraction = 0.99,
) -> keras.Model:
    """Four padded 3 x 3 convolutions and five dense layers: 380,675 parameters.

    Every activation is a layer of its own: ReLU, and softmax at the end. The second last
    dense layer has the table's 10 units, or one per class where there are more classes.

    The dropout rates are our choice: the report does not state them, and says that its first rates were
    too high. A quarter, and a tenth in the layer of 10 units, where each lost unit weighs most.

    Source: report 003, figure 8.
    """
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="image"),
            layers.Rescaling(1 / 255, name="scale"),
            layers.Reshape((*image_shape, 1), name="pixels"),
            layers.Conv2D(200, 3, padding="same", name="conv_1"),
            layers.Activation("relu", name="relu_1"),
            layers.Conv2D(100, 3, padding="same", name="conv_2"),
            layers.Activation("relu", name="relu_2"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Dropout(dropout_1, name="dropout_1"),
            layers.Conv2D(50, 3, padding="same", name="conv_3"),
            layers.Activation("relu", name="relu_3"),
            layers.MaxPooling2D(name="pool_2"),
            layers.Conv2D(50, 3, padding="same", name="conv_4"),
            layers.Activation("relu", name="relu_4"),
            layers.MaxPooling2D(name="pool_3"),
            layers.Flatten(name="flatten"),
            layers.Dense(256, name="dense_1"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_1"),
            layers.Activation("relu", name="relu_5"),
            layers.Dense(50, name="dense_2"),
            layers.Activation("relu", name="relu_6"),
            layers.Dropout(dropout_2, name="dropout_2"),
            layers.Dense(25, name="dense_3"),
            layers.Activation("relu", name="relu_7"),
            layers.Dropout(dropout_3, name="dropout_3"),
            layers.Dense(max(10, classes), name="dense_4"),
            layers.Activation("relu", name="relu_8"),
            layers.Dropout(dropout_4, name="dropout_4"),
            layers.Dense(classes, name="dense_5"),
            layers.Activation("softmax", dtype="float32", name="probabilities"),
        ],
        name=name,
    )


# Three times: an unpadded 3 x 3 convolution takes 2 pixels, pooling halves, rounding down.
# One pixel must be left: ((1 · 2 + 2) · 2 + 2) · 2 + 2 = 22.
@register("cnn-v2", source="report 003, figure 11", smallest=22)
def cnn_v2(
    *,
    name: str,
    image_shape: tuple[int, int],
    classes: int,
    dropout_1: Fraction = 0.5,
    dropout_2: Fraction = 0.5,
    dropout_3: Fraction = 0.5,
    bn_momentum: Fraction = 0.99,
) -> keras.Model:
    """Six 3 x 3 convolutions, every second unpadded, each with batch normalisation: 1,922,058 parameters.

    ReLU and softmax are inside the convolutions and the dense layers.

    Source: report 003, figure 11; the dropout rates from the public code of that network.
    """
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="image"),
            layers.Rescaling(1 / 255, name="scale"),
            layers.Reshape((*image_shape, 1), name="pixels"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv_1"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_1"),
            layers.Conv2D(64, 3, activation="relu", name="conv_2"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_2"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Dropout(dropout_1, name="dropout_1"),
            layers.Conv2D(128, 3, padding="same", activation="relu", name="conv_3"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_3"),
            layers.Conv2D(128, 3, activation="relu", name="conv_4"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_4"),
            layers.MaxPooling2D(name="pool_2"),
            layers.Dropout(dropout_2, name="dropout_2"),
            layers.Conv2D(256, 3, padding="same", activation="relu", name="conv_5"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_5"),
            layers.Conv2D(256, 3, activation="relu", name="conv_6"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_6"),
            layers.MaxPooling2D(name="pool_3"),
            layers.Flatten(name="flatten"),
            layers.Dense(1024, activation="relu", name="dense_1"),
            layers.Dropout(dropout_3, name="dropout_3"),
            layers.Dense(512, activation="relu", name="dense_2"),
            layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities"),
        ],
        name=name,
    )
