"""How many epochs a training has, decided again after each one, so that it ends in time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_REMEMBERED = 3


@dataclass(slots=True)
class Pace:
    """Chooses the number of epochs of a one-cycle training while it runs.

    The rest of the cycle is resized to the number that is chosen (`schedules.OneCycle.resize`), so
    a training on a machine that becomes slower still ends with the smallest learning rates.

    Attributes:
        ends: the value of `clock` at which the training should have ended.
        most: the largest number of epochs.
        reserve: seconds after `ends` that a last epoch may take where none fits any more.
        start: seconds of the first epoch that later epochs do not take.
        clock: seconds that pass.
        told: called after each epoch with the number of epochs and the seconds that are left.
    """

    ends: float
    most: int
    reserve: float = 0.0
    start: float = 0.0
    clock: Callable[[], float] = time.monotonic
    told: Callable[[int, float], None] | None = None
    _recent: list[float] = field(default_factory=list)

    def epochs(self, done: int, planned: int, seconds: float) -> int:
        """The number of epochs of the training, at least `done`.

        Args:
            done: number of epochs so far, at least 1.
            planned: number of epochs that was chosen before.
            seconds: duration of the last epoch.
        """
        alone = seconds - min(self.start, 0.9 * seconds) if done == 1 else seconds
        self._recent = [*self._recent, alone][-_REMEMBERED:]
        chosen = self._chosen(done, planned)
        if self.told:
            self.told(chosen, self._epoch_seconds * (chosen - done))
        return chosen

    @property
    def _epoch_seconds(self) -> float:
        return max(sum(self._recent) / len(self._recent), 1e-6)

    def _chosen(self, done: int, planned: int) -> int:
        left = self.ends - self.clock()
        fitting = done + max(int(left / self._epoch_seconds), 0)
        if fitting >= planned:
            # Late in the cycle, further epochs would have rates that are too small to matter.
            return min(fitting, max(planned, self.most)) if 2 * done <= planned else planned
        if fitting == done and left + self.reserve >= self._epoch_seconds:
            return done + 1
        return fitting
