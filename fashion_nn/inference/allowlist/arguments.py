"""Reads the arguments of one layer, or what an input layer takes, as a file states them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from fashion_nn.core.strict_json import Json
from fashion_nn.inference.allowlist import operations, rules
from fashion_nn.inference.allowlist.layers import DEFAULTS, LAYERS, RENAMED, REQUIRED
from fashion_nn.inference.allowlist.layers.activations import CHANGED_SINCE_KERAS_2
from fashion_nn.inference.shared.network import InputSpec
from fashion_nn.inference.shared.refusal import Refusal, quoted

Shape: TypeAlias = tuple[int | None, ...]

_SHAPE_KEYS = (
    "batch_shape",
    "batch_input_shape",
    "build_input_shape",
    "shape",
    "input_shape",
    "input_dim",
)
_COMMON = {
    "name": rules.dropped(lambda name: name),  # checked by the reader of networks
    "trainable": rules.dropped(rules.flag),
    "dtype": rules.policy,
    "autocast": rules.dropped(rules.flag),
    "input_dtype": rules.dropped(lambda dtype: dtype),
    "input_length": rules.dropped(rules.maybe(rules.whole(1, 4096))),
    **{
        key: rules.dropped(rules.maybe(lambda shape: _without_batch(shape)))
        for key in _SHAPE_KEYS[:2]
    },
    "input_shape": rules.dropped(operations.input_shape),
    "input_dim": rules.dropped(rules.maybe(rules.whole(1, 1 << 16))),
}


def layer_arguments(
    class_name: str, arguments: Mapping[str, Any], *, keras_2: bool = False
) -> dict[str, Json]:
    """The arguments of a layer that play a part in predicting.

    Args:
        class_name: of the layer.
        arguments: as the file gives them.
        keras_2: whether Keras 2 wrote the file, where hard_sigmoid is another function.

    Raises:
        Refusal: naming an argument that is not allowed, or is missing.
    """
    # `batch_shape` and the like come first: a layer's own rule of the same name wins.
    clean = rules.checked(arguments, {**_COMMON, **LAYERS[class_name]})
    for old, new in RENAMED.get(class_name, {}).items():
        if old in clean:
            clean.setdefault(new, clean.pop(old))
            clean.pop(old, None)
    for name, value in DEFAULTS.get(class_name, {}).items():
        clean.setdefault(name, value)
    for needed in REQUIRED.get(class_name, ()):
        if needed not in clean:
            raise Refusal(f"the argument {needed} is missing")
    return _as_in_keras_2(clean) if keras_2 else clean


def _as_in_keras_2(clean: Any) -> Any:
    """`clean` with the activations that were other functions in Keras 2 by their names here."""
    if isinstance(clean, list):
        return [_as_in_keras_2(part) for part in clean]
    if not isinstance(clean, dict):
        return clean
    return {
        name: CHANGED_SINCE_KERAS_2.get(value, value)
        if name in ("activation", "recurrent_activation") and isinstance(value, str)
        else _as_in_keras_2(value)
        for name, value in clean.items()
    }


def input_spec(arguments: Mapping[str, Any]) -> InputSpec:
    """What an InputLayer with these arguments takes.

    Raises:
        Refusal: naming an argument that is not allowed, or is missing.
    """
    shape = first_shape(arguments)
    if shape is None:
        raise Refusal("the argument batch_shape is missing")
    only_off = rules.dropped(rules.maybe(rules.only(False)))
    known = {**_COMMON, "shape": rules.dropped(lambda shape: shape), "dtype": _input_type}
    known |= {"sparse": only_off, "ragged": only_off, "optional": only_off}
    return InputSpec(shape, rules.checked(arguments, known).get("dtype", "float32"))


def _input_type(value: Any) -> Any:
    if value is None:
        return rules.DROPPED
    if isinstance(value, dict):
        return rules.policy(value)
    return rules.one_of(*operations.INPUT_TYPES)(value)


def first_shape(arguments: Mapping[str, Any]) -> Shape | None:
    """The input shape, without the batch, that a first layer has in one of its notations."""
    for key in _SHAPE_KEYS:
        value = rules.plain_list(arguments.get(key))
        if value is None:
            continue
        try:
            if key == "input_dim":
                return (rules.whole(1, 1 << 16)(value),)
            if key in ("shape", "input_shape"):
                return tuple(operations.input_shape(value))
            return _without_batch(value)
        except Refusal as refusal:
            raise Refusal(f"{key}: {refusal}") from None
    return None


def _without_batch(shape: Any) -> Shape:
    shape = rules.plain_list(shape)
    if not isinstance(shape, list) or len(shape) < 2:
        raise Refusal(
            f"expected a list of the batch and at least one dimension, got {quoted(shape)}"
        )
    rules.maybe(rules.whole(1, 1 << 16))(shape[0])
    return tuple(operations.input_shape(shape[1:]))
