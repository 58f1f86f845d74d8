"""What an inspection finds, as typed values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.inference.inspection.shapes import Shape

Verdict = Literal["accepted", "refused"]
Rule = Literal[
    "format",
    "container",
    "config",
    "code",
    "custom-object",
    "layer",
    "argument",
    "model",
    "weights",
    "build",
]


@dataclass(frozen=True, slots=True)
class RuleText:
    """A kind of reason for a refusal.

    Attributes:
        title: what is wrong, as a sentence.
        way_out: what whoever saved the model can do.
    """

    title: str
    way_out: str


RULES: Mapping[Rule, RuleText] = {
    "format": RuleText(
        "The file is no .keras or .h5 file.",
        "Save the whole model with model.save('model.keras').",
    ),
    "container": RuleText(
        "The archive is not exactly what Keras writes.",
        "Save the model again with model.save('model.keras'), and do not pack it anew.",
    ),
    "config": RuleText(
        "The description of the layers cannot be read.",
        "Save the model again with model.save('model.keras').",
    ),
    "code": RuleText(
        "A layer runs code.",
        "Replace it by layers of Keras, for example Rescaling for a division or Reshape for a"
        " change of shape, and save the model again.",
    ),
    "custom-object": RuleText(
        "A layer is not one of Keras' own.",
        "Replace it by layers of Keras, and save the model again.",
    ),
    "layer": RuleText(
        "A layer of Keras is not on the list of allowed layers.",
        "Replace it by layers that only compute, and save the model again.",
    ),
    "argument": RuleText(
        "A layer has an argument that is not allowed.",
        "Change the argument, and save the model again.",
    ),
    "model": RuleText(
        "The model as a whole is no image classifier that can be used here.",
        "Save a model with one image as its input and one value for each class as its output.",
    ),
    "weights": RuleText(
        "The weights cannot be read.",
        "Save the model again with model.save('model.keras').",
    ),
    "build": RuleText(
        "The model cannot be built or run.",
        "Load the model where it was made, check that it predicts, and save it again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a file is refused.

    Attributes:
        rule: the kind of the reason; see `RULES`.
        layer: name of the layer, as in the file; None where it is about the whole file.
        text: one line of printable ASCII: what was found and what was expected.
        way_out: what whoever saved the model can do.
    """

    rule: Rule
    layer: str | None
    text: str
    way_out: str


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer of the model, in the order of the file.

    Attributes:
        name: as in the file, shortened.
        class_name: as in the file, shortened.
        depth: number of networks around it.
        output_shape: without the batch; None where it is not known.
        parameters: number of weights that the file holds for it; None where this is not known. Of
            a nested network it is the sum of its layers.
    """

    name: str
    class_name: str
    depth: int
    output_shape: Shape | None
    parameters: int | None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the zip archive that a .keras file is.

    Attributes:
        name: as in the archive, shortened.
        size: unpacked, in bytes, as the archive says.
        expected: whether Keras writes such a member.
    """

    name: str
    size: int
    expected: bool


@dataclass(frozen=True, slots=True)
class Code:
    """Code in the file, or a function that it names. It was neither decoded nor run.

    Attributes:
        layer: the layer that it belongs to.
        kind: "stored" for the code of a function, "named" for a function that would be imported.
        what: the name of the function; empty for stored code.
        size: of stored code, in bytes.
    """

    layer: str
    kind: Literal["stored", "named"]
    what: str
    size: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """How the model was compiled. It does not matter for predicting, and none of it is used."""

    optimizer: str | None
    loss: str | None


@dataclass(frozen=True, slots=True)
class Content:
    """What lies in the file beside layers and weights.

    Attributes:
        members: of the archive; empty for an .h5 file.
        members_left_out: number of members that are not listed.
        arrays: number of arrays in the HDF5 file; None where it could not be opened.
        array_bytes: bytes of their values.
        optimizer_bytes: bytes of those that belong to the optimizer.
        other_arrays: number of those that belong neither to a layer nor to the optimizer.
        other_bytes: bytes of their values.
        custom_objects: names of classes that are not Keras' own.
        code: code and functions by name.
        compiled: None where the file says nothing of it.
    """

    members: tuple[Member, ...] = ()
    members_left_out: int = 0
    arrays: int | None = None
    array_bytes: int = 0
    optimizer_bytes: int = 0
    other_arrays: int = 0
    other_bytes: int = 0
    custom_objects: tuple[str, ...] = ()
    code: tuple[Code, ...] = ()
    compiled: Compiled | None = None


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What the model takes.

    Attributes:
        shape: without the batch.
        dtype: a NumPy name.
        pixels: the scale of the pixels, and what it was read from; None where the model is
            refused.
    """

    shape: Shape
    dtype: str
    pixels: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """A model file as it was found, and whether it would be opened.

    Attributes:
        path: as it was given.
        format: ".keras", ".h5", or the name of another format.
        dialect: which Keras wrote it, in words; None where that is not known.
        keras_version: as the file says; None where it does not.
        size: in bytes; None for a folder.
        sha256: of the whole file, hexadecimal; None for a folder, and for a file that is too large.
        input: None where it is not known.
        layers: at most 2000; empty where they could not be read.
        parameters: number of weights; None where it is not known.
        multiply_adds: for one image; None unless the model was built.
        built: whether the model was built.
        reasons: why it is refused; empty where it is accepted.
        content: what else is in the file.
    """

    path: str
    format: str
    dialect: str | None
    keras_version: str | None
    size: int | None
    sha256: str | None
    input: ModelInput | None
    layers: tuple[LayerRow, ...]
    parameters: int | None
    multiply_adds: int | None
    built: bool
    reasons: tuple[Reason, ...]
    content: Content

    @property
    def verdict(self) -> Verdict:
        """Whether `inference.open_model` would open the file."""
        return "refused" if self.reasons else "accepted"

    def to_json(self) -> JsonObject:
        """All of it as a value that `json.dumps` takes."""
        found = asdict(self)
        path, file_format = found.pop("path"), found.pop("format")
        return {
            "path": path,
            "verdict": self.verdict,
            "file_format": file_format,  # `format` is the number of the schema
            **found,
            "not_computed": list(self.not_computed()),
        }

    def not_computed(self) -> tuple[str, ...]:
        """What only the built network tells, and is therefore missing here."""
        if self.built:
            return ()
        missing = ["multiply-adds"]
        unknown = sum(row.output_shape is None for row in self.layers)
        if unknown:
            missing.append(f"{unknown} output shape{'s' if unknown > 1 else ''}")
        return tuple(missing)
