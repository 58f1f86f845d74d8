"""Recipes: what to train and how, as typed, frozen data. No code in them.

A recipe names a builder of the zoo and every setting of a training. `RECIPES` holds the published
ones and ours; `override` changes single settings (`--set key=value`). Where a setting comes from
stands in `Recipe.sources`; what is not listed there is our choice.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fashion_nn.core.text import did_you_mean
from fashion_nn.errors import InputError


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Augmentation(_Settings):
    """Random changes to each training image, drawn anew each epoch. All zero: none."""

    flip: bool = Field(False, description="mirror left-right, with probability 1/2")
    shift_pixels: int = Field(0, ge=0, le=64, description="move by up to this many pixels in x and in y")
    rotation_degrees: float = Field(0.0, ge=0, le=180, description="turn by up to this angle either way")
    brightness: float = Field(0.0, ge=0, lt=1, description="scale pixels by a factor in 1 ± this")
    erase: float = Field(0.0, ge=0, le=1, description="side of an erased square, as a share of the image's")

    @property
    def active(self) -> bool:
        return any(self.model_dump().values())


class Recipe(_Settings):
    """One training, completely described; with the same data, machine and versions it gives the same bytes."""

    name: str
    model: str = Field(description="name of the builder in the zoo")
    options: dict[str, bool | int | float | str] = Field({}, description="options of the builder")
    seed: int = Field(0, ge=0, lt=2**31, description="of weights, shuffling, dropout and augmentation")
    batch_size: int = Field(256, ge=1)
    epochs: int = Field(100, ge=1, description="at most")
    patience: int | None = Field(50, ge=1, description="epochs without a better `monitor` before stopping; none: never")
    monitor: Literal["val_loss", "val_accuracy", "loss", "accuracy"] = Field(
        "val_loss", description="what early stopping watches"
    )
    checkpoint_monitor: Literal["val_loss", "val_accuracy", "loss", "accuracy"] = Field(
        "val_accuracy", description="what decides which epoch's weights are kept"
    )
    validation_fraction: float = Field(0.1, ge=0, le=0.5, description="share of the training rows held out")
    optimizer: Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "muon"] = "sgd"
    learning_rate: float = Field(0.01, gt=0, description="at the start; the peak for one-cycle")
    momentum: float = Field(0.0, ge=0, lt=1, description="of sgd, rmsprop and muon, whose is always Nesterov's")
    nesterov: bool = Field(False, description="of sgd")
    initial_accumulator: float = Field(0.1, ge=0, description="of adagrad; 0.1 is Keras' default, 0 is PyTorch's")
    weight_decay: float = Field(
        0.0,
        ge=0,
        description="decoupled, as a share of the weights per step and rate; with muon of all kernels but the last",
    )
    schedule: Literal["constant", "inverse-time", "cosine", "cosine-restarts", "one-cycle"] = "constant"
    decay_per_step: float = Field(0.0, ge=0, description="inverse-time: rate / (1 + decay · steps)")
    warmup_fraction: float = Field(0.3, gt=0, lt=1, description="one-cycle: share of the steps that climb")
    restart_epochs: int = Field(10, ge=1, description="cosine-restarts: length of the first period")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of each label that is spread over all classes")
    average_mirror: bool = Field(
        False,
        description="the kept model averages its answer with that on the mirrored image; training and history do not",
    )
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    deterministic: bool = Field(True, description="only operations that give the same bits each time")
    augment: Augmentation = Augmentation()
    sources: dict[str, str] = Field({}, description="setting → where it is published; the rest is ours")

    @model_validator(mode="after")
    def _agree(self) -> "Recipe":
        watched = (self.monitor, self.checkpoint_monitor)
        if self.validation_fraction == 0 and any(name.startswith("val_") for name in watched):
            raise ValueError(
                "validation_fraction=0 leaves nothing to monitor: set monitor and checkpoint_monitor to loss"
            )
        return self

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def _one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


def _above_zero(value: Any) -> bool:
    return bool(value) and value > 0


EFFECTIVE: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "momentum": {"optimizer": _one_of("sgd", "rmsprop", "muon")},
    "nesterov": {"optimizer": _one_of("sgd"), "momentum": _above_zero},
    "weight_decay": {"optimizer": _one_of("sgd", "adam", "adamw", "rmsprop", "adagrad", "muon")},
    "initial_accumulator": {"optimizer": _one_of("adagrad")},
    "decay_per_step": {"schedule": _one_of("inverse-time")},
    "warmup_fraction": {"schedule": _one_of("one-cycle")},
    "restart_epochs": {"schedule": _one_of("cosine-restarts")},
}
"""Setting → another setting → whether the first has an effect beside this value of the other.

