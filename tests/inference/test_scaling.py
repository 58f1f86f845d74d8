"""The scale of the pixels is found from evidence, with labelled rows and without."""

import keras
import numpy as np
import pytest
from keras import layers
from scaled import InProcess

from fashion_nn import datasets
from fashion_nn.errors import InputError
from fashion_nn.inference import Figures, named, scaling
from fashion_nn.inference.scaling import LabelledRows, answers, deciding, labelled

DIGITS = datasets.load("digits")
FIGURES = scaling.figures(DIGITS.train.images)
WAYS = {
    "divided by 255": ("0-1", []),
    "as they are": ("0-255", []),
    "divided by 127.5, minus 1": ("-1-1", []),
    "standardised": ("standardised", []),
    "inverted": ("inverted-0-1", []),
    "behind Rescaling(1/255)": ("0-255", [layers.Rescaling(1 / 255)]),
    "behind Rescaling(2, -1)": ("0-1", [layers.Rescaling(2, offset=-1)]),
    "behind Normalization of 0..1": ("0-1", [layers.Normalization(axis=None)]),
    "behind Normalization of 0..255": ("0-255", [layers.Normalization(axis=None)]),
    "behind BatchNormalization": ("0-255", [layers.BatchNormalization()]),
}
BY_NUMBERS = [name for name in WAYS if "Normalization" in name]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function from the name of a way to the path of a small network trained so on digits."""
    folder = tmp_path_factory.mktemp("scaled")

    def path_of(name):
        path = folder / f"{list(WAYS).index(name)}.keras"
        if not path.exists():
            _train(*WAYS[name]).save(path)
        return path

    return path_of


def _train(scale, front):
    keras.utils.set_random_seed(0)
    x = named(scale, FIGURES).values("float32")[DIGITS.train.images]
    for layer in front:
        if isinstance(layer, layers.Normalization):
            layer.adapt(x)
    body = [layers.Flatten(), layers.Dense(32, "relu"), layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((28, 28)), *front, *body])
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(x, DIGITS.train.labels, batch_size=32, epochs=6, verbose=0)
    return model


@pytest.fixture
def nothing_at_hand(monkeypatch):
    """No labelled rows, and no classifier that comes with the package."""
    monkeypatch.setattr(deciding, "rows_at_hand", lambda images, classes: None)
    monkeypatch.setattr(deciding, "_guessed", lambda images, classes: None)
    deciding._cache.clear()
    yield
    deciding._cache.clear()


@pytest.mark.parametrize("name", WAYS)
def test_with_the_data_at_hand_it_is_found_and_certain(trained, name):
    model = InProcess(trained(name))
    model.decide(DIGITS.test.images)
    assert model.decision.scale.name == WAYS[name][0], model.decision
    assert model.decision.is_certain


@pytest.mark.parametrize("name", WAYS)
def test_without_it_what_is_fed_wrongly_warns(trained, nothing_at_hand, name):
    model = InProcess(trained(name))
    model.decide(DIGITS.test.images)
    found = model.decision
    assert found.scale.name == WAYS[name][0] or not found.is_certain, found
    if WAYS[name][0] == "0-1" or "Rescaling" in name or name in BY_NUMBERS:
        assert found.scale.name == WAYS[name][0] and found.is_certain, found


@pytest.mark.parametrize("name", BY_NUMBERS)
def test_stored_mean_and_variance_decide_without_a_comparison(trained, monkeypatch, name):
    monkeypatch.setattr(labelled, "compare", None)
    model = InProcess(trained(name))
    assert deciding._decided(model, DIGITS.test.images[:100], None).scale.name == WAYS[name][0]


def test_the_warning_names_both_scales_and_how_to_decide(nothing_at_hand, trained):
    model = InProcess(trained("divided by 127.5, minus 1"))
    doubtful = scaling.Decision(named("-1-1"), "…", named("0-1"), is_certain=False)
    assert "--scale -1-1 or --scale 0-1" in doubtful.warning()
    assert "--calibrate" in doubtful.warning()
    assert scaling.Decision(named("-1-1"), "…").warning() is None
    model.decide(DIGITS.test.images)
    assert model.decision.runner_up is not None


def test_labels_of_few_rows_of_ones_own_decide(trained, nothing_at_hand):
    split = DIGITS.valid
    rows = LabelledRows(split.images[:60], split.labels[:60], "rows of mine.csv")
    model = InProcess(trained("inverted"))
    model.decide(DIGITS.test.images, rows)
    assert model.decision.scale.name == "inverted-0-1"
    assert "of 60 rows of mine.csv right" in model.decision.evidence


def test_a_label_that_the_model_has_no_class_for_is_refused(trained):
    rows = LabelledRows(DIGITS.valid.images[:5], np.array([0, 1, 2, 3, 10]), "rows of mine.csv")
    with pytest.raises(InputError, match="have the label 10, but the model has 10 classes"):
        InProcess(trained("inverted")).decide(DIGITS.test.images, rows)


def test_a_network_that_was_never_trained_is_fed_as_usual(tmp_path):
    keras.utils.set_random_seed(0)
    layer = [keras.Input((28, 28)), layers.Flatten(), layers.Dense(10)]
    keras.Sequential(layer).save(tmp_path / "new.keras")
    model = InProcess(tmp_path / "new.keras")
    model.decide(DIGITS.test.images)
    assert model.decision.scale.name == "0-1" and model.decision.is_certain


def test_a_scale_that_was_asked_for_is_not_decided(trained):
    model = InProcess(trained("inverted"), scale="0-255")
    model.decide(DIGITS.test.images)
    assert model.decision is None and model.feeding.scale.name == "0-255"


def test_standardised_uses_the_figures_of_the_recognised_data_set(trained):
    model = InProcess(trained("standardised"), scale="standardised")
    model.decide(DIGITS.test.images)
    assert model.feeding.scale == named("standardised", FIGURES)
    noise = np.random.default_rng(0).integers(0, 256, (60, 28, 28), np.uint8)
    assert scaling.figures(noise) == Figures.of(noise)


def test_answers_that_are_the_same_for_all_rows_lose():
    images = DIGITS.test.images[:200]
    right = np.eye(10, dtype=np.float32)[DIGITS.test.labels[:200]] * 0.8 + 0.02
    constant = np.tile(right[:1], (200, 1))
    scales = (named("0-1"), named("0-255"))
    found = answers.ranked(
        dict(zip(scales, (constant, right), strict=True)), images, scales, scales[0]
    )
    assert found.scales[0].name == "0-255" and found.is_certain


def test_no_scale_is_better_than_chance():
    labels = DIGITS.valid.labels[:100]
    same = np.full((100, 10), 0.1, np.float32)
    assert labelled.ranked({named("0-1"): same}, labels, "rows", [named("0-1")]) is None


def test_figures_of_the_known_data_sets():
    record = datasets.DATASETS["digits"]
    found = Figures.of(DIGITS.original_train().images)
    assert (round(found.mean, 5), round(found.deviation, 5)) == (record.mean, record.deviation)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_so_are_those_of_the_real_ones(real_data, name):
    record = datasets.DATASETS[name]
    found = Figures.of(datasets.load(name, data_dir=real_data).original_train().images)
    assert (round(found.mean, 5), round(found.deviation, 5)) == (record.mean, record.deviation)
