"""Plain convolutional networks: layers in a row, without skip connections."""

from typing import TYPE_CHECKING, Annotated, Literal

from fashion_nn.core.image_shape import ImageShape, channels_of
from fashion_nn.zoo.kinds import Sizes, sizes
from fashion_nn.zoo.registry import Fraction, register
from fashion_nn.zoo.spaces import Between, OneOf

if TYPE_CHECKING:
    import keras


def _scaled_pixels(
    image_shape: ImageShape, scale: float, offset: float = 0.0
) -> "list[keras.layers.Layer]":
    """The first layers: raw pixels, times `scale` plus `offset`, with an axis for channels."""
    import keras
    from keras import layers

    return [
        keras.Input(image_shape, dtype="uint8", name="image"),
        layers.Rescaling(scale, offset=offset, name="scale"),
        layers.Reshape((*image_shape[:2], channels_of(image_shape)), name="pixels"),
    ]


# Smallest image: three poolings halve the sides, rounding down, and one pixel must be left: 8.
@register(
    source="report 003, figure 8",
    parameters=380_675,
    smallest=8,
    space={
        "dropout_1": Between(0.0, 0.6, 0.05),
        "dropout_2": Between(0.0, 0.6, 0.05),
        "dropout_3": Between(0.0, 0.6, 0.05),
        "dropout_4": Between(0.0, 0.4, 0.05),
        "bn_momentum": OneOf(0.7, 0.9, 0.99),
        "filters": OneOf("100,50,25,25", "200,100,50,50", "400,200,100,100"),
    },
)
def cnn_v1(
    *,
    name: str,
    image_shape: ImageShape,
    classes: int,
    dropout_1: Fraction = 0.25,
    dropout_2: Fraction = 0.25,
    dropout_3: Fraction = 0.25,
    dropout_4: Fraction = 0.1,
    bn_momentum: Fraction = 0.99,
    filters: Annotated[str, Sizes(4)] = "200,100,50,50",
) -> "keras.Model":
    """Four padded 3 x 3 convolutions and five dense layers.

    `filters` are the channels of the convolutions.

    Every activation is a layer of its own: ReLU, and softmax at the end. The second last dense
    layer has the 10 units of the published table, or one per class where there are more classes.

    The dropout rates are our choice. The report does not state them; it says that its first rates
    were too high. We use a quarter, and a tenth in the layer of 10 units, where each dropped unit
    matters most.
    """
    import keras
    from keras import layers

    channels = sizes(filters)
    return keras.Sequential(
        [
            *_scaled_pixels(image_shape, 1 / 255),
            layers.Conv2D(channels[0], 3, padding="same", name="conv_1"),
            layers.Activation("relu", name="relu_1"),
            layers.Conv2D(channels[1], 3, padding="same", name="conv_2"),
            layers.Activation("relu", name="relu_2"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Dropout(dropout_1, name="dropout_1"),
            layers.Conv2D(channels[2], 3, padding="same", name="conv_3"),
            layers.Activation("relu", name="relu_3"),
            layers.MaxPooling2D(name="pool_2"),
            layers.Conv2D(channels[3], 3, padding="same", name="conv_4"),
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


# Smallest image: three times, an unpadded 3 x 3 convolution removes 2 pixels and pooling halves the
# sides, rounding down. One pixel must be left: ((1 · 2 + 2) · 2 + 2) · 2 + 2 = 22.
@register(
    source="report 003, figure 11",
    parameters=1_922_058,
    smallest=22,
    space={
        "dropout_1": Between(0.0, 0.7, 0.05),
        "dropout_2": Between(0.0, 0.7, 0.05),
        "dropout_3": Between(0.0, 0.7, 0.05),
        "bn_momentum": OneOf(0.7, 0.9, 0.99),
        "filters": OneOf("16,32,64,64,128,128", "32,64,128,128,256,256", "64,128,256,256,512,512"),
    },
)
def cnn_v2(
    *,
    name: str,
    image_shape: ImageShape,
    classes: int,
    dropout_1: Fraction = 0.5,
    dropout_2: Fraction = 0.5,
    dropout_3: Fraction = 0.5,
    bn_momentum: Fraction = 0.99,
    filters: Annotated[str, Sizes(6)] = "32,64,128,128,256,256",
) -> "keras.Model":
    """Six 3 x 3 convolutions, every second unpadded, each with batch normalisation.

    `filters` are the channels of the convolutions.

    ReLU and softmax are inside the convolutions and the dense layers. The dropout rates are those
    of the public code of this network.
    """
    import keras
    from keras import layers

    channels = sizes(filters)
    return keras.Sequential(
        [
            *_scaled_pixels(image_shape, 1 / 255),
            layers.Conv2D(channels[0], 3, padding="same", activation="relu", name="conv_1"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_1"),
            layers.Conv2D(channels[1], 3, activation="relu", name="conv_2"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_2"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Dropout(dropout_1, name="dropout_1"),
            layers.Conv2D(channels[2], 3, padding="same", activation="relu", name="conv_3"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_3"),
            layers.Conv2D(channels[3], 3, activation="relu", name="conv_4"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_4"),
            layers.MaxPooling2D(name="pool_2"),
            layers.Dropout(dropout_2, name="dropout_2"),
            layers.Conv2D(channels[4], 3, padding="same", activation="relu", name="conv_5"),
            layers.BatchNormalization(momentum=bn_momentum, name="norm_5"),
            layers.Conv2D(channels[5], 3, activation="relu", name="conv_6"),
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


# Smallest image: twice, an unpadded 5 x 5 convolution removes 4 pixels and pooling halves the
# sides, rounding down. One pixel must be left: 16.
@register(
    source="report 002, part 2",
    parameters=1_111_946,
    smallest=16,
    space={
        "activation": OneOf("relu", "sigmoid", "tanh", "leaky-relu"),
        "initializer": OneOf("xavier", "he"),
        "padding": OneOf("valid", "same"),
        "dropout": Between(0.0, 0.7, 0.05),
        "filters": OneOf("16,32", "32,64", "64,128"),
    },
)
def dcn(
    *,
    name: str,
    image_shape: ImageShape,
    classes: int,
    activation: Literal["relu", "sigmoid", "tanh", "leaky-relu"] = "relu",
    initializer: Literal["xavier", "he"] = "xavier",
    padding: Literal["valid", "same"] = "valid",
    dropout: Fraction = 0.5,
    filters: Annotated[str, Sizes(2)] = "32,64",
) -> "keras.Model":
    """Two 5 x 5 convolutions and a dense layer of 1024 units.

    `filters` are the channels of the convolutions.

    The layers and the scaling are those of the code skeleton that the report's course handed out.
    The report leaves the padding open. Unpadded is the default of PyTorch's convolution, which the
    skeleton uses; with padding there are 3,274,634 parameters. The skeleton divides pixels by 255,
    subtracts 0.01307 and divides by 0.3081. The mean pixel of MNIST is 0.1307, so this is a
    misprint; we reproduce it.

    Weights are uniform in ±sqrt(6 / (fan_in + fan_out)) for `xavier` and in ±sqrt(6 / fan_in) for
    `he`, as PyTorch's functions of these names draw them; biases start at 0. Leaky ReLU has
    PyTorch's slope, 0.01.
    """
    import keras
    from keras import layers

    channels = sizes(filters)
    weights = {"xavier": "glorot_uniform", "he": "he_uniform"}[initializer]

    def activate(number: int) -> layers.Layer:
        if activation == "leaky-relu":
            return layers.LeakyReLU(0.01, name=f"activation_{number}")
        return layers.Activation(activation, name=f"activation_{number}")

    return keras.Sequential(
        [
            *_scaled_pixels(image_shape, 1 / (255 * 0.3081), -0.01307 / 0.3081),
            layers.Conv2D(
                channels[0], 5, padding=padding, kernel_initializer=weights, name="conv_1"
            ),
            activate(1),
            layers.MaxPooling2D(name="pool_1"),
            layers.Conv2D(
                channels[1], 5, padding=padding, kernel_initializer=weights, name="conv_2"
            ),
            activate(2),
            layers.MaxPooling2D(name="pool_2"),
            layers.Flatten(name="flatten"),
            layers.Dense(1024, kernel_initializer=weights, name="dense_1"),
            activate(3),
            layers.Dropout(dropout, name="dropout"),
            layers.Dense(classes, kernel_initializer=weights, name="dense_2"),
            layers.Activation("softmax", dtype="float32", name="probabilities"),
        ],
        name=name,
    )


# Smallest image: an unpadded 2 x 2 convolution removes a pixel, three poolings halve the sides,
# rounding down, and one pixel must be left: 9.
@register(
    source="ours",
    parameters=657_922,
    smallest=9,
    space={
        "bn_momentum": OneOf(0.7, 0.9, 0.99),
        "filters": OneOf("16,32,64,128", "24,48,96,192", "32,64,128,256"),
    },
)
def sprint(
    *,
    name: str,
    image_shape: ImageShape,
    classes: int,
    bn_momentum: Fraction = 0.9,
    filters: Annotated[str, Sizes(4)] = "24,48,96,192",
) -> "keras.Model":
    """Seven convolutions that a processor computes fast, of 24 to 192 channels.

    `filters` are the channels of the first convolution and of each pair after it. The first
    convolution of each pair of 3 x 3 convolutions is pooled before it is normalised, so
    every later layer computes a quarter of the pixels. There are few channels where there are many
    pixels, and a single dense layer.

    The design follows the fastest networks for CIFAR-10: K. Jordan, 94 % on CIFAR-10 in 3.29
    seconds on a single GPU (2024).
    """
    import keras
    from keras import layers

    first, *others = sizes(filters)

    def convolution(number: int, channels: int) -> layers.Layer:
        return layers.Conv2D(
            channels,
            3,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"conv_{number}",
        )

    def activation(number: int) -> list[layers.Layer]:
        return [
            layers.BatchNormalization(momentum=bn_momentum, name=f"norm_{number}"),
            layers.Activation("relu", name=f"relu_{number}"),
        ]

    # The mean pixel of Fashion-MNIST is 0.286 of white, which this scaling maps to 0.
    network = [
        *_scaled_pixels(image_shape, 1 / 127.5, -0.57),
        layers.Conv2D(first, 2, activation="relu", kernel_initializer="he_normal", name="conv_1"),
    ]
    for stage, channels in enumerate(others, start=1):
        network += [
            convolution(2 * stage, channels),
            layers.MaxPooling2D(name=f"pool_{stage}"),
            *activation(2 * stage - 1),
            convolution(2 * stage + 1, channels),
            *activation(2 * stage),
        ]
    network += [
        layers.GlobalMaxPooling2D(name="pool_4"),
        layers.Dense(classes, name="dense"),
        layers.Activation("softmax", dtype="float32", name="probabilities"),
    ]
    return keras.Sequential(network, name=name)
