"""Several runs as one model: the weights, the mirror, the run that is left, and what does not fit
together.
"""

import json

import numpy as np
import pytest
from in_process import Opened
from scipy.optimize import minimize

from fashion_nn import (
    datasets,
    ensemble,
    evaluation,
    export,
    inference,
    recipes,
    runs,
    submission,
    training,
)
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.errors import InputError

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def members(digits, tmp_path_factory):
    """Two networks of which the second learned for longer."""
    folder = tmp_path_factory.mktemp("members")

    def member(seed, epochs):
        settings = ["batch_size=64", "momentum=0.9", f"epochs={epochs}", f"seed={seed}"]
        recipe = recipes.override(recipes.get("mlp"), settings)
        return training.run(recipe, digits, folder / f"mlp-{seed}").run

    return [member(0, 3), member(1, 5)]


@pytest.fixture(scope="module")
def mirrored(members, digits, tmp_path_factory):
    return ensemble.combine(
        members, digits, tmp_path_factory.mktemp("ensembles") / "mirrored", flip=True
    )


@pytest.fixture(scope="module")
def chosen(members, digits, tmp_path_factory):
    return ensemble.combine(members, digits, tmp_path_factory.mktemp("ensembles") / "chosen")


@pytest.fixture(scope="module")
def answers(members, mirrored, chosen, digits):
    """Of each run, its probabilities of the test images and of their mirror images: (2, n, k)."""
    images = np.concatenate([digits.test.images, digits.test.images[:, :, ::-1]])
    found = {}
    for run in (*members, mirrored, chosen):
        found[run.name] = Opened(run.model)(images).reshape(2, len(digits.test), -1)
    return found


def weights_of(run):
    return np.array([member.weight for member in run.read_record().recipe.options.members])


def test_weights_have_the_least_log_loss():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 300)
    tables = []
    for strength in (0.5, 2, 3):
        scores = rng.normal(size=(300, 4)) * 2
        scores[np.arange(300), labels] += strength
        powers = np.exp(scores)
        tables.append(powers / powers.sum(axis=1, keepdims=True))
    table = np.stack(tables)
    found = ensemble.weigh(table, labels)

    def loss(free):
        share = np.exp(free) / np.exp(free).sum()
        return -np.log(np.tensordot(share, table, 1)[np.arange(300), labels]).mean()

    best = minimize(
        loss,
        np.zeros(3),
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000},
    )
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert -np.log(ensemble.mix(table, found)[np.arange(300), labels]).mean() <= best.fun + 1e-5


def test_a_useless_member_gets_no_weight():
    labels = np.arange(40) % 4
    good = np.full((40, 4), 0.02)
    good[np.arange(40), labels] = 0.94
    assert ensemble.weigh(np.stack([good, np.full((40, 4), 0.25)]), labels).tolist() == [1, 0]


def test_the_file_answers_as_its_members_do(chosen, members, answers):
    parts = np.stack([answers[run.name][0] for run in members])
    assert answers["chosen"][0] == pytest.approx(
        np.tensordot(weights_of(chosen), parts, 1), abs=1e-4
    )


def test_mirroring_is_exact(mirrored, members, answers):
    parts = np.stack([answers[run.name].mean(axis=0) for run in members])
    found, of_mirror_images = answers["mirrored"]
    assert found == pytest.approx(np.tensordot(weights_of(mirrored), parts, 1), abs=1e-4)
    # Which side is left does not matter any more.
    assert of_mirror_images == pytest.approx(found, abs=1e-5)


def test_mirroring_and_weights_are_chosen_on_validation(members, mirrored, chosen):
    losses = {
        flip: run.read_metrics().valid.log_loss for flip, run in ((True, mirrored), (False, chosen))
    }
    # A digit's mirror image is another thing, so the choice is clear.
    assert chosen.read_record().recipe.options.mirror is False
    recorded = chosen.read_metrics().weights_chosen_on
    assert losses[False] < losses[True]
    assert recorded.log_loss_plain == pytest.approx(losses[False], abs=1e-5)
    assert recorded.log_loss_mirrored == pytest.approx(losses[True], abs=1e-5)
    assert losses[False] <= min(run.read_metrics().valid.log_loss for run in members) + 1e-6


