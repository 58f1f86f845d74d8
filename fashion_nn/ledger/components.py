"""The protocol of the principal components of Fashion-MNIST: report 003, part 2.3."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.ledger.protocols import Record

_MANY = 50
"""Principal components with which two components are compared."""


def measure(seeds: Sequence[int]) -> list["Record"]:
    """Explained variance of the training images (the same for each seed), and k-means on the test
    images.
    """
    from sklearn.decomposition import PCA

    from fashion_nn import datasets
    from fashion_nn.baselines import clusters, linear

    splits = datasets.load("fashion_mnist")
    if splits.test is None:
        raise InputError("fashion_mnist: expected a test split")
    pca = PCA(max(linear.SWEEP), svd_solver="covariance_eigh")
    # Single precision would change the fourth digit of the shares.
    pca.fit(linear.table(splits.original_train().images).astype(np.float64))
    shares = np.cumsum(pca.explained_variance_ratio_)
    explained = {str(count): float(shares[count - 1]) for count in linear.SWEEP}
    found = (clusters.pca_kmeans(splits.test, 10, seed=seed) for seed in seeds)
    many = pca.transform(linear.table(splits.test.images).astype(np.float64))[:, :_MANY]
    return [
        {
            "explained": explained,
            "purity": one.purity,
            f"purity_{_MANY}": _purity(many, splits.test.labels, one.seed),
            "adjusted_rand": one.adjusted_rand,
        }
        for one in found
    ]


def _purity(points: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Share of the points whose class is the most frequent one of their cluster, of ten."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import cluster

    members = KMeans(10, n_init=2, random_state=seed).fit_predict(points)
    return float(cluster.contingency_matrix(labels, members).max(axis=0).sum() / len(points))
