"""Resume is exact: however often a training is killed, it ends with the same bytes."""

import json
import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from fashion_nn import datasets, recipes, runs, training
from fashion_nn.core import writing
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.training.state import TrainState

# Fails to get better on validation loss early, so that patience counts for half of the training;
# dropout, augmentation, shuffling, momentum and a schedule all have states that must survive.
RECIPE = recipes.override(
    recipes.get("mlp"),
    [
        "epochs=80",
        "patience=12",
        "batch_size=64",
        "momentum=0.9",
        "learning_rate=0.05",
        "options.dropout_1=0.1",
        "options.dropout_2=0.1",
        "options.dropout_3=0.1",
        "augment.shift_pixels=1",
        "augment.rotation_degrees=5",
    ],
)
# The same, over after a dozen epochs.
SHORT = recipes.override(RECIPE, ["patience=5"])
COMPARED = ("model.keras", "history.csv", "metrics.json", "split.json")


def few_digits() -> datasets.Splits:
    splits = datasets.load("digits")
    return datasets.Splits(
        **{
            name: getattr(splits, name)
            for name in (
                "name",
                "class_names",
                "valid",
                "test",
                "valid_indices",
                "split_seed",
                "validation_fraction",
            )
        },
        train=splits.train.take(np.arange(300)),
        fingerprint=splits.fingerprint,
    )


def train(folder: Path, started, recipe, kill_at_sync: int | None, least_wait: int) -> None:
    """In a child: train, and die by SIGKILL at the given flush to disk, in the midst of a save.

    Flushes count from when `least_wait` epochs have passed without a better one.
    """
    if kill_at_sync is not None:
        flush, calls = os.fsync, iter(range(1, 10**6))

        def flush_or_die(descriptor: int) -> None:
            counts = least_wait == 0 or _wait(Run(folder)) >= least_wait
            if counts and next(calls) == kill_at_sync:
                os.kill(os.getpid(), signal.SIGKILL)
            flush(descriptor)

        writing.os.fsync = flush_or_die
    started.set()
    training.run(recipe, few_digits(), folder, resume=True)


def run_child(
    folder: Path,
    recipe: recipes.Recipe = RECIPE,
    *,
    kill_at_sync: int | None = None,
    kill_after: float | None = None,
    least_wait: int = 0,
) -> int:
    """Train in a process of its own; return its exit code."""
    context = multiprocessing.get_context("forkserver")
    started = context.Event()
    child = context.Process(target=train, args=(folder, started, recipe, kill_at_sync, least_wait))
    child.start()
    if kill_after is not None:
        started.wait(60)
        time.sleep(kill_after)
        child.kill()
    child.join()
    return child.exitcode


@pytest.fixture(scope="module", autouse=True)
def _import_once():
    # Children are forked from a server that has TensorFlow loaded, else each would spend seconds on
    # it.
    multiprocessing.get_context("forkserver").set_forkserver_preload(
        ["fashion_nn.training", "fashion_nn.datasets"]
    )


def same_bytes(whole: Path, killed: Path) -> None:
    for name in COMPARED:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert len(Run(killed).read_history()) == len(Run(whole).read_history())
    assert not [path for path in killed.iterdir() if path.name.startswith(".")], (
        "leftovers of a killed save"
    )
    assert not Run(killed).state.exists()


def _wait(run: Run) -> int:
    """Number of epochs without a better one, by the state that is stored."""
    if not run.state.exists():
        return 0
    with np.load(run.state) as stored:
        return json.loads(stored["plain"].tobytes())["wait"]


def test_killed_while_patience_counts_it_ends_with_the_same_bytes(tmp_path):
    whole = training.run(SHORT, few_digits(), tmp_path / "whole").run
    assert whole.read_record().stopped_because == "patience"
    killed = tmp_path / "killed"
    assert run_child(killed, SHORT, kill_at_sync=2, least_wait=3) == -signal.SIGKILL
    assert 3 <= _wait(Run(killed)) < SHORT.patience
    assert run_child(killed, SHORT) == 0
    same_bytes(whole.folder, killed)


@pytest.mark.slow
def test_killed_at_random_moments_ends_with_the_same_bytes(tmp_path):
    whole = tmp_path / "whole"
    began = time.perf_counter()
    assert run_child(whole) == 0
    seconds = time.perf_counter() - began
    assert runs.open_run(whole).read_record().stopped_because == "patience"

    # How far a training comes between two kills depends on the machine: one that ends is compared,
    # and another begun.
    rng = np.random.default_rng(0)
    kills, trainings, waits = 0, 0, []
    killed = tmp_path / "killed-0"
    while kills < 20 or max(waits, default=0) < 3:
        assert kills + trainings < 100, "no kill came while patience was counting"
        if (kills + trainings) % 2:
            code = run_child(killed, kill_at_sync=int(rng.integers(1, 17)))
        else:
            code = run_child(killed, kill_after=float(rng.uniform(0, seconds / 3)))
        if code == 0:
            same_bytes(whole, killed)
            trainings += 1
            killed = tmp_path / f"killed-{trainings}"
            continue
        assert code == -signal.SIGKILL
        kills += 1
        waits.append(_wait(Run(killed)))
    assert run_child(killed) == 0
    same_bytes(whole, killed)


SHAPES = {"variables": [(2, 3), ()], "optimizer": [(3,)], "best_weights": [(2, 3)]}


def _state(**changes) -> TrainState:
    state = TrainState(
        epoch=1,
        history=[{"epoch": 1.0, "val_loss": float("nan")}],
        best_value=0.5,
        best_epoch=1,
        variables=[np.ones((2, 3), np.float32), np.uint32(7)],
        optimizer=[np.zeros(3, np.float32)],
        best_weights=[np.ones((2, 3), np.float32)],
    )
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def test_a_state_is_read_as_it_was_written(tmp_path):
    _state().save(tmp_path / "resume.npz")
    found = TrainState.load(tmp_path / "resume.npz", SHAPES)
    assert (found.epoch, found.best_value, found.variables[1]) == (1, 0.5, 7)
    assert np.isnan(found.history[0]["val_loss"])
    np.testing.assert_array_equal(found.best_weights[0], np.ones((2, 3)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"variables": [np.ones((2, 3))]}, r"variables/0001 is not in it"),
        ({"variables": [np.ones((3, 2)), np.uint32(7)]}, r"has the shape \(3, 2\), expected"),
        ({"optimizer": [np.array(["a", "b", "c"])]}, "values of type <U1"),
        ({"optimizer": [np.zeros(3), np.zeros(3)]}, "2 arrays in optimizer, expected 1"),
        ({"epoch": "1"}, "epoch: Input should be a valid integer"),
        ({"epoch": 2}, "history is not that of its epochs"),
        ({"history": [{"epoch": 1, "\x1b": 1.0}]}, "columns that are not known"),
        ({"wait": 1 << 70}, "does not fit into 64 bits"),
    ],
)
def test_a_state_of_another_model_or_of_another_hand_is_refused(tmp_path, changes, said):
    _state(**changes).save(tmp_path / "resume.npz")
    with pytest.raises(InputError, match=said) as caught:
        TrainState.load(tmp_path / "resume.npz", SHAPES)
    assert str(caught.value).endswith("remove it to train from the start")
    assert str(caught.value).isprintable()


def test_a_training_whose_folder_is_removed_ends_with_one_line(tmp_path):
    folder = tmp_path / "run"

    def remove(history):
        shutil.rmtree(folder)

    with pytest.raises(InputError, match="run: was removed while it was in use: begin again"):
        training.run(RECIPE, few_digits(), folder, stop=remove)
    assert not folder.exists()
