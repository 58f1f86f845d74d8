"""Losses: values and slopes against strangers, the training step against autodiff, the studies, the
command.
"""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from fashion_nn.cli.main import app, run
from fashion_nn.errors import InputError
from fashion_nn.lab import layers
from fashion_nn.lab import losses as lab
from fashion_nn.lab.losses import LOSSES, Plan, StudyOptions, training

# Report 000, figure 1: the four derivatives that it prints, at the points that give them.
PRINTED = {
    "z": (0.375, -1.223, 2.511, -0.952),
    "t": (0, 0, 1, 1),
    "slope": (0.72727273, 0.1305405, -0.04729644, -0.51229508),
}


def test_the_slopes_that_report_000_prints():
    z, t = np.array(PRINTED["z"]), np.array(PRINTED["t"])
    np.testing.assert_allclose(
        LOSSES["softsign-cross-entropy"].slope(z, t), PRINTED["slope"], atol=5e-9
    )


@pytest.mark.parametrize("name", lab.BINARY)
@given(z=st.floats(-30, 30), t=st.sampled_from([0.0, 1.0]))
def test_binary_slopes_follow_the_finite_differences(name, z, t):
    loss, step = LOSSES[name], 1e-5
    if abs(z) < 2 * step:  # softsign has a kink in its second derivative at 0
        z = 0.5
    ends = loss.value(np.array([z + step, z - step]), np.array([t, t]))
    assert loss.slope(np.array([z]), np.array([t]))[0] == pytest.approx(
        (ends[0] - ends[1]) / (2 * step), abs=1e-8
    )


