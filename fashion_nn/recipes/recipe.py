"""The type of a recipe: every setting of a training, as frozen data, checked by pydantic."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fashion_nn.core.names import Name
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.errors import InputError

_LONGEST = 100

MAX_EPOCHS = 1_000_000
"""The largest number of epochs of a training."""
MAX_BATCH = 1 << 20
"""The largest number of images in a batch."""

Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]
Optimizer = Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "muon", "compiled"]
Mirror = bool | Literal["auto"]
Schedule = Literal["constant", "inverse-time", "cosine", "cosine-restarts", "one-cycle"]


class Settings(BaseModel):
    """Frozen settings that refuse unknown keys, infinity and NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Augmentation(Settings):
    """Random changes to each training image, drawn anew each epoch. All zero: none."""

    flip: Mirror = Field(
        False,
        description=(
            "Mirror images left-right, with probability 1/2; auto: if that helps on these data."
        ),
    )
    shift_pixels: int = Field(0, ge=0, le=64, description="Largest shift in x and in y, in pixels.")
    rotation_degrees: float = Field(
        0.0, ge=0, le=180, description="Largest rotation in either direction, in degrees."
    )
    brightness: float = Field(
        0.0, ge=0, lt=1, description="Scale the pixels by a factor between 1 ± this."
    )
    erase: float = Field(
        0.0, ge=0, le=1, description="Side of an erased square, as a share of the image's side."
    )

    @property
    def active(self) -> bool:
        """Whether any image is changed."""
        return any(self.model_dump().values())


class Recipe(Settings):
    """One training, described completely.

    With the same data, machine and library versions it gives the same bytes.
    """

    name: Name = Field(description="Name of the recipe, which is part of that of its run folder.")
    model: str = Field(
        description="Name of the builder in the zoo, or of the user's own, such as my_net.py:build."
    )
    options: dict[str, bool | int | float | str] = Field({}, description="Options of the builder.")
    seed: int = Field(
        0, ge=0, lt=2**31, description="Seed of weights, shuffling, dropout and augmentation."
    )
    batch_size: int = Field(256, ge=1, le=MAX_BATCH, description="Number of images in a batch.")
    epochs: int = Field(100, ge=1, le=MAX_EPOCHS, description="Maximum number of epochs.")
    patience: int | None = Field(
        50,
        ge=1,
        le=MAX_EPOCHS,
        description=(
            "Stop after this number of epochs without a better `monitor`; none: never stop."
        ),
    )
    monitor: Monitor = Field("val_loss", description="Figure that early stopping watches.")
    checkpoint_monitor: Monitor = Field(
        "val_accuracy", description="Figure that decides which epoch's weights are saved."
    )
    validation_fraction: float = Field(
        0.1, ge=0, le=0.5, description="Share of the training rows that is held out for validation."
    )
    optimizer: Optimizer = Field(
        "sgd",
        description="Optimizer; compiled: that of a model of your own, which is compiled already.",
    )
    learning_rate: float = Field(
        0.01, gt=0, description="Learning rate at the start; for one-cycle its peak."
    )
    momentum: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Momentum of SGD, RMSprop and Muon (Muon always uses Nesterov).",
    )
    nesterov: bool = Field(False, description="Use Nesterov momentum, with SGD.")
    initial_accumulator: float = Field(
        0.1, ge=0, description="Initial accumulator of Adagrad; Keras has 0.1, PyTorch 0."
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        description=(
            "Decoupled weight decay, as a share of the weights per step and learning rate; "
            "Muon applies it to all kernels but the last."
        ),
    )
    schedule: Schedule = Field("constant", description="Schedule of the learning rate.")
    decay_per_step: float = Field(
        0.0, ge=0, description="With inverse-time: decay in rate / (1 + decay · steps)."
    )
    warmup_fraction: float = Field(
        0.3,
        gt=0,
        lt=1,
        description="With one-cycle: share of the steps in which the rate increases.",
    )
    restart_epochs: int = Field(
        10,
        ge=1,
        le=MAX_EPOCHS,
        description="With cosine-restarts: number of epochs of the first period.",
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of each label that is spread over all classes."
    )
    class_weight: Literal["balanced"] | None = Field(
        None,
        description=(
            "Weight of an image in the training loss; balanced: all classes weigh the same."
        ),
    )
    average_mirror: Mirror = Field(
        False,
        description=(
            "Let the saved model average its probabilities with those of the mirrored image; "
            "training and history do not; auto: if that helps on these data."
        ),
    )
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32", description="Precision of the layers' arithmetic."
    )
    deterministic: bool = Field(
        True, description="Use only operations that give the same bits each time."
    )
    augment: Augmentation = Augmentation()
    sources: dict[str, str] = Field(
        {}, description="Setting → where it is published; the others are our choice."
    )

    @property
    def names_code(self) -> bool:
        """Whether the model is the user's own code, not one of the zoo."""
        return ":" in self.model

    @model_validator(mode="after")
    def _agree(self) -> "Recipe":
        watched = (self.monitor, self.checkpoint_monitor)
        if self.validation_fraction == 0 and any(name.startswith("val_") for name in watched):
            raise ValueError(
                "validation_fraction=0 leaves nothing to monitor: set monitor and"
                " checkpoint_monitor to loss"
            )
        return self

    def to_json(self) -> JsonObject:
        """The settings as plain data, in the order of the fields."""
        return self.model_dump(mode="json")

    def flat(self) -> JsonObject:
        """The settings by the names that `--set` takes, such as `augment.flip`."""
        return dotted(self.to_json())

    def changed(self, changes: Mapping[str, Any]) -> JsonObject:
        """The settings as plain data with `changes`, whose keys are those of `flat`.

        A changed setting loses its source.
        """
        values = self.model_dump(mode="json")
        for name, value in changes.items():
            outer, dot, inner = name.partition(".")
            if dot:
                values[outer][inner] = value
            else:
                values[outer] = value
            values["sources"].pop(outer, None)
        return values

    def renamed(self, name: str) -> "Recipe":
        """The same recipe with another name."""
        return self.model_copy(update={"name": name})


def dotted(settings: JsonObject) -> JsonObject:
    """Settings by the names that `--set` takes: `augment.flip` for {"augment": {"flip": True}}."""
    found: dict[str, Json] = {}
    for name, value in settings.items():
        if name in ("options", "augment") and isinstance(value, Mapping):
            found |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            found[name] = value
    return found


def from_json(values: Mapping[str, Any]) -> Recipe:
    """The recipe stored as `values`, checked.

    Raises:
        InputError: a key is unknown or a value is out of range.
    """
    return validated(values, "not a recipe")


def validated(values: Mapping[str, Any], what: str) -> Recipe:
    """`values` as a recipe.

    Raises:
        InputError: a key is unknown or a value is out of range; the message begins with `what`.
    """
    try:
        return Recipe.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(f"{what}: {_first_problem(error)}") from None


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = ascii(".".join(map(str, problem["loc"])))[1:-1][:_LONGEST]
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{place}={_shown(problem['input'])}: {message}" if place else message


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
