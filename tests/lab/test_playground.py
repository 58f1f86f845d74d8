"""The Playground: its own numbers, its rules, its address, and the same updates in Keras."""

import json
import runpy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from fashion_nn.cli.main import app, run
from fashion_nn.errors import InputError
from fashion_nn.lab import playground
from fashion_nn.lab.playground import Settings, changed, data, from_url, train, train_seeds
from fashion_nn.lab.playground.seedrandom import SeedRandom

SPIRAL = Settings(
    dataset="spiral",
    features=("x1", "x2", "sin_x1", "sin_x2"),
    hidden=(5, 5, 5),
    activation="sigmoid",
    learning_rate=0.1,
    split=0.7,
)

# What the page's own code (nn.ts, dataset.ts and playground.ts at bd89e3a, seedrandom 2.4.4) gave
# under Node 20 for an address: epochs, training and test loss after them, dead weights, the first
# neuron's weight for the first feature.
FROM_THE_PAGE = {
    "seed=0.12345": (50, 0.14573481133009955, 0.1933601164741208, 0, 0.4639635699433455),
    "seed=abc&dataset=xor&noise=20&activation=relu&networkShape=5,5&learningRate=0.1": (
        *(40, 0.08000812313234547, 0.09186054563082818, 0, -1.164443467412851),
    ),
    "seed=0.12345&dataset=gauss&noise=35&percTrainData=70&batchSize=16&regularization=L2&regularizationRate=0.01&xTimesY=true": (
        60,
        0.07733948904303001,
        0.08693350827402911,
        0,
        0.04069091848054698,
    ),
    "seed=0.12345&dataset=spiral&noise=10&percTrainData=70&batchSize=30&regularization=L1&regularizationRate=0.002&learningRate=0.1&sinX=true&sinY=true&xSquared=true&ySquared=true&xTimesY=true&networkShape=5,5": (
        *(60, 0.34071498753559337, 0.4519557966117965, 11, -0.42907436358422474),
    ),
    "seed=0.12345&dataset=circle&noise=50&percTrainData=33&batchSize=7&regularization=L1&regularizationRate=0.03&networkShape=&xSquared=true": (
        30,
        0.3951970624254283,
        0.38474379381006457,
        2,
        0,
    ),
    "seed=0.12345&problem=regression&regDataset=reg-plane&noise=10&networkShape=3": (
        *(10, 0.002704223206047599, 0.0029629427488293875, 0, -0.03588736003278326),
    ),
    "seed=0.12345&problem=regression&regDataset=reg-gauss&noise=15&networkShape=5,4&activation=relu": (
        *(10, 0.040010203539438634, 0.04924425650559969, 0, 0.1972414311566902),
    ),
    "seed=0.12345&dataset=xor&initZero=true&activation=sigmoid&regularization=L1&regularizationRate=0.001": (
        *(20, 0.4968471492171467, 0.5024702901697572, 16, 0),
    ),
    "seed=0&dataset=spiral&networkShape=5,5,5&activation=sigmoid&percTrainData=70&learningRate=0.1&sinX=true&sinY=true": (
        700,
        0.003959932400594289,
        0.057171571775171535,
        0,
        0.011916908367089061,
    ),
}


def test_the_random_stream_is_that_of_seedrandom():
    stream = SeedRandom("hello.")
    assert [stream.random(), stream.random()] == [0.9282578795792454, 0.3752569768646784]
    stream = SeedRandom("0.12345")
    assert [stream.random() for _ in range(3)] == [
        0.9152007406557323,
        0.4702753218035592,
        0.2736265229359467,
    ]


@pytest.mark.parametrize("address", FROM_THE_PAGE)
def test_a_run_is_the_pages_own(address):
    epochs, train_loss, test_loss, dead, weight = FROM_THE_PAGE[address]
    found = train(from_url("#" + address), epochs=epochs)
    assert found.train_loss == pytest.approx(train_loss, abs=1e-10)
    assert found.test_loss == pytest.approx(test_loss, abs=1e-10)
    assert found.to_json()["dead_weights"] == dead
    assert found.weights[0][0, 0] == pytest.approx(weight, abs=1e-10)


