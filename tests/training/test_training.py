"""What a training leaves behind, however it ends."""

import csv
import io
import itertools
import json
import time
import zipfile

import h5py
import keras
import numpy as np
import pytest
from in_process import Opened

from fashion_nn import datasets, measures, pages, recipes, runs, training, zoo
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.training.batches import batches
from fashion_nn.training.losses import cross_entropy

SMALL = ["batch_size=64", "momentum=0.9", "epochs=3"]

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def recipe(*settings, name="mlp"):
    return recipes.override(recipes.get(name), [*SMALL, *settings])


@pytest.fixture(scope="module")
def finished(tmp_path_factory, digits):
    folder = tmp_path_factory.mktemp("runs") / "mlp"
    return training.run(recipe(), digits, folder)


class Watch:
    """Remembers the epochs it is told of."""

    stop_requested = False

    def __init__(self):
        self.rows = []

    def step(self, epoch, step, steps, loss):
        pass

    def epoch(self, row, improved, seconds):
        self.rows.append(row)


def test_the_run_folder_tells_everything(finished, digits):
    run = finished.run
    record, measured = run.read_record(), run.read_metrics()
    assert recipes.from_json(record.recipe.to_json()) == recipe()
    assert record.dataset.fingerprint == digits.fingerprint
    assert record.parameters == 244_591
    assert record.environment.versions["keras"] == keras.__version__
    assert record.stopped_because == finished.stopped_because == "epochs"
    assert list(run.read_split().valid_indices) == digits.valid_indices.tolist()
    assert len(record.sessions[0].epoch_seconds) == 3
    history = run.read_history()
    assert [row["epoch"] for row in history] == [1, 2, 3]
    best = max(history, key=lambda row: row["val_accuracy"])
    assert record.best_epoch == best["epoch"]
    assert measured.valid.accuracy == best["val_accuracy"]
    assert measured.valid.log_loss == pytest.approx(best["val_loss"], abs=1e-6)
    assert next(csv.reader(io.StringIO(run.history.read_text()))) == list(runs.HISTORY_COLUMNS)


def test_the_saved_model_is_what_was_measured(finished, digits):
    model = keras.models.load_model(finished.run.model)
    found = measures.score(digits.valid.labels, model.predict(digits.valid.images, verbose=0))
    assert found.accuracy == finished.metrics.valid.accuracy


@pytest.fixture(scope="module")
def in_bfloat16(tmp_path_factory, digits):
    folder = tmp_path_factory.mktemp("bfloat16") / "run"
    faster = ["optimizer=adam", "momentum=0", "nesterov=false", "learning_rate=0.003"]
    faster += [f"options.dropout_{number}=0" for number in (1, 2, 3)]
    settings = recipes.override(recipe("epochs=6", "precision=mixed_bfloat16"), faster)
    return training.run(settings, digits, folder)


@pytest.mark.parametrize("training_of", ["finished", "in_bfloat16"])
def test_saved_models_are_float32_without_optimizer_state(request, training_of):
    outcome = request.getfixturevalue(training_of)
    with zipfile.ZipFile(outcome.run.model) as archive:
        config = archive.read("config.json").decode()
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    types = {
        item.dtype for item in _leaves(weights) if item.dtype != np.uint32
    }  # random states are uint32
    assert types == {np.dtype("float32")}
    assert "bfloat16" not in config
    assert "optimizer" not in weights
    assert json.loads(config).get("compile_config") in (None, {})


def _leaves(group):
    found = []
    group.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
    return found


def test_bfloat16_learns(in_bfloat16):
    outcome = in_bfloat16
    assert outcome.metrics.valid.accuracy > 0.5  # by chance 0.1


def test_same_recipe_same_bytes_other_seed_others(tmp_path, digits, finished):
    again = training.run(recipe(), digits, tmp_path / "again")
    other = training.run(recipe("seed=1"), digits, tmp_path / "other")
    assert again.run.model.read_bytes() == finished.run.model.read_bytes()
    assert other.run.model.read_bytes() != finished.run.model.read_bytes()


def test_an_existing_run_is_never_overwritten(finished, digits):
    before = finished.run.model.read_bytes()
    with pytest.raises(InputError, match="a run is already there: add --resume"):
        training.run(recipe("seed=5"), digits, finished.run.folder)
    with pytest.raises(InputError, match=r"other settings: seed=0 \(now 5\)"):
        training.run(recipe("seed=5"), digits, finished.run.folder, resume=True)
    fewer = datasets.load("digits", validation_fraction=0.2)
    with pytest.raises(InputError, match="other data"):
        training.run(recipe(), fewer, finished.run.folder, resume=True)
    assert finished.run.model.read_bytes() == before


