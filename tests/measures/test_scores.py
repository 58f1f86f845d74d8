"""Metrics against scikit-learn and scipy, against hand-made examples, and by property."""

import doctest
import json
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fashion_nn import measures
from fashion_nn.measures import (
    ClassScore,
    confusion,
    log_loss,
    objective,
    per_class,
    score,
    scores,
    wilson,
    worst_mistakes,
)

unhurried = settings(deadline=None)  # the first example pays for an import


@st.composite
def predictions(draw) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities, among them certain and impossible ones, of 2 to 6 classes."""
    n, classes = draw(st.integers(1, 30)), draw(st.integers(2, 6))
    weights = draw(
        arrays.arrays(float, (n, classes), elements=st.sampled_from([0.0, 1e-9, 0.1, 1.0, 3.0]))
    )
    weights[weights.sum(axis=1) == 0] = 1
    labels = draw(arrays.arrays(np.int64, n, elements=st.integers(0, classes - 1)))
    return labels, weights / weights.sum(axis=1, keepdims=True)


def softmax_example(n: int = 500, classes: int = 10, dtype: type = np.float32):
    generator = np.random.default_rng(3)
    labels = generator.integers(0, classes, n)
    logits = generator.normal(0, 2, (n, classes))
    logits[np.arange(n), labels] += 5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities.astype(dtype)


def test_the_import_is_light():
    heavy = ("scipy", "sklearn", "pandas", "keras")
    code = f"import sys, fashion_nn.measures;print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize("module", [scores, objective])
def test_docstrings(module):
    assert doctest.testmod(module).failed == 0


# Intervals


@unhurried
@given(st.integers(1, 20_000), st.data(), st.floats(0.5, 0.999))
def test_wilson_is_that_of_scipy(n, data, confidence):
    from scipy.stats import binomtest

    correct = data.draw(st.integers(0, n))
    expected = binomtest(correct, n).proportion_ci(confidence_level=confidence, method="wilson")
    np.testing.assert_allclose(wilson(correct, n, confidence), expected, rtol=1e-9, atol=1e-12)


@unhurried
@given(st.integers(1, 100_000), st.data())
def test_wilson_holds_the_share_and_mirrors(n, data):
    correct = data.draw(st.integers(0, n))
    low, high = wilson(correct, n)
    assert 0 <= low <= correct / n <= high <= 1 and low < high
    mirrored_low, mirrored_high = wilson(n - correct, n)
    assert (1 - mirrored_high, 1 - mirrored_low) == pytest.approx((low, high), abs=1e-12)


def test_wilson_covers_as_often_as_it_says():
    generator = np.random.default_rng(0)
    inside = [
        low <= 0.94 <= high
        for low, high in (wilson(k, 400) for k in generator.binomial(400, 0.94, 4000))
    ]
    assert 0.94 < np.mean(inside) < 0.965


@pytest.mark.parametrize(
    ("correct", "n", "confidence"),
    [(0, 0, 0.95), (-1, 5, 0.95), (6, 5, 0.95), (1, 2, 0.0), (1, 2, 1.0)],
)
def test_wilson_refuses(correct, n, confidence):
    with pytest.raises(ValueError):
        wilson(correct, n, confidence)


# Confusion and what follows from it


def test_confusion_has_true_classes_in_rows():
    matrix = confusion([0, 0, 0, 1, 2], [0, 1, 1, 1, 0], 3)
    assert matrix.tolist() == [[1, 2, 0], [0, 1, 0], [1, 0, 0]]
    assert matrix.dtype == np.int64


@unhurried
@given(predictions())
def test_confusion_and_class_scores_are_those_of_scikit_learn(example):
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    labels, probabilities = example
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    matrix = confusion(labels, predicted, classes)
    np.testing.assert_array_equal(
        matrix, confusion_matrix(labels, predicted, labels=range(classes))
    )
    expected = precision_recall_fscore_support(
        labels, predicted, labels=range(classes), zero_division=0
    )
    np.testing.assert_allclose(np.array(per_class(matrix)).T, expected)


def test_a_class_that_is_neither_there_nor_predicted_scores_0():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert per_class([[2, 1, 0], [0, 1, 0], [0, 0, 0]]) == [
            ClassScore(1.0, pytest.approx(2 / 3), pytest.approx(0.8), 3),
            ClassScore(0.5, 1.0, pytest.approx(2 / 3), 1),
            ClassScore(0.0, 0.0, 0.0, 0),
        ]


@pytest.mark.parametrize("matrix", [[1, 2], [[1, 2, 3], [4, 5, 6]], 3])
def test_per_class_refuses_what_is_not_square(matrix):
    with pytest.raises(ValueError, match="square"):
        per_class(matrix)


# Log loss


@unhurried
@given(predictions(), st.sampled_from([np.float32, np.float64]))
def test_log_loss_is_that_of_scikit_learn(example, dtype):
    from sklearn import metrics as reference

    labels, probabilities = example[0], example[1].astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn renames an argument of its function
        expected = reference.log_loss(labels, probabilities, labels=range(probabilities.shape[1]))
    assert log_loss(labels, probabilities) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_log_loss_by_hand():
    assert log_loss([0, 1], np.array([[0.5, 0.5], [0.75, 0.25]])) == pytest.approx(
        math.log(8) / 2, rel=1e-15
    )


@pytest.mark.parametrize(("dtype", "cost"), [(np.float32, 15.942385), (np.float64, 36.043653)])
def test_a_certain_mistake_is_clipped(dtype, cost):
    assert log_loss([1], np.array([[1, 0]], dtype)) == pytest.approx(cost)


def test_log_loss_adds_up_in_float64():
    labels, probabilities = (
        np.zeros(1_000_000, int),
        np.full((1_000_000, 2), [0.3, 0.7], np.float32),
    )
    assert log_loss(labels, probabilities) == pytest.approx(-math.log(np.float32(0.3)), rel=1e-12)


# All together


def test_score():
    from sklearn.metrics import accuracy_score

    labels, probabilities = softmax_example()
    scores = score(labels, probabilities)
    assert scores.n == 500
    assert scores.correct == (probabilities.argmax(axis=1) == labels).sum()
    assert scores.accuracy == accuracy_score(labels, probabilities.argmax(axis=1))
    assert 0.5 < scores.accuracy < 1
    assert scores.interval == wilson(scores.correct, 500)
    assert scores.log_loss == log_loss(labels, probabilities)
    assert scores.confusion.sum() == 500
    assert [row.support for row in scores.per_class] == np.bincount(labels).tolist()


def test_equal_probabilities_count_for_the_first_class():
    assert score([0, 1], np.full((2, 2), 0.5)).confusion.tolist() == [[1, 0], [1, 0]]


@unhurried
@given(predictions())
def test_scores_become_plain_json(example):
    scores = score(*example)
    values = scores.to_json()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert set(values) == {
        "n",
        "correct",
        "accuracy",
        "interval",
        "log_loss",
        "brier",
        "calibration_error",
        "reliability",
        "per_class",
        "confusion",
    }
    assert values["per_class"][0] == scores.per_class[0]._asdict()
    assert type(values["confusion"][0][0]) is type(values["per_class"][0]["support"]) is int


# Calibration


@unhurried
@given(predictions())
def test_brier_is_that_of_scikit_learn(example):
    from sklearn.metrics import brier_score_loss

    labels, probabilities = example
    classes = probabilities.shape[1]
    expected = brier_score_loss(labels, probabilities, labels=range(classes), scale_by_half=False)
    assert measures.brier(labels, probabilities) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore")
def test_reliability_is_that_of_scikit_learn():
    from sklearn.calibration import calibration_curve

    labels, probabilities = softmax_example(dtype=np.float64)
    right = probabilities.argmax(axis=1) == labels
    shares, confidences = calibration_curve(right, probabilities.max(axis=1), n_bins=measures.BINS)
    bins = [each for each in measures.reliability(labels, probabilities) if each.count]
    assert [each.accuracy for each in bins] == pytest.approx(shares.tolist())
    assert [each.confidence for each in bins] == pytest.approx(confidences.tolist())
    assert sum(each.count for each in bins) == 500


def test_calibration_error_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.0, 1.0]])
    bins = measures.reliability([0, 1, 1, 1], probabilities, bins=10)
    assert [(each.count, each.accuracy) for each in bins[6:]] == [(1, 1), (0, 0), (2, 0.5), (1, 1)]
    assert measures.calibration_error(bins) == pytest.approx((0.3 + 2 * 0.4 + 0) / 4)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_spoiled_probabilities_is_found_again(temperature):
    generator = np.random.default_rng(0)
    good = generator.dirichlet(np.full(5, 0.4), 20_000)
    labels = (generator.random((len(good), 1)) > good.cumsum(axis=1)).sum(axis=1).clip(0, 4)
    spoiled = measures.tempered(good, 1 / temperature)
    found = measures.fit_temperature(labels, spoiled)
    assert found == pytest.approx(temperature, rel=0.05)
    assert log_loss(labels, measures.tempered(spoiled, found)) <= log_loss(labels, spoiled)


@unhurried
@given(predictions(), st.floats(0.1, 10))
def test_a_temperature_gives_probabilities_and_keeps_the_choice(example, temperature):
    _, probabilities = example
    scaled = measures.tempered(probabilities, temperature)
    assert scaled.sum(axis=1) == pytest.approx(1)
    chosen = scaled[np.arange(len(scaled)), probabilities.argmax(axis=1)]
    assert chosen == pytest.approx(scaled.max(axis=1))


def test_confused_pairs_by_hand():
    matrix = [[5, 2, 0], [3, 4, 0], [1, 0, 9]]
    assert measures.confused_pairs(matrix, 2) == [(1, 0, 3), (0, 1, 2)]
    assert measures.confused_pairs(matrix, 10) == [(1, 0, 3), (0, 1, 2), (2, 0, 1)]
    assert measures.confused_pairs(np.eye(3, dtype=int), 10) == []


# The worst mistakes


def test_worst_mistakes_by_hand():
    labels = [0, 0, 0, 1, 1, 1]
    probabilities = np.array(
        [[0.9, 0.1], [0.3, 0.7], [0.1, 0.9], [0.7, 0.3], [0.0, 1.0], [0.8, 0.2]]
    )
    assert worst_mistakes(labels, probabilities, 10).tolist() == [2, 5, 1, 3]
    assert worst_mistakes(labels, probabilities, 2).tolist() == [2, 5]
    assert worst_mistakes([0, 1], np.eye(2), 5).tolist() == []


@unhurried
@given(predictions(), st.integers(0, 40))
def test_worst_mistakes_are_wrong_and_in_order(example, count):
    labels, probabilities = example
    rows = worst_mistakes(labels, probabilities, count)
    wrong = probabilities.argmax(axis=1) != labels
    assert len(rows) == min(count, wrong.sum()) and wrong[rows].all()
    of_truth = probabilities[np.arange(len(labels)), labels]
    assert (np.diff(of_truth[rows]) >= 0).all()
    left_out = np.setdiff1d(np.flatnonzero(wrong), rows)
    if len(rows) and len(left_out):
        assert of_truth[left_out].min() >= of_truth[rows].max()


# Wrong input


GOOD = np.full((3, 2), 0.5)


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1], GOOD, "2 labels but 3 rows"),
        ([0, 1, 2], GOOD, r"not in 0\.\.1"),
        ([0, 1, -1], GOOD, r"not in 0\.\.1"),
        ([0.0, 1.0, 1.0], GOOD, "not whole numbers"),
        ([[0], [1], [1]], GOOD, "not whole numbers"),
        ([0, 1, 1], GOOD[:, 0], "not floats"),
        ([0, 1, 1], np.ones((3, 2), int), "not floats"),
        ([0, 1, 1], GOOD - 0.6, "not between 0 and 1"),
        ([0, 1, 1], GOOD + 0.6, "not between 0 and 1"),
        ([0, 1, 1], GOOD * np.nan, "not between 0 and 1"),
        ([], np.zeros((0, 2)), "no images"),
    ],
)
@pytest.mark.parametrize("measure", [score, log_loss, lambda *given: worst_mistakes(*given, 5)])
def test_wrong_input_is_refused(measure, labels, probabilities, message):
    with pytest.raises(ValueError, match=message):
        measure(labels, probabilities)


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        ([0, 1], [0], "2 labels but 1"),
        ([0, 3], [0, 1], r"not in 0\.\.2"),
        ([0, 1], [0, -1], r"not in 0\.\.2"),
    ],
)
def test_confusion_refuses(labels, predicted, message):
    with pytest.raises(ValueError, match=message):
        confusion(labels, predicted, 3)


def test_a_probability_may_exceed_1_by_rounding():
    assert score([0], np.array([[1.0000001, 0.0]], np.float32)).log_loss == pytest.approx(
        0, abs=1e-6
    )
