"""The recipes that `fashion-nn train` knows by name: those of the course reports, and ours.

Where a setting is published stands in `sources`; every other setting is our choice.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fashion_nn.core.text import did_you_mean
from fashion_nn.errors import InputError
from fashion_nn.recipes.recipe import Augmentation, Optimizer, Recipe, from_json

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


def _dcn(
    activation: str, initializer: str, optimizer: Optimizer, learning_rate: float, **more: Any
) -> Recipe:
    """One of the four configurations of report 002, part 2.

    The report trained on all rows; we hold out a tenth.
    """
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
        sources=dict.fromkeys(published, "report 002, part 2.1")
        | dict.fromkeys(skeleton, _SKELETON),
        **more,
    )


_DCN = (
    _dcn("relu", "xavier", "adam", 0.005),
    _dcn("sigmoid", "he", "sgd", 0.01),
    # Keras' default, 0.1, slows the first epochs: ledger/results/dcn-variants.json has that run
    # too.
    _dcn("tanh", "xavier", "adagrad", 0.01, initial_accumulator=0.0),
    _dcn("leaky-relu", "he", "adam", 0.005),
)

# benchmarks/sprint_choices.py measures what each of these settings contributes.
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
    average_mirror="auto",
    precision="mixed_bfloat16",
    augment=Augmentation(flip="auto", shift_pixels=2),
)

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe for recipe in (_MLP, _CNN_V1, _CNN_V2, _CNN_V2_ADAM, *_DCN, _SPRINT)
}


class Departure(NamedTuple):
    """The value of a setting in a recipe, and in the published recipe of the same name."""

    here: Any
    published: Any


def get(name: str) -> Recipe:
    """The recipe called `name`.

    Raises:
        InputError: there is none; the message lists those that exist.
    """
    if name not in RECIPES:
        known = ", ".join(RECIPES)
        raise InputError(
            f"unknown recipe {name!r}: expected one of {known}{did_you_mean(name, RECIPES)}"
        )
    return RECIPES[name]


def departures(recipe: Mapping[str, Any]) -> dict[str, Departure]:
    """The settings in which `recipe` differs from the published recipe of its name, seed aside.

    Nested settings have dotted names. Empty if no published recipe has that name. A setting that is
    published as "auto" was decided by the data, so it never differs.

    Args:
        recipe: as JSON; settings that it lacks, since it is older, count as their defaults.
    """
    published = RECIPES.get(recipe["name"])
    if published is None or "kind" in recipe:
        return {}
    here = from_json(recipe).flat()
    there = published.flat()
    return {
        key: Departure(here.get(key), there.get(key))
        for key in {**here, **there}
        if key not in ("seed", "sources") and there.get(key) not in (here.get(key), "auto")
    }
