"""fashion-nn inspect: what is in a model file, and whether it would be opened."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console
from fashion_nn.cli.common import render_json
from fashion_nn.cli.options import AsJson, examples
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.inference.inspection import Inspection, LayerRow

EXAMPLES = examples(
    "fashion-nn inspect model.h5",
    "fashion-nn inspect model.keras --maps --json",
)

File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Model file, also of a stranger or of another format."),
]
AsSarif = Annotated[
    bool,
    typer.Option("--sarif", help="Print SARIF 2.1.0, for tools that show the results of scans."),
]
Maps = Annotated[
    bool,
    typer.Option(
        "--maps",
        help="Also build the model, in the confined process: multiply-adds, the sizes of all"
        " feature maps, and whether the weights fit.",
    ),
]
_WIDTH = 80
_NAME_WIDTH = 16
_MOST_ITEMS = 10


def inspect(
    file: File, as_json: AsJson = False, as_sarif: AsSarif = False, maps: Maps = False
) -> None:
    """Show what is in a model file and whether it would be opened.

    The exit code is 0 if `submit.py` would open the file, 3 if it would refuse it, and 2 if it is
    no model of any kind.
    """
    if as_json and as_sarif:
        raise InputError("--json and --sarif both say what is printed: give one")
    from fashion_nn.inference import inspection
    from fashion_nn.inference.inspection.sarif import to_sarif

    found = inspection.inspect(file, build=maps)
    if as_json:
        print(render_json(found.to_json()))
    elif as_sarif:
        print(json.dumps(to_sarif(found), indent=2))
    else:
        _print(found)
    if found.reasons:
        raise typer.Exit(3)


def _print(found: "Inspection") -> None:
    from fashion_nn.inference.shared.refusal import shown

    print(f"{found.verdict}: {shown(found.path)}")
    for name, value in _facts(found):
        _print_fact(name, value)
    if found.layers:
        print()
        console.table(("layer", "class", "output shape", "parameters"), _rows(found.layers))
    if found.reasons:
        count = len(found.reasons)
        print(f"\n{count} reason{'s' if count > 1 else ''} to refuse it:")
    for number, reason in enumerate(found.reasons, start=1):
        print(textwrap.fill(f"{number}. {reason.text}", _WIDTH, subsequent_indent="   "))
        print(textwrap.fill(reason.way_out, _WIDTH, initial_indent="   ", subsequent_indent="   "))
    missing = found.not_computed()
    if found.layers and not found.reasons and missing:
        print(f"\nnot computed without building the model: {', '.join(missing)} (--maps)")


def _print_fact(name: str, value: str) -> None:
    indent = " " * _NAME_WIDTH
    first = name.ljust(_NAME_WIDTH)
    print(textwrap.fill(value, _WIDTH, initial_indent=first, subsequent_indent=indent))


def _facts(found: "Inspection") -> Iterator[tuple[str, str]]:
    yield "format", ", ".join(part for part in (found.format, found.dialect) if part)
    if found.keras_version:
        yield "Keras version", f"{found.keras_version}, as the file says"
    if found.size is not None:
        yield "size", f"{found.size:,} bytes"
    if found.sha256:
        yield "sha256", found.sha256
    if found.input:
        yield "input", f"{found.input.dtype} {_shape(found.input.shape)}"
        if found.input.pixels:
            yield "scale", found.input.pixels
    if found.parameters is not None:
        yield "parameters", f"{found.parameters:,}"
    if found.multiply_adds is not None:
        yield "multiply-adds", f"{found.multiply_adds:,} for one image"
    yield from _other_facts(found)


def _other_facts(found: "Inspection") -> Iterator[tuple[str, str]]:
    """What lies in the file beside the model."""
    content = found.content
    if content.arrays is not None:
        yield "arrays", f"{content.arrays:,} with {content.array_bytes:,} bytes"
    if content.optimizer_bytes:
        yield "optimizer state", f"{content.optimizer_bytes:,} bytes, not used"
    if content.other_arrays:
        yield "other arrays", f"{content.other_arrays:,} with {content.other_bytes:,} bytes"
    if content.compiled:
        parts = (content.compiled.optimizer, content.compiled.loss)
        yield "compiled with", ", ".join(part for part in parts if part) + ", not used"
    unexpected = [member.name for member in content.members if not member.expected]
    if unexpected:
        yield "other members", _listed(unexpected, content.members_left_out)
    if content.custom_objects:
        yield "custom objects", _listed(list(content.custom_objects), 0)
    if content.code:
        said = [
            f"{code.size:,} bytes in layer {code.layer!r}"
            if code.kind == "stored"
            else f"{code.what}, named in layer {code.layer!r}"
            for code in content.code
        ]
        yield "code", _listed(said, 0) + ": neither decoded nor run"


def _listed(names: list[str], left_out: int) -> str:
    left_out += max(len(names) - _MOST_ITEMS, 0)
    more = f" and {left_out:,} more" if left_out else ""
    return ", ".join(names[:_MOST_ITEMS]) + more


def _rows(layers: Sequence["LayerRow"]) -> list[tuple[str, ...]]:
    """The cells of the table of layers; what is not known is empty."""
    counts = ["" if row.parameters is None else f"{row.parameters:,}" for row in layers]
    width = max(len("parameters"), *map(len, counts))
    return [
        (
            "  " * row.depth + _cut(row.name, 24 - 2 * row.depth),
            _cut(row.class_name, 24),
            "" if row.output_shape is None else _shape(row.output_shape),
            count.rjust(width),
        )
        for row, count in zip(layers, counts, strict=True)
    ]


def _shape(shape: tuple[int | None, ...]) -> str:
    sizes = ["any" if size is None else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
