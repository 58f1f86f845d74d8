"""Several runs as one model: the weights, the mirror, the run that is left, and what does not fit together."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize

from fashion_nn import (
    baselines,
    datasets,
    ensemble,
    evaluation,
    export,
    inference,
    metrics,
    recipes,
    runs,
    submission,
    training,
)
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.errors import InputError


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def members(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("members")
    quick = ["batch_size=64", "momentum=0.9", "epochs=8"]
    trained = [
        training.run(recipes.override(recipes.get("mlp"), [*quick, f"seed={seed}"]), digits, folder / f"mlp-{seed}").run
        for seed in (0, 1)
    ]
    return [*trained, baselines.fit_linear("pca-logreg", 5, digits, folder / "pca-logreg")[0]]


@pytest.fixture(scope="module")
def mirrored(members, digits, tmp_path_factory):
    return ensemble.combine(members, digits, tmp_path_factory.mktemp("ensembles") / "mirrored", flip=True)


@pytest.fixture(scope="module")
def plain(members, digits, tmp_path_factory):
    return ensemble.combine(members, digits, tmp_path_factory.mktemp("ensembles") / "plain", flip=False)


def answers(run, images):
    with inference.open_model(run.model) as predictor:
        return predictor(images)


def weights_of(run):
    return np.array([member["weight"] for member in run.read_record()["recipe"]["options"]["members"]])


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

    best = minimize(loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000})
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert -np.log(ensemble.mix(table, found)[np.arange(300), labels]).mean() <= best.fun + 1e-5


def test_a_useless_member_gets_no_weight():
    labels = np.arange(40) % 4
    good = np.full((40, 4), 0.02)
    good[np.arange(40), labels] = 0.94
    assert ensemble.weigh(np.stack([good, np.full((40, 4), 0.25)]), labels).tolist() == [1, 0]


def test_the_file_answers_as_its_members_do(plain, members, digits):
    parts = np.stack([answers(run, digits.test.images) for run in members])
    expected = np.tensordot(weights_of(plain), parts, 1)
    assert answers(plain, digits.test.images) == pytest.approx(expected, abs=1e-4)


def test_mirroring_is_exact(mirrored, members, digits):
    images = digits.test.images
    parts = np.stack([(answers(run, images) + answers(run, images[:, :, ::-1].copy())) / 2 for run in members])
    found = answers(mirrored, images)
    assert found == pytest.approx(np.tensordot(weights_of(mirrored), parts, 1), abs=1e-4)
    # Which side is left does not matter any more.
    assert answers(mirrored, images[:, :, ::-1].copy()) == pytest.approx(found, abs=1e-5)


def test_it_is_at_least_as_good_as_its_members_where_it_was_chosen(plain, members):
    losses = [run.read_metrics()["valid"]["log_loss"] for run in members]
    assert plain.read_metrics()["valid"]["log_loss"] <= min(losses) + 1e-6


def test_mirroring_is_chosen_on_validation(members, digits, mirrored, plain, tmp_path):
    chosen = ensemble.combine(members, digits, tmp_path / "chosen")
    losses = {flip: run.read_metrics()["valid"]["log_loss"] for flip, run in ((True, mirrored), (False, plain))}
    better = min(losses, key=losses.get)
    assert chosen.read_record()["recipe"]["options"]["mirror"] is better
    # The same members give the same file.
    assert chosen.model.read_bytes() == (mirrored if better else plain).model.read_bytes()


def test_the_run_is_like_any_other(mirrored, members, digits):
    record = mirrored.read_record()
    assert record["dataset"] == runs.data_record(digits)
    parameters = sum(run.read_record()["parameters"] for run in members)
    assert record["parameters"] == parameters + 28 * 28
    spent = [member["train_seconds"] for member in record["recipe"]["options"]["members"]]
    assert record["sessions"][0]["epoch_seconds"][:-1] == spent
    scores = evaluation.evaluate(mirrored, digits)
    assert scores.n == 359
    assert mirrored.read_metrics()["test"]["accuracy"] == scores.accuracy
    submitted = submission.best_run(mirrored.folder.parent, "digits", (28, 28))
    assert submitted.folder == mirrored.folder


@pytest.mark.parametrize("format", ["onnx", "h5"])
def test_it_is_exported(mirrored, digits, tmp_path, format):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    recorded = export.export(mirrored, format, digits.valid.images, tmp_path / f"model.{format}")
    assert recorded["labels_equal"] == recorded["images"] == 143


def test_an_ensemble_can_be_a_member(mirrored, members, digits, tmp_path):
    nested = ensemble.combine([mirrored, members[0]], digits, tmp_path / "nested", flip=True)
    scores = metrics.score(digits.test.labels, answers(nested, digits.test.images))
    assert scores.accuracy > 0.5


def changed(run, folder, **data):
    """A copy of `run` that says to be trained on other data."""
    folder.mkdir()
    for path in (run.model, run.split, run.history, run.metrics):
        (folder / path.name).write_bytes(path.read_bytes())
    record = run.read_record()
    record["dataset"] |= data
    (folder / run.record.name).write_text(json.dumps(record))
    return runs.open_run(folder)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"image_shape": [32, 32]}, "another image size"),
        ({"fingerprint": "f" * 64}, "other training data"),
        ({"split_id": "0" * 12}, "other validation rows"),
    ],
)
def test_members_on_other_rows_are_refused(members, tmp_path, capsys, data, message):
    other = changed(members[1], tmp_path / "other", **data)
    words = ["ensemble", str(members[0].folder), str(other.folder), "--out", str(tmp_path / "out")]
    assert run_command(app, words) == 2
    line = capsys.readouterr().err.strip()
    assert "\n" not in line and line.startswith(f"error: {other.folder}: {message} than {members[0].folder}")
    assert not (tmp_path / "out").exists()


def test_what_makes_no_ensemble_is_refused(members, digits, tmp_path):
    with pytest.raises(InputError, match="named twice"):
        ensemble.combine([members[0], members[0]], digits, tmp_path / "out")
    with pytest.raises(InputError, match="one run without mirroring is that run"):
        ensemble.combine(members[:1], digits, tmp_path / "out", flip=False)
    with pytest.raises(InputError, match="alone it gains nothing by mirroring"):  # digits are no mirror images
        ensemble.combine(members[2:], digits, tmp_path / "out")
    with pytest.raises(InputError, match="not the data or split"):
        ensemble.combine(members, datasets.load("digits", validation_fraction=0.2), tmp_path / "out")


def test_the_command(members, tmp_path, capsys):
    words = ["ensemble", *(str(run.folder) for run in members[:2]), "--no-flip", "--out", str(tmp_path / "out")]
    assert run_command(app, words) == 0
    printed = capsys.readouterr().out
    assert "mlp-0" in printed and "mirror images not used" in printed
    assert "The weights were chosen on the validation rows" in runs.open_run(tmp_path / "out").card.read_text()
