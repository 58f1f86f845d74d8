"""What the confined process may answer: every value has a type and a bound, and anything else is
refused in one line. A model that has taken the process over chooses all of them.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fashion_nn.inference.shared.first_layers import FirstLayers
from fashion_nn.inference.shared.keras_model import MAX_PARAMETERS
from fashion_nn.inference.shared.refusal import Refusal, ascii_line

MAX_MULTIPLY_ADDS = 10**15
LAYERS = {
    "limits": "the system does not limit memory and time",
    "parent": "the process could outlive a killed parent (needs Linux)",
    "network": "the process keeps the network (needs Linux with user namespaces)",
    "files": "the process could read and write files of the user (needs Landlock, Linux 5.13)",
    "syscalls": "system calls are not restricted to the needed ones (needs seccomp on x86-64)",
}
"""The confinement layers, and what it means where one is missing."""
_WEAKER = "some-syscalls"
_MAX_AXES = 8
_NONSENSE = "the model could not be run (its process answered nonsense)"


def require_layers(value: Any) -> tuple[str, ...]:
    """The names of the confinement layers that hold.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Refusal(_NONSENSE)
    if len(set(value)) != len(value) or not {*value} <= {*LAYERS, _WEAKER}:
        raise Refusal(_NONSENSE)
    return tuple(value)


def missing_layers(layers: tuple[str, ...]) -> list[str]:
    """The names of the confinement layers that do not hold."""
    return [name for name in LAYERS if name not in layers]


def reason(header: Mapping[str, Any]) -> str | None:
    """Why the process refuses the model or why the model fails, None where it does not say so. The
    file may have shaped the words.

    Raises:
        Refusal: it does not say so in words.
    """
    if "refused" not in header and "failed" not in header:
        return None
    refused = header.get("refused")
    if isinstance(refused, str):
        return ascii_line(refused, 300)
    failed = header.get("failed")
    if isinstance(failed, str):
        return f"the model could not be run ({ascii_line(failed, 200)})"
    raise Refusal(_NONSENSE)


def require_count(value: Any, most: int, least: int = 1) -> int:
    """A whole number between `least` and `most`.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Refusal(_NONSENSE)
    return value


def require_truth(value: Any) -> bool:
    """True or false.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, bool):
        raise Refusal(_NONSENSE)
    return value


def require_shape(value: Any, most: int) -> tuple[int, ...]:
    """At most eight sizes, each at most `most`.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, list) or len(value) > _MAX_AXES:
        raise Refusal(_NONSENSE)
    return tuple(require_count(size, most) for size in value)


def require_shapes(value: Any, layers: int) -> list[list[tuple[int, ...]]]:
    """The shapes of the weights of each layer.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, list) or len(value) != layers:
        raise Refusal("the model could not be run (its process lists other layers)")
    found = []
    for of_layer in value:
        if not isinstance(of_layer, list):
            raise Refusal(_NONSENSE)
        found.append([require_shape(shape, MAX_PARAMETERS) for shape in of_layer])
    return found


def require_output_shapes(value: Any, layers: int) -> list[tuple[int | None, ...] | None]:
    """The shape of what each layer gives; None for an operation.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, list) or len(value) != layers:
        raise Refusal("the model could not be run (its process lists other layers)")
    return [None if shape is None else _open_shape(shape) for shape in value]


def _open_shape(value: Any) -> tuple[int | None, ...]:
    if not isinstance(value, list) or len(value) > _MAX_AXES:
        raise Refusal(_NONSENSE)
    return tuple(None if size is None else require_count(size, MAX_MULTIPLY_ADDS) for size in value)


def require_list(value: Any, most: int) -> list[Mapping[str, Any]]:
    """At most `most` objects.

    Raises:
        Refusal: it is something else.
    """
    if not isinstance(value, list) or len(value) > most:
        raise Refusal(_NONSENSE)
    if not all(isinstance(each, dict) for each in value):
        raise Refusal(_NONSENSE)
    return value


def require_first_layers(value: Any) -> FirstLayers:
    """The figures of the first layers.

    Raises:
        Refusal: it is something else.
    """
    names = ("lowest", "highest", "mean", "deviation", "misfit")
    if not isinstance(value, dict) or set(value) != {*names, "normalisation"}:
        raise Refusal(_NONSENSE)
    for name in names:
        is_absent = name == "misfit" and value[name] is None
        if not is_absent and not isinstance(value[name], float):
            raise Refusal(_NONSENSE)
    if value["normalisation"] not in (None, "BatchNormalization", "Normalization"):
        raise Refusal(_NONSENSE)
    return FirstLayers(**value)


def arrays(shapes: list[tuple[int, ...]], content: bytes) -> list[np.ndarray]:
    """The float32 arrays of `shapes`, which lie one after the other in `content`.

    Raises:
        Refusal: `content` is shorter or longer.
    """
    found: list[np.ndarray] = []
    start = 0
    for shape in shapes:
        size = 4 * math.prod(shape)
        if start + size > len(content):
            raise Refusal("the model could not be run (its process gave other numbers)")
        found.append(np.frombuffer(content[start : start + size], "=f4").reshape(shape))
        start += size
    if start != len(content):
        raise Refusal("the model could not be run (its process gave other numbers)")
    return found
