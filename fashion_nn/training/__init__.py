"""From a recipe and data to a run folder.

`loop` runs epochs, decides when to stop and writes the folder; `state` makes a resume exact;
`epoch` is one pass over the training rows; `networks` builds what is trained and what is saved.
`optimizers` and `schedules` turn a recipe's settings into Keras objects. Importing this package
imports TensorFlow.
"""

from fashion_nn.training.epoch import Diverged, Progress
from fashion_nn.training.loop import Outcome, estimate, run

__all__ = ["Diverged", "Outcome", "Progress", "estimate", "run"]
