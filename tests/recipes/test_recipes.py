"""Recipes are typed, frozen, and say where each setting comes from."""

import json
from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from fashion_nn import recipes
from fashion_nn.cli.main import app, run
from fashion_nn.errors import InputError
from fashion_nn.recipes import RECIPES, Augmentation, Recipe


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe(recipe):
    assert RECIPES[recipe.name] is recipe
    assert recipes.from_json(recipe.to_json()) == recipe
    settings = set(Recipe.model_fields) - {"name", "model", "sources"}
    assert set(recipe.sources) <= settings
    assert all(
        source.startswith(("report 00", "public code", "skeleton"))
        for source in recipe.sources.values()
    )
    with pytest.raises(ValidationError, match="frozen"):
        recipe.epochs = 1


def test_published_settings():
    """Report 003, part 2, and the public code whose layers match its figures."""
    mlp, adam = RECIPES["mlp"], RECIPES["cnn-v2-adam"]
    assert (mlp.optimizer, mlp.learning_rate, mlp.momentum, mlp.nesterov) == (
        "sgd",
        0.01,
        0.975,
        True,
    )
    assert (mlp.schedule, mlp.decay_per_step, mlp.batch_size, mlp.epochs) == (
        "inverse-time",
        2e-6,
        256,
        100,
    )
    assert (mlp.patience, mlp.monitor, mlp.checkpoint_monitor, mlp.validation_fraction) == (
        50,
        "val_loss",
        "val_accuracy",
        0.1,
    )
    assert (adam.model, adam.optimizer, adam.learning_rate, adam.decay_per_step) == (
        "cnn-v2",
        "adam",
        1e-4,
        1e-6,
    )
    for name in ("cnn-v1", "cnn-v2"):
        recipe = RECIPES[name]
        assert (recipe.optimizer, recipe.learning_rate, recipe.batch_size, recipe.epochs) == (
            "sgd",
            0.01,
            256,
            100,
        )
    assert RECIPES["cnn-v2"].schedule == "inverse-time"


def test_the_four_configurations_of_report_002():
    stated = {
        "dcn-relu-xavier-adam": ("relu", "xavier", "adam", 0.005),
        "dcn-sigmoid-he-sgd": ("sigmoid", "he", "sgd", 0.01),
        "dcn-tanh-xavier-adagrad": ("tanh", "xavier", "adagrad", 0.01),
        "dcn-leaky-relu-he-adam": ("leaky-relu", "he", "adam", 0.005),
    }
    assert [name for name in RECIPES if name.startswith("dcn")] == list(stated)
    for name, (activation, initializer, optimizer, learning_rate) in stated.items():
        recipe = RECIPES[name]
        assert recipe.options == {"activation": activation, "initializer": initializer}
        assert (recipe.optimizer, recipe.learning_rate) == (optimizer, learning_rate)
        assert (recipe.batch_size, recipe.epochs, recipe.seed, recipe.patience) == (
            64,
            10,
            1000,
            None,
        )
        assert {"validation_fraction", "monitor", "checkpoint_monitor"}.isdisjoint(recipe.sources)


def test_override_changes_only_what_is_named():
    before = recipes.get("mlp")
    after = recipes.override(
        before,
        [
            "epochs=3",
            "nesterov=false",
            "patience=none",
            "augment.shift_pixels=2",
            "options.dropout_1=0.1",
            "momentum=0.5",
        ],
    )
    assert (after.epochs, after.nesterov, after.patience) == (3, False, None)
    assert after.augment == Augmentation(shift_pixels=2)
    assert after.options == {"dropout_1": 0.1}
    assert after.learning_rate == before.learning_rate
    assert "epochs" not in after.sources and "learning_rate" in after.sources
    assert before == RECIPES["mlp"] and before.epochs == 100


def test_a_changed_option_is_not_published_any_more():
    before = recipes.get("dcn-relu-xavier-adam")
    assert "options" in before.sources
    assert "options" not in recipes.override(before, ["options.activation=tanh"]).sources


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("epohcs=3", "unknown key 'epohcs': expected one of seed, batch_size.*did you mean epochs"),
        ("augment.x=3", "unknown key 'augment.x'"),
        ("options.=3", "unknown key 'options.'"),
        ("name=x", "unknown key 'name'"),
        ("sources.epochs=x", "unknown key"),
        ("epochs", "expected key=value"),
        ("epochs=0", "epochs=0: input should be greater than or equal to 1"),
        ("epochs=2.5", "epochs=2.5"),
        ("epochs=many", "epochs='many'"),
        ("learning_rate=nan", "learning_rate='nan'"),
        ("learning_rate=NaN", "learning_rate='NaN'"),
        ("optimizer=sdg", "optimizer='sdg'"),
        (
            "optimizer=adam",
            (
                "momentum=0.975, nesterov=true have no effect with optimizer=adam: set"
                " momentum=0.0, nes"
            ),
        ),
        ("momentum=0", "nesterov=true has no effect with momentum=0.0: set nesterov=false"),
        (
            "initial_accumulator=0",
            "initial_accumulator=0.0 has no effect with optimizer=sgd: set initial_acc.*=0.1",
        ),
        ("schedule=cosine", "decay_per_step=2e-06 has no effect with schedule=cosine"),
        (
            "restart_epochs=3",
            "restart_epochs=3 has no effect with schedule=inverse-time: set restart_epochs=10",
        ),
        ("warmup_fraction=0.4", "warmup_fraction=0.4 has no effect with schedule=inverse-time"),
        ("batch_size=[1]", "batch_size="),
    ],
)
def test_a_wrong_setting_is_one_line(assignment, said):
    with pytest.raises(InputError, match=said) as caught:
        recipes.override(recipes.get("mlp"), [assignment])
    assert "\n" not in str(caught.value)


