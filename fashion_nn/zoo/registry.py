"""Names to models: the decorator that registers a model, and what can be asked about any model.

The registry imports the modules of `fashion_nn.zoo.models` when it is first asked for a name, so a
new model needs no entry in another list. Those modules import no Keras at their top, so names,
options and parameter counts are known within milliseconds.

All models keep one contract. The input is uint8 pixels, 0..255, of shape (n, height, width) or, in
colour, (n, height, width, 3); any other number type with the same values gives the same answer. The
output is float32 probabilities of shape (n, classes) under every precision policy. Scaling is part
of the model, so it cannot be forgotten when predicting. Every layer has a fixed name: two builds in
one process have the same configuration.
"""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

from fashion_nn.core.image_shape import COLOURS, ImageShape
from fashion_nn.errors import InputError
from fashion_nn.zoo import kinds
from fashion_nn.zoo.kinds import Fraction
from fashion_nn.zoo.spaces import Choices

if TYPE_CHECKING:
    import keras

__all__ = ["Entry", "Fraction", "LayerRow", "Parameters", "register"]

_MODELS = "fashion_nn.zoo.models"
_GIVEN_BY_BUILD = ("name", "image_shape", "classes")
_registered: dict[str, "Entry"] = {}


@dataclass(frozen=True)
class Entry:
    """What the registry knows about a model.

    Attributes:
        name: what the model is called everywhere.
        source: where the model is published.
        parameters: number of weights for grey images of 28 x 28 pixels, 10 classes and default
            options; None if it is not stated.
        summary: one sentence about the layers.
        options: option → its default.
        space: option that a search varies → the values that it may try.
        smallest: minimum height and width of an image, in pixels.
    """

    name: str
    source: str
    parameters: int | None
    summary: str
    options: Mapping[str, Any]
    space: Mapping[str, Choices]
    smallest: int
    _builder: Callable[..., "keras.Model"] = field(repr=False)
    _kinds: Mapping[str, Any] = field(repr=False)


class LayerRow(NamedTuple):
    """One line of a layer table. `output_shape` starts with None, the number of images."""

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    parameters: int


class Parameters(NamedTuple):
    """Number of weights of a model.

    The moving means and variances of batch normalisation are not trainable.
    """

    total: int
    trainable: int
    non_trainable: int


def names() -> tuple[str, ...]:
    """The names of all models."""
    return tuple(_entries())


def require_known(name: str) -> None:
    """Refuse a name that no model has, without importing Keras.

    Raises:
        InputError: the name is unknown; the message lists the models that exist.
    """
    if name not in _entries():
        raise InputError(f"unknown model {name!r}: expected one of {', '.join(names())}")


def describe(name: str) -> Entry:
    """The source, the size and the options of the model called `name`.

    Raises:
        InputError: there is no such model; the message lists those that exist.
    """
    require_known(name)
    return _entries()[name]


def build(
    name: str, *, image_shape: ImageShape = (28, 28), classes: int = 10, **options: Any
) -> "keras.Model":
    """A new, uncompiled model with fresh weights. The module docstring describes input and output.

    Args:
        name: one of `names()`.
        image_shape: height and width in pixels, and 3 behind them for images in colour.
        classes: number of classes, at least 2.
        **options: of the model; `describe(name).options` lists them with their defaults.

    Raises:
        InputError: the name or an option is unknown, a value is out of range, or the images are too
            small for the model.
    """
    entry = describe(name)
    require_options(name, options)
    require_shape(name, image_shape)
    if not _is_whole(classes) or classes < 2:
        raise InputError(f"{name}: classes={classes!r}: expected a whole number, at least 2")
    shape = tuple(map(int, image_shape))
    return entry._builder(name=name, image_shape=shape, classes=int(classes), **options)


