"""From a recipe and data to a run folder: the loop, its exact resume, schedules and augmentation."""

from fashion_nn.training.loop import Diverged, Outcome, Progress, estimate, run

__all__ = ["Diverged", "Outcome", "Progress", "estimate", "run"]
