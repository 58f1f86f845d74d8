"""Several models as one, and a model beside its answer on the mirrored image."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def mixture(
    members: Sequence["keras.Model"],
    weights: Sequence[float],
    image_shape: tuple[int, int],
    *,
    mirror: bool,
    name: str,
) -> "keras.Model":
    """One model, uint8 (n, height, width) to probabilities (n, k), of `members`, which become nested models.

    Args:
        members: renamed to member_1 and so on, and frozen; they go on sharing their weights with the result.
        weights: of the members' probabilities, with sum 1.
        image_shape: height and width, in pixels.
        mirror: whether each member's answer is averaged with that on the mirrored image.
        name: of the new model.

    The mirror is a matrix product with an exchange matrix, a dense layer without bias: exact for whole numbers up
    to 255, and all that the allow-list for model files needs to know.
    """
    import keras
    import numpy as np
    from keras import layers

    image = keras.Input(image_shape, dtype="uint8", name="image")
    views = [image]
    if mirror:
        exchange = layers.Dense(image_shape[1], use_bias=False, trainable=False, name="mirror")
        views.append(exchange(layers.Rescaling(1.0, name="as_float")(image)))
        exchange.set_weights([np.eye(image_shape[1])[::-1]])
    parts = []
    for i, (member, weight) in enumerate(zip(members, weights, strict=True), start=1):
        member.name, member.trainable = f"member_{i}", False
        answers = [member(view) for view in views]
        answer = layers.Average(name=f"views_{i}")(answers) if mirror else answers[0]
        parts.append(layers.Rescaling(float(weight), name=f"weight_{i}")(answer))
    total = layers.Add(name="probabilities")(parts) if len(parts) > 1 else parts[0]
    return keras.Model(image, total, name=name)
