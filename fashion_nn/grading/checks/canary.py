"""Do predictions depend on the image alone? A few are repeated, in another batch size."""

from collections.abc import Callable

import numpy as np

from fashion_nn.grading.check import Check, not_applicable
from fashion_nn.grading.evidence import Evidence
from fashion_nn.grading.rows import Chosen

BATCH = 37
# Other batch sizes may add up in another order. Then two classes whose outputs are as good as equal
# can change places. This is a share of the range of a row's outputs.
_TIE = 1e-3


def check(evidence: Evidence) -> Check:
    """Compare the labels with what the model says now."""
    if evidence.model is None:
        return not_applicable("canary", "no model at hand")
    if evidence.labels is None:
        return not_applicable("canary", "the labels cannot be read")
    return judge(evidence.labels, evidence.reference.chosen, evidence.model.outputs)


def judge(labels: np.ndarray, chosen: Chosen, predict: Callable[..., np.ndarray]) -> Check:
    """Compare `labels`, int64 (n,), with what the model says of the `chosen` rows.

    Args:
        predict: predict(images, batch_size=…) gives the model's outputs, float32 (m, classes).
    """
    rows = chosen.rows
    outputs = predict(chosen.images, batch_size=BATCH)
    given = labels[rows]
    known = (given >= 0) & (given < outputs.shape[1])
    of_given = outputs[np.arange(len(rows)), np.where(known, given, 0)]
    largest = outputs.max(axis=1)
    tolerance = _TIE * (largest - outputs.min(axis=1))
    wrong = rows[~known | (of_given < largest - tolerance)]
    value = f"{len(rows) - len(wrong)} of {len(rows)} agree"
    if len(wrong):
        value += f"; row {int(wrong.min()) + 1} does not"
    return Check(
        "canary",
        "FAIL" if len(wrong) else "PASS",
        value,
        f"the same labels for {len(rows)} rows in batches of {BATCH}",
        {"rows": len(rows), "differ": len(wrong)},
    )