@pytest.mark.parametrize("regularization", ["none", "L1", "L2"])
def test_seeds_together_are_what_they_are_alone(regularization):
    settings = replace(
        SPIRAL, batch_size=16, regularization=regularization, regularization_rate=0.01
    )
    together = train_seeds(settings, [0, "a", 2], epochs=4)
    for seed, found in zip([0, "a", 2], together, strict=True):
        alone = train(replace(settings, seed=str(seed)), epochs=4)
        np.testing.assert_allclose(found.losses, alone.losses, rtol=0, atol=1e-13)
        assert found.settings == alone.settings
    assert not np.allclose(together[0].losses, together[1].losses)


def test_single_precision_follows_double():
    double, single = (train(SPIRAL, epochs=3, dtype=kind) for kind in (np.float64, np.float32))
    assert single.weights[0].dtype == np.float32
    np.testing.assert_allclose(single.losses, double.losses, atol=1e-5)


@pytest.mark.parametrize(
    ("dataset", "count", "holds"),
    [
        ("circle", 500, lambda r, x, y: (r < 2.5) | ((r > 3.5) & (r < 5))),
        (
            "xor",
            500,
            lambda r, x, y: (abs(x) > 0.3) & (abs(y) > 0.3) & (abs(x) < 5.3) & (abs(y) < 5.3),
        ),
        ("spiral", 500, lambda r, x, y: r < 5),
        ("reg-plane", 1200, lambda r, x, y: (abs(x) < 6) & (abs(y) < 6)),
    ],
)
def test_points_lie_where_they_should(dataset, count, holds):
    begun = data.start(Settings(dataset=dataset))
    x, y = begun.points.T
    assert len(x) == count
    assert begun.train_points == count // 2
    assert holds(np.hypot(x, y), x, y).all()


def test_noise_moves_labels_on_circle_and_points_on_spiral():
    def disorder(dataset: str, noise: float) -> tuple[float, float]:
        begun = data.start(Settings(dataset=dataset, noise_percent=noise))
        r = np.hypot(*begun.points.T)
        return float(((r < 2.5) != (begun.targets > 0)).mean()), float(r.max())

    assert disorder("circle", 0)[0] == 0
    assert disorder("circle", 50)[0] > 0.15
    assert disorder("circle", 50)[1] < 5  # the points stay
    assert disorder("spiral", 0)[1] < 5 < disorder("spiral", 50)[1]


def test_the_variance_of_gauss_grows_with_noise():
    spread = {}
    for noise in (0, 50):
        begun = data.start(Settings(dataset="gauss", noise_percent=noise))
        spread[noise] = (begun.points - 2 * begun.targets[:, None]).var()
    assert spread[0] == pytest.approx(0.5, rel=0.15)
    assert spread[50] == pytest.approx(4, rel=0.15)


def test_what_an_epoch_leaves_over_counts_in_the_next():
    """250 points by 240: one update in the first epoch, and in the second one by all 250 at
    once.
    """
    settings = Settings(batch_size=240, learning_rate=0.5, hidden=())
    begun = data.start(settings)
    inputs = data.features(begun.points, settings.features)[:250]
    targets, weights, bias = (
        begun.targets[:250, None],
        begun.weights[0].copy(),
        begun.biases[0].copy(),
    )
    for rows in (slice(0, 240), slice(0, 250)):
        outputs = np.tanh(inputs[rows] @ weights + bias)
        delta = (outputs - targets[rows]) * (1 - outputs**2)
        weights -= 0.5 * inputs[rows].T @ delta / len(delta)
        bias -= 0.5 * delta.mean(axis=0)
    found = train(settings, epochs=2)
    np.testing.assert_allclose(found.weights[0], weights, atol=1e-14)
    np.testing.assert_allclose(found.biases[0], bias, atol=1e-14)


