"""Recurrent layers, their cells, and the wrappers around a layer for each step.

An answer always begins with a state of zeros, and a layer that was unrolled runs as a loop: neither
`stateful` nor `unroll` changes what one image is answered with.
"""

from collections.abc import Mapping
from typing import Any

from fashion_nn.inference.allowlist.layers.activations import activation
from fashion_nn.inference.allowlist.layers.common import FORMAT, any_text, padding, rate, weight
from fashion_nn.inference.allowlist.objects import regularizer
from fashion_nn.inference.allowlist.rules import (
    Rule,
    checked,
    dropped,
    flag,
    maybe,
    node,
    one_of,
    only,
    plain_list,
    policy,
    seed,
    sizes,
    unless,
    whole,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

MAX_UNITS = 1 << 13
MAX_CELLS = 16

_units = whole(1, MAX_UNITS)
_SIMPLE: dict[str, Rule] = {
    "units": _units,
    "activation": activation,
    "use_bias": flag,
    **weight("kernel", "recurrent", "bias"),
    "dropout": rate,
    "recurrent_dropout": rate,
    "seed": seed,
    "implementation": dropped(whole(0, 2)),
}
_GATED: dict[str, Rule] = {**_SIMPLE, "recurrent_activation": activation}
_CELLS: dict[str, Mapping[str, Rule]] = {
    "LSTMCell": {**_GATED, "unit_forget_bias": flag},
    "GRUCell": {**_GATED, "reset_after": flag},
    "SimpleRNNCell": _SIMPLE,
}
_NAMED: dict[str, Rule] = {"name": dropped(any_text), "trainable": dropped(flag), "dtype": policy}
_SEQUENCE: dict[str, Rule] = {
    "return_sequences": flag,
    "return_state": flag,
    "go_backwards": flag,
    "stateful": dropped(flag),
    "unroll": dropped(flag),
    "time_major": only(False),
    "zero_output_for_mask": unless(False, flag),
    "num_constants": only(None, 0),
    "activity_regularizer": regularizer,
    "use_cudnn": dropped(lambda value: value),
    "input_dim": dropped(maybe(whole(1, 1 << 16))),
    "input_length": dropped(maybe(whole(1, 1 << 16))),
}


def _cell(value: Any) -> Any:
    """A cell, or a list of cells that are stacked."""
    plain = plain_list(value)
    if isinstance(plain, list):
        return _stacked({"cells": plain})
    name, config = node(value)
    if name == "StackedRNNCells":
        return _stacked(config)
    if name not in _CELLS:
        known = ", ".join((*_CELLS, "StackedRNNCells"))
        raise Refusal(f"{quoted(name)} is not an allowed cell: expected one of {known}")
    return _node(name, checked(config, {**_NAMED, **_CELLS[name]}), config)


def _stacked(config: Mapping[str, Any]) -> Any:
    cells = plain_list(config.get("cells"))
    if not isinstance(cells, list) or not 1 <= len(cells) <= MAX_CELLS:
        raise Refusal(f"expected a list of 1 to {MAX_CELLS} cells, got {quoted(cells)}")
    return _node("StackedRNNCells", {"cells": [_cell(each) for each in cells]}, config)


def _node(name: str, arguments: dict[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    if stored.get("trainable") is False:
        arguments["trainable"] = False
    return {
        "module": "keras.layers",
        "class_name": name,
        "config": arguments,
        "registered_name": None,
    }


def _convolutional(rank: int) -> dict[str, Rule]:
    return {
        **{name: rule for name, rule in _GATED.items() if name != "units"},
        **_SEQUENCE,
        **FORMAT,
        "filters": whole(1, 1 << 12),
        "kernel_size": sizes(rank, 1, 64),
        "strides": sizes(rank, 1, 64),
        "dilation_rate": sizes(rank, 1, 64),
        "padding": padding,
        "unit_forget_bias": flag,
    }


_RECURRENT: dict[str, Mapping[str, Rule]] = {
    **{name.removesuffix("Cell"): {**rules, **_SEQUENCE} for name, rules in _CELLS.items()},
    **{f"ConvLSTM{rank}D": _convolutional(rank) for rank in (1, 2, 3)},
    "RNN": {"cell": _cell, **_SEQUENCE},
}
_REQUIRED_OF_RECURRENT = {
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), ("units",)),
    **{f"ConvLSTM{rank}D": ("filters", "kernel_size") for rank in (1, 2, 3)},
    "RNN": ("cell",),
}


def _one_direction(value: Any) -> Any:
    """The layer that a Bidirectional runs in one direction."""
    name, config = node(value)
    if name not in _RECURRENT:
        raise Refusal(
            f"{quoted(name)} cannot run in both directions: expected {', '.join(_RECURRENT)}"
        )
    shapes = dropped(lambda shape: shape)  # that of the input is known from the layer before
    known = {**_NAMED, "batch_input_shape": shapes, "batch_shape": shapes}
    arguments = checked(config, {**known, **_RECURRENT[name]})
    for needed in _REQUIRED_OF_RECURRENT[name]:
        if needed not in arguments:
            raise Refusal(f"the argument {needed} is missing")
    return _node(name, arguments, config)


LAYERS: dict[str, Mapping[str, Rule]] = {
    **_RECURRENT,
    "Bidirectional": {
        "layer": _one_direction,
        "backward_layer": unless(None, _one_direction),
        "merge_mode": maybe(one_of("concat", "sum", "mul", "ave")),
        "weights": only(None),
    },
    "TimeDistributed": {},
}
REQUIRED: dict[str, tuple[str, ...]] = {**_REQUIRED_OF_RECURRENT, "Bidirectional": ("layer",)}
WITH_STATES = (*_RECURRENT, "Bidirectional")
"""Layers that can be called with an initial state and can return their last one."""
