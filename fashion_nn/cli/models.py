"""fashion-nn models: the models of the zoo, or the layers of one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console, zoo
from fashion_nn.cli.options import examples

if TYPE_CHECKING:
    from fashion_nn.zoo import LayerRow, Parameters

EXAMPLES = examples("fashion-nn models", "fashion-nn models cnn-v2")


def models(
    name: Annotated[
        str | None,
        typer.Argument(help=f"Model whose layers are listed: {', '.join(zoo.names())}."),
    ] = None,
) -> None:
    """List the models of the zoo, or the layers of one.

    The list has the number of parameters and the source of each model.
    """
    if name is None:
        entries = [zoo.describe(each) for each in zoo.names()]
        rows = [(entry.name, entry.parameters, entry.source) for entry in entries]
        console.table(("model", "parameters", "source"), rows)
        return
    zoo.require_known(name)
    console.load_tensorflow()
    model = zoo.build(name)
    _print_layers(zoo.layer_table(model), zoo.parameters(model))


def _print_layers(layers: Sequence["LayerRow"], totals: "Parameters") -> None:
    rows = [(row.name, row.type, str(row.output_shape), row.parameters) for row in layers]
    console.table(("layer", "type", "output shape", "parameters"), rows)
    split = f"trainable {totals.trainable:,}, not trainable {totals.non_trainable:,}"
    print(f"\nparameters: {totals.total:,}, {split}")
