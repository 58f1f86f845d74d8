"""From a recipe and data to a run folder.

`loop` runs epochs, decides when to stop and writes the folder; `state` makes a resume exact;
`epoch` is one pass over the training rows; `networks` builds what is trained and what is saved.
`pacing` chooses the number of epochs so that a training ends in time, and `speed` measures before
it how long an epoch will take. `optimizers` and `schedules` turn a recipe's settings into Keras
objects. `own_recipe` has a recipe whose model is the user's own function. Importing this package
imports TensorFlow.
"""

from fashion_nn.training.epoch import Diverged, Progress
from fashion_nn.training.loop import Outcome, run
from fashion_nn.training.own_recipe import OwnRecipe, names_code
from fashion_nn.training.pacing import Pace
from fashion_nn.training.speed import Speed, measure_speed

__all__ = [
    "Diverged",
    "Outcome",
    "OwnRecipe",
    "Pace",
    "Progress",
    "Speed",
    "measure_speed",
    "names_code",
    "run",
]