def test_the_loss_of_a_constant_zero_is_a_half():
    found = train(replace(SPIRAL, zero_init=True, hidden=()), epochs=1)
    assert found.losses[0].tolist() == [0.5, 0.5]


def test_l1_weights_that_cross_zero_stay_there():
    settings = replace(
        SPIRAL, dataset="xor", features=playground.FEATURES, hidden=(5,), regularization="L1"
    )
    found = train(replace(settings, regularization_rate=0.003), epochs=30)
    weights, alive = (
        np.concatenate([one.ravel() for one in many])
        for many in (found.weights, found.parameters.alive)
    )
    assert 0 < (~alive).sum() < len(alive)
    assert (weights[~alive] == 0).all()
    assert (weights[alive] != 0).all()


# --- the address


@given(
    st.builds(
        Settings,
        dataset=st.sampled_from(playground.DATASETS),
        features=st.lists(st.sampled_from(playground.FEATURES), min_size=1).map(tuple),
        hidden=st.lists(st.integers(1, 8), max_size=6).map(tuple),
        activation=st.sampled_from(playground.ACTIVATIONS),
        learning_rate=st.sampled_from(
            [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
        ),
        batch_size=st.integers(1, 30),
        split=st.integers(10, 90).map(lambda percent: percent / 100),
        regularization=st.sampled_from(playground.REGULARIZATIONS),
        regularization_rate=st.sampled_from([0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]),
        noise_percent=st.integers(0, 50),
        seed=st.floats(0, 1).map("{:.5f}".format),
        zero_init=st.booleans(),
    )
)
def test_an_address_says_all(settings):
    assert from_url(settings.url()) == settings


def test_an_address_as_the_page_writes_it():
    address = (
        "https://playground.tensorflow.org/#activation=relu&regularization=L1&batchSize=16&dataset=spiral"
        "&regDataset=reg-plane&learningRate=0.1&regularizationRate=0.003&noise=15&networkShape=6,4,2&seed=0.61801"
        "&showTestData=false&discretize=false&percTrainData=70&x=false&y=true&xTimesY=true&xSquared=false"
        "&ySquared=true&cosX=true&sinX=false&cosY=false&sinY=true&collectStats=false&problem=classification"
        "&initZero=false&hideText=false&playButton_hide=true"
    )
    settings = from_url(address)
    assert settings == Settings(
        dataset="spiral",
        features=("x2", "x2^2", "x1x2", "sin_x2"),
        hidden=(6, 4, 2),
        activation="relu",
        learning_rate=0.1,
        batch_size=16,
        split=0.7,
        regularization="L1",
        regularization_rate=0.003,
        noise_percent=15,
        seed="0.61801",
    )
    assert from_url(address.replace("#", "?")) == settings
    assert from_url(address.partition("#")[2].replace(",", "%2C")) == settings
    assert from_url("#dataset=").dataset == "circle"


@pytest.mark.parametrize("between", ["&amp;", "\\&", "&amp;amp;", "&AMP;", "&#38;"])
def test_an_address_from_the_source_of_a_page_or_from_a_shell(between):
    parts = [
        "activation=relu",
        "batchSize=30",
        "dataset=xor",
        "regularization=L1",
        "networkShape=3",
    ]
    address = f"https://playground.tensorflow.org/#{between.join(parts)}"
    found = playground.read_address(address)
    assert found.settings == from_url("#" + "&".join(parts))
    assert found.settings.activation == "relu" and found.settings.regularization == "L1"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("address", "noise"),
    [("50", 50), ("60", 60), ("80", 80), ("80.5", 50), ("1e9", 50), ("-3", 0), ("-0", 0)],
)
def test_noise_outside_is_treated_as_the_page_does_and_said(address, noise):
    found = playground.read_address(f"#noise={address}&dataset=xor")
    assert found.settings.noise_percent == noise
    assert len(found.notes) == (float(address) != noise)
    assert all("as on the page" in note for note in found.notes)


