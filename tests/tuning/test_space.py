"""Spaces: whatever a search draws from one is a valid recipe and a model that can be built."""

import itertools
import random

import pytest

from fashion_nn import recipes, zoo
from fashion_nn.errors import InputError
from fashion_nn.recipes import RECIPES, Augmentation, Recipe
from fashion_nn.tuning import space
from fashion_nn.tuning.conditions import counts_with
from fashion_nn.tuning.oracle import Oracle, Proposal

BASES = [
    next(recipe for recipe in RECIPES.values() if recipe.model == name) for name in zoo.names()
]


def ends(parameter):
    """The values of a choice, or the least and the most of a range."""
    return parameter.values if parameter.kind == "choice" else [parameter.low, parameter.high]


@pytest.mark.parametrize("name", zoo.names())
def test_every_model_has_a_space_of_its_options(name):
    entry = zoo.describe(name)
    assert entry.space
    assert entry.space.keys() <= entry.options.keys()


@pytest.mark.parametrize("base", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_whatever_is_drawn_is_a_valid_recipe(base):
    parameters = space.space(base)
    oracle = Oracle("random", parameters, "val_accuracy", 9, seed=3)
    for order in range(150):
        values = oracle.ask().values
        recipe = space.assemble(base, values, seed=order)
        assert recipe.seed == order
        flat = recipe.flat()
        assert {name: flat[name] for name in values} == values
        assert recipes.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize("base", BASES, ids=lambda recipe: recipe.model)
def test_the_ends_of_every_parameter_are_valid_and_build(base):
    parameters = space.space(base)
    rng = random.Random(0)
    built = set()
    for i in range(max(len(ends(parameter)) for parameter in parameters)):
        values = {
            parameter.name: ends(parameter)[i % len(ends(parameter))] for parameter in parameters
        }
        recipe = space.assemble(base, values, seed=rng.randrange(9))
        options = tuple(recipe.options.items())
        if options not in built and len(built) < 4:
            zoo.build(recipe.model, **recipe.options)
            built.add(options)
        zoo.require_options(recipe.model, recipe.options)


def test_a_setting_that_is_fixed_leaves_the_space_and_takes_along_what_depends_on_it():
    base = recipes.override(recipes.get("mlp"), ["optimizer=adam", "momentum=0", "nesterov=false"])
    names = {parameter.name for parameter in space.space(base, fixed=["optimizer"])}
    assert "learning_rate" in names
    assert not names & {"optimizer", "momentum", "nesterov"}
    assert "weight_decay" in names
    found = {
        parameter.name: parameter
        for parameter in space.space(recipes.get("mlp"), fixed=["optimizer"])
    }
    assert not found["momentum"].when and set(found["nesterov"].when) == {"momentum"}


def test_what_has_no_effect_beside_the_others_has_its_default():
    base = recipes.get("mlp")
    recipe = space.assemble(base, {"optimizer": "adam", "schedule": "cosine"}, seed=1)
    assert (recipe.momentum, recipe.nesterov, recipe.decay_per_step) == (0, False, 0)
    assert not recipe.sources.keys() & {
        "optimizer",
        "schedule",
        "momentum",
        "nesterov",
        "decay_per_step",
        "seed",
    }


def test_only_some_and_names_that_are_not_in_the_space():
    base = recipes.get("cnn-v2")
    assert [p.name for p in space.space(base, only=["learning_rate"])] == ["learning_rate"]
    with pytest.raises(
        InputError, match=r"--only epochs: not in the space of cnn-v2: expected some of options\."
    ):
        space.space(base, only=["epochs"])
    with pytest.raises(InputError, match="nothing is left"):
        space.space(base, only=["learning_rate"], fixed=["learning_rate"])


def test_a_grid_is_as_large_as_what_it_goes_through():
    only = ["optimizer", "momentum", "nesterov", "schedule", "decay_per_step", "learning_rate"]
    parameters = space.space(recipes.get("mlp"), only=only, grid=True)
    assert all(parameter.kind == "choice" for parameter in parameters)
    # Begins with the recipe itself.
    base, by_name = recipes.get("mlp"), {parameter.name: parameter for parameter in parameters}
    assert {name: p.default for name, p in by_name.items()} == {
        name: base.flat()[name] for name in by_name
    }
    different = set()
    for values in itertools.product(*(parameter.values for parameter in parameters)):
        here = dict(zip(by_name, values, strict=True))
        different.add(
            tuple((n, v) for n, v in here.items() if counts_with(by_name[n], here, by_name))
        )
    assert space.grid_size(parameters) == len(different)
    oracle, proposed = Oracle("grid", parameters, "val_accuracy", 9, seed=0), []
    while isinstance(proposal := oracle.ask(), Proposal):
        proposed.append(tuple(sorted(proposal.values.items())))
        oracle.tell(proposal.order, 0.5)
    assert len(proposed) == len(set(proposed))
    assert set(proposed) == {tuple(sorted(each)) for each in different}


def test_python_to_paste_is_the_same_recipe():
    base = recipes.get("mlp")
    oracle = Oracle("random", space.space(base), "val_accuracy", 9, seed=0)
    for _ in range(20):
        recipe = space.assemble(base, oracle.ask().values, seed=5)
        assert (
            eval(recipes.as_python(recipe), {"Recipe": Recipe, "Augmentation": Augmentation})
            == recipe
        )
    assert "patience=None" in recipes.as_python(recipes.get("dcn-relu-xavier-adam"))
    assert "epochs" not in recipes.as_python(Recipe(name="a", model="mlp"))


def test_an_optimizer_that_only_the_recipe_has_is_tried_too():
    of = {
        name: {p.name: p for p in space.space(recipes.get(name))}["optimizer"]
        for name in ("mlp", "sprint")
    }
    assert of["sprint"].values == [*of["mlp"].values, "muon"]
    assert of["sprint"].default == "muon" and of["mlp"].default == "sgd"
    assert space.assemble(recipes.get("sprint"), {"optimizer": "sgd"}, seed=0).weight_decay == 0
    assert (
        space.assemble(recipes.get("sprint"), {"learning_rate": 0.01}, seed=0).weight_decay == 0.02
    )