@pytest.mark.parametrize("name", ["softmax-cross-entropy", "softmax-squared-error"])
def test_softmax_slopes_follow_the_finite_differences(name):
    stream, loss = np.random.default_rng(0), LOSSES[name]
    z, t = 3 * stream.normal(size=(5, 4)), np.eye(4)[stream.integers(0, 4, 5)]
    slopes = np.empty_like(z)
    for column in range(4):
        shift = 1e-6 * np.eye(4)[column]
        slopes[:, column] = (loss.value(z + shift, t) - loss.value(z - shift, t))[:, 0] / 2e-6
    np.testing.assert_allclose(loss.slope(z, t), slopes, atol=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_agree_with_autodiff(name):
    tf = pytest.importorskip("tensorflow")
    one = tf.constant(1.0, tf.float64)

    def cross_entropy(y, t):
        return -t * tf.math.log(y) - (one - t) * tf.math.log(one - y)

    values = {
        "logistic-cross-entropy": lambda z, t: cross_entropy(tf.sigmoid(z), t),
        "softsign-cross-entropy": lambda z, t: cross_entropy((one + tf.math.softsign(z)) / 2, t),
        "logistic-squared-error": lambda z, t: (tf.sigmoid(z) - t) ** 2 / 2,
        "softmax-cross-entropy": lambda z, t: (
            -tf.reduce_sum(t * tf.math.log_softmax(z), axis=1, keepdims=True)
        ),
        "softmax-squared-error": lambda z, t: (
            tf.reduce_sum((tf.nn.softmax(z) - t) ** 2, axis=1, keepdims=True) / 2
        ),
    }
    stream = np.random.default_rng(1)
    z = 4 * stream.normal(size=(60, 5))
    t = (
        (stream.random((60, 5)) < 0.5).astype(float)
        if name in lab.BINARY
        else np.eye(5)[stream.integers(0, 5, 60)]
    )
    scores = tf.Variable(z)
    with tf.GradientTape() as tape:
        found = values[name](scores, tf.constant(t))
        total = tf.reduce_sum(found)
    np.testing.assert_allclose(LOSSES[name].value(z, t), found.numpy(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(
        LOSSES[name].slope(z, t), tape.gradient(total, scores).numpy(), atol=1e-10
    )


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", lab.BINARY)
def test_far_out_nothing_overflows(name, kind):
    z, t = np.array([-1e4, -100, 100, 1e4], kind), np.array([1, 1, 0, 0], kind)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, slope = LOSSES[name].value(z, t), LOSSES[name].slope(z, t)
    assert np.isfinite(value).all()
    assert np.isfinite(slope).all()
    right = LOSSES[name].value(-z, t)
    assert (right >= 0).all()
    assert (right < value).all()


def test_softsign_keeps_the_larger_slope_everywhere():
    z = np.linspace(-40, 40, 80_001)
    ratio = layers.softsign_derivative(z) / layers.sigmoid_derivative(z)
    assert ratio.min() > 1.04
    np.testing.assert_allclose(
        layers.sigmoid_derivative(z), layers.sigmoid(z) * layers.sigmoid(-z), atol=1e-16
    )


def test_cross_entropy_is_entropy_and_divergence():
    p, q = np.array([0.2, 0.5, 0.3, 0]), np.array([0.1, 0.6, 0.2, 0.1])
    assert lab.cross_entropy(p, q) == pytest.approx(
        lab.entropy(p) + lab.kl_divergence(p, q), abs=1e-15
    )
    assert lab.kl_divergence(p, p) == 0 < lab.kl_divergence(p, q)
    hot = np.array([0.0, 1, 0, 0])
    assert lab.kl_divergence(hot, q) == lab.cross_entropy(hot, q) == pytest.approx(-np.log(0.6))


# --- training


@pytest.fixture(scope="module")
def digits():
    return lab.load_task("digits", images=150, valid_images=100)


def test_a_task_of_two_digits(digits):
    assert digits.name == "digits 4 against 9"
    assert digits.x.dtype == digits.t.dtype == np.float32
    assert 0 <= digits.x.min() < digits.x.max() <= 1
    assert set(np.unique(digits.t)) == {0, 1}
    assert 0.3 < digits.t.mean() < 0.7
    assert (len(digits.x), len(digits.valid_x), digits.flipped) == (150, 100, 0)


def test_flipped_labels_are_as_many_as_asked():
    task = lab.load_task("digits", images=150, valid_images=50, flipped=0.1)
    assert (task.t != task.truth).sum() == 15
    every = lab.load_task("digits", classes=None, images=300, flipped=0.25)
    assert every.flipped == pytest.approx(0.25)
    assert (every.t.sum(axis=1) == 1).all()


def test_where_there_are_few_images_both_sides_get_their_share():
    task = lab.load_task("digits", images=3000, valid_images=1000)
    assert len(task.x) == pytest.approx(3 * len(task.valid_x), abs=3)
    assert len(task.x) > 100


@pytest.mark.parametrize(
    ("loss", "classes"), [(name, None if name.startswith("softmax") else (4, 9)) for name in LOSSES]
)
@pytest.mark.parametrize("hidden", ["softsign", "logistic"])
def test_a_step_is_that_of_autodiff(loss, classes, hidden):
    tf = pytest.importorskip("tensorflow")
    task = lab.load_task("digits", classes=classes, images=40, valid_images=10)
    plan = Plan(loss=loss, hidden=hidden, units=7, weight_decay=0.2, learning_rate=0.5)
    stream = np.random.default_rng(3)
    shapes = ((task.x.shape[1], 7), (7,), (7, task.t.shape[1]), (task.t.shape[1],))
    weights = [stream.normal(0, 0.5, shape) for shape in shapes]
    x, t = task.x.astype(np.float64), task.t.astype(np.float64)
    variables = [tf.Variable(value) for value in weights]
    outputs = {
        "softmax": tf.nn.softmax,
        "softsign": lambda z: (1 + tf.math.softsign(z)) / 2,
        "logistic": tf.sigmoid,
    }
    with tf.GradientTape() as tape:
        sums = x @ variables[0] + variables[1]
        h = tf.math.softsign(sums) if hidden == "softsign" else tf.sigmoid(sums)
        z = h @ variables[2] + variables[3]
        y = outputs[loss.split("-")[0]](z)
        if loss.endswith("squared-error"):
            each = tf.reduce_sum((y - t) ** 2, axis=1) / 2
        elif classes is None:
            each = -tf.reduce_sum(t * tf.math.log(y), axis=1)
        else:
            each = -tf.reduce_sum(t * tf.math.log(y) + (1 - t) * tf.math.log(1 - y), axis=1)
        mean = tf.reduce_mean(each)
    expected = [
        old - 0.5 * slope.numpy()
        for old, slope in zip(weights, tape.gradient(mean, variables), strict=True)
    ]
    expected[0] *= 1 - 0.2 * 0.5
    expected[2] *= 1 - 0.2 * 0.5
    training.Network(plan, *weights).step(x, t)
    for ours, theirs in zip(weights, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-7)  # rates are held in single precision


def test_training_learns_and_repeats(digits):
    plan = Plan(loss="logistic-cross-entropy", epochs=30)
    curve, again = lab.train(digits, plan), lab.train(digits, plan)
    assert curve == again
    assert curve.epoch == (0, 10, 20, 30)
    assert curve.train_loss[-1] < 0.3 * curve.train_loss[0]
    assert curve.valid_error[-1] < 0.1
    assert curve.relative(25) == curve.at(20) / curve.train_loss[0]
    assert curve.saturated[0] < 0.01


def test_a_bad_start_saturates_and_squared_error_stays_there(digits):
    curves = {
        name: lab.train(digits, Plan(loss=name, init_sd=10, epochs=60))
        for name in ("logistic-cross-entropy", "logistic-squared-error")
    }
    assert all(curve.saturated[0] > 0.6 for curve in curves.values())
    assert (
        curves["logistic-cross-entropy"].relative(60)
        < 0.3
        < 0.5
        < curves["logistic-squared-error"].relative(60)
    )


def test_a_study_of_digits():
    seen = []
    options = StudyOptions(dataset="digits", images=150, valid_images=100, runs=2, epochs=20)
    found = lab.run_study("flipped-labels", options, progress=lambda *at: seen.append(at))
    assert list(found.curves) == list(lab.BINARY)
    assert found.flipped == pytest.approx(0.1)
    assert seen[-1] == (120, 120)
    mean, sd = found.final("logistic-cross-entropy", "train_loss")
    ends = [curve.train_loss[-1] for curve in found.curves["logistic-cross-entropy"]]
    assert (mean, sd) == (pytest.approx(np.mean(ends)), pytest.approx(np.std(ends, ddof=1)))
    assert ends[0] != ends[1]
    shown = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert shown["summary"]["logistic-cross-entropy"]["train_loss"]["mean"] == mean


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Plan(loss="hinge"), "'hinge'"),
        (lambda: Plan(loss="logistic-cross-entropy", hidden="relu"), "'relu'"),
        (lambda: Plan(loss="logistic-cross-entropy", epochs=0), "epochs 0"),
        (lambda: Plan(loss="logistic-cross-entropy", init_sd=float("nan")), "init_sd nan"),
        (lambda: lab.load_task("digits", classes=(4, 4)), "two different"),
        (lambda: lab.load_task("digits", flipped=2), "flipped 2"),
        (lambda: lab.run_study("other"), "'other'"),
        (lambda: lab.run_study("saturation", StudyOptions(runs=0)), "runs 0"),
        (lambda: lab.values((1.0, 2.0), (0.0, 1.0, 1.0)), "2 scores and 3 targets"),
        (lambda: lab.values((float("inf"),), (0.0,)), "finite"),
        (lambda: lab.figure("report-000/9", "x.png", lambda name: None), "report-000/2"),
        (
            lambda: lab.train(
                lab.load_task("digits", classes=None), Plan(loss="logistic-cross-entropy", epochs=1)
            ),
            "does not fit",
        ),
    ],
)
def test_bad_plans_are_refused_in_one_line(make, says):
    with pytest.raises(InputError, match=says):
        make()