def test_what_the_page_does_not_know_is_named():
    found = playground.read_address("#dataset=xor&utm_source=mail&seed=1&seed=2&\x1b[2J&")
    assert found.settings == Settings(dataset="xor", seed="2")
    assert found.notes == (
        "seed stands twice in the address: the last one counts, as on the page",
        "'utm_source' in the address is no setting of the Playground: ignored",
        "'\\x1b[2J' in the address is no setting of the Playground: ignored",
    )


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("activaton=relu&dataset=xor", r"unknown key 'activaton' .*did you mean activation\?$"),
        (
            "dataset=xor&networkshape=3",
            r"unknown key 'networkshape' .*did you mean networkShape\?$",
        ),
        ("dataset=xor&showTestDat=true", "did you mean showTestData"),
        ("dataset=xorr", r"dataset 'xorr': expected one of .*; did you mean xor\?$"),
        ("activation=" + "r" * 9000, "activation 'rrr"),
        ("dataset=xor&" + "a" * 10_000, "has 10,013 characters, expected at most 10,000"),
        ("noise=nan", "noise='nan' in the Playground address: expected a number"),
        ("noise=1_0", "noise='1_0'"),
        ("noise=\uff17", "noise="),
        ("noise=1e999", "expected a finite number"),
        ("learningRate=Infinity", "learningRate='Infinity'"),
        ("percTrainData=100", "split 1"),
        ("batchSize=10.5", "batchSize='10.5'.* expected a whole number"),
        ("batchSize=1" + "0" * 5000, "batchSize='1000"),
        ("batchSize=1e30", "batchSize='1e30'"),
        ("networkShape=1000000000", "1 to 1000 neurons"),
        ("networkShape=4,", "hidden '4,'"),
        ("networkShape=1" + "0" * 5000, "hidden '1000"),
        ("networkShape=" + ",".join(["1000"] * 20), "at most 250,000 weights and biases"),
        ("networkShape=" + ",".join(["1"] * 4000), "at most 20 layers"),
        ("seed=" + "1" * 1001, "text that fits an address"),
    ],
)
def test_an_address_that_the_page_would_not_understand_is_refused_in_one_line(address, says):
    with pytest.raises(InputError, match=says) as caught:
        from_url("#" + address)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_trainings_that_would_fill_the_memory_are_refused():
    for seeds, epochs in ((range(1001), 1), (range(1000), 20_000), ([0], 10**12)):
        with pytest.raises(InputError, match="expected"):
            train_seeds(Settings(), seeds, epochs=epochs)
    with pytest.raises(InputError, match="2,500,000 weights and biases"):
        train_seeds(Settings(hidden=(400, 400)), range(100), epochs=1)


