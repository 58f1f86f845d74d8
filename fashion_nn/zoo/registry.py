"""Names to models: the map of families, the decorator they register with, and what a model is made of.

Every model keeps one contract: pixels 0..255 in, shape (n, height, width), uint8 (any other number
type with the same values gives the same answer); probabilities out, shape (n, classes), float32 under
every precision policy. Scaling is inside, so that nothing can be forgotten when predicting. Every
layer has a fixed name: two builds in one process have the same configuration.
"""

import importlib
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args, get_origin

from fashion_nn.errors import InputError
from fashion_nn.zoo.spaces import Choices

if TYPE_CHECKING:
    import keras

Fraction = Annotated[float, "a number, at least 0 and below 1"]

# Name → module of its family. Importing one imports no Keras: the builders do.
_FAMILIES = {"mlp": "models.dense", "cnn-v1": "models.plain", "cnn-v2": "models.plain", "dcn": "models.plain", "sprint": "models.plain"}

_REGISTERED: dict[str, "Entry"] = {}
_GIVEN_BY_BUILD = ("name", "image_shape", "classes")


@dataclass(frozen=True)
class Entry:
    """What the registry knows about a model.

    parameters: number of weights for images of 28 x 28 pixels, 10 classes and the default options.
    options: option → its default.
    space: option that a search varies → what it may try.
    smallest: the least height and width, in pixels.
    """

    name: str
    source: str
    parameters: int
    summary: str
    options: Mapping[str, Any]
    space: Mapping[str, Choices]
    smallest: int
    _body: Callable[..., "keras.Model"] = field(repr=False)
    _kinds: Mapping[str, Any] = field(repr=False)


class LayerRow(NamedTuple):
    """One line of a layer table. `output_shape` starts with None, the number of images."""

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    parameters: int


class Parameters(NamedTuple):
    """Number of weights of a model. Not trainable: the moving means and variances of batch normalisation."""

    total: int
    trainable: int
    non_trainable: int


def names() -> tuple[str, ...]:
    """The names of all models."""
    return tuple(_FAMILIES)


def require_known(name: str) -> None:
    """Refuse a name that no model has, without importing Keras.

    Raises:
        InputError: the message lists the models that exist.
    """
    if name not in _FAMILIES:
        raise InputError(f"unknown model {name!r}: expected one of {', '.join(names())}")


def describe(name: str) -> Entry:
    """Where the model called `name` is published, and its options with their defaults.

    Raises:
        InputError: there is no such model; the message lists those that exist.
    """
    require_known(name)
    importlib.import_module(f"fashion_nn.zoo.{_FAMILIES[name]}")
    return _REGISTERED[name]


def build(name: str, *, image_shape: tuple[int, int] = (28, 28), classes: int = 10, **options: Any) -> "keras.Model":
    """A new, uncompiled model with fresh weights; see the module's head for what goes in and out.

    Args:
        name: one of `names()`.
        image_shape: height and width, in pixels.
        classes: number of classes, at least 2.
        **options: of the model; `describe(name).options` lists them with their defaults.

    Raises:
        InputError: the name or an option is unknown, a value is out of range, or the images are too small.
    """
    entry = describe(name)
    require_options(name, options)
    require_shape(name, image_shape)
    if not _is_whole(classes) or classes < 2:
        raise InputError(f"{name}: classes={classes!r}: expected a whole number, at least 2")
    height, width = map(int, image_shape)
    return entry._body(name=name, image_shape=(height, width), classes=int(classes), **options)


def require_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that the model called `name` has not, and values that are out of range.

    Raises:
        InputError: there is one, or no such model.
    """
    entry = describe(name)
    known = ", ".join(entry.options)
    for key, value in options.items():
        if key not in entry.options:
            raise InputError(f"{entry.name} has no option {key!r}: expected one of {known}")
        kind = entry._kinds[key]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if kind is Fraction and not (is_number and 0 <= value < 1):
            raise InputError(f"{entry.name}: {key}={value!r}: expected {get_args(kind)[1]}")
        if get_origin(kind) is Literal and value not in get_args(kind):
            raise InputError(f"{entry.name}: {key}={value!r}: expected one of {', '.join(get_args(kind))}")


def require_shape(name: str, image_shape: Any) -> None:
    """Refuse images that are too small for the model called `name`.

    Raises:
        InputError: they are, or `image_shape` is not a height and a width.
    """
    least = describe(name).smallest
    is_pair = isinstance(image_shape, tuple | list) and len(image_shape) == 2
    if not (is_pair and all(_is_whole(side) for side in image_shape)):
        raise InputError(f"{name}: image_shape={image_shape!r}: expected a height and a width in pixels")
    height, width = image_shape
    if min(height, width) < least:
        raise InputError(f"{name} needs images of at least {least} x {least} pixels, got {height} x {width}")


def layer_table(model: "keras.Model") -> list[LayerRow]:
    """One row per layer, in order. Input layers, which compute nothing, have none."""
    return [
        LayerRow(layer.name, type(layer).__name__, tuple(layer.output.shape), layer.count_params())
        for layer in model.layers
        if type(layer).__name__ != "InputLayer"
    ]


def parameters(model: "keras.Model") -> Parameters:
    """How many weights `model` has, and how many of them are trained."""
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    total = model.count_params()
    return Parameters(total, trainable, total - trainable)


def register(
    name: str, *, source: str, parameters: int, space: Mapping[str, Choices], smallest: int = 1
) -> Callable[[Callable], Callable]:
    """Decorator: makes a function the body of the model `name`.

    The function takes keyword arguments only: `name`, `image_shape`, `classes`, and its options, each
    with a default and annotated with its kind (`Fraction`, or a `Literal` of texts). It returns the model, uncompiled.

    Args:
        name: what the model is called everywhere.
        source: where it is published.
        parameters: see `Entry`.
        space: what a search may try for which option.
        smallest: the least height and the least width of an image, in pixels.
    """

    def add(body: Callable) -> Callable:
        if name in _REGISTERED:
            raise ValueError(f"two models are called {name!r}")
        given = inspect.signature(body).parameters
        options = {key: given[key].default for key in given if key not in _GIVEN_BY_BUILD}
        kinds = {key: given[key].annotation for key in options}
        if not space.keys() <= options.keys():
            raise ValueError(f"{name}: the space has options that the builder has not: {space.keys() - options.keys()}")
        summary = (inspect.getdoc(body) or name).splitlines()[0]
        _REGISTERED[name] = Entry(name, source, parameters, summary, options, space, smallest, body, kinds)
        return body

    return add


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
