"""Collects what is found in a .keras or .h5 file while it is inspected."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_nn.inference.allowlist import model_config, operations
from fashion_nn.inference.allowlist import reasons as allowlist
from fashion_nn.inference.allowlist.layers import LAYERS, refused
from fashion_nn.inference.engines.confined_process import Limits
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.inspection import architecture, formats
from fashion_nn.inference.inspection.architecture import FoundLayer
from fashion_nn.inference.inspection.container import Archive
from fashion_nn.inference.inspection.result import (
    RULES,
    Code,
    Compiled,
    Content,
    Inspection,
    LayerRow,
    ModelInput,
    Reason,
    Rule,
)
from fashion_nn.inference.inspection.shapes import (
    LayerPath,
    OutputShapes,
    Shape,
    output_shapes,
)
from fashion_nn.inference.inspection.stored_arrays import LookedAtFile, StoredArrays, looking_at
from fashion_nn.inference.inspection.weights import WeightsByLayer
from fashion_nn.inference.shared.feeding import feeding
from fashion_nn.inference.shared.messages import Kind
from fashion_nn.inference.shared.network import Network
from fashion_nn.inference.shared.refusal import Refusal, ascii_line

MAX_LISTED = 100
_LONGEST_NAME = 200
_VERSION = re.compile(r"\d+\.\d+[\w.+-]{0,30}")
_KNOWN = {"Sequential", "Functional", "Model", "InputLayer", *LAYERS, *operations.OPERATIONS}
# Layers that cannot be without weights.
_WITH_WEIGHTS = {
    *("Dense", "Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose", "BatchNormalization"),
    *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
}


class Findings:
    """A file of Keras, while it is inspected.

    Attributes:
        path: of the file, as it was given.
        kind: "keras" or "h5".
        config: its architecture as JSON; None where the file has none.
        network: what the allow-list lets through; None where it refuses the model.
    """

    def __init__(self, path: Path, kind: Kind, size: int, sha256: str):
        self.path = path
        self.kind = kind
        self.config: bytes | None = None
        self.network: Network | None = None
        self._size = size
        self._sha256 = sha256
        self._reasons: list[Reason] = []
        self._archive: Archive | None = None
        self._arrays: StoredArrays | None = None
        self._layers: list[FoundLayer] = []
        self._version: str | None = None
        self._compiled: Compiled | None = None
        self._pixels: str | None = None
        self._shapes: OutputShapes | None = None

    def refuse(
        self, rule: Rule, text: str, way_out: str | None = None, layer: str | None = None
    ) -> None:
        """Add a reason for a refusal."""
        name = None if layer is None else ascii_line(layer, _LONGEST_NAME)
        way_out = way_out or RULES[rule].way_out
        self._reasons.append(Reason(rule, name, ascii_line(text, 2 * _LONGEST_NAME), way_out))

    def read_archive(self, archive: Archive) -> None:
        """Read the members of a .keras file but for its weights."""
        self._archive = archive
        for fault in archive.faults:
            self.refuse("container", fault)
        if "metadata.json" in archive.contents:
            self._read_metadata(bytes(archive.contents["metadata.json"]))
        if "config.json" in archive.contents:
            self._read_config(bytes(archive.contents["config.json"]))

    def look_at(self, content: memoryview, limits: Limits) -> None:
        """Open the HDF5 in a confined process. An .h5 file has the config there, too."""
        try:
            with looking_at(content, limits) as file:
                self._arrays = file.found
                for fault in file.found.faults:
                    self.refuse("weights", fault)
                if self.kind == "h5":
                    self._read_texts(file)
        except Refusal as refusal:
            self.refuse("weights", str(refusal))

    def _read_texts(self, file: LookedAtFile) -> None:
        version = file.text("keras_version")
        self._version = _version(version.decode("latin-1")) if version else None
        config = file.text("model_config")
        if config is None:
            weights = file.found.layers or _has_weights(file.found)
            other = formats.WEIGHTS_ONLY if weights else formats.HDF5_WITHOUT_MODEL
            self.refuse(
                "format", f"its format is {other.name}: expected a whole model", other.way_out
            )
            return
        self._read_config(config)
        training = file.text("training_config")
        if training is not None:
            try:
                self._compiled = architecture.compiled_of(
                    strict_json.parse(training, "training_config")
                )
            except Refusal:  # it does not matter for predicting
                self._compiled = None

    def _read_metadata(self, content: bytes) -> None:
        try:
            metadata = strict_json.parse(content, "metadata.json")
        except Refusal:  # a fault of the archive
            return
        if isinstance(metadata, dict):
            self._version = _version(metadata.get("keras_version"))

    def _read_config(self, content: bytes) -> None:
        self.config = content
        try:
            document = strict_json.parse(content, "config")
        except Refusal as refusal:
            self.refuse("config", str(refusal))
            return
        for layer in architecture.layers_of(document):
            self._layers.append(layer)
            if len(self._layers) >= architecture.MAX_LAYERS:
                break
        if self.kind == "keras" and isinstance(document, dict):
            self._compiled = architecture.compiled_of(document.get("compile_config"))
        reasons = model_config.reasons(document)
        for reason in reasons:
            text, way_out = _divided(reason)
            self.refuse(self._rule(reason), text, way_out, reason.layer)
        if reasons:
            self._shapes = _shapes_before(document, reasons)
        else:
            self._accept(model_config.read(document))

    def _accept(self, network: Network) -> None:
        self.network = network
        self._shapes = output_shapes(network)
        given = self._shapes.model
        if given is not None and len(given) != 1:
            found = f"its output has the shape {(None, *given)}"
            self.refuse("model", f"{found}, expected (None, number of classes)")
        try:
            first = feeding(network, None)
            self._pixels = f"{first.scale}, unless the images say otherwise ({first.why})"
        except Refusal as refusal:
            self.refuse("model", str(refusal))

    def _rule(self, reason: allowlist.Reason) -> Rule:
        """The kind of a reason that the allow-list gives."""
        if reason.layer is None and reason.class_name is None:
            return "model"
        for layer in self._layers:
            if layer.path[-1] == reason.layer and layer.class_name == reason.class_name:
                if layer.runs_code:
                    return "code"
                if layer.custom:
                    return "custom-object"
        return "argument" if reason.class_name in _KNOWN else "layer"

    def result(self, built: Mapping[LayerPath, Shape] | None = None) -> Inspection:
        """What was found.

        Args:
            built: output shapes of the built model; None where it was not built.
        """
        arrays = self._arrays.arrays if self._arrays else ()
        weights = WeightsByLayer(arrays, self._layers, self.kind)
        complete = self._arrays is not None and self._arrays.left_out == 0
        known = self._shapes.layers if self._shapes else {}
        rows = self._rows({**known, **(built or {})}, weights if complete else None)
        reasons = list(self._reasons)
        if complete and self.network and not reasons:
            reasons += _without_weights(rows)
        return Inspection(
            path=os.fspath(self.path),
            format=".keras" if self.kind == "keras" else ".h5",
            dialect=_dialect(self.kind, self._version),
            keras_version=self._version,
            size=self._size,
            sha256=self._sha256,
            input=self._input(),
            layers=rows,
            parameters=weights.total if complete and self._layers else None,
            multiply_adds=None,
            built=built is not None,
            reasons=tuple(reasons),
            content=self._content(weights),
        )

    def _input(self) -> ModelInput | None:
        given = self.network.input if self.network else None
        if given is None:
            return None
        return ModelInput(given.shape, given.dtype, self._pixels)

    def _rows(
        self, shapes: Mapping[LayerPath, Shape], weights: WeightsByLayer | None
    ) -> tuple[LayerRow, ...]:
        return tuple(
            LayerRow(
                name=ascii_line(layer.path[-1], _LONGEST_NAME),
                class_name=ascii_line(layer.class_name, _LONGEST_NAME),
                depth=len(layer.path) - 1,
                output_shape=shapes.get(layer.path),
                parameters=weights.parameters(layer.path) if weights else None,
            )
            for layer in self._layers
        )

    def _content(self, weights: WeightsByLayer) -> Content:
        arrays = self._arrays.arrays if self._arrays else ()
        customs = dict.fromkeys(layer.custom for layer in self._layers if layer.custom)
        code = [each for layer in self._layers for each in layer.code()]
        return Content(
            members=self._archive.members if self._archive else (),
            members_left_out=self._archive.left_out if self._archive else 0,
            arrays=len(arrays) + self._arrays.left_out if self._arrays else None,
            array_bytes=sum(array.size for array in arrays),
            optimizer_bytes=sum(array.size for array in weights.optimizer),
            other_arrays=len(weights.others),
            other_bytes=sum(array.size for array in weights.others),
            custom_objects=tuple(ascii_line(name) for name in customs)[:MAX_LISTED],
            code=tuple(_printable(each) for each in code[:MAX_LISTED]),
            compiled=self._compiled,
        )


def _divided(reason: allowlist.Reason) -> tuple[str, str | None]:
    """What is wrong, and what to do about it; None where the reason does not say that itself."""
    text = str(reason)
    own = refused.way_out(reason.class_name or "")
    if not text.endswith(own):
        return text, None
    return text.removesuffix(own).rstrip(":; "), f"{own[0].upper()}{own[1:]}."


def _shapes_before(document: Any, reasons: Sequence[allowlist.Reason]) -> OutputShapes | None:
    """The shapes of the layers before the first that is refused, if the model is a chain."""
    if not isinstance(document, dict) or document.get("class_name") != "Sequential":
        return None
    layers = list(architecture.layers_of(document))
    chain = [layer for layer in layers if len(layer.path) == 1]
    bad = {reason.layer for reason in reasons}
    count = next((n for n, layer in enumerate(chain) if layer.path[0] in bad), 0)
    if len(chain) < len(layers) or not count:
        return None
    try:
        cut = [dict(layer.entry) for layer in chain[:count]]
        config = {"name": "part", "layers": cut}
        return output_shapes(model_config.read({**document, "config": config}))
    except Refusal:  # the layers before are no model by themselves
        return None


def _without_weights(rows: tuple[LayerRow, ...]) -> list[Reason]:
    return [
        Reason(
            "weights",
            row.name,
            f"layer {row.name!r}: the file holds none of its weights",
            RULES["weights"].way_out,
        )
        for row in rows
        if row.class_name in _WITH_WEIGHTS and row.parameters == 0
    ]


def _printable(code: Code) -> Code:
    return Code(ascii_line(code.layer), code.kind, ascii_line(code.what), code.size)


def _has_weights(found: StoredArrays) -> bool:
    folders = ("layers/", "_layer_checkpoint_dependencies/", "_operations/")
    return any(array.path.startswith(folders) for array in found.arrays)


def _version(value: Any) -> str | None:
    """The version of Keras that a file states, if it looks like one."""
    return value if isinstance(value, str) and _VERSION.fullmatch(value) else None


def _dialect(kind: Kind, version: str | None) -> str | None:
    """Which notation the file is in, in words."""
    if version is None:
        return None
    generation = version.partition(".")[0]
    if kind == "h5":
        return f"HDF5 of Keras {generation}"
    if generation == "2":
        return "archive of Keras 2.12 to 2.15"
    return f"archive of Keras {generation}"