def test_resuming_a_complete_run_changes_nothing(finished, digits):
    before = {path: path.read_bytes() for path in finished.run.folder.iterdir()}
    again = training.run(recipe(), digits, finished.run.folder, resume=True)
    assert again == finished
    assert {path: path.read_bytes() for path in finished.run.folder.iterdir()} == before


def test_a_folder_of_something_else_is_refused(tmp_path, digits):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"exists and is no run \(it holds 'notes.txt'\)"):
        training.run(recipe(), digits, tmp_path, resume=True)


def test_patience_stops_and_the_best_epoch_is_kept(tmp_path, digits):
    outcome = training.run(
        recipe("epochs=30", "learning_rate=0.2", "patience=2"), digits, tmp_path / "run"
    )
    history = outcome.run.read_history()
    losses = [row["val_loss"] for row in history]
    assert outcome.stopped_because == "patience" and len(history) < 30
    assert len(history) - 1 - int(np.argmin(losses)) == 2
    assert outcome.metrics.valid.accuracy == max(row["val_accuracy"] for row in history)


def test_divergence_is_an_error_that_keeps_the_last_good_model(tmp_path, digits):
    # At this decay each step turns a weight into -1.03 times itself: it takes epochs to overflow.
    settings = ["weight_decay=203", "epochs=40"]
    watched = Watch()
    with pytest.raises(training.Diverged, match="not a finite number any more") as caught:
        training.run(
            recipes.override(recipe(), settings), digits, tmp_path / "run", progress=watched
        )
    assert "\n" not in str(caught.value)
    run = Run(tmp_path / "run")
    assert watched.rows and not run.complete
    model = keras.models.load_model(run.model)
    found = measures.score(digits.valid.labels, model.predict(digits.valid.images, verbose=0))
    assert found.accuracy == max(row["val_accuracy"] for row in watched.rows)


def test_weights_that_overflow_behind_a_finite_loss_are_not_kept(tmp_path):
    """One step an epoch: its loss is of the weights before it, which the decay then turns into
    infinities.
    """
    everything = datasets.load("digits", validation_fraction=0)
    changed = recipe(
        "validation_fraction=0", "monitor=loss", "checkpoint_monitor=loss", "batch_size=2048"
    )
    changed = recipes.override(changed, ["learning_rate=1e30", "weight_decay=1e30"])
    with pytest.raises(
        training.Diverged, match=r"a weight is not a finite number any more .* no model to keep"
    ):
        training.run(changed, everything, tmp_path / "run")
    run = Run(tmp_path / "run")
    assert not run.complete and not run.model.exists()


def test_no_validation_rows(tmp_path):
    everything = datasets.load("digits", validation_fraction=0)
    changed = recipe("validation_fraction=0")
    outcome = training.run(changed, everything, tmp_path / "run")
    assert outcome.metrics.valid is None
    assert set(outcome.run.read_history()[0]) == {"epoch", "learning_rate", "loss", "accuracy"}


