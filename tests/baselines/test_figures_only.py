"""Baselines without a model file: clusters and nearest neighbours."""

import numpy as np
import pytest

from fashion_nn import baselines, datasets
from fashion_nn.datasets import Split


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def blobs(shuffled=False):
    """60 images of three kinds that differ in where they are bright."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    images = rng.integers(0, 20, (60, 6, 6)).astype(np.uint8)
    for i, label in enumerate(labels):
        images[i, 2 * label : 2 * label + 2] += 200
    return Split(images, rng.permutation(labels) if shuffled else labels)


def test_classes_that_stand_apart_are_found():
    found = baselines.pca_kmeans(blobs(), 3)
    assert found.purity == found.adjusted_rand == 1
    assert found.classes_that_lead == 3
    assert 0.9 < found.explained_variance < 1


def test_labels_only_measure():
    apart, shuffled = (
        baselines.pca_kmeans(blobs(), 3),
        baselines.pca_kmeans(blobs(shuffled=True), 3),
    )
    assert (apart.members == shuffled.members).all()
    assert abs(shuffled.adjusted_rand) < 0.15
    # By hand: the most frequent class of each cluster.
    labels = blobs(shuffled=True).labels
    most = sum(np.bincount(labels[shuffled.members == i]).max() for i in range(3))
    assert shuffled.purity == most / 60


def test_points_are_the_axes_of_most_variance(digits):
    small = Split(digits.test.images[:, ::2, ::2], digits.test.labels)
    found = baselines.pca_kmeans(small, 10, seed=3)
    variances = np.linalg.eigvalsh(
        np.cov(small.images.reshape(len(small), -1) / 255, rowvar=False)
    )[::-1]
    assert found.points.var(axis=0, ddof=1) == pytest.approx(variances[:2], rel=1e-3)
    assert found.explained_variance == pytest.approx(
        variances[:2].sum() / variances.sum(), rel=1e-3
    )
    distances = ((found.points[:, None] - found.centres) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == found.members).mean() > 0.99
    assert found.to_json() == baselines.pca_kmeans(small, 10, seed=3).to_json()


def test_the_nearest_image_lends_its_label(digits):
    rows = digits.valid.take(np.arange(50))
    found = baselines.nearest_neighbour(digits.train, rows)
    here, there = (
        part.images.reshape(len(part), -1).astype(float) for part in (rows, digits.train)
    )
    nearest = [((there - image) ** 2).sum(axis=1).argmin() for image in here]
    assert found.correct == (digits.train.labels[nearest] == rows.labels).sum()
    assert found.n == 50 and found.accuracy == found.correct / 50
