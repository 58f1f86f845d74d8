"""Everything that a training needs to be resumed exactly, in one file.

The file is replaced atomically at the end of each epoch and is the only source of truth: history
and best model on disk are copies made from it. A kill at any moment, even during a save, loses at
most the epoch that was running, and that epoch is repeated with the same random numbers.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fashion_nn.core.files import write_atomic
from fashion_nn.errors import InputError


@dataclass(slots=True)
class TrainState:
    """The state of a training after `epoch` complete epochs.

    Attributes:
        epoch: number of complete epochs.
        history: a row for each epoch.
        best_value, best_epoch: of the recipe's `checkpoint_monitor`.
        monitor_best: best value of the recipe's `monitor`.
        wait: number of epochs since `monitor_best` was reached.
        stopped_because: not used; older files have it.
        variables: of the model, in Keras' order: weights and the states of random number
            generators.
        optimizer: variables of the optimizer, in Keras' order.
        best_weights: of the model at `best_epoch`.
    """

    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_value: float | None = None
    best_epoch: int = 0
    monitor_best: float | None = None
    wait: int = 0
    stopped_because: str | None = None
    variables: list[np.ndarray] = field(default_factory=list)
    optimizer: list[np.ndarray] = field(default_factory=list)
    best_weights: list[np.ndarray] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write the state to `path` (.npz without pickle), completely or not at all."""
        plain: dict[str, Any] = {}
        arrays: dict[str, Any] = {}
        for name, value in _shallow(self).items():
            if name in _ARRAYS:
                plain[name] = len(value)
                arrays |= {f"{name}/{i:04d}": array for i, array in enumerate(value)}
            else:
                plain[name] = value
        buffer = io.BytesIO()
        np.savez(buffer, plain=np.frombuffer(json.dumps(plain).encode(), np.uint8), **arrays)
        write_atomic(path, buffer.getbuffer())

    @classmethod
    def load(cls, path: Path) -> "TrainState":
        """Read the state that `save` wrote.

        Raises:
            InputError: the file is damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                plain = json.loads(file["plain"].tobytes())
                for name in _ARRAYS:
                    plain[name] = [file[f"{name}/{i:04d}"] for i in range(plain[name])]
            return cls(**plain)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path}: damaged ({error}): remove it to train from the start"
            ) from None


_ARRAYS = ("variables", "optimizer", "best_weights")


def _shallow(state: TrainState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in TrainState.__slots__}
