"""What is published: run folders under models/, and the tables made from them."""

import subprocess
from pathlib import Path

import pytest

from fashion_nn import datasets, evaluation, inference, metrics, recipes, zoo
from fashion_nn.report import card, leaderboard
from fashion_nn.runs import Run

ROOT = Path(__file__).resolve().parent.parent


def published() -> list[Run]:
    """The run folders that are part of the project, not those that somebody trained beside them."""
    names = leaderboard.read_csv(ROOT / "models" / "leaderboard.csv")
    return [Run(ROOT / "models" / row["run"]) for row in names]


RUNS = pytest.mark.parametrize("run", published(), ids=lambda run: run.name)


@RUNS
def test_run_is_complete_and_small(run):
    record, measured = run.read_record(), run.read_metrics()
    assert {"valid", "test"} <= set(measured)
    assert run.model.stat().st_size < 10_000_000
    assert not run.state.exists()
    with inference.open_model(run.model) as predictor:
        stored = sum(value.size for layer in predictor.weights() for value in layer.values)
    assert record["parameters"] == stored
    assert not record["environment"]["commit"].endswith("+"), "trained from changed files"


@RUNS
def test_it_was_trained_by_its_published_recipe(run):
    recipe = run.read_record()["recipe"]
    assert recipe["name"] == run.name
    if recipe.get("kind") != "baseline":
        # Less precision and fewer epochs, which the card states, are what a slow machine may ask for.
        assert set(recipes.departures(recipe)) <= {"precision", "epochs"}
        mirror = 28 * 28 if recipes.get(run.name).average_mirror else 0
        assert run.read_record()["parameters"] == zoo.parameters(zoo.build(recipe["model"])).total + mirror


@RUNS
def test_its_onnx_ships_with_the_package(run):
    if "onnx" not in run.read_metrics().get("exports", {}):
        pytest.skip("it has none: single precision rounds it more than an export accepts")
    with inference.open_fast(run.model, engine="onnx") as predictor:
        assert predictor.classes == 10
    assert run.export("onnx").stat().st_size < 10_000_000


@RUNS
def test_its_card_is_what_its_files_say(run):
    assert run.card.read_text() == card.render(run)


@RUNS
def test_its_figures_are_measured_again(run, real_data):
    splits = datasets.load(run.read_record()["dataset"]["name"])
    measured = run.read_metrics()
    for name in ("valid", "test"):
        split = getattr(splits, name)
        found = metrics.score(split.labels, evaluation.predict(run, split))
        # Another processor may round the last bits otherwise, which can turn a tie.
        assert abs(found.correct - measured[name]["correct"]) <= 2
        assert found.log_loss == pytest.approx(measured[name]["log_loss"], abs=1e-4)
    assert run.read_record()["dataset"]["fingerprint"] == splits.fingerprint
    assert run.read_split()["valid_indices"] == splits.valid_indices.tolist()


def test_tables_are_generated_from_the_run_folders(tmp_path):
    rows = leaderboard.rows(published())
    leaderboard.write_csv(rows, tmp_path / "leaderboard.csv")
    assert (tmp_path / "leaderboard.csv").read_text() == (ROOT / "models" / "leaderboard.csv").read_text()
    assert leaderboard.markdown(rows) in (ROOT / "README.md").read_text()


def test_every_tracked_run_folder_is_in_the_leaderboard():
    listed = subprocess.run(["git", "ls-files", "models"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    folders = {Path(line).parent.name for line in listed.stdout.split() if line.endswith("run.json")}
    assert folders == {run.name for run in published()}


def test_the_pages_of_the_benchmarks_are_generated_from_their_figures(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import pages

    for path, page in pages.render().items():
        assert path.read_text() == page, f"{path}: run `make pages`"
