"""The sentinel: correct files pass, labels that are not those of the images fail, and the same on
real data.
"""

import warnings

import numpy as np
import pytest

from fashion_nn.errors import InputError
from fashion_nn.grading import sentinel
from fashion_nn.grading.checks.sentinel import judge


@pytest.fixture(scope="module")
def fitted(digits):
    return sentinel.fit(digits.train, digits.valid, 10, provenance={"dataset": "digits"})


@pytest.fixture(scope="module")
def probabilities(fitted, digits):
    return fitted.baseline.probabilities(digits.test.images)


def verdict(labels, probabilities, found):
    return judge(labels, probabilities, found.limits()).verdict


def test_one_can_be_fitted_to_any_rows(fitted, probabilities, digits):
    right = probabilities.argmax(axis=1) == digits.test.labels
    assert right.mean() > 0.93
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    assert verdict(digits.test.labels, probabilities, fitted) == "PASS"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda labels: np.roll(labels, 1),
        lambda labels: np.random.default_rng(0).permutation(labels),
        lambda labels: labels + 1,
        lambda labels: 9 - labels,
        lambda labels: np.zeros_like(labels),
    ],
)
def test_labels_of_other_rows_fail(spoil, digits, probabilities, fitted):
    assert verdict(spoil(digits.test.labels), probabilities, fitted) == "FAIL"


def test_saved_and_loaded_it_is_the_same(fitted, probabilities, digits, tmp_path):
    sentinel.save(fitted, tmp_path / "a.npz")
    sentinel.save(fitted, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = sentinel.load(tmp_path / "a.npz")
    assert np.array_equal(again.baseline.probabilities(digits.test.images), probabilities)
    assert again.limits() == fitted.limits() and again.provenance == fitted.provenance
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 not one")
    with pytest.raises(InputError, match="is no sentinel"):
        sentinel.load(tmp_path / "c.npz")


def test_few_rows_do_not_fail_by_chance(fitted, digits, probabilities):
    """Of 200 correct files of 30 rows each, hardly one is suspected."""
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, len(digits.test), 30) for _ in range(200)]
    suspected = sum(
        verdict(digits.test.labels[r], probabilities[r], fitted) != "PASS" for r in rows
    )
    assert suspected <= 4


def test_the_shipped_one_is_small_and_says_where_it_is_from():
    found = sentinel.shipped()
    assert found.baseline.image_shape == (28, 28) and found.baseline.classes == 10
    assert found.provenance["dataset"] == "fashion_mnist" and found.provenance["rows"] == {
        "train": 54000,
        "valid": 6000,
    }
    assert found.correct[:, 0].min() >= 0.84 and found.correct[:, 0].max() == 1
    assert len(found.names) >= 10


@pytest.fixture(scope="module")
def seen(fashion):
    return sentinel.shipped().baseline.probabilities(fashion.test.images)


@pytest.fixture(scope="module")
def peers(fashion):
    """Quick classifiers, which have not converged, and their labels of the test rows."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier

    flat = fashion.train.images[:12000].reshape(12000, -1) / np.float32(255)
    test = fashion.test.images.reshape(10000, -1) / np.float32(255)
    found = {}
    for classifier, rows in (
        (MLPClassifier((64,), max_iter=10, random_state=1), 12000),
        (KNeighborsClassifier(3), 10000),
        (LogisticRegression(C=0.05, max_iter=30), 5000),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier.fit(flat[:rows], fashion.train.labels[:rows])
        found[type(classifier).__name__] = classifier
    return {name: (each, each.predict(test)) for name, each in found.items()}


def test_correct_files_pass(fashion, seen, peers):
    limits = sentinel.shipped().limits()
    files = [fashion.test.labels, seen.argmax(axis=1)] + [labels for _, labels in peers.values()]
    for labels in files:
        assert judge(labels, seen, limits).verdict == "PASS"


def test_wrong_ones_fail(fashion, seen, peers):
    limits = sentinel.shipped().limits()
    network, labels = peers["MLPClassifier"]
    images = fashion.test.images / np.float32(255)
    wrong = {
        "shuffled": np.random.default_rng(0).permutation(labels),
        "shifted": np.roll(labels, 1),
        "1-based": labels + 1,
        "transposed": network.predict(images.transpose(0, 2, 1).reshape(10000, -1)),
        "inverted": network.predict(1 - images.reshape(10000, -1)),
        "unscaled, divided twice": network.predict(images.reshape(10000, -1) / 255),
        "shuffled truth": np.random.default_rng(0).permutation(fashion.test.labels),
    }
    for name, given in wrong.items():
        assert judge(given, seen, limits).verdict == "FAIL", name


@pytest.mark.parametrize("of", ["truth", "MLPClassifier", "KNeighborsClassifier"])
def test_two_per_cent_of_misaligned_rows_are_suspected(fashion, seen, peers, of):
    limits = sentinel.shipped().limits()
    labels = fashion.test.labels if of == "truth" else peers[of][1]
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = rng.choice(10000, 200, replace=False)
        spoilt = labels.copy()
        spoilt[rows] = labels[rng.permutation(rows)]
        assert judge(spoilt, seen, limits).verdict in ("WARN", "FAIL")