def test_the_run_is_like_any_other(mirrored, members, digits):
    record = mirrored.read_record()
    assert record.dataset == runs.DatasetRecord.of(digits)
    parameters = sum(run.read_record().parameters for run in members)
    assert record.parameters == parameters + 28 * 28
    spent = [member.train_seconds for member in record.recipe.options.members]
    assert list(record.sessions[0].epoch_seconds[:-1]) == spent
    scores = evaluation.evaluate(mirrored, digits).scores
    assert scores.n == 359
    assert mirrored.read_metrics().test.accuracy == scores.accuracy
    submitted = submission.best_run(mirrored.folder.parent, "digits", (28, 28))
    assert submitted.folder == mirrored.folder


@pytest.mark.slow
def test_it_is_exported(mirrored, digits, tmp_path):
    pytest.importorskip("tf2onnx")
    recorded = export.export(mirrored, "onnx", digits.valid.images, tmp_path / "model.onnx")
    assert recorded.labels_equal == recorded.images == 143


@pytest.mark.slow
def test_an_ensemble_can_be_a_member(mirrored, members, answers, digits, tmp_path):
    nested = ensemble.combine([mirrored, members[0]], digits, tmp_path / "nested", flip=False)
    parts = np.stack([answers[run.name][0] for run in (mirrored, members[0])])
    with inference.open_model(nested.model) as predictor:
        found = predictor(digits.test.images)
    assert found == pytest.approx(np.tensordot(weights_of(nested), parts, 1), abs=1e-4)


def changed(run, folder, **data):
    """A copy of `run` that says to be trained on other data."""
    folder.mkdir()
    for path in (run.model, run.split, run.history, run.metrics):
        (folder / path.name).write_bytes(path.read_bytes())
    record = run.read_record().to_json()
    record["dataset"] |= data
    (folder / run.record.name).write_text(json.dumps(record))
    return runs.open_run(folder)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"image_shape": [32, 32]}, "images of another size or colour"),
        ({"fingerprint": "f" * 64}, "other training data"),
        ({"split_id": "0" * 12}, "other validation rows"),
    ],
)
def test_members_on_other_rows_are_refused(members, tmp_path, capsys, data, message):
    other = changed(members[1], tmp_path / "other", **data)
    words = ["ensemble", str(members[0].folder), str(other.folder), "--out", str(tmp_path / "out")]
    assert run_command(app, words) == 2
    line = capsys.readouterr().err.strip()
    assert "\n" not in line and line.startswith(
        f"error: {other.folder}: {message} than {members[0].folder}"
    )
    assert not (tmp_path / "out").exists()


def test_what_makes_no_ensemble_is_refused(members, digits, tmp_path):
    with pytest.raises(InputError, match="named twice"):
        ensemble.combine([members[0], members[0]], digits, tmp_path / "out")
    with pytest.raises(InputError, match="one run without mirroring is that run"):
        ensemble.combine(members[:1], digits, tmp_path / "out", flip=False)
    with pytest.raises(
        InputError, match="alone it gains nothing by mirroring"
    ):  # digits are no mirror images
        ensemble.combine(members[1:], digits, tmp_path / "out")
    with pytest.raises(InputError, match="not the data or split"):
        ensemble.combine(
            members, datasets.load("digits", validation_fraction=0.2), tmp_path / "out"
        )


def test_the_command(members, chosen, tmp_path, capsys):
    words = [
        "ensemble",
        *(str(run.folder) for run in members),
        "--no-flip",
        "--out",
        str(tmp_path / "out"),
    ]
    assert run_command(app, words) == 0
    printed = capsys.readouterr().out
    assert "mlp-0" in printed and "mirror images not used" in printed
    made = runs.open_run(tmp_path / "out")
    assert "The weights were chosen on the validation rows" in made.card.read_text()
    assert (
        made.model.read_bytes() == chosen.model.read_bytes()
    )  # the same members give the same file