class Clock:
    """Stands for `time`: a reading is a second after the one before."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1
        return self.now

    perf_counter = monotonic


def test_the_budget_ends_at_the_best_so_far_and_resume_goes_on(tmp_path, digits, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(training.loop, "time", clock)
    monkeypatch.setattr(training.epoch, "time", clock)
    ample = recipe("epochs=200")
    cut = training.run(ample, digits, tmp_path / "run", deadline=60)
    done = len(cut.run.read_history())
    assert cut.stopped_because == "budget" and 1 < done < 20
    assert cut.run.complete and cut.run.state.exists()
    training.run(ample, digits, tmp_path / "run", resume=True, deadline=150)
    assert done < len(cut.run.read_history()) < 20
    assert len(cut.run.read_record().sessions) == 2


def test_a_budget_that_is_over_at_once_still_gives_a_model(tmp_path, digits, finished):
    outcome = training.run(recipe(), digits, tmp_path / "run", deadline=time.monotonic())
    assert outcome.stopped_because == "budget"
    assert keras.models.load_model(outcome.run.model).count_params() == 244_591
    pages.describe_training(outcome.run, digits)
    card = outcome.run.card.read_text()
    assert "in brackets: batch_size 64 (256), epochs 3 (100), momentum 0.9 (0.975)." in card
    assert "Stopped by the time budget after 1 epoch; longer training may" in card
    again = training.run(recipe(), digits, tmp_path / "run", resume=True).run
    assert again.read_history() == finished.run.read_history()
    assert again.model.read_bytes() == finished.run.model.read_bytes()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("options.dropout_9=0.1", "mlp has no option 'dropout_9': expected one of dropout_1"),
        ("options.dropout_1=2", "dropout_1=2: expected a number"),
    ],
)
def test_wrong_builder_options_leave_nothing(tmp_path, digits, setting, said):
    with pytest.raises(InputError, match=said):
        training.run(recipe(setting), digits, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "schedule",
    # The formulas of all of them are in test_schedules.py.
    [
        "one-cycle",
        pytest.param("cosine", marks=pytest.mark.slow),
        pytest.param("cosine-restarts", marks=pytest.mark.slow),
    ],
)
def test_schedules_reach_the_optimizer(tmp_path, digits, schedule):
    changed = recipes.Recipe(
        name="mlp",
        model="mlp",
        batch_size=256,
        epochs=4,
        restart_epochs=1,
        schedule=schedule,
        learning_rate=0.05,
    )
    outcome = training.run(changed, digits, tmp_path / "run")
    rates = [row["learning_rate"] for row in outcome.run.read_history()]
    steps = -(-len(digits.train) // 256)
    expected = training.schedules.learning_rate(changed, steps)
    assert rates == pytest.approx(
        [float(expected(steps * epoch)) for epoch in (1, 2, 3, 4)], rel=1e-5
    )


def test_the_speed_is_measured_for_all_rows_of_an_epoch(digits):
    """Each look at the clock is a second later than the one before."""
    speed = training.measure_speed(recipe(), digits, clock=itertools.count().__next__)
    steps = -(-len(digits.train) // 64)
    assert speed.start == 1
    assert speed.epoch == pytest.approx(steps + len(digits.valid) / 64 / 3, abs=1)
    assert speed.image == 1 / 256


def test_published_architectures_are_what_is_trained(finished):
    model = keras.models.load_model(finished.run.model)
    assert [row.parameters for row in zoo.layer_table(model)] == [
        row.parameters for row in zoo.layer_table(zoo.build("mlp"))
    ]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothed_labels_are_those_of_keras_on_one_hot_rows(smoothing):
    probabilities = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 50).astype(np.float32)
    labels = np.arange(50) % 10
    ours = cross_entropy(smoothing).call(labels, probabilities)
    expected = keras.losses.categorical_crossentropy(
        np.eye(10)[labels], probabilities, label_smoothing=smoothing
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-4)


def test_the_kept_model_may_average_its_answer_with_that_on_the_mirrored_image(
    tmp_path, digits, finished
):
    both = training.run(recipe("average_mirror=true"), digits, tmp_path / "both")
    assert both.run.read_history() == finished.run.read_history()
    images = digits.valid.images
    predict = Opened(finished.run.model)
    expected = (predict(images) + predict(np.ascontiguousarray(images[:, :, ::-1]))) / 2
    np.testing.assert_allclose(Opened(both.run.model)(images), expected, atol=1e-6)
    scores = measures.score(digits.valid.labels, expected)
    assert both.metrics.valid.correct == scores.correct
    pages.describe_training(both.run, digits)  # whose first layer, the mirror, has no picture
    assert both.run.card.exists() and not both.run.figure("weights").exists()
    width = images.shape[2]
    assert both.run.read_record().parameters == finished.run.read_record().parameters + width**2


def test_no_thread_of_a_dataset_can_hold_up_the_end_of_an_epoch(digits):
    """The one that tunes datasets wakes after ever longer sleeps, and a dataset that is let go may
    wait for it.
    """
    assert batches(recipe(), digits.train, epoch=1).options().autotune.enabled is False


@pytest.mark.parametrize(
    "precision", ["float32", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_a_resume_is_exact_with_muon_smoothed_labels_and_the_mirror(tmp_path, digits, precision):
    settings = recipe("optimizer=muon", "schedule=one-cycle", "decay_per_step=0", "nesterov=false")
    settings = recipes.override(
        settings, ["label_smoothing=0.1", "average_mirror=true", f"precision={precision}"]
    )
    whole = training.run(settings, digits, tmp_path / "whole").run
    cut = training.run(settings, digits, tmp_path / "cut", stop=lambda history: "enough")
    assert cut.stopped_because == "enough" and len(cut.run.read_history()) == 1
    again = training.run(settings, digits, tmp_path / "cut", resume=True).run
    assert again.read_history() == whole.read_history()
    assert again.model.read_bytes() == whole.model.read_bytes()


def test_a_folder_that_is_swapped_for_a_link_meanwhile_is_not_written_through(tmp_path, digits):
    search = tmp_path / "search"
    victim = tmp_path / "victim"
    run = Run(search / "trials" / "0000", within=search)

    class Swap(Watch):
        def epoch(self, row, improved, seconds):
            run.folder.rename(victim)
            self.there = {path: path.read_bytes() for path in victim.iterdir()}
            run.folder.symlink_to(victim)

    with pytest.raises(InputError, match="0000 is a symbolic link, expected a folder"):
        training.run(recipe(), digits, run, progress=(swap := Swap()))
    assert {path: path.read_bytes() for path in victim.iterdir()} == swap.there
