"""Small networks in the plane: the data, the gradient, the same in Keras, what is measured and
drawn.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from fashion_nn.cli.main import app, run
from fashion_nn.errors import InputError
from fashion_nn.lab import boundaries as lab
from fashion_nn.lab.boundaries import Plan, training

SHORT = Plan(passes=300)


@pytest.fixture(scope="module")
def moons():
    return lab.moons()


def test_moons_are_those_of_the_old_generator():
    from sklearn.datasets import make_moons

    kept = np.random.get_state()
    np.random.seed(0)
    x, labels = make_moons(200, noise=0.20)
    np.random.set_state(kept)
    found = lab.moons()
    np.testing.assert_array_equal(found.x, x)
    np.testing.assert_array_equal(found.labels, labels)


def test_iris_is_standardised_by_two_columns():
    found = lab.iris((2, 3))
    assert found.x.shape == (150, 2)
    assert found.axes == ("petal length (sd)", "petal width (sd)")
    np.testing.assert_allclose(found.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.x.std(axis=0), 1)
    assert lab.iris((0, 1), standardise=False).x[0].tolist() == [5.1, 3.5]


@pytest.mark.parametrize("activation", lab.ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(3,), (4, 3)])
def test_one_step_follows_the_finite_differences(activation, hidden, moons):
    plan = Plan(hidden=hidden, activation=activation, passes=1, learning_rate=1e-3, l2=0.3, seed=5)
    weights, biases = training.start(moons, plan)
    biases = [bias + 0.1 for bias in biases]  # at 0 a step of ReLU would be hit

    def objective() -> float:
        fit = lab.Fit(plan, moons, tuple(weights), tuple(biases), np.empty(0))
        return len(moons.x) * fit.loss() + 0.15 * sum((layer**2).sum() for layer in weights)

    expected = []
    for values in (*weights, *biases):
        slopes = np.empty_like(values)
        for place in np.ndindex(values.shape):
            kept, sides = values[place], []
            for shift in (1e-6, -1e-6):
                values[place] = kept + shift
                sides.append(objective())
            values[place] = kept
            slopes[place] = (sides[0] - sides[1]) / 2e-6
        expected.append(slopes)
    before = [values.copy() for values in (*weights, *biases)]
    training._step(moons, plan, weights, biases)
    for old, new, slopes in zip(before, (*weights, *biases), expected, strict=True):
        np.testing.assert_allclose((old - new) / 1e-3, slopes, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize(
    ("points", "plan"),
    [
        (lab.moons, replace(SHORT, passes=60)),
        (lab.moons, Plan(hidden=(4, 4), activation="relu", passes=60, learning_rate=0.001, l2=0.1)),
        (lab.iris, Plan(hidden=(5, 4, 3), activation="sigmoid", passes=60)),
    ],
    ids=["tanh", "relu", "sigmoid on iris"],
)
def test_keras_trains_the_same_network(points, plan):
    import keras

    keras.config.set_dtype_policy(
        keras.config.dtype_policy()
    )  # as a training leaves it: said, not a default
    kept = keras.config.floatx()
    found = lab.agreement(lab.fit(points(), plan))
    assert found.largest_weight_difference < 1e-7
    assert found.largest_probability_difference < 1e-7
    assert found.loss == pytest.approx(found.keras_loss, abs=1e-8)
    assert keras.config.floatx() == kept


def test_training_lowers_the_loss_and_keeps_its_record(moons):
    seen = []
    found = lab.fit(moons, SHORT, progress=lambda done, total: seen.append((done, total)))
    assert len(found.losses) == 4
    assert found.losses[-1] == found.loss() < 0.3 < found.losses[0]
    assert seen[-1] == (300, 300)
    assert found.accuracy() > 0.8
    assert -1 < found.margin() < found.accuracy()


def test_relu_is_piecewise_linear_and_tanh_is_not(moons):
    relu, tanh = (
        lab.fit(moons, replace(SHORT, activation=name, passes=2000)) for name in ("relu", "tanh")
    )
    assert lab.linear_regions(relu) == lab.distinct_gradients(relu) <= 7
    assert lab.linear_regions(tanh) is None
    assert lab.distinct_gradients(tanh) > 10_000
    assert lab.bends(lab.boundary(relu)).in_corners > 0.99
    assert lab.bends(lab.boundary(tanh)).in_corners < 0.8


def test_bends_of_known_lines():
    angle = np.linspace(0, 2 * np.pi, 2000)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    found = lab.bends([circle])
    assert found.length == pytest.approx(2 * np.pi, rel=0.01)
    assert found.turned == pytest.approx(360, rel=0.02)
    assert found.sharpest == pytest.approx(np.degrees(0.1), rel=0.1)
    assert found.in_corners == pytest.approx(0.1, abs=0.02)
    corner = lab.bends([np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])])
    assert corner.turned == pytest.approx(90, abs=1)
    assert corner.sharpest == pytest.approx(90, abs=1)
    assert corner.in_corners == pytest.approx(1)
    assert lab.bends([]).length == 0


def test_the_boundary_lies_between_the_classes(moons):
    found = lab.fit(moons, SHORT)
    for line in lab.boundary(found):
        np.testing.assert_allclose(found.probabilities(line), 0.5, atol=0.01)
    three = lab.fit(lab.iris((2, 3)), replace(SHORT, learning_rate=0.001))
    for line in lab.boundary(three):
        chances = np.sort(three.probabilities(line), axis=1)
        np.testing.assert_allclose(chances[:, 2], chances[:, 1], atol=0.02)


def test_steps_bend_sharper_than_slopes(moons):
    soft = lab.fit(moons, Plan(activation="sigmoid", passes=5000))
    hard = lab.hardened(soft)
    assert lab.bends(lab.boundary(hard)).sharpest > 2 * lab.bends(lab.boundary(soft)).sharpest
    np.testing.assert_allclose(hard.nets(moons.x, 1), 100 * soft.nets(moons.x, 1))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: lab.load("circles"), "'circles'"),
        (lambda: lab.iris((1, 1)), "two different ones"),
        (lambda: Plan(activation="step"), "'step'"),
        (lambda: Plan(hidden=()), "1 to 1000 units"),
        (lambda: Plan(passes=0), "passes 0"),
        (lambda: Plan(l2=float("nan")), "l2 nan"),
        (lambda: Plan(seed=-1), "seed -1"),
        (
            lambda: lab.fit(lab.moons(), replace(SHORT, learning_rate=1e9, activation="relu")),
            "too large",
        ),
        (lambda: lab.figure("report-002/9", "x.png"), "report-002/1"),
    ],
)
def test_bad_plans_are_refused_in_one_line(make, says):
    with pytest.raises(InputError, match=says):
        make()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name == "report-002/4" else ())
        for name in lab.FIGURES
    ],
)
def test_figures_are_complete(name, tmp_path):
    fits = lab.figure(
        name,
        tmp_path / "x.png",
        train=lambda points, plan: lab.fit(points, replace(plan, passes=50)),
    )
    assert len(fits) == {"report-002/2": 3, "report-002/3": 3, "report-002/4": 6}.get(name, 1)
    picture = imread(tmp_path / "x.png")
    assert picture.shape[1] > 1000
    assert picture[..., :3].std() > 0.05


def test_a_figure_is_the_same_each_time(moons, tmp_path):
    fits = {"one": lab.fit(moons, replace(SHORT, passes=10))}
    for name in ("one.png", "two.png"):
        lab.side_by_side(fits, tmp_path / name, title="the same")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def command(*words: str) -> int:
    return run(app, ["lab", "boundaries", *words])


def test_the_command_prints_json(capsys, tmp_path):
    words = [
        "--dataset",
        "iris",
        "--columns",
        "2,3",
        "--hidden",
        "4,3",
        "--activation",
        "relu",
        "--passes",
        "50",
    ]
    assert (
        command(
            *words,
            "--learning-rate",
            "0.001",
            "--json",
            "--picture",
            str(tmp_path / "x.png"),
            "--neurons",
        )
        == 0
    )
    shown = json.loads(capsys.readouterr().out)
    plan = Plan(hidden=(4, 3), activation="relu", passes=50, learning_rate=0.001)
    assert shown["loss"] == lab.fit(lab.iris((2, 3)), plan).loss()
    assert shown["fresh"] is None
    assert shown["linear_regions"] > 1
    assert (tmp_path / "x.png").stat().st_size > 10_000


def test_the_command_compares_with_keras(capsys):
    assert command("--passes", "20", "--keras") == 0
    assert "Keras differs by" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--hidden", "a"],
        ["--dataset", "x"],
        ["--figure", "report-002/1"],
        ["--dataset", "iris", "--columns", "9"],
        ["--l2", "-1"],
    ],
)
def test_a_wrong_word_is_one_line_and_exit_code_2(words, capsys):
    assert command("--passes", "1", *words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1


@pytest.mark.slow
def test_what_the_report_shows_of_moons(moons):
    found = {units: lab.fit(moons, Plan(hidden=(units,))) for units in (3, 5, 10)}
    assert [round(one.accuracy(), 3) for one in found.values()] == [0.975, 0.99, 0.99]
    losses = [one.loss() for one in found.values()]
    assert losses == sorted(losses, reverse=True)
    fresh = lab.moons(2000, seed=77)
    gaps = [one.loss(fresh) - one.loss() for one in found.values()]
    assert gaps == sorted(gaps)