A setting that is not listed always has an effect; one that depends on several needs all of them.
"""


def without_effect(recipe: Mapping[str, Any]) -> list[str]:
    """Names of the settings that have no effect beside the others of `recipe`, which is given as JSON."""
    return [
        name
        for name, conditions in EFFECTIVE.items()
        if not all(holds(recipe.get(other)) for other, holds in conditions.items())
    ]


def _require_effective(recipe: Recipe) -> None:
    """Refuse a recipe in which a setting that was changed has no effect.

    Only for recipes that a user makes. One that is stored with a run is taken as it is.
    """
    values = recipe.to_json()
    defaults = {name: field.default for name, field in Recipe.model_fields.items()}
    idle = [name for name in without_effect(values) if values[name] != defaults[name]]
    if not idle:
        return
    causes = dict.fromkeys(
        other for name in idle for other, holds in EFFECTIVE[name].items() if not holds(values[other])
    )
    raise InputError(
        f"{_listed(values, idle)} {'has' if len(idle) == 1 else 'have'} no effect with {_listed(values, causes)}: "
        f"set {_listed(defaults, idle)}, or choose another {next(iter(causes))}"
    )


def _listed(values: Mapping[str, Any], names: Iterable[str]) -> str:
    return ", ".join(f"{name}={json.dumps(values[name]).strip(chr(34))}" for name in names)


def get(name: str) -> Recipe:
    """The recipe called `name`.

    Raises:
        InputError: there is none; the message lists those that exist.
    """
    if name not in RECIPES:
        raise InputError(f"unknown recipe {name!r}: expected one of {', '.join(RECIPES)}{did_you_mean(name, RECIPES)}")
    return RECIPES[name]


def from_json(values: Mapping[str, Any]) -> Recipe:
    """The recipe stored as `values`, checked.

    Raises:
        InputError: a key is unknown or a value is out of range.
    """
    try:
        return Recipe.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(f"not a recipe: {_first_problem(error)}") from None


def override(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """`recipe` with single settings changed.

    A value is read as JSON where that works (`true`, `0.1`, `none` for null), else as text. Dots
    reach inside: `augment.flip=true`, `options.rate=0.3`. A changed setting loses its source.

    Raises:
        InputError: no `=`, an unknown key (the known ones are listed), a value out of range, or a setting that
            has no effect beside the others (see `EFFECTIVE`).
    """
    values = recipe.to_json()
    for assignment in assignments:
        key, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise InputError(f"--set {assignment!r}: expected key=value, such as epochs=20")
        _require_known(key)
        outer, dot, inner = key.partition(".")
        target = values[outer] if dot else values
        target[inner or outer] = _parse(text)
        values["sources"].pop(outer, None)
    try:
        changed = Recipe.model_validate(values)
    except ValidationError as error:
        raise InputError(f"--set: {_first_problem(error)}") from None
    _require_effective(changed)
    return changed


def departures(recipe: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Setting → (in `recipe`, in the recipe of that name), where they differ, the seed aside.

    Nested settings have their dotted names. Empty where there is no recipe of that name.

    Args:
        recipe: as JSON; settings that are newer than it have their defaults.
    """
    known = RECIPES.get(recipe["name"])
    if known is None or "kind" in recipe:
        return {}
    here, there = _flat(from_json(recipe)), _flat(known)
    return {key: (here.get(key), there.get(key)) for key in here | there if here.get(key) != there.get(key)}