def require_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that the model called `name` does not have, and values that are out of range.

    Raises:
        InputError: there is such an option or value, or no such model.
    """
    entry = describe(name)
    for key, value in options.items():
        if key not in entry.options:
            known = ", ".join(entry.options)
            raise InputError(f"{entry.name} has no option {key!r}: expected one of {known}")
        kinds.require(entry.name, key, value, entry._kinds[key])


def require_shape(name: str, image_shape: Any) -> None:
    """Refuse images that are too small for the model called `name`.

    Raises:
        InputError: they are too small, or `image_shape` is no `ImageShape`.
    """
    least = describe(name).smallest
    sizes = tuple(image_shape) if isinstance(image_shape, tuple | list) else ()
    is_shape = len(sizes) == 2 or sizes[2:] == (COLOURS,)
    if not (is_shape and all(_is_whole(size) for size in sizes)):
        raise InputError(
            f"{name}: image_shape={image_shape!r}: expected a height and a width in pixels, and a 3"
            " behind them for images in colour"
        )
    height, width = sizes[:2]
    if min(height, width) < least:
        raise InputError(
            f"{name} needs images of at least {least} x {least} pixels, got {height} x {width}"
        )


def layer_table(model: "keras.Model") -> list[LayerRow]:
    """One row per layer, in order. Input layers are left out, since they compute nothing."""
    return [
        LayerRow(layer.name, type(layer).__name__, tuple(layer.output.shape), layer.count_params())
        for layer in model.layers
        if type(layer).__name__ != "InputLayer"
    ]


def parameters(model: "keras.Model") -> Parameters:
    """The number of weights of `model`, and how many of them are trained."""
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    total = model.count_params()
    return Parameters(total, trainable, total - trainable)


def register(
    *,
    source: str = "own code",
    parameters: int | None = None,
    space: Mapping[str, Choices] | None = None,
    smallest: int = 1,
) -> Callable[[Callable], Callable]:
    """Decorator that makes a function the builder of a model.

    The model has the name of the function, with hyphens for underscores. The function takes keyword
    arguments only: `name`, `image_shape`, `classes`, and the model's options, each with a default
    and annotated with its kind (such as `Fraction`, or a `Literal` of strings). It returns the
    uncompiled model. The first line of its docstring is the model's summary.

    Outside the package the decorator works as inside it: from then on `zoo.build` and
    `training.run` know the name in this process. A cell of a notebook may be run again, and then
    replaces the model of its name.

    Args:
        source, parameters, space, smallest: see `Entry`.

    Raises:
        ValueError: another model has this name, or the space names an option that does not exist.
    """

    def add(builder: Callable) -> Callable:
        name = builder.__name__.replace("_", "-")
        if _is_ours(builder):
            taken = name in _registered
        else:
            taken = name in _entries() and _is_ours(_registered[name]._builder)
        if taken:
            raise ValueError(f"two models are called {name!r}")
        given = inspect.signature(builder).parameters
        options = {key: given[key].default for key in given if key not in _GIVEN_BY_BUILD}
        unknown = (space or {}).keys() - options.keys()
        if unknown:
            raise ValueError(f"{name}: the search space has unknown options: {unknown}")
        _registered[name] = Entry(
            name=name,
            source=source,
            parameters=parameters,
            summary=(inspect.getdoc(builder) or name).splitlines()[0],
            options=options,
            space=space or {},
            smallest=smallest,
            _builder=builder,
            _kinds={key: given[key].annotation for key in options},
        )
        return builder

    return add


def registered(builder: Callable) -> Entry | None:
    """What is known of the model that `builder` builds; None if it is not registered."""
    return next((entry for entry in _registered.values() if entry._builder is builder), None)


def _is_ours(builder: Callable) -> bool:
    return builder.__module__.startswith(f"{_MODELS}.")


@cache
def _entries() -> Mapping[str, Entry]:
    """All models by name, after importing every module of the models' package."""
    package = importlib.import_module(_MODELS)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{_MODELS}.{module.name}")
    return _registered


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
