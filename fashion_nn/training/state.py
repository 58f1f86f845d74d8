"""Everything that a training needs to be resumed exactly, in one file.

The file is replaced atomically at the end of each epoch and is the only source of truth: history
and best model on disk are copies made from it. A kill at any moment, even during a save, loses at
most the epoch that was running, and that epoch is repeated with the same random numbers.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from fashion_nn.core import npz, strict_json
from fashion_nn.core.reading import read_bytes
from fashion_nn.core.writing import write_atomic
from fashion_nn.errors import InputError
from fashion_nn.runs import HISTORY_COLUMNS
from fashion_nn.training.callbacks import SavedCallback


@dataclass(slots=True)
class TrainState:
    """The state of a training after `epoch` complete epochs.

    Attributes:
        epoch: number of complete epochs.
        history: a row for each epoch.
        best_value, best_epoch: of the recipe's `checkpoint_monitor`.
        monitor_best: best value of the recipe's `monitor`.
        wait: number of epochs since `monitor_best` was reached.
        stopped_because: "callback" if a callback has stopped the training.
        callbacks: what is stored of each callback.
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
    callbacks: list[SavedCallback] = field(default_factory=list)
    variables: list[np.ndarray] = field(default_factory=list)
    optimizer: list[np.ndarray] = field(default_factory=list)
    best_weights: list[np.ndarray] = field(default_factory=list)

    def save(self, path: Path, *, within: Path | None = None) -> None:
        """Write the state to `path` (.npz without pickle), completely or not at all; see
        `writing.replacing` for `within`.
        """
        # Checked when it is read.
        plain = _Plain.model_construct(
            epoch=self.epoch,
            history=self.history,
            best_value=self.best_value,
            best_epoch=self.best_epoch,
            monitor_best=self.monitor_best,
            wait=self.wait,
            stopped_because=self.stopped_because,
            callbacks=self.callbacks,
            variables=len(self.variables),
            optimizer=len(self.optimizer),
            best_weights=len(self.best_weights),
        )
        arrays = {
            f"{name}/{i:04d}": array
            for name in _ARRAYS
            for i, array in enumerate(getattr(self, name))
        }
        text = json.dumps(plain.model_dump(warnings=False))
        buffer = io.BytesIO()
        np.savez(buffer, plain=np.frombuffer(text.encode(), np.uint8), **arrays)
        write_atomic(path, buffer.getbuffer(), within=within)

    @classmethod
    def load(cls, path: Path, shapes: Mapping[str, Sequence[tuple[int, ...]]]) -> "TrainState":
        """Read the state that `save` wrote.

        Args:
            path: of the file.
            shapes: those of the arrays in `variables`, `optimizer` and `best_weights`. No others
                are read, so the memory that the file takes is known beforehand.

        Raises:
            InputError: the file is damaged, or holds the state of another model.
        """
        wanted = {
            f"{name}/{i:04d}": shape for name in _ARRAYS for i, shape in enumerate(shapes[name])
        }
        limit = _MAX_PLAIN + sum(8 * int(np.prod(shape)) for shape in wanted.values())
        kinds = {"plain": "u"} | dict.fromkeys(wanted, "iuf")
        file_limit = limit + npz.OVERHEAD + 1000 * len(wanted)
        content = read_bytes(path, expected=_MEND, most=file_limit)
        try:
            found = npz.read(content, kinds, limit=limit, shapes=wanted)
            plain = _Plain.model_validate(
                strict_json.parse(found["plain"].tobytes(), strict_json.Limits(constants=True))
            )
            plain.require_counts({name: len(shapes[name]) for name in _ARRAYS})
        except ValidationError as error:
            fault = error.errors()[0]
            place = ascii(".".join(map(str, fault["loc"])))[1:-1][:_SHOWN]
            raise InputError(_damaged(path, f"{place}: {fault['msg']}")) from None
        except ValueError as error:
            raise InputError(_damaged(path, str(error))) from None
        arrays = {
            name: [found[f"{name}/{i:04d}"] for i in range(len(shapes[name]))] for name in _ARRAYS
        }
        return cls(
            epoch=plain.epoch,
            history=plain.history,
            best_value=plain.best_value,
            best_epoch=plain.best_epoch,
            monitor_best=plain.monitor_best,
            wait=plain.wait,
            stopped_because=plain.stopped_because,
            callbacks=plain.callbacks,
            variables=arrays["variables"],
            optimizer=arrays["optimizer"],
            best_weights=arrays["best_weights"],
        )


class _Plain(BaseModel):
    """What a file holds besides arrays; for the lists of arrays, their lengths."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    epoch: NonNegativeInt
    history: list[dict[str, int | float]]
    best_value: float | None
    best_epoch: NonNegativeInt
    monitor_best: float | None
    wait: NonNegativeInt
    stopped_because: str | None
    callbacks: list[SavedCallback] = []
    variables: NonNegativeInt
    optimizer: NonNegativeInt
    best_weights: NonNegativeInt

    def require_counts(self, counts: Mapping[str, int]) -> None:
        """Refuse other numbers of arrays, and rows of a history that is not a training's."""
        for name, count in counts.items():
            if getattr(self, name) != count:
                raise ValueError(f"{getattr(self, name)} arrays in {name}, expected {count}")
        numbered = all(row.get("epoch") == place for place, row in enumerate(self.history, 1))
        if not numbered or self.epoch != len(self.history):
            raise ValueError("its history is not that of its epochs")
        if any(not set(row) <= set(HISTORY_COLUMNS) for row in self.history):
            raise ValueError("its history has columns that are not known")


def _damaged(path: Path, reason: str) -> str:
    return f"{path}: damaged ({reason}): {_MEND}"


_MEND = "remove it to train from the start"
_ARRAYS = ("variables", "optimizer", "best_weights")
_MAX_PLAIN = 16 << 20  # a history of a hundred thousand epochs
_SHOWN = 100
