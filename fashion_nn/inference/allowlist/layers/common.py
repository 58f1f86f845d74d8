"""Rules that layers of several families share."""

from typing import Any

from fashion_nn.inference.allowlist.objects import constraint, initializer, regularizer
from fashion_nn.inference.allowlist.rules import Rule, dropped, maybe, number, one_of, whole
from fashion_nn.inference.shared.refusal import Refusal, quoted

width = whole(1, 1 << 16)
rate = number(0, 1)
positive = number(0, 1e6)
padding = one_of("valid", "same")
FORMAT: dict[str, Rule] = {"data_format": maybe(one_of("channels_last", "channels_first"))}


def any_text(value: Any) -> None:
    """A text, which is left out."""
    if not isinstance(value, str):
        raise Refusal(f"expected a text, got {quoted(value)}")


def weight(*names: str) -> dict[str, Rule]:
    """The arguments of a layer that are about its weights of these names."""
    rules: dict[str, Rule] = {}
    for name in names:
        rules |= {
            f"{name}_initializer": initializer,
            f"{name}_regularizer": regularizer,
            f"{name}_constraint": constraint,
        }
    return rules


def unused_weight(name: str) -> dict[str, Rule]:
    """Arguments that Keras 2 inherited from its convolution, for a weight that the layer does not
    have.
    """
    return {argument: dropped(rule) for argument, rule in weight(name).items()}
