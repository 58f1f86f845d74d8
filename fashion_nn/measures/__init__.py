"""How good predictions are, and which of several are better. Nothing here reads or writes a file.

`scores` measures probabilities against labels, `comparison` tells which models differ by more than
chance, `agreement` compares two models' answers to the same images, and `objective` says which of
two values of a figure is better. `label_counts` finds what is odd about labels alone, and
`label_errors` which of them are probably wrong. `columns` is
the table of the figures of a run, and `spread` says how far the same figure of several seeds is
apart.
"""

from fashion_nn.measures.agreement import Agreement, agreement
from fashion_nn.measures.comparison import ALPHA, McNemar, mcnemar, tied_groups
from fashion_nn.measures.label_counts import oddities, single_label
from fashion_nn.measures.label_errors import Suspects, suspect_labels
from fashion_nn.measures.objective import better, maximised
from fashion_nn.measures.scores import (
    BINS,
    Bin,
    ClassScore,
    Scores,
    balanced_accuracy,
    brier,
    calibration_error,
    confused_pairs,
    confusion,
    fit_temperature,
    log_loss,
    per_class,
    reliability,
    score,
    tempered,
    wilson,
    worst_mistakes,
)
from fashion_nn.measures.spread import MeanSd, interval_of_mean, mean_sd

__all__ = [
    "ALPHA",
    "BINS",
    "Agreement",
    "Bin",
    "ClassScore",
    "McNemar",
    "MeanSd",
    "Scores",
    "Suspects",
    "agreement",
    "balanced_accuracy",
    "better",
    "brier",
    "calibration_error",
    "confused_pairs",
    "confusion",
    "fit_temperature",
    "interval_of_mean",
    "log_loss",
    "maximised",
    "mcnemar",
    "mean_sd",
    "oddities",
    "per_class",
    "reliability",
    "score",
    "single_label",
    "suspect_labels",
    "tempered",
    "tied_groups",
    "wilson",
    "worst_mistakes",
]