def test_one_setting_trains_on_all_rows():
    changed = recipes.override(recipes.get("mlp"), ["validation_fraction=0"])
    watched = recipes.get("mlp").monitor, recipes.get("mlp").checkpoint_monitor
    found = changed.monitor, changed.checkpoint_monitor
    assert found == tuple(name.removeprefix("val_") for name in watched)
    assert not {"monitor", "checkpoint_monitor"} & set(changed.sources)
    with pytest.raises(InputError, match="nothing to monitor"):
        recipes.override(recipes.get("mlp"), ["validation_fraction=0", "monitor=val_loss"])


def test_a_stored_recipe_with_a_setting_without_effect_is_taken_as_it_is():
    stored = recipes.get("mlp").to_json() | {"restart_epochs": 3, "initial_accumulator": 0.5}
    assert recipes.from_json(stored).restart_epochs == 3
    assert {"restart_epochs", "initial_accumulator"} <= set(recipes.without_effect(stored))


def test_a_recipe_file_with_a_setting_without_effect_is_refused(tmp_path, monkeypatch, capsys):
    values = recipes.get("mlp").to_json() | {"restart_epochs": 3}
    (tmp_path / "recipe.json").write_text(json.dumps(values))
    monkeypatch.chdir(tmp_path)
    assert run(app, ["train", "--recipe", "recipe.json", "--dataset", "digits"]) == 2
    assert (
        "error: restart_epochs=3 has no effect with schedule=inverse-time"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=lambda recipe: recipe.name)
def test_every_setting_of_our_recipes_has_an_effect(recipe):
    assert recipes.override(recipe, []) == recipe


OPTIMIZERS = [*get_args(Recipe.model_fields["optimizer"].annotation)]
OPTIMIZERS.remove("compiled")  # the user's own, with the user's own settings


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_weight_decay_has_an_effect_with_each_optimizer(optimizer):
    keras = pytest.importorskip("keras")
    from fashion_nn.training import optimizers

    trained = []
    for decay in (0.0, 0.5):
        recipe = Recipe(
            name="x", model="mlp", optimizer=optimizer, weight_decay=decay, learning_rate=0.1
        )
        assert "weight_decay" not in recipes.without_effect(recipe.to_json())
        layers = [
            keras.layers.Dense(2, kernel_initializer="ones", name=name)
            for name in ("first", "last")
        ]
        model = keras.Sequential([keras.Input((2,)), *layers])
        model.compile(optimizers.optimizer(recipe, 1), "mse")
        model.fit(np.ones((4, 2)), np.ones((4, 2)), epochs=1, verbose=0)
        trained.append(model.get_weights()[0])
    assert not np.array_equal(*trained)


def test_unknown_recipe_names_the_known_ones():
    with pytest.raises(
        InputError, match=r"expected one of mlp, cnn-v1, cnn-v2, .*; did you mean cnn-v2"
    ):
        recipes.get("cnn-2")


def test_a_stored_recipe_with_an_unknown_key_is_refused():
    with pytest.raises(InputError, match="not a recipe: speed='high'"):
        recipes.from_json({"name": "x", "model": "mlp", "speed": "high"})


def test_departures_are_what_differs_from_the_recipe_of_that_name():
    changes = ["seed=3", "epochs=30", "augment.flip=true", "options.dropout_1=0.2"]
    changed = recipes.override(recipes.get("cnn-v2"), changes).to_json()
    expected = {
        "epochs": (30, 100),
        "augment.flip": (True, False),
        "options.dropout_1": (0.2, None),
    }
    assert recipes.departures(changed) == expected
    older = {
        key: value
        for key, value in recipes.get("mlp").to_json().items()
        if key != "label_smoothing"
    }
    assert recipes.departures(older) == {}
    assert recipes.departures(changed | {"name": "of somebody"}) == {}