# --- pictures and command


@pytest.fixture(scope="module")
def quick():
    """Studies of digits, small."""
    options = StudyOptions(dataset="digits", images=60, valid_images=40, runs=2, epochs=20)
    return lambda name: lab.run_study(name, options)


@pytest.mark.parametrize("name", lab.FIGURES)
def test_figures_are_complete(name, quick, tmp_path):
    found = lab.figure(name, tmp_path / "x.png", quick)
    assert (found is None) == (name == "report-000/2")
    assert imread(tmp_path / "x.png").shape[1] > 1000


def test_a_figure_is_the_same_each_time(tmp_path):
    for name in ("one.png", "two.png"):
        lab.loss_functions(tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def command(*words: str) -> int:
    return run(app, ["lab", "losses", *words])


def test_the_command_prints_values(capsys):
    words = ["--z", ",".join(map(str, PRINTED["z"])), "--target", "0,0,1,1"]
    assert command(*words, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    slopes = [one["slope"] for one in shown if one["loss"] == "softsign-cross-entropy"]
    assert slopes == pytest.approx(PRINTED["slope"], abs=5e-9)
    assert command(*words) == 0
    assert "0.72727273" in capsys.readouterr().out


def test_the_command_runs_a_study(capsys, tmp_path):
    words = ["saturation", "--dataset", "digits", "--images", "60", "--runs", "2", "--epochs", "10"]
    assert command(*words, "--json", "--picture", str(tmp_path / "x.png")) == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown["curves"]) == {"softsign", "logistic"}
    assert shown["curves"]["softsign"][1]["plan"]["seed"] == 1
    assert (tmp_path / "x.png").stat().st_size > 10_000
    assert command(*words) == 0
    assert "freed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["--z", "a"],
        ["--target", "2"],
        ["--figure", "report-000/2"],
        ["saturation", "--epochs", "0"],
    ],
)
def test_a_wrong_word_is_one_line_and_exit_code_2(words, capsys):
    assert command(*words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1


@pytest.mark.slow
def test_what_report_000_says_of_mnist(real_data):
    options = StudyOptions(runs=2, epochs=200, data_dir=real_data)
    bad = lab.run_study("bad-initialisation", options)
    shares = [bad.relative(name, 200)[0] for name in lab.BINARY]
    assert shares == sorted(shares)
    assert shares[0] < 0.06
    noisy = lab.run_study("flipped-labels", options)
    errors = [noisy.final(name, "train_error")[0] for name in lab.BINARY]
    assert errors == sorted(errors)
    assert (
        min(lab.BINARY, key=lambda name: noisy.final(name, "valid_error")[0])
        == "logistic-squared-error"
    )
