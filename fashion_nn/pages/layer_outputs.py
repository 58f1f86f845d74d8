"""What becomes of one image on its way through a network: the output of each layer, its shape, and
a picture of it.
"""

import math
from dataclasses import dataclass

import numpy as np

from fashion_nn import inference
from fashion_nn.pages import pictures
from fashion_nn.pages.pictures import Picture

_COLUMNS = 8
_STRIP = 128


@dataclass(frozen=True, slots=True)
class LayerOutput:
    """One call of a layer. `shape` is without the number of images; no `picture` where nothing
    changed.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    picture: Picture | None
    shown: str


def through_layers(predictor: inference.ConfinedPredictor, image: np.ndarray) -> list[LayerOutput]:
    """The layers that run when the model answers for `image`, in their order.

    Args:
        predictor: of the model.
        image: uint8 (h, w) or (h, w, 3).

    Raises:
        InputError: the model cannot be built or run.
    """
    return [
        LayerOutput(
            output.layer.name,
            output.layer.class_name,
            output.shape,
            output.parameters,
            *((None, "passes its input on unchanged") if output.values is None else _drawn(output)),
        )
        for output in predictor.trace(image)
    ]


def _drawn(traced: inference.TracedOutput) -> tuple[Picture, str]:
    assert traced.values is not None
    values = np.nan_to_num(traced.values, posinf=0, neginf=0)
    size = math.prod(traced.shape)
    if values.ndim == 3 and values.shape[2] > 1:
        shown = values.shape[2]
        text = f"{shown} channels"
        if shown < traced.shape[2]:
            text = f"{shown} of {traced.shape[2]} channels"
        return pictures.montage(np.moveaxis(values, 2, 0), _COLUMNS), text + _thinned(traced)
    side = math.isqrt(size)
    if len(traced.shape) == 1 and side >= 16 and side**2 == values.size:
        square = pictures.signed(values.reshape(side, side))
        return square, f"{size:,} numbers, as {side} x {side}"
    if values.ndim in (2, 3):
        return pictures.signed(values.reshape(values.shape[:2])), "one picture" + _thinned(traced)
    numbers = values.ravel()
    rows = max(1, math.ceil(len(numbers) / _STRIP))
    strip = np.full(rows * math.ceil(len(numbers) / rows), np.nan)
    strip[: len(numbers)] = numbers
    of_all = f"the first {len(numbers):,} of " if len(numbers) < size else ""
    return pictures.signed(strip.reshape(rows, -1)), f"{of_all}{size:,} numbers"


def _thinned(traced: inference.TracedOutput) -> str:
    assert traced.values is not None
    sent, whole = traced.values.shape[:2], traced.shape[:2]
    if sent == whole:
        return ""
    return f", {sent[0]} x {sent[1]} of its {whole[0]} x {whole[1]} positions"
