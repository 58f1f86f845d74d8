"""What is published: run folders under models/, and the tables made from them."""

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fashion_nn import datasets, inference, measures, recipes, zoo
from fashion_nn.pages import card, leaderboard
from fashion_nn.runs import Run

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.usefixtures("forked_models")


def published() -> list[Run]:
    """The run folders that are part of the project, not those that somebody trained beside them."""
    with (ROOT / "models" / "leaderboard.csv").open(newline="") as file:
        return [Run(ROOT / "models" / row["run"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module", params=published(), ids=lambda run: run.name)
def run(request):
    return request.param


@pytest.fixture(scope="module")
def predictor(run):
    """The run's model in its confined process, which takes seconds to start and is shared."""
    with inference.open_model(run.model) as predictor:
        yield predictor


def test_run_is_complete_and_small(run, predictor):
    record, measured = run.read_record(), run.read_metrics()
    assert measured.valid and measured.test
    assert run.model.stat().st_size < 10_000_000
    assert not run.state.exists()
    stored = sum(value.size for layer in predictor.weights() for value in layer.values)
    assert record.parameters == stored
    assert not record.environment.commit.endswith("+"), "trained from changed files"


def test_it_was_trained_by_its_published_recipe(run):
    recipe = run.read_record().recipe.to_json()
    assert recipe["name"] == run.name
    if recipe.get("kind") != "baseline":
        # Less precision and fewer epochs, which the card states, are what a slow machine may ask
        # for.
        assert set(recipes.departures(recipe)) <= {"precision", "epochs"}
        mirror = 28 * 28 if recipes.get(run.name).average_mirror else 0
        assert (
            run.read_record().parameters
            == zoo.parameters(zoo.build(recipe["model"])).total + mirror
        )


def test_its_onnx_ships_with_the_package(run):
    if "onnx" not in run.read_metrics().exports:
        pytest.skip("it has none: single precision rounds it more than an export accepts")
    with inference.open_fast(run.model, engine="onnx") as fast:
        assert fast.classes == 10
    assert run.export("onnx").stat().st_size < 10_000_000


def test_its_card_is_what_its_files_say(run):
    assert run.card.read_text() == card.render(run)


@pytest.fixture(scope="module")
def fashion(real_data):
    return datasets.load("fashion_mnist", data_dir=real_data)


def test_its_first_answers_are_those_that_are_stored(run, predictor, fashion):
    """Row by row, for the first test images: all of them take minutes, and are gone through among
    the slow tests.
    """
    stored = run.read_test_predictions()
    first = fashion.test.take(np.arange(500))
    found = predictor(first.images)
    assert (stored.labels == fashion.test.labels).all()
    # Another processor may round the last bits otherwise, which can turn a tie.
    assert (found.argmax(axis=1) != stored.predicted[:500]).sum() <= 1
    of_truth = found[np.arange(500), first.labels]
    np.testing.assert_allclose(of_truth, stored.of_truth[:500], atol=2e-3)
    measured = run.read_metrics().test
    assert measured.correct == stored.right.sum()
    assert run.read_record().dataset.fingerprint == fashion.fingerprint
    assert list(run.read_split().valid_indices) == fashion.valid_indices.tolist()


@pytest.mark.slow
def test_its_figures_are_measured_again(run, predictor, fashion):
    measured = run.read_metrics()
    for name in ("valid", "test"):
        split = getattr(fashion, name)
        found = measures.score(split.labels, predictor(split.images))
        # Another processor may round the last bits otherwise, which can turn a tie.
        assert abs(found.correct - getattr(measured, name).correct) <= 2
        assert found.log_loss == pytest.approx(getattr(measured, name).log_loss, abs=1e-4)


def test_tables_are_generated_from_the_run_folders(tmp_path):
    rows = leaderboard.rows(published())
    leaderboard.write_csv(rows, tmp_path / "leaderboard.csv")
    assert (tmp_path / "leaderboard.csv").read_text() == (
        ROOT / "models" / "leaderboard.csv"
    ).read_text()
    assert leaderboard.markdown(rows) in (ROOT / "README.md").read_text()


def test_every_tracked_run_folder_is_in_the_leaderboard():
    listed = subprocess.run(["git", "ls-files", "models"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    folders = {
        Path(line).parent.name for line in listed.stdout.split() if line.endswith("run.json")
    }
    assert folders == {run.name for run in published()}


def test_the_pages_of_the_benchmarks_are_generated_from_their_figures(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import pages

    for path, page in pages.render().items():
        assert path.read_text() == page, f"{path}: run `make pages`"


def test_files_of_unknown_origin_were_fed_rightly():
    rows = json.loads((ROOT / "benchmarks" / "feeding.json").read_text())["rows"]
    assert len(rows) == 24
    for row in rows:
        for situation in ("at hand", "not at hand", "unknown"):
            found = row[situation]
            is_right = found["scale"] == row["expected"]
            assert is_right or (situation == "unknown" and found["warning"]), (
                row["way"],
                situation,
            )
            assert not is_right or found["accuracy"] == row["keras"]
            if situation != "unknown" or row["way"].startswith(("pixels / 255", "`Rescaling")):
                assert found["warning"] is None, (row["way"], situation)
            if found["warning"]:
                best = f"--scale {found['scale']} or --scale {found['runner_up']}"
                assert best in found["warning"] and row["expected"] in best
