"""Logistic regression, with and without principal components: honest folds, and the same numbers as
a Keras model.
"""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score

from fashion_nn import baselines, datasets, inference, runs
from fashion_nn.baselines import as_keras, linear
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def digits():
    """The digits at half the size: 196 pixels, which takes a fraction of the time."""
    whole = datasets.load("digits")
    parts = {name: getattr(whole, name) for name in ("train", "valid", "test")}
    return replace(
        whole,
        **{name: Split(part.images[:, ::2, ::2], part.labels) for name, part in parts.items()},
    )


@pytest.fixture(scope="module")
def rows(digits):
    return digits.original_train()


@pytest.fixture(scope="module")
def study(rows):
    return baselines.study(rows, (2, 5), folds=3, as_listed=True, jobs=1)


@pytest.fixture(scope="module")
def fitted(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        size: baselines.fit_linear(
            "pca-logreg" if size else "logreg", size, digits, folder / str(size)
        )
        for size in (10, None)
    }


def accuracies(folds):
    return [fold.accuracy for fold in folds]


def test_components_are_fitted_inside_each_fold(study, rows):
    pixels = linear.table(rows.images)
    folds = StratifiedKFold(3).split(pixels, rows.labels)
    for k, (train, held_out) in enumerate(folds):
        mean = pixels[train].mean(axis=0)
        _, axes = np.linalg.eigh(np.cov(pixels[train], rowvar=False))
        reduced = [(pixels[part] - mean) @ axes[:, -5:] for part in (train, held_out)]
        model = LogisticRegression(max_iter=1000).fit(reduced[0], rows.labels[train])
        # Other signs of the axes and other rounding may move an image on a border.
        assert study.inside[5][k].accuracy == pytest.approx(
            model.score(reduced[1], rows.labels[held_out]), abs=0.005
        )
        assert study.inside[5][k].n == len(held_out)


def test_the_listing_fits_components_on_all_rows(study, rows):
    reduced = PCA(2, svd_solver="covariance_eigh").fit_transform(linear.table(rows.images))
    for folds, regression in (
        (study.outside, LogisticRegression(max_iter=1000)),
        (study.listing, linear.listed_regression()),
    ):
        expected = cross_val_score(regression, reduced, rows.labels, cv=3)
        assert accuracies(folds[2]) == pytest.approx(expected.tolist(), abs=0.005)


def test_the_figures_are_complete_plain_data(study, rows):
    result = json.loads(json.dumps(study.to_json()))
    assert result["rows"] == len(rows)
    assert result["best_components"] == study.best == 5
    assert [point["components"] for point in result["points"]] == [2, 5]
    for point in result["points"]:
        folds = point["folds"]
        assert sum(folds["n"]) == len(rows)
        assert point["mean_accuracy"] == pytest.approx(np.mean(folds["accuracy"]))
        assert point["sd_accuracy"] == pytest.approx(np.std(folds["accuracy"], ddof=1))
        assert all(second > 0 for key in ("fit_seconds", "score_seconds") for second in folds[key])
        outside = point["pca_on_all_rows"]
        assert outside["mean_difference"] == pytest.approx(
            outside["mean_accuracy"] - point["mean_accuracy"]
        )
    shares = [point["explained_variance"] for point in result["points"]]
    assert 0 < shares[0] < shares[1] < 1


def test_processes_do_not_change_the_figures(rows):
    alone, together = (baselines.study(rows, (2,), folds=2, jobs=jobs) for jobs in (1, 2))
    assert accuracies(alone.inside[2]) == accuracies(together.inside[2])


def test_a_solver_that_did_not_end_says_so(rows):
    short = baselines.study(rows, (5,), folds=2, max_iterations=3, jobs=1)
    assert [(fold.iterations, fold.converged) for fold in short.inside[5]] == [(3, False)] * 2


