"""The model of a run as part of its page, where the reader's browser runs it."""

from dataclasses import dataclass

import numpy as np

from fashion_nn import inference
from fashion_nn.core.images import ImageShape
from fashion_nn.pages import network
from fashion_nn.pages.framing import Framing, measure

MOST_NUMBERS = 3_000_000
"""Weights of a model in a page: 16 MB of text."""
SURE = 0.5
"""Below this calibrated probability an answer is more likely wrong than right."""


@dataclass(frozen=True, slots=True)
class ModelInPage:
    """What the script of a page needs to run a model.

    Attributes:
        description: the network.
        numbers: its weights; see `network.encode`.
        framing: what a drawing has to look like.
        temperature: divides the logits before the answer is held against `sure`.
        sure: the calibrated probability from which on the page is sure of an answer.
    """

    description: network.Description
    numbers: str
    framing: Framing
    temperature: float
    sure: float


def model_in_page(
    predictor: inference.ConfinedPredictor,
    image_shape: ImageShape,
    images: np.ndarray,
    temperature: float,
) -> ModelInPage | str:
    """The model of `predictor` for a page, or why there is none.

    Args:
        predictor: it has answered before.
        image_shape: of the images.
        images: of the training, for their framing.
        temperature: by which its probabilities are calibrated.

    Raises:
        InputError: the model cannot be built or run.
    """
    try:
        description, numbers = network.describe(predictor, image_shape)
    except network.Unknown as unknown:
        return f"The page cannot run this model: it has the layer {unknown}."
    if len(numbers) > MOST_NUMBERS:
        return (
            f"The page does not hold this model: it has {len(numbers):,} weights, and at most"
            f" {MOST_NUMBERS:,} are put into a page."
        )
    return ModelInPage(
        description=description,
        numbers=network.encode(numbers),
        framing=measure(images),
        temperature=temperature,
        sure=SURE,
    )
