"""A user's own model made to keep the contract of the zoo: uint8 pixels in, probabilities out."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fashion_nn.errors import InputError
from fashion_nn.zoo.own import OwnBuilder

if TYPE_CHECKING:
    import keras

_TOLERANCE = 1e-2  # of the sum of probabilities, which may be computed in bfloat16


def build(
    builder: OwnBuilder,
    *,
    image_shape: tuple[int, ...],
    classes: int,
    options: Mapping[str, Any],
) -> "keras.Model":
    """A new model of the user's own that takes uint8 (n, *image_shape), as those of the zoo do.

    If the user's model takes floats, numbers on another scale, images with an axis for one channel
    or flat images, layers in front of it convert the pixels. A compiled model keeps its optimizer
    and its loss; see `compiled`.

    Raises:
        InputError: the function raises, or its model does not take the images or give
            probabilities of the classes; the line names the user's file and line.
    """
    builder.require_options(options)
    with _names_from_the_start():
        model = builder.call(image_shape, classes, options)
        if model.built and _is_graph(model):
            adapted = _adapted(builder, model, image_shape)
        else:
            adapted = _connected(builder, model, image_shape, classes, options)
    _require_output(builder, adapted, classes)
    if model.compiled and adapted is not model:
        adapted.compile(model.optimizer, model.loss)
    return adapted


def require_probabilities(builder: OwnBuilder, model: "keras.Model", images: Any) -> None:
    """Refuse a model whose answers for `images`, uint8 (n, *image_shape), are no probabilities.

    Raises:
        InputError: a number is negative or not finite, or those of an image do not sum to 1.
    """
    import numpy as np

    with builder.explained():
        answers = np.asarray(model.predict_on_batch(images), np.float64)
    sums = answers.sum(axis=1)
    if not np.isfinite(answers).all() or answers.min() < 0 or abs(sums - 1).max() > _TOLERANCE:
        raise InputError(
            f"{builder.place}: the model's numbers for an image are no probabilities (their sum is"
            f" {sums[0]:.4g}): end it with softmax"
        )


def own_layers(model: "keras.Model") -> tuple[str, ...]:
    """The names of what in `model` is the user's own code: layers, functions and lambdas."""
    return tuple(dict.fromkeys(_own_names(model.get_config())))


def _own_names(config: Any) -> Iterator[str]:
    """The names of the objects in a configuration of Keras that are not Keras' own."""
    if isinstance(config, list | tuple):
        for each in config:
            yield from _own_names(each)
    elif isinstance(config, dict):
        module = config.get("module")
        kind = config.get("class_name")
        is_object = isinstance(kind, str) and "config" in config
        registered = ">" in str(config.get("registered_name"))
        is_ours = str(module).split(".")[0] in ("keras", "builtins") or module is None
        if is_object and kind == "function":
            if not is_ours or registered:
                yield str(config["config"])
        elif is_object and (registered or not is_ours or kind in ("Lambda", "__lambda__")):
            yield str(kind)
        for each in config.values():
            yield from _own_names(each)


def without_compilation(model: "keras.Model") -> "keras.Model":
    """`model` as if it had never been compiled, so that its file has no trace of an optimizer."""
    model.compiled = False
    model.optimizer = None
    return model


def _is_graph(model: "keras.Model") -> bool:
    """Whether the inputs and outputs of the model are known, as those of a subclass are not."""
    return bool(getattr(model, "inputs", None)) and bool(getattr(model, "outputs", None))


def _adapted(
    builder: OwnBuilder, model: "keras.Model", image_shape: tuple[int, ...]
) -> "keras.Model":
    """The model itself, or behind layers that convert the images."""
    if len(model.inputs) != 1:
        raise InputError(f"{builder.place}: the model has {len(model.inputs)} inputs, expected one")
    wanted = tuple(model.inputs[0].shape[1:])
    if wanted == image_shape and model.inputs[0].dtype == "uint8" and builder.scale is None:
        return model
    shapes = [image_shape, (math.prod(image_shape),)]
    if len(image_shape) == 2:
        shapes.append((*image_shape, 1))
    fitting = [shape for shape in shapes if _fits(shape, wanted)]
    if not fitting:
        raise InputError(
            f"{builder.place}: the model takes inputs of shape {wanted}, the images have"
            f" {image_shape}: use the argument image_shape"
        )
    return _behind(builder, model, image_shape, fitting[0])


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    if len(shape) != len(wanted):
        return False
    return all(side in (None, here) for side, here in zip(wanted, shape, strict=True))


def _connected(
    builder: OwnBuilder,
    model: "keras.Model",
    image_shape: tuple[int, ...],
    classes: int,
    options: Mapping[str, Any],
) -> "keras.Model":
    """A model that was not built yet, such as a subclass, behind an input of its own.

    Grey images are tried without an axis for channels, then with one.
    """
    try:
        return _behind(builder, model, image_shape, image_shape)
    except InputError as first:
        if len(image_shape) != 2:
            raise
        again = builder.call(image_shape, classes, options)
        try:
            return _behind(builder, again, image_shape, (*image_shape, 1))
        except InputError:
            raise first from None


def _behind(
    builder: OwnBuilder,
    model: "keras.Model",
    image_shape: tuple[int, ...],
    wanted: tuple[int, ...],
) -> "keras.Model":
    """`model` behind an input of uint8 images, which are scaled and reshaped for it."""
    import keras
    from keras import layers

    image = keras.Input(image_shape, dtype="uint8", name="image")
    numbers = image
    if builder.scale:
        scale = builder.scale
        rescaling = layers.Rescaling(scale.factor, scale.offset, dtype="float32", name="scale")
        numbers = rescaling(image)
    if wanted != image_shape:
        numbers = layers.Reshape(wanted, name="pixels")(numbers)
    with builder.explained():
        output = model(numbers)
    return keras.Model(image, output, name=model.name)


def _require_output(builder: OwnBuilder, model: "keras.Model", classes: int) -> None:
    shapes = [tuple(output.shape) for output in model.outputs]
    if shapes != [(None, classes)]:
        found = " and ".join(map(str, shapes))
        raise InputError(
            f"{builder.place}: the model's output has the shape {found}, expected"
            f" (None, {classes}): a probability for each class"
        )


@contextmanager
def _names_from_the_start() -> Iterator[None]:
    """Let Keras number unnamed layers from the start, so that two builds have the same names."""
    from collections import defaultdict

    from keras.src.backend.common import global_state

    name = "object_name_uids"
    before = global_state.get_global_attribute(name)
    global_state.set_global_attribute(name, defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute(name, before)
