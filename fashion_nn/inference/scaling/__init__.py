"""On which scale does a model take pixels? Decided from evidence, in the parent process.

    numbers    what the first layers of the model say: the mean and variance that they have stored,
               the range that their arithmetic leads to
    labelled   which scale gives the most right answers to rows whose labels are known
    answers    which scale gives answers that fit the images, where no labels are known
    deciding   these three in order, and what came of them

The scales that are tried are those of `inference.SCALES`. Labels of the table that is predicted are
never looked at.
"""

from fashion_nn.inference.scaling.deciding import Decision, decide, figures, rows_at_hand
from fashion_nn.inference.scaling.labelled import LabelledRows

__all__ = ["Decision", "LabelledRows", "decide", "figures", "rows_at_hand"]
"""Public names of the package."""