def _flat(recipe: Recipe) -> dict[str, Any]:
    values = recipe.model_dump(exclude={"name", "seed", "sources"})
    nested = {
        f"{outer}.{inner}": value for outer in ("options", "augment") for inner, value in values.pop(outer).items()
    }
    return values | nested


def renamed(recipe: Recipe, name: str) -> Recipe:
    """`recipe` with another name."""
    return recipe.model_copy(update={"name": name})


def as_python(recipe: Recipe) -> str:
    """`recipe` as the call that makes it, ready for `RECIPES`; settings that have their default are left out."""
    lines = [f"    {line}," for line in _arguments(recipe)]
    return "\n".join(["Recipe(", *lines, ")"])


def _arguments(settings: _Settings) -> list[str]:
    changed = {
        name: getattr(settings, name)
        for name, field in type(settings).model_fields.items()
        if field.is_required() or getattr(settings, name) != field.default
    }
    return [f"{name}={_literal(value)}" for name, value in changed.items()]


def _literal(value: Any) -> str:
    if isinstance(value, Augmentation):
        return f"Augmentation({', '.join(_arguments(value))})"
    if isinstance(value, dict):
        pairs = [f"{_literal(key)}: {_literal(each)}" for key, each in value.items()]
        line = f"{{{', '.join(pairs)}}}"
        return line if len(line) <= _LINE else "\n        ".join(["{", *[f"{pair}," for pair in pairs]]) + "\n    }"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


_LINE = 100


def _require_known(key: str) -> None:
    if key.startswith("options.") and key != "options.":
        return  # only the builder knows its options; it refuses the others
    fixed = {"name", "model", "options", "augment", "sources"}
    known = [name for name in Recipe.model_fields if name not in fixed]
    known += [f"augment.{name}" for name in Augmentation.model_fields]
    if key in known:
        return
    hint = did_you_mean(key, known)
    raise InputError(f"--set: unknown key {key!r}: expected one of {', '.join(known)}, options.<name>{hint}")


def _parse(text: str) -> Any:
    if text.lower() in {"none", "null"}:
        return None
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    try:
        return json.loads(text)
    except ValueError:
        return text


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{where}={problem['input']!r}: {message}" if where else message


_CODE = "public code whose layers match the report's figures one by one"

_MLP = Recipe(
    name="mlp",
    model="mlp",
    batch_size=256,
    epochs=100,
    patience=50,
    optimizer="sgd",
    learning_rate=0.01,
    momentum=0.975,
    nesterov=True,
    schedule="inverse-time",
    decay_per_step=2e-6,
    sources={
        "batch_size": "report 003, part 2.1",
        "epochs": "report 003, part 2.1",
        "validation_fraction": "report 003, part 2.1",
        "checkpoint_monitor": "report 003, part 2.1",
        "optimizer": "report 003, part 2.1 (SGD with Nesterov momentum, after Adam)",
        "nesterov": "report 003, part 2.1",
        "learning_rate": "report 003, part 2.2, note",
        "momentum": _CODE,
        "schedule": _CODE,
        "decay_per_step": _CODE,
        "patience": _CODE,
        "monitor": _CODE,
    },
)

_CNN_V1 = Recipe(
    name="cnn-v1",
    model="cnn-v1",
    batch_size=256,
    epochs=100,
    patience=50,
    optimizer="sgd",
    learning_rate=0.01,
    momentum=0.9,
    nesterov=True,
    sources={
        "batch_size": "report 003, part 2.2",
        "epochs": "report 003, part 2.2",
        "optimizer": "report 003, part 2.2 (SGD; its momentum is not stated)",
        "learning_rate": "report 003, part 2.2, note",
        "validation_fraction": "report 003, part 2.2 (10 per cent; its note says 20)",
        "checkpoint_monitor": "report 003, part 2.2",
        "patience": _CODE,
        "monitor": _CODE,
    },
)

