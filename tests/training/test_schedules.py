"""Learning rates by step, against the formulas they are named after."""

import math

import keras
import numpy as np
import pytest

from fashion_nn import recipes
from fashion_nn.training import optimizers, schedules

STEPS = 20  # an epoch


def rates(*settings, steps):
    base = recipes.Recipe(name="x", model="mlp", epochs=10)
    schedule = schedules.learning_rate(recipes.override(base, settings), STEPS)
    return np.array([float(schedule(step)) for step in steps])


def test_constant_is_a_number():
    assert (
        schedules.learning_rate(recipes.Recipe(name="x", model="mlp", learning_rate=0.3), STEPS)
        == 0.3
    )


def test_inverse_time_is_the_old_keras_decay():
    steps = np.array([0, 1, 999])
    found = rates("schedule=inverse-time", "decay_per_step=0.01", steps=steps)
    assert found == pytest.approx(0.01 / (1 + 0.01 * steps), rel=1e-6)


def test_cosine_ends_at_zero_after_all_epochs():
    steps = np.arange(0, 200, 10)
    found = rates("schedule=cosine", steps=[*steps, 200])
    assert found[:-1] == pytest.approx(
        0.005 * (1 + np.cos(np.pi * steps / 200)), rel=1e-4, abs=1e-8
    )
    assert found[-1] == pytest.approx(0, abs=1e-9)


def test_cosine_restarts_double_their_period():
    first, second = 2 * STEPS, 4 * STEPS
    found = rates(
        "schedule=cosine-restarts",
        "restart_epochs=2",
        steps=[0, first - 1, first, first + second - 1, first + second],
    )
    assert found[[0, 2, 4]] == pytest.approx(0.01, rel=1e-4)
    assert found[1] < 1e-4 and found[3] < 1e-4


def test_one_cycle_climbs_to_the_peak_and_falls_below_the_start():
    turn, end = int(0.3 * 200), 200
    found = rates("schedule=one-cycle", steps=range(end + 1))
    assert found[0] == pytest.approx(0.01 / 25, rel=1e-5)
    assert found.argmax() == turn and found[turn] == pytest.approx(0.01)
    assert (np.diff(found[: turn + 1]) > 0).all() and (np.diff(found[turn:]) < 0).all()
    assert found[end] == pytest.approx(0.01 * 1e-4, rel=1e-2)
    middle = 0.01 * (1 / 25 + (1 - 1 / 25) * 0.5 * (1 - math.cos(math.pi / 2)))
    assert found[turn // 2] == pytest.approx(middle, rel=1e-4)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "muon"])
def test_optimizer_has_the_recipe_settings(name):
    settings = [f"optimizer={name}", "weight_decay=0.001", "learning_rate=0.02"]
    with_momentum = {"sgd", "rmsprop", "muon"}
    if name in with_momentum:
        settings.append("momentum=0.8")
    recipe = recipes.override(recipes.Recipe(name="x", model="mlp"), settings)
    optimizer = optimizers.optimizer(recipe, STEPS)
    config = optimizer.get_config()
    assert type(optimizer).__name__.lower() == name
    assert config["learning_rate"] == pytest.approx(0.02)
    assert config["weight_decay"] == 0.001
    assert config.get("momentum") == (0.8 if name in with_momentum else None)


@pytest.mark.parametrize("start", [0.0, 0.1])
def test_adagrad_divides_by_the_root_of_its_sums(start):
    """With sums that start at 0 each weight's first step is the rate, whatever its gradient; Keras'
    0.1 damps it.
    """
    recipe = recipes.Recipe(name="x", model="dcn", optimizer="adagrad", initial_accumulator=start)
    weights, gradients = keras.Variable([1.0, 1.0]), np.array([0.5, 0.01], np.float32)
    optimizers.optimizer(recipe, STEPS).apply([keras.ops.convert_to_tensor(gradients)], [weights])
    steps = 1 - keras.ops.convert_to_numpy(weights)
    assert steps == pytest.approx(0.01 * gradients / np.sqrt(start + gradients**2), rel=1e-3)
