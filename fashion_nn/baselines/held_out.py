"""Predictions for every training row by a classifier that was not fitted on it."""

from dataclasses import replace

import numpy as np

from fashion_nn import zoo
from fashion_nn.baselines.edges import DEFAULTS, EdgeSettings, features, fit
from fashion_nn.baselines.fitting import PREDICT_BATCH
from fashion_nn.baselines.folds import Progress
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError

_SETTINGS = replace(DEFAULTS, landmarks=1000)
"""Fewer landmarks than the baseline, for speed."""


def held_out_probabilities(
    rows: Split,
    folds: int = 5,
    settings: EdgeSettings = _SETTINGS,
    *,
    progress: Progress | None = None,
) -> np.ndarray:
    """Probabilities for all rows, float (n, classes), by `folds` fits of the edge classifier.

    Args:
        rows: images and labels; the classes are 0 to the largest label.
        folds: each is held out once.
        settings: of the classifier; small data have fewer landmarks.
        progress: called as progress(done, total) after each fold.

    Raises:
        InputError: a class has fewer rows than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(rows.labels)
    least = int(counts[counts > 0].min())
    if least < folds:
        raise InputError(
            f"--folds {folds}: a class has {least} training rows: expected at most that many folds"
        )
    table = zoo.predict(features(rows.images.shape[1:], settings), rows.images, PREDICT_BATCH)
    probabilities = np.zeros((len(rows), len(counts)))
    parts = StratifiedKFold(folds, shuffle=True, random_state=settings.seed)
    for done, (known, held) in enumerate(parts.split(table, rows.labels), start=1):
        fewer = replace(settings, landmarks=min(settings.landmarks, max(10, len(known) // 4)))
        fitted = fit(table[known], rows.labels[known], fewer)
        probabilities[np.ix_(held, fitted.classes_)] = fitted.predict_proba(table[held])
        if progress:
            progress(done, folds)
    return probabilities
