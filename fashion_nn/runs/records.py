"""The content of the JSON files in a run folder, as typed objects.

The order of the fields is the order of the keys in the files. A field with a default may be missing
in a file, because an older version did not write it or because it was not measured.
"""

import platform
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from fashion_nn.core import environment
from fashion_nn.core.names import Name, Title
from fashion_nn.core.stored import Stored

if TYPE_CHECKING:
    from fashion_nn.datasets import Origin, Splits
    from fashion_nn.zoo import OwnBuilder

# JSON has lists only: a tuple is made of a list, and its items are checked as strictly as all
# others.
_Floats = Annotated[tuple[float, ...], Field(strict=False)]
_Labels = Annotated[tuple[int | str, ...], Field(strict=False)]
_Whole = Annotated[tuple[int, ...], Field(strict=False)]
_Delimiter = Annotated[str, Field(pattern=r"""^[\x01-\x7f&&[^A-Za-z0-9"'.+\-_\r\n]]$""")]
_Side = Annotated[int, Field(ge=1, le=9999)]
_Shape = (
    Annotated[tuple[int, int], Field(strict=False)]
    | Annotated[tuple[int, int, Literal[3]], Field(strict=False)]
)


class Member(Stored):
    """A run that is part of an ensemble. `weight`: its share of the average."""

    run: str
    model: str | None = None
    model_sha256: str | None = None
    weight: float
    valid_accuracy: float
    train_seconds: float


class EnsembleOptions(Stored):
    """The options of an ensemble. `mirror`: whether each answer is averaged with that on the
    mirrored image.
    """

    mirror: bool
    members: Annotated[tuple[Member, ...], Field(strict=False)]


class FileOptions(Stored):
    """Which model file a run stands for, and its scale: a pixel p becomes `factor * p + offset`."""

    sha256: str
    scale: str
    factor: Annotated[float, Field(allow_inf_nan=False)]
    offset: Annotated[float, Field(allow_inf_nan=False)]