_CNN_V2 = Recipe(
    name="cnn-v2",
    model="cnn-v2",
    batch_size=256,
    epochs=100,
    patience=50,
    optimizer="sgd",
    learning_rate=0.01,
    momentum=0.9,
    nesterov=True,
    schedule="inverse-time",
    decay_per_step=1e-6,
    sources={
        "optimizer": "report 003, part 2.2, note (SGD; its momentum is not stated)",
        "learning_rate": "report 003, part 2.2, note",
        "schedule": "report 003, part 2.2, note (with decay; its size is not stated)",
        "validation_fraction": "report 003, part 2.2, note",
        "checkpoint_monitor": "report 003, part 2.2",
        "batch_size": _CODE,
        "epochs": _CODE,
        "patience": _CODE,
        "monitor": _CODE,
        "decay_per_step": _CODE,
    },
)

_CNN_V2_ADAM = Recipe(
    name="cnn-v2-adam",
    model="cnn-v2",
    batch_size=256,
    epochs=100,
    patience=50,
    optimizer="adam",
    learning_rate=1e-4,
    schedule="inverse-time",
    decay_per_step=1e-6,
    sources={
        "optimizer": _CODE,
        "learning_rate": _CODE,
        "schedule": _CODE,
        "decay_per_step": _CODE,
        "batch_size": _CODE,
        "epochs": f"{_CODE} (its second fit, on all rows and without validation, is left out)",
        "validation_fraction": "report 003, part 2.2, note",
        "checkpoint_monitor": "report 003, part 2.2",
        "patience": _CODE,
        "monitor": _CODE,
    },
)

_SKELETON = "skeleton of report 002's course (PyTorch)"


def _dcn(activation: str, initializer: str, optimizer: str, learning_rate: float, **more: Any) -> Recipe:
    """One of the four configurations of report 002, part 2. It trained on all rows; we hold out a tenth."""
    published = ("options", "optimizer", "learning_rate")
    skeleton = ("batch_size", "epochs", "seed", "patience", *more)
    return Recipe(
        name=f"dcn-{activation}-{initializer}-{optimizer}",
        model="dcn",
        options={"activation": activation, "initializer": initializer},
        seed=1000,
        batch_size=64,
        epochs=10,
        patience=None,
        optimizer=optimizer,
        learning_rate=learning_rate,
        sources=dict.fromkeys(published, "report 002, part 2.1") | dict.fromkeys(skeleton, _SKELETON),
        **more,
    )


_DCN = (
    _dcn("relu", "xavier", "adam", 0.005),
    _dcn("sigmoid", "he", "sgd", 0.01),
    # Keras' own 0.1 slows the first epochs; ledger/results/dcn-variants.json has that run too.
    _dcn("tanh", "xavier", "adagrad", 0.01, initial_accumulator=0.0),
    _dcn("leaky-relu", "he", "adam", 0.005),
)

# What single settings are worth: benchmarks/sprint_choices.py.
_SPRINT = Recipe(
    name="sprint",
    model="sprint",
    batch_size=256,
    epochs=10,
    patience=None,
    optimizer="muon",
    learning_rate=0.02,
    momentum=0.9,
    weight_decay=0.02,
    schedule="one-cycle",
    warmup_fraction=0.2,
    label_smoothing=0.1,
    average_mirror=True,
    precision="mixed_bfloat16",
    augment=Augmentation(flip=True, shift_pixels=2),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (_MLP, _CNN_V1, _CNN_V2, _CNN_V2_ADAM, *_DCN, _SPRINT)}
