"""The callbacks of Keras see one training, with epochs that are numbered through, and survive a
resume where they can.
"""

import shutil
import warnings
from dataclasses import replace

import keras
import numpy as np
import pytest
from in_process import Opened
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fashion_nn import datasets, recipes, training
from fashion_nn.errors import InputError
from fashion_nn.training.callbacks import CallbackRunner, SavedCallback

SHORT = ["batch_size=64", "momentum=0.9", "epochs=3", "patience=none"]


@pytest.fixture(scope="module")
def digits():
    splits = datasets.load("digits")
    return replace(splits, train=splits.train.take(np.arange(300)))


def recipe(*settings, name="mlp"):
    return recipes.override(recipes.get(name), [*SHORT, *settings])


class Seen(keras.callbacks.Callback):
    """Writes down what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def on_train_begin(self, logs=None):
        self.told.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.told.append(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.last_batch = batch

    def on_epoch_end(self, epoch, logs=None):
        self.told.append((epoch, sorted(logs)))

    def on_train_end(self, logs=None):
        self.told.append("end")


class Interrupted:
    """The progress of a training that is interrupted within its second epoch."""

    stop_requested = False

    def step(self, epoch, step, steps, loss):
        self.stop_requested = epoch == 2

    def epoch(self, row, improved, seconds):
        pass


class Saves(keras.callbacks.Callback):
    """Saves its model after each epoch, with what the model then answers to `images`."""

    def __init__(self, path, images):
        super().__init__()
        self.path = path
        self.images = images

    def on_epoch_end(self, epoch, logs=None):
        self.model.save(self.path)
        self.answers = self.model.predict(self.images, verbose=0)


def test_callbacks_see_one_training(tmp_path, digits):
    seen = Seen()
    board = keras.callbacks.TensorBoard(str(tmp_path / "logs"), write_graph=False)
    outcome = training.run(recipe(), digits, tmp_path / "run", callbacks=[seen, board])
    figures = ["accuracy", "loss", "val_accuracy", "val_loss"]
    epochs = [each for epoch in range(3) for each in (epoch, (epoch, figures))]
    assert seen.told == ["begin", *epochs, "end"]
    assert seen.last_batch == 4 and seen.params["steps"] == 5 and seen.params["epochs"] == 3
    assert outcome.stopped_because == "epochs"
    for part in ("train", "validation"):
        events = EventAccumulator(str(tmp_path / "logs" / part)).Reload()
        assert [event.step for event in events.Tensors("epoch_accuracy")] == [0, 1, 2]


# Of these layers, a training on a processor computes three in another way than Keras.
def test_the_model_of_a_callback_can_be_saved_and_reopened(tmp_path, digits):
    images = digits.valid.images[:20]
    saves = Saves(tmp_path / "saved.keras", images)
    short = recipe("epochs=1", "precision=float32", name="sprint")
    training.run(short, digits, tmp_path / "run", callbacks=[saves])
    reopened = keras.models.load_model(saves.path)
    np.testing.assert_allclose(reopened.predict(images, verbose=0), saves.answers, atol=1e-5)
    np.testing.assert_allclose(Opened(saves.path)(images), saves.answers, atol=1e-5)
    reopened.train_on_batch(images, digits.valid.labels[:20])


def test_a_callback_may_stop_the_training(tmp_path, digits):
    stop = keras.callbacks.EarlyStopping("loss", mode="max", patience=1)
    outcome = training.run(recipe(), digits, tmp_path / "run", callbacks=[stop])
    assert outcome.stopped_because == "callback"
    assert len(outcome.run.read_history()) == 2
    assert not outcome.run.state.exists()
    seen = Seen()
    again = training.run(recipe(), digits, tmp_path / "run", resume=True, callbacks=[seen])
    assert again.metrics == outcome.metrics and seen.told == []


class Shrinks(keras.callbacks.Callback):
    """Changes the weights by an amount that depends on how often it has been called."""

    calls = 0

    def on_epoch_end(self, epoch, logs=None):
        self.calls += 1
        for variable in self.model.layers[-1].variables:
            variable.assign(variable * (1 - 0.1 / self.calls))


class Resumable(Shrinks):
    def get_state(self):
        return {"calls": self.calls}

    def set_state(self, state):
        self.calls = state["calls"]


def test_a_resume_is_exact_where_a_callback_offers_its_state(tmp_path, digits):
    whole = training.run(recipe(), digits, tmp_path / "whole", callbacks=[Resumable()])
    with pytest.raises(KeyboardInterrupt):
        training.run(
            recipe(), digits, tmp_path / "parts", callbacks=[Resumable()], progress=Interrupted()
        )
    shutil.copytree(tmp_path / "parts", tmp_path / "without")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        resumed = training.run(
            recipe(), digits, tmp_path / "parts", resume=True, callbacks=[Resumable()]
        )
    for name in ("model", "history"):
        assert getattr(whole.run, name).read_bytes() == getattr(resumed.run, name).read_bytes()
    with pytest.warns(UserWarning, match="without: the training had other callbacks before"):
        training.run(recipe(), digits, tmp_path / "without", resume=True)


@pytest.fixture(scope="module")
def model():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])


def runner(callbacks, model):
    return CallbackRunner(callbacks, model, recipe(), steps=5)


def stored_after_an_epoch(callbacks, model):
    begun = runner(callbacks, model)
    begun.begin([])
    begun.end_epoch({"epoch": 1, "loss": 1.0, "accuracy": 0.5})
    return begun.saved()


def test_a_resume_with_other_callbacks_is_said(model):
    stored = stored_after_an_epoch([Shrinks()], model)
    said = runner([], model).begin(stored)
    assert said == "the training had other callbacks before: Shrinks; now none"


def test_a_resume_that_is_not_exact_is_said(model):
    stored = stored_after_an_epoch([Shrinks()], model)
    said = runner([Shrinks()], model).begin(stored)
    assert said.startswith("Shrinks: keeps a state and offers no get_state and set_state")


def test_of_a_callback_without_a_state_nothing_is_said(model):
    plain = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    stored = stored_after_an_epoch([plain, Resumable()], model)
    assert stored == [
        SavedCallback(name="LambdaCallback"),
        SavedCallback(name="Resumable", state={"calls": 1}),
    ]
    assert runner([plain, Resumable()], model).begin(stored) is None


def test_the_state_of_callbacks_of_keras_is_seen(model):
    callbacks = [keras.callbacks.EarlyStopping("loss"), Seen(), keras.callbacks.TerminateOnNaN()]
    stored = stored_after_an_epoch(callbacks, model)
    assert [each.keeps_state for each in stored] == [True, True, False]


def test_a_state_that_cannot_be_stored_is_refused(model):
    class Wrong(Resumable):
        def get_state(self):
            return {1: np.ones(2)}

    with pytest.raises(InputError, match="expected numbers, text, lists and dictionaries"):
        stored_after_an_epoch([Wrong()], model)


def test_what_is_no_callback_is_refused(model):
    with pytest.raises(InputError, match="callbacks: got str, expected instances of keras"):
        runner(["TensorBoard"], model)
