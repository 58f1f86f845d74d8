"""From a recipe and data to a run folder.

`loop` runs epochs, decides when to stop and writes the folder; `state` makes a resume exact;
`epoch` is one pass over the training rows; `networks` builds what is trained and what is saved.
`optimizers` and `schedules` turn a recipe's settings into Keras objects. `own_recipe` has a recipe
whose model is the user's own function. Importing this package imports TensorFlow.
"""

from fashion_nn.training.epoch import Diverged, Progress
from fashion_nn.training.loop import Outcome, estimate, run
from fashion_nn.training.own_recipe import OwnRecipe, names_code

__all__ = ["Diverged", "Outcome", "OwnRecipe", "Progress", "estimate", "names_code", "run"]
