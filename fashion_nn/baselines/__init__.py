"""Classifiers that a neural network has to beat: no gradient passes through their features.

    table of pixels ── pipelines ──▶ scikit-learn Pipeline        fitted on training rows
    pipelines × folds ── folds.measure ──▶ accuracy, seconds      a process for each core
    fitted Pipeline ── as_keras.network ──▶ keras.Model           the same numbers, no pickle
    keras.Model ── fitting.fit ──▶ run folder                     like any other

`clusters` and `neighbours` give figures, not a model.
"""

from fashion_nn.baselines.clusters import Clusters, pca_kmeans
from fashion_nn.baselines.edges import DEFAULTS, EdgeSettings, fit_edges_rbf
from fashion_nn.baselines.fitting import add_results, fit_linear, results_of
from fashion_nn.baselines.held_out import held_out_probabilities
from fashion_nn.baselines.linear import SWEEP, Study, study, sweep_sizes
from fashion_nn.baselines.neighbours import nearest_neighbour

__all__ = [
    "DEFAULTS",
    "SWEEP",
    "Clusters",
    "EdgeSettings",
    "Study",
    "add_results",
    "fit_edges_rbf",
    "fit_linear",
    "held_out_probabilities",
    "nearest_neighbour",
    "pca_kmeans",
    "results_of",
    "study",
    "sweep_sizes",
]