def test_the_split_counts_as_the_page_does():
    for percent in range(1, 100):
        assert Settings(split=percent / 100, batch_size=1).train_points == 500 * percent // 100


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Settings(dataset="moons"), "'moons': expected one of circle, xor"),
        (lambda: Settings(features=("x3",)), "'x3': expected one of x1, x2"),
        (lambda: Settings(features=()), "no features"),
        (lambda: Settings(hidden=(5, 0)), "1 to 1000 neurons"),
        (lambda: Settings(learning_rate=float("nan")), "learning rate nan"),
        (lambda: Settings(batch_size=251), "1 to the 250 training points"),
        (lambda: Settings(split=1), "between 0 and 1"),
        (lambda: Settings(noise_percent=-1), "per cent"),
        (lambda: Settings(seed=""), "seed"),
        (lambda: from_url("https://example.org/"), "no Playground settings"),
        (lambda: from_url("#dataset=moons"), "'moons'"),
        (lambda: from_url("#batchSize=ten"), "batchSize='ten'"),
        (lambda: train(SPIRAL, epochs=0), "epochs 0"),
        (lambda: train(Settings(activation="linear", learning_rate=1e200), epochs=3), "too large"),
        (lambda: playground.rows("table-9"), "table-1/circle"),
    ],
)
def test_bad_settings_are_refused_in_one_line(make, says):
    with pytest.raises(InputError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


# --- Keras


@pytest.fixture
def floatx():
    import keras

    kept = keras.config.floatx()
    yield
    keras.config.set_floatx(kept)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"regularization": "L2", "regularization_rate": 0.05},
        {"regularization": "L1", "regularization_rate": 0.05, "batch_size": 16},
        {"dataset": "reg-gauss", "hidden": (4,), "activation": "relu", "batch_size": 100},
    ],
    ids=["plain", "L2", "L1 with left-over points", "regression"],
)
def test_the_keras_script_makes_the_same_updates(changes, tmp_path, floatx, capsys):
    settings = replace(SPIRAL, **changes)
    script = tmp_path / "network.py"
    script.write_text(playground.keras_script(settings, 2))
    model = runpy.run_path(str(script), run_name="__main__")["model"]
    found = train(settings, epochs=2)
    ours = [value for pair in zip(found.weights, found.biases, strict=True) for value in pair]
    # Keras holds the factor of its L2 in single precision.
    tolerance = 1e-7 if settings.regularization == "L2" else 1e-12
    for mine, theirs in zip(ours, model.get_weights(), strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=0, atol=tolerance)
    assert (
        f"train loss {found.train_loss:.6f}\ntest loss {found.test_loss:.6f}"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("activation", playground.ACTIVATIONS)
def test_gradients_agree_with_autodiff(activation):
    tf = pytest.importorskip("tensorflow")
    settings = Settings(
        dataset="gauss", hidden=(4, 3), activation=activation, batch_size=50, learning_rate=1.0
    )
    begun = data.start(settings)
    found = train(replace(settings, split=0.1), epochs=1)  # one update by the first 50 points
    variables = [
        tf.Variable(v) for pair in zip(begun.weights, begun.biases, strict=True) for v in pair
    ]
    functions = {"linear": tf.identity, "sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu}
    with tf.GradientTape() as tape:
        values = tf.constant(data.features(begun.points[:50], settings.features))
        for layer in range(3):
            values = values @ variables[2 * layer] + variables[2 * layer + 1]
            values = tf.tanh(values) if layer == 2 else functions[activation](values)
        loss = tf.reduce_mean(0.5 * (values[:, 0] - begun.targets[:50]) ** 2)
    ours = [value for pair in zip(found.weights, found.biases, strict=True) for value in pair]
    for variable, gradient, after in zip(
        variables, tape.gradient(loss, variables), ours, strict=True
    ):
        np.testing.assert_allclose(variable - gradient, after, atol=1e-14)


# --- rows, line, picture, command


def test_the_tables_have_all_rows():
    assert [row.system for row in playground.ROWS.values()] == [f"S003-{n}" for n in range(1, 22)]
    assert len(playground.rows("table-2")) == 8
    assert playground.ROWS["table-1/spiral"].settings == SPIRAL


def test_a_row_runs_again_over_seeds():
    row = playground.ROWS["table-3/circle-relu-4x5"]
    found = playground.rerun(row, seeds=range(4))
    assert found.seeds == ("0", "1", "2", "3")
    assert found.train_loss.mean == pytest.approx(np.mean(found.train_loss.values))
    assert found.test_loss.sd == pytest.approx(np.std(found.test_loss.values, ddof=1))
    assert found.test_loss.mean < 0.02
    assert found.test_accuracy > 0.98
    json.dumps(found.to_json(), allow_nan=False)
    other = playground.rerun(row, seeds=range(2), activation="tanh")
    assert other.settings.activation == "tanh"


def test_xor_by_one_line_is_right_on_at_most_69_per_cent():
    best = playground.best_for_xor()
    assert best.accuracy == pytest.approx(
        playground.xor_accuracy(45, 106 / 30 / np.sqrt(2)), abs=1e-7
    )
    assert best.accuracy == pytest.approx(0.685467, abs=1e-6)
    assert best.offset == pytest.approx(106 / 30 / np.sqrt(2), abs=2e-3)
    begun = data.start(Settings(dataset="xor"))
    side = begun.points @ [np.sqrt(0.5), np.sqrt(0.5)] > best.offset
    assert (side == (begun.targets > 0)).mean() == pytest.approx(best.accuracy, abs=0.06)


def test_first_epoch_below_a_loss():
    found = train(Settings(dataset="gauss"), epochs=5)
    assert found.epochs_to(-1) is None
    first = found.epochs_to(0.1)
    assert found.losses[first, 1] < 0.1 <= found.losses[first - 1, 1]


def test_the_picture_is_complete_and_the_same_each_time(tmp_path):
    found = train(replace(SPIRAL, regularization="L1", regularization_rate=0.01), epochs=2)
    for name in ("one.png", "two.png"):
        playground.picture(found, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    picture = imread(tmp_path / "one.png")[..., :3]
    assert picture.shape[1] > 1500
    assert len(np.unique((picture * 255).astype(np.uint8).reshape(-1, 3), axis=0)) > 500
    playground.gallery([found] * 5, tmp_path / "five.png", title="five")
    assert imread(tmp_path / "five.png").shape[0] > 1000


def command(*words: str) -> int:
    return run(app, ["lab", "playground", *words])


def test_the_command_prints_json(capsys, tmp_path):
    words = [
        "--dataset",
        "xor",
        "--features",
        "x1x2",
        "--hidden",
        "3",
        "--epochs",
        "5",
        "--seed",
        "7",
        "--noise",
        "10",
    ]
    assert (
        command(
            *words,
            "--json",
            "--picture",
            str(tmp_path / "x.png"),
            "--keras",
            str(tmp_path / "x.py"),
        )
        == 0
    )
    shown = json.loads(capsys.readouterr().out)
    settings = Settings(dataset="xor", features=("x1x2",), hidden=(3,), seed="7", noise_percent=10)
    found = train(settings, epochs=5)
    assert (shown["train_loss"], shown["test_loss"]) == (found.train_loss, found.test_loss)
    assert from_url(shown["url"]) == settings
    assert (tmp_path / "x.png").stat().st_size > 10_000
    compile((tmp_path / "x.py").read_text(), "x.py", "exec")
    # The same by its address, and an option goes before the address.
    assert command("--url", shown["url"], "--epochs", "5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["train_loss"] == found.train_loss
    assert command("--url", shown["url"], "--epochs", "5", "--seed", "8", "--json") == 0
    assert json.loads(capsys.readouterr().out)["train_loss"] != found.train_loss


def test_the_command_reruns_a_table(capsys):
    assert command("--row", "table-1", "--epochs", "2", "--seeds", "2", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["table-1/circle", "table-1/gauss", "table-1/xor", "table-1/spiral"]
    assert len(shown["table-1/xor"]["train_loss"]["values"]) == 2
    assert command("--row", "table-4/spiral", "--epochs", "1") == 0
    assert "sigmoid 4-5-5-5-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--hidden", "five"],
        ["--split", "70"],
        ["--row", "nothing"],
        ["--seeds", "0"],
        ["--url", "#dataset=xor", "--row", "table-1"],
        ["--row", "table-1", "--keras", "x.py"],
        ["--epochs", "-3"],
    ],
)
def test_a_wrong_word_is_one_line_and_exit_code_2(words, capsys):
    assert command(*words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "low", "high"),
    [("table-1/circle", 0, 0.001), ("table-1/xor", 0, 0.001), ("table-2/spiral-l2", 0.48, 0.52)],
)
def test_what_the_tables_rows_come_to(row, low, high):
    found = playground.rerun(playground.ROWS[row])
    assert low <= found.train_loss.mean <= high


def test_a_network_that_did_not_learn_is_a_coin():
    assert changed(SPIRAL, activation=None) == SPIRAL
    found = train(replace(SPIRAL, learning_rate=1e-9), epochs=1)
    assert found.test_loss == pytest.approx(0.5, abs=0.02)
    assert 0.3 < found.accuracy()[1] < 0.7
