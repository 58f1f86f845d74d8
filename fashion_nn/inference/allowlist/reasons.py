"""Why a model is refused, for each layer that is not allowed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fashion_nn.inference.shared.refusal import Refusal, quoted


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a model is refused.

    Attributes:
        layer: the layer that is refused, by its name in the file; None where it is the whole model.
        class_name: of that layer, as in the file.
        text: what is wrong with it and what was expected.
        around: the networks that the layer is in, the outermost first.
    """

    layer: str | None
    class_name: str | None
    text: str
    around: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.layer is None:
            own = self.text
        else:
            own = f"{shown(self.layer, self.class_name)}: {self.text}"
        return ": ".join((*self.around, own))


def shown(layer: str, class_name: str | None) -> str:
    """A layer of a file, in a message."""
    return f"layer {quoted(layer)} ({quoted(class_name)})"


class LayersRefused(Refusal):
    """Layers of a network are refused. The text is about the first of them."""

    def __init__(self, reasons: Sequence[Reason]):
        super().__init__(str(reasons[0]))
        self.reasons = tuple(reasons)

    def inside(self, network: str) -> "LayersRefused":
        """The same of a network that is itself the layer `network`."""
        return LayersRefused(
            [replace(reason, around=(network, *reason.around)) for reason in self.reasons]
        )
