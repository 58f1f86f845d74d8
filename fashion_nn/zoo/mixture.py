"""Several models as one, by the weighted mean of their probabilities, also of mirrored images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fashion_nn.core.image_shape import ImageShape, is_colour

if TYPE_CHECKING:
    import keras


def mixture(
    members: Sequence["keras.Model"],
    weights: Sequence[float],
    image_shape: ImageShape,
    *,
    mirror: bool,
    name: str,
) -> "keras.Model":
    """One model that averages the probabilities of `members`, which become nested models.

    Args:
        members: renamed to member_1 and so on, and frozen; they share their weights with the
            result.
        weights: of the members' probabilities, with sum 1.
        image_shape: of the images that the members take.
        mirror: whether each member's probabilities are averaged with those of the mirrored image.
        name: of the new model.

    Returns:
        An uncompiled model, from uint8 images of this shape to float32 probabilities (n, k).
    """
    import keras
    from keras import layers

    image = keras.Input(image_shape, dtype="uint8", name="image")
    views = [image, _mirrored(image, image_shape)] if mirror else [image]
    parts = []
    for i, (member, weight) in enumerate(zip(members, weights, strict=True), start=1):
        member.name = f"member_{i}"
        member.trainable = False
        answers = [member(view) for view in views]
        answer = layers.Average(name=f"views_{i}")(answers) if mirror else answers[0]
        parts.append(layers.Rescaling(float(weight), name=f"weight_{i}")(answer))
    total = layers.Add(name="probabilities")(parts) if len(parts) > 1 else parts[0]
    return keras.Model(image, total, name=name)


def _mirrored(image: "keras.KerasTensor", image_shape: ImageShape) -> "keras.KerasTensor":
    """`image` mirrored left-right, by a matrix product with an exchange matrix.

    A dense layer without bias is exact for whole numbers up to 255, and the allow-list for model
    files needs to know no further layer. It works along the last axis, so the colours of an image
    are put before the columns and back.
    """
    import numpy as np
    from keras import layers

    width = image_shape[1]
    exchange = layers.Dense(width, use_bias=False, trainable=False, name="mirror")
    numbers = layers.Rescaling(1.0, name="as_float")(image)
    if is_colour(image_shape):
        columns_last = layers.Permute((1, 3, 2), name="columns_last")(numbers)
        mirrored = layers.Permute((1, 3, 2), name="colours_last")(exchange(columns_last))
    else:
        mirrored = exchange(numbers)
    exchange.set_weights([np.eye(width)[::-1]])
    return mirrored
