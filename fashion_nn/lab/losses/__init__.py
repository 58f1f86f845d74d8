"""Losses side by side: report 000 part 2, and why a classifier is not trained by squared error
(report 003).

LOSSES["softsign-cross-entropy"].slope(z, t)
found = run_study("bad-initialisation", StudyOptions(dataset="digits"))
found.final("logistic-cross-entropy", "train_loss")     mean and standard deviation over the seeds
"""

from fashion_nn.lab.losses.figures import (
    FIGURES,
    PICTURES,
    curves,
    figure,
    loss_functions,
    saturation,
    squared_error,
)
from fashion_nn.lab.losses.functions import (
    BINARY,
    LOSSES,
    Loss,
    Value,
    cross_entropy,
    entropy,
    kl_divergence,
    values,
    values_table,
)
from fashion_nn.lab.losses.studies import (
    MEASURES,
    STUDIES,
    Study,
    StudyOptions,
    StudyResult,
    as_table,
    run_study,
)
from fashion_nn.lab.losses.training import Curve, Plan, Task, load_task, train, train_seeds

__all__ = [
    "BINARY",
    "FIGURES",
    "LOSSES",
    "MEASURES",
    "PICTURES",
    "STUDIES",
    "Curve",
    "Loss",
    "Plan",
    "Study",
    "StudyOptions",
    "StudyResult",
    "Task",
    "Value",
    "as_table",
    "cross_entropy",
    "curves",
    "entropy",
    "figure",
    "kl_divergence",
    "load_task",
    "loss_functions",
    "run_study",
    "saturation",
    "squared_error",
    "train",
    "train_seeds",
    "values",
    "values_table",
]
