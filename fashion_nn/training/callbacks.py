"""The callbacks of Keras, in a training that calls `fit` once for each epoch and may be resumed.

They see one training: it begins and ends once in each session, and its epochs are numbered through,
from 0 as in Keras. `self.model` is the network that is trained, on which a callback may act.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from pydantic import BaseModel, ConfigDict

from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe

Logs = Mapping[str, float]
Callbacks = Sequence[keras.callbacks.Callback]

_OF_KERAS = {"model", "_model", "params", "validation_data"}
_FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")


class SavedCallback(BaseModel):
    """What is stored of a callback, so that a resume can continue it.

    Attributes:
        name: of its class.
        state: what its `get_state` returned; None without one.
        keeps_state: whether it has changed since the training began, and offers no `get_state`.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    name: str
    state: Any = None
    keeps_state: bool = False


class CallbackRunner:
    """Tells the callbacks of a training what happens.

    Args:
        callbacks: of Keras.
        model: the network that is trained.
        recipe: of the training.
        steps: number of steps in an epoch.

    Raises:
        InputError: one of them is not a callback of Keras.
    """

    def __init__(self, callbacks: Callbacks, model: keras.Model, recipe: Recipe, steps: int):
        for callback in callbacks:
            if not isinstance(callback, keras.callbacks.Callback):
                got = f"got {type(callback).__name__}"
                raise InputError(
                    f"callbacks: {got}, expected instances of keras.callbacks.Callback"
                )
        self.callbacks = tuple(callbacks)
        self.steps = keras.callbacks.CallbackList(
            list(callbacks), model=model, epochs=recipe.epochs, steps=steps, verbose=0
        )
        self._at_begin: list[Mapping[str, object]] = []

    def begin(self, saved: Sequence[SavedCallback]) -> str | None:
        """Begin the training, or continue it with what was stored of the callbacks.

        Returns:
            Why a resume is not exact, as a sentence; None if it is.
        """
        self.steps.on_train_begin()
        self._at_begin = [_attributes(callback) for callback in self.callbacks]
        names = [type(callback).__name__ for callback in self.callbacks]
        if [each.name for each in saved] != names:
            before = ", ".join(each.name for each in saved) or "none"
            now = ", ".join(names) or "none"
            return f"the training had other callbacks before: {before}; now {now}"
        for callback, each in zip(self.callbacks, saved, strict=True):
            if _offers_state(callback):
                callback.set_state(each.state)
        return _inexact([each.name for each in saved if each.keeps_state])

    def saved(self) -> list[SavedCallback]:
        """What is to be stored of the callbacks after an epoch."""
        return [
            _saved(callback, begun)
            for callback, begun in zip(self.callbacks, self._at_begin, strict=True)
        ]

    def begin_epoch(self, number: int) -> None:
        """Tell that epoch `number`, counted from 1, begins."""
        self.steps.on_epoch_begin(number - 1)

    def validated(self, figures: Logs) -> None:
        """Tell the figures on the validation rows."""
        self.steps.on_test_begin()
        self.steps.on_test_end(dict(figures))

    def end_epoch(self, row: Logs) -> None:
        """Tell that an epoch has ended, with its row of the history."""
        self.steps.on_epoch_end(int(row["epoch"]) - 1, _logs(row))

    def end(self, row: Logs | None) -> None:
        """Tell that the training has ended, with the last row of the history."""
        self.steps.on_train_end(_logs(row or {}))


def _logs(row: Logs) -> dict[str, float]:
    """The figures of a row of the history that Keras gives to callbacks."""
    return {name: row[name] for name in _FIGURES if name in row}


def _offers_state(callback: keras.callbacks.Callback) -> bool:
    return hasattr(callback, "get_state") and hasattr(callback, "set_state")


def _saved(callback: keras.callbacks.Callback, begun: Mapping[str, object]) -> SavedCallback:
    name = type(callback).__name__
    if not _offers_state(callback):
        return SavedCallback(name=name, keeps_state=_attributes(callback) != begun)
    state = callback.get_state()
    try:
        if json.loads(json.dumps(state)) == state:
            return SavedCallback(name=name, state=state)
    except (TypeError, ValueError):
        pass
    expected = "expected numbers, text, lists and dictionaries with text as keys, as JSON has them"
    raise InputError(f"{name}.get_state() returned {str(state)[:60]!a}: {expected}")


def _attributes(callback: keras.callbacks.Callback) -> dict[str, object]:
    """The callback's own attributes, in a form that shows whether they change."""
    own = {name: value for name, value in vars(callback).items() if name not in _OF_KERAS}
    return {name: _comparable(value) for name, value in own.items()}


def _comparable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, str | int | float | None):
        return value
    # What is in a list may change while the list stays the same.
    return repr(value) if isinstance(value, list | tuple | set | dict) else id(value)


def _inexact(names: Iterable[str]) -> str | None:
    listed = ", ".join(dict.fromkeys(names))
    if not listed:
        return None
    return (
        f"{listed}: keeps a state and offers no get_state and set_state, so it begins anew: what it"
        " records or decides may differ from that of a training without a break"
    )