class RecipeRecord(Stored):
    """What a model was made by: the recipe of a training, or the settings of a baseline or an
    ensemble, or a model file.

    kind: "baseline", "ensemble" or "file"; None for a training, whose further settings are kept as
        they are.
    sources: setting → where it is published.
    """

    name: Name
    model: str | None = None
    kind: str | None = None
    options: EnsembleOptions | FileOptions | dict[str, Any] = Field({}, union_mode="left_to_right")
    seed: int | None = None
    sources: dict[str, str] = Field({})

    @property
    def model_name(self) -> str:
        """The name of the model; that of the recipe where no model is named."""
        return self.model or self.name

    @model_serializer(mode="wrap")
    def _sources_last(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = dump(self)
        if "sources" in values:
            values["sources"] = values.pop("sources")
        return values


class DatasetRecord(Stored):
    """The data of a run.

    split_id: tells which rows were held out.
    image_shape: an `ImageShape` of `core.images`.
    labels: the label that each class has in the data; None: the classes 0..k-1 themselves.
    read_as: what the files were taken for; empty for a known data set.
    rows: number of rows of each part.
    """

    name: Title
    fingerprint: str
    split_id: str | None = None
    image_shape: _Shape
    class_names: Annotated[tuple[str, ...], Field(min_length=2, strict=False)]
    labels: _Labels | None = None
    read_as: str = ""
    rows: dict[str, int]

    @classmethod
    def of(cls, splits: "Splits") -> Self:
        return cls(
            name=splits.name,
            fingerprint=splits.fingerprint,
            split_id=splits.split_id,
            image_shape=splits.image_shape,
            class_names=tuple(splits.class_names),
            labels=splits.original_labels,
            read_as=splits.said,
            rows={"train": len(splits.train), "valid": len(splits.valid)},
        )

    def is_of(self, splits: "Splits") -> bool:
        """Whether `splits` are the same data with the same rows held out."""
        return (self.fingerprint, self.split_id) == (splits.fingerprint, splits.split_id)


class Hardware(Stored):
    """What a time was measured on."""

    processor: str | None = None
    cores: int | None = None
    machine: str | None = None

    @classmethod
    def here(cls) -> Self:
        """The hardware of this process."""
        processor = environment.processor()
        return cls(processor=processor, cores=environment.cores(), machine=platform.machine())


class Environment(Stored):
    """What a figure depends on besides recipe and data. `commit`: of the checkout, None outside
    one.
    """

    python: str | None = None
    versions: dict[str, str | None]
    hardware: Hardware
    commit: str | None = None

    @classmethod
    def here(cls) -> Self:
        """The environment of this process."""
        return cls(
            python=platform.python_version(),
            versions=dict(environment.versions()),
            hardware=Hardware.here(),
            commit=environment.commit(),
        )


class Session(Stored):
    """One process' part of a training. `epoch_seconds`: the duration of each of its epochs."""

    started: str | None = None
    from_epoch: int = 0
    epoch_seconds: _Floats


class MirroringRecord(Stored):
    """Whether a recipe that left it open used mirrored images, and why."""

    used: bool
    why: str


class ScaleRecord(Stored):
    """The numbers that a user's own model takes: `factor * pixel + offset`."""

    name: str
    factor: float
    offset: float


class CodeRecord(Stored):
    """The user's own code that built a model. It is never run because it stands here.

    builder: its file and function, such as `my_net.py:build`.
    sha256: of the source, which is kept beside the model; None where there was none.
    scale: of the numbers that the function's model takes; None for raw pixels.
    own_layers: names of the layers and functions in the model that only this code defines.
    """

    builder: str
    sha256: str | None = None
    scale: ScaleRecord | None = None
    own_layers: Annotated[tuple[str, ...], Field(strict=False)] = ()

    @classmethod
    def of(cls, builder: "OwnBuilder", own_layers: tuple[str, ...] = ()) -> Self:
        scale = builder.scale
        return cls(
            builder=builder.name,
            sha256=builder.sha256,
            scale=ScaleRecord(**asdict(scale)) if scale else None,
            own_layers=own_layers,
        )


class DataArguments(Stored):
    """What the data of a run were read from; see `datasets.Origin`.

    dataset: name of a known data set, or absolute path of a file or folder.
    test: absolute path of the file with the test rows; None if it was not named.
    labels_from: absolute path of the file with the labels; None if it was not named.

    The others are those of `datasets.ReadOptions`, within the limits of the options of commands.
    """

    dataset: str
    test: str | None = None
    header: bool | None = None
    label_column: str | None = None
    delimiter: _Delimiter | None = None
    image_size: Annotated[tuple[_Side, _Side], Field(strict=False)] | None = None
    labels_from: str | None = None
    transpose: bool = False

    @classmethod
    def of(cls, origin: "Origin") -> Self:
        """The same as `datasets` has it, without what was left open."""
        usual = {name: field.default for name, field in cls.model_fields.items()}
        given = {"test": origin.test, **asdict(origin.options)}
        stated = {name: value for name, value in given.items() if value != usual[name]}
        return cls.model_validate({"dataset": origin.dataset, **stated})


class Record(Stored):
    """The content of run.json: what ran, on what data, where, and how it ended.

    best_epoch: the epoch whose model is saved; None before the end, and for a model without epochs.
    mirroring: None where the recipe said whether to mirror, or nothing was trained.
    code: None where the model is one of the zoo.
    data: where the data was read from; None where that was not stored.
    predicts: fingerprint of the test images that the model was trained to predict; None where it
        was not trained for a submission.
    """

    recipe: RecipeRecord
    dataset: DatasetRecord
    parameters: int
    environment: Environment
    stopped_because: str | None = None
    best_epoch: int | None = None
    sessions: Annotated[tuple[Session, ...], Field(strict=False)]
    mirroring: MirroringRecord | None = None
    code: CodeRecord | None = None
    data: DataArguments | None = None
    predicts: str | None = None

    @property
    def train_seconds(self) -> float:
        """Seconds that the epochs of all sessions took."""
        return sum(seconds for session in self.sessions for seconds in session.epoch_seconds)

    def with_origin(self, splits: "Splits") -> Self:
        """A copy that says what the rows were read from, if that is known."""
        if splits.origin is None:
            return self
        return self.model_copy(update={"data": DataArguments.of(splits.origin)})

    def with_session(self, started: str, from_epoch: int) -> Self:
        """A copy with a further session, which has no epochs yet."""
        session = Session(started=started, from_epoch=from_epoch, epoch_seconds=())
        return self.model_copy(update={"sessions": (*self.sessions, session)})

    def with_epoch(self, seconds: float) -> Self:
        """A copy whose last session has a further epoch."""
        *others, last = self.sessions
        last = last.model_copy(update={"epoch_seconds": (*last.epoch_seconds, round(seconds, 3))})
        return self.model_copy(update={"sessions": (*others, last)})

    def with_epochs(self, epochs: int) -> Self:
        """A copy whose recipe has this number of epochs, which was chosen during the training."""
        recipe = self.recipe.model_copy(update={"epochs": epochs})
        return self.model_copy(update={"recipe": recipe})

    def ended(self, stopped_because: str, best_epoch: int | None) -> Self:
        """A copy that says how the training ended."""
        return self.model_copy(
            update={"stopped_because": stopped_because, "best_epoch": best_epoch}
        )


class SplitRecord(Stored):
    """The content of split.json: which rows of the training data were held out.

    labels: as in `DatasetRecord`.
    """

    id: str | None = None
    seed: int
    fraction: float
    labels: _Labels | None = None
    valid_indices: _Whole

    @classmethod
    def of(cls, splits: "Splits") -> Self:
        return cls(
            id=splits.split_id,
            seed=splits.split_seed,
            fraction=splits.validation_fraction,
            labels=splits.original_labels,
            valid_indices=tuple(splits.valid_indices.tolist()),
        )
