"""Two principal components of images, and k-means on them: how classes separate without labels."""

from dataclasses import dataclass

import numpy as np

from fashion_nn.baselines.linear import table
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.datasets import Split

STARTS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Clusters of n images.

    Attributes:
        points: float (n, 2), the principal components of each image.
        members: int (n,), the cluster of each image.
        centres: float (k, 2).
        purity: share of the images whose class is the most frequent one of their cluster; by chance
            about 1/k.
        adjusted_rand: agreement of clusters and classes over pairs of images; 0 by chance, 1 if
            equal.
        explained_variance: share of the variance that the two components explain.
        classes_that_lead: number of classes that are the most frequent one of some cluster.
        seed: of k-means.
    """

    points: np.ndarray
    members: np.ndarray
    centres: np.ndarray
    purity: float
    adjusted_rand: float
    explained_variance: float
    classes_that_lead: int
    seed: int

    def to_json(self) -> JsonObject:
        return {
            "rows": len(self.points),
            "components": 2,
            "clusters": len(self.centres),
            "seed": self.seed,
            "starts": STARTS,
            "purity": self.purity,
            "adjusted_rand_index": self.adjusted_rand,
            "explained_variance": self.explained_variance,
            "classes_that_lead_a_cluster": self.classes_that_lead,
        }


def pca_kmeans(rows: Split, clusters: int, *, seed: int = 0) -> Clusters:
    """Cluster `rows` on their first two principal components. Labels only measure the result.

    Source: report 003, part 2.3, which takes the test images.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.metrics import adjusted_rand_score, cluster

    pca = PCA(2, svd_solver="covariance_eigh")
    points = pca.fit_transform(table(rows.images))
    found = KMeans(clusters, n_init=STARTS, random_state=seed).fit(points)
    counts = cluster.contingency_matrix(rows.labels, found.labels_)
    return Clusters(
        points,
        found.labels_,
        found.cluster_centers_,
        purity=float(counts.max(axis=0).sum() / len(points)),
        adjusted_rand=float(adjusted_rand_score(rows.labels, found.labels_)),
        explained_variance=float(pca.explained_variance_ratio_.sum()),
        classes_that_lead=len(set(counts.argmax(axis=0).tolist())),
        seed=seed,
    )
