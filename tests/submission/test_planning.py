"""What is trained within a time: a plan from measured speeds, and what is made of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from fashion_nn.submission import candidates, from_scratch
from fashion_nn.submission.from_scratch import Limit, Prospect
from fashion_nn.submission.planning import Cost, Stage, make_plan, resized

SPRINT = Cost("sprint", start=6, epoch=20, least=2, most=40)
MLP = Cost("mlp", start=2, epoch=1, least=1, most=40)
LINEAR = Cost("pca-logreg", start=4)


def test_the_best_candidate_gets_the_epochs_that_fit():
    plan = make_plan([SPRINT], 700)
    assert plan.stages == (Stage("sprint", 34, 686),)
    assert plan.seconds <= 700


def test_no_more_epochs_than_gain_something():
    ample = make_plan([SPRINT], 7000)
    assert ample.stages == (Stage("sprint", 40, 806),)
    assert ample.notes[0].startswith("sprint: 40 epochs are the most that are trained")
    assert make_plan([SPRINT, LINEAR], None).stages == (
        Stage("sprint", 40, 806),
        Stage("pca-logreg", 0, 4),
    )


def test_what_takes_seconds_is_tried_too_and_its_time_is_set_aside():
    plan = make_plan([SPRINT, LINEAR], 90)
    assert plan.stages == (Stage("sprint", 4, 86), Stage("pca-logreg", 0, 4))
    assert plan.seconds == 90
    short = make_plan([MLP, LINEAR], 20)
    assert [stage.name for stage in short.stages] == ["mlp"]
    assert short.notes[:1] == ("pca-logreg: left out, because it takes 4 s",)


def test_that_no_model_is_fitted_on_all_rows_is_said_with_what_it_would_take():
    *_, last = make_plan([SPRINT], 700).notes
    assert last.startswith("no model is fitted on all rows") and last.endswith("80 min more")


def test_a_smaller_model_is_trained_where_the_time_is_too_short_for_the_better_one():
    plan = make_plan([SPRINT, MLP], 30)
    assert plan.stages == (Stage("mlp", 28, 30),)
    assert plan.notes[:1] == ("sprint: left out, because it needs 46 s and 30 s are left",)


@pytest.mark.parametrize("seconds", [-5, 0, 1])
def test_without_time_there_is_still_a_model_of_one_epoch(seconds):
    assert make_plan([SPRINT, MLP], seconds).stages == (Stage("mlp", 1, 3),)


def test_a_stage_shrinks_to_the_time_that_is_left():
    stage = Stage("sprint", 20, 406)
    assert resized(stage, SPRINT, 400) == Stage("sprint", 19, 386)
    assert resized(stage, SPRINT, 4000) == stage
    assert resized(stage, SPRINT, 40) is None


class Machine:
    """A machine whose clock advances when it trains. `factor`: how much slower than measured."""

    def __init__(self, factor=lambda now: 1.0):
        self.now = 0.0
        self.factor = factor
        self.trained = {}

    def train(self, costs):
        def stage(stage, pace):
            cost = costs[stage.name]
            self.now += cost.start * self.factor(self.now)
            epochs = stage.epochs
            done = 0
            while done < epochs:
                seconds = cost.epoch * self.factor(self.now)
                self.now += seconds
                done += 1
                if done < epochs:
                    epochs = pace.epochs(done, epochs, seconds + (cost.start if done == 1 else 0))
            self.trained[stage.name] = done
            return stage.name

        return stage


def carried_out(machine, budget=900.0):
    """Plan and follow with this machine; what was said, and the limit."""
    costs = {cost.name: cost for cost in (SPRINT, LINEAR)}
    limit = Limit(budget, after=60.0, reserve=54.0, clock=lambda: machine.now)
    plan = make_plan(list(costs.values()), limit.left)
    said = []
    found = Prospect(plan, costs, {}, limit)
    done = from_scratch.follow(found, machine.train(costs), note=said.append)
    assert machine.now + limit.after <= budget
    return done, said


def test_a_machine_as_measured_trains_what_was_planned():
    machine = Machine()
    assert carried_out(machine) == (["sprint", "pca-logreg"], [])
    assert machine.trained == {"sprint": 38, "pca-logreg": 0}


@pytest.mark.parametrize("factor", [0.5, 1.5, 3.0])
def test_a_machine_of_another_speed_ends_within_the_budget(factor):
    machine = Machine(lambda now: factor)
    carried_out(machine)
    assert machine.trained["sprint"] == pytest.approx(min(40, 38 / factor), abs=2)


@pytest.mark.parametrize("at", [100, 300, 500, 600])
def test_a_machine_that_becomes_twice_as_slow_ends_within_the_budget(at):
    machine = Machine(lambda now: 1.0 if now < at else 2.0)
    carried_out(machine)
    assert at // 20 <= machine.trained["sprint"] < 38


def test_a_model_for_which_no_time_is_left_is_left_out_and_that_is_said():
    machine = Machine(lambda now: 1.0 if now < 700 else 5.0)
    done, said = carried_out(machine)
    assert done == ["sprint"]
    assert said == ["pca-logreg: left out, because the machine has become slower"]


def test_the_best_on_validation_is_used_and_of_equal_ones_the_surer():
    def run(accuracy, log_loss):
        figures = SimpleNamespace(accuracy=accuracy, log_loss=log_loss)
        return SimpleNamespace(read_metrics=lambda: SimpleNamespace(of_valid=lambda: figures))

    runs = [run(0.9, 0.2), run(0.95, 0.4), run(0.95, 0.3)]
    assert from_scratch.best_of(runs) is runs[2]


def rows(n, shape=(28, 28)):
    return SimpleNamespace(train=np.zeros(n), image_shape=shape)


def test_candidates_follow_from_the_number_and_the_size_of_the_images():
    large = candidates.networks(rows(37_800))
    assert [each.recipe.name for each in large] == ["sprint", "mlp"]
    assert not candidates.linear_fits(rows(37_800))
    assert [each.recipe.name for each in candidates.networks(rows(500, (8, 8)))] == ["mlp"]
    assert candidates.linear_fits(rows(90, (30, 20, 3)))
    assert candidates.components(rows(30)) == 29
