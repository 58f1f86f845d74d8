"""A training on a machine whose speed changes still ends in time, and at the end of its cycle."""

import numpy as np
import pytest

from fashion_nn import datasets, recipes, training
from fashion_nn.training import schedules
from fashion_nn.training.pacing import Pace


def simulated(speed, *, planned, ends, most=100, reserve=0.0, start=0.0):
    """The number of epochs of a training and when it ends; `speed(epoch)`: seconds of each."""
    now = 0.0
    pace = Pace(ends, most, reserve, start, clock=lambda: now)
    done = 0
    epochs = planned
    while done < epochs:
        done += 1
        seconds = speed(done) + (start if done == 1 else 0)
        now += seconds
        if done < epochs:
            epochs = pace.epochs(done, epochs, seconds)
    return epochs, now


def test_a_steady_machine_keeps_the_plan():
    assert simulated(lambda epoch: 10, planned=20, ends=207, start=6) == (20, 206)


def test_a_faster_machine_gets_more_epochs_but_no_more_than_the_most():
    assert simulated(lambda epoch: 5, planned=20, ends=200) == (40, 200)
    assert simulated(lambda epoch: 5, planned=20, ends=200, most=25) == (25, 125)


def test_a_slower_machine_gets_fewer_epochs_and_ends_in_time():
    epochs, ended = simulated(lambda epoch: 20, planned=20, ends=200)
    assert epochs == 10 and ended <= 200


@pytest.mark.parametrize("slower_from", [2, 5, 10, 15, 18])
def test_a_machine_that_becomes_three_times_slower_ends_within_the_reserve(slower_from):
    speed = lambda epoch: 10 if epoch < slower_from else 30  # noqa: E731
    epochs, ended = simulated(speed, planned=20, ends=200, reserve=30)
    assert slower_from <= epochs < 20
    assert ended <= 230


def test_the_rest_of_a_resized_cycle_has_no_jump_and_comes_to_its_end():
    cycle = schedules.OneCycle(1.0, 100, 0.2)
    before = float(cycle(50))
    cycle.resize(50, 75)
    rates = np.array([float(cycle(step)) for step in range(50, 76)])
    assert rates[0] == pytest.approx(before)
    assert (np.diff(rates) < 0).all()
    assert rates[-1] == pytest.approx(1e-4, rel=1e-3)


def test_a_training_ends_with_the_number_of_epochs_that_the_pace_chose(tmp_path):
    """Time stands still but for a minute after the second epoch: then a single epoch fits."""
    times = iter([0.0, 60.0, 60.0, 60.0])
    settings = ["epochs=6", "batch_size=500", "schedule=one-cycle", "decay_per_step=0"]
    recipe = recipes.override(recipes.get("mlp"), settings)
    pace = Pace(59.0, 6, reserve=60.0, clock=lambda: next(times))
    outcome = training.run(recipe, datasets.load("digits"), tmp_path / "run", stop=pace)
    history = outcome.run.read_history()
    assert outcome.stopped_because == "time"
    assert len(history) == 3
    assert outcome.run.read_record().to_json()["recipe"]["epochs"] == 3
    assert history[-1]["learning_rate"] == pytest.approx(0.01 * 1e-4, rel=0.01)
