"""`fashion-nn baseline`: what each command leaves, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from fashion_nn import datasets, evaluation, runs, submission
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command

pytestmark = pytest.mark.usefixtures("forked_models")


def command(*words, expect=0):
    assert run_command(app, [str(word) for word in words]) == expect


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    command(
        "baseline",
        "pca-logreg",
        "--dataset",
        "digits",
        "--components",
        "2,10",
        "--folds",
        2,
        "--jobs",
        1,
        "--out",
        folder / "pca-logreg",
        "--json",
        folder / "all.json",
    )
    command(
        "baseline",
        "pca-kmeans",
        "--dataset",
        "digits",
        "--out",
        folder / "km",
        "--json",
        folder / "all.json",
    )
    return folder


def test_pca_logreg_leaves_a_run_with_its_study(work):
    run = runs.open_run(work / "pca-logreg")
    stored = json.loads(run.baseline.read_text())
    assert [point["components"] for point in stored["cross_validation"]["points"]] == [2, 10]
    assert run.read_record().recipe.options["components"] == 10
    assert run.figure("cost-benefit").stat().st_size > 1000
    assert "`pca-logreg`" in run.card.read_text() and "best epoch" not in run.card.read_text()
    assert json.loads((work / "all.json").read_text())["pca-logreg"] == stored
    assert stored["environment"]["versions"]["scikit-learn"]


def test_the_run_is_evaluated_and_can_be_the_best_one(work):
    run = runs.open_run(work / "pca-logreg")
    scores = evaluation.evaluate(run, datasets.load("digits")).scores
    assert scores.n == 359 and scores.accuracy > 0.75
    assert len(run.openings.read_text().splitlines()) == 1
    assert submission.best_run(work, "digits", (28, 28)).folder == run.folder


def test_pca_kmeans_leaves_figures_and_a_picture_but_no_run(work, capsys):
    stored = json.loads((work / "km" / "baseline.json").read_text())
    assert stored["rows"] == 359 and 0.1 < stored["adjusted_rand_index"] < stored["purity"] < 1
    assert (work / "km" / "clusters.png").stat().st_size > 1000
    command("evaluate", work / "km", expect=2)
    assert "not a run folder" in capsys.readouterr().err


def test_1_nn_opens_the_test_rows_only_when_asked(tmp_path, capsys):
    command("baseline", "1-nn", "--dataset", "digits", "--out", tmp_path / "plain")
    assert "test" not in json.loads((tmp_path / "plain" / "baseline.json").read_text())
    command("baseline", "1-nn", "--dataset", "digits", "--open-test", "--out", tmp_path / "open")
    assert json.loads((tmp_path / "open" / "baseline.json").read_text())["test"]["n"] == 359
    assert "figures only" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pca-logreg", "--components", "2,x"], "--components '2,x': expected whole numbers"),
        (["pca-logreg", "--components", "900"], "900 components: expected 1 to 784"),
        (["pca-logreg", "--keep", "900"], "900 components: expected 1 to 784"),
        (["logreg", "--folds", "200"], "200 folds: expected at least 2 and at most"),
        (["edges-rbf", "--landmarks", "5000"], "5000 landmarks: expected at most 1295"),
    ],
)
def test_wrong_arguments_are_one_line(words, message, tmp_path, capsys):
    command("baseline", *words, "--dataset", "digits", "--out", tmp_path / "run", expect=2)
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {message}")
    assert not (tmp_path / "run").exists()


def test_ctrl_c_ends_all_processes_quietly(tmp_path):
    words = [
        "baseline",
        "logreg",
        "--dataset",
        "digits",
        "--jobs",
        "2",
        "--out",
        str(tmp_path / "run"),
    ]
    started = subprocess.Popen(
        [sys.executable, "-m", "fashion_nn", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started.stderr.readline()  # the note before the cross-validation
    time.sleep(1)
    os.killpg(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=300)
    assert started.returncode == 130, err
    assert "Traceback" not in err and "Interrupt" not in err
    assert out.strip() == ""
    assert not (tmp_path / "run").exists()