@pytest.mark.parametrize("size", [10, pytest.param(None, marks=pytest.mark.slow)])
def test_the_safe_loader_gives_the_labels_of_the_pipeline(fitted, digits, size):
    run, agreement = fitted[size]
    pipeline = linear.pipeline(size).fit(linear.table(digits.train.images), digits.train.labels)
    images = np.concatenate([digits.valid.images, digits.test.images])
    with inference.open_model(run.model) as predictor:
        found = predictor(images)
    assert found == pytest.approx(pipeline.predict_proba(linear.table(images)), abs=1e-5)
    assert (found.argmax(axis=1) == pipeline.predict(linear.table(images))).all()
    assert agreement.labels_equal == agreement.images == len(digits.valid)


@pytest.mark.parametrize("size", [10, None])
def test_the_run_is_like_any_other(fitted, digits, size):
    run, _ = fitted[size]
    record, measured = run.read_record(), run.read_metrics()
    assert record.dataset == runs.DatasetRecord.of(digits)
    assert record.parameters == (196 * 10 + 10 + 110 if size else 1970)
    assert record.recipe.options.get("components") == size
    assert run.read_history() == []
    assert list(run.read_split().valid_indices) == digits.valid_indices.tolist()
    assert measured.valid.n == len(digits.valid) and measured.valid.accuracy > 0.8


def test_the_same_data_give_the_same_bytes(fitted, digits, tmp_path):
    again, _ = baselines.fit_linear("pca-logreg", 10, digits, tmp_path / "again")
    assert again.model.read_bytes() == fitted[10][0].model.read_bytes()


def test_two_classes(rows):
    two = rows.take(rows.labels < 2)
    pipeline = linear.pipeline(3).fit(linear.table(two.images), two.labels)
    model = as_keras.linear_network(pipeline, two.images.shape[1:], "pca-logreg")
    expected = pipeline.predict_proba(linear.table(two.images))
    assert model.predict(two.images, verbose=0) == pytest.approx(expected, abs=1e-5)


def test_what_cannot_be_done_is_one_line(rows, digits, fitted):
    with pytest.raises(InputError, match="197 components: expected 1 to 196"):
        baselines.sweep_sizes([2, 197], digits.image_shape)
    assert baselines.sweep_sizes(None, (6, 6)) == (2, 5, 10, 25)
    few = Split(np.zeros((8, 4, 4), np.uint8), np.array([0, 1, 1, 1, 1, 0, 0, 1]))
    with pytest.raises(
        InputError, match="5 folds: expected at least 2 and at most 3, the rows of class 0"
    ):
        baselines.study(few, (2,))
    with pytest.raises(InputError, match="a run is already there: choose another --out"):
        baselines.fit_linear("logreg", None, digits, fitted[None][0].folder)


def test_results_of_several_baselines_share_a_file(tmp_path):
    path = tmp_path / "baselines.json"
    baselines.add_results(path, "logreg", {"a": 1})
    baselines.add_results(path, "1-nn", {"b": 2})
    baselines.add_results(path, "logreg", {"a": 3})
    assert json.loads(path.read_text()) == {"logreg": {"a": 3}, "1-nn": {"b": 2}}
    path.write_text("[]")
    with pytest.raises(InputError, match="expected a JSON object"):
        baselines.add_results(path, "logreg", {})


@pytest.mark.slow
def test_real_images(real_data, tmp_path):
    splits = datasets.load("fashion_mnist", data_dir=real_data)
    run, agreement = baselines.fit_linear("pca-logreg", 25, splits, tmp_path / "run")
    assert agreement.labels_equal == agreement.images == 6000
    assert run.read_metrics().valid.accuracy > 0.8


def test_a_solver_that_has_not_converged_is_said_in_one_sentence():
    regression = linear.pipeline(None, 3)[-1]
    table = np.random.default_rng(0).random((60, 5))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        linear.fit_regression(regression, table, np.arange(60) % 3)
    (warning,) = said
    assert str(warning.message) == (
        "the solver has not converged after 3 iterations: allow more of them"
    )
