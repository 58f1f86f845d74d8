"""The command as a user runs it, ended by SIGKILL, by Ctrl-C, and gone on with."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time

import answering
import forked
import numpy as np
import pytest

from fashion_nn import datasets, recipes, runs
from fashion_nn.recipes import Augmentation, Recipe
from fashion_nn.runs import Run, Search
from fashion_nn.tuning.trial import DataSource, Job, perform

# Of the clock, or of where and how often it ran.
OF_THE_CLOCK = ("started", "ended", "seconds", "worker", "peak_memory_bytes")


PROGRAM = [sys.executable, "-m", "fashion_nn"]


def tune(folder, *words):
    small = ["--dataset", "digits", "--epochs", 3, "--set", "batch_size=128", "--out", folder]
    return [*map(str, ["tune", "mlp", *small, *words])]


OWN = """
from keras import Input, Sequential, layers


def build(*, image_shape, classes, units=8, twice=False):
    return Sequential(
        [
            Input(image_shape, dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(units * (1 + twice), activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def space(hp):
    hp.Int("units", 4, 12, step=4)
    with hp.conditional_scope("units", [4]):
        hp.Boolean("twice")
    hp.Float("learning_rate", 1e-3, 1e-2, sampling="log")
"""


def test_a_users_own_file_is_searched_and_its_source_compared(tmp_path, forked_models):
    file = tmp_path / "net.py"
    file.write_text(OWN)
    folder = tmp_path / "search"
    words = ["tune", f"{file}:build", "--dataset", "digits", "--epochs", 1, "--out", folder]
    run([*words, "--trials", 2])
    search = Search(folder)
    identity = search.read_record().identity
    assert [each.name for each in identity.space] == [
        "options.units",
        "options.twice",
        "learning_rate",
    ]
    assert identity.space[1].when == {"options.units": [4]}
    best = Run(search.best_run)
    assert best.source.read_text() == OWN
    assert best.read_record().code.sha256 == identity.code.sha256
    refused = run(["train", "--recipe", search.best, "--dataset", "digits"], code=2)
    assert "its model is code, net.py:build" in refused.stderr
    trained = ["train", f"{file}:build", "--recipe", search.best, "--dataset", "digits"]
    run([*trained, "--out", tmp_path / "run"])
    file.write_text(OWN + "# changed")
    changed = run([*words, "--trials", 3, "--resume"], code=2)
    assert "net.py:build: is not the code that this was begun with" in changed.stderr
    file.write_text(OWN.replace("classes, activation", "3, activation"))
    wrong = run([*words[:-1], tmp_path / "wrong", "--trials", 1], code=2)
    assert wrong.stderr.splitlines()[-1].startswith("error: net.py, line 5: the model's output")


def test_the_options_that_say_how_data_are_read_count(tmp_path, forked_models):
    digits = datasets.load("digits").train
    table = tmp_path / "turned.csv"
    pixels = digits.images[:200].swapaxes(1, 2).reshape(200, -1)
    rows = np.column_stack([pixels, digits.labels[:200]])
    np.savetxt(table, rows, "%d", ";")
    words = ["tune", "mlp", "--dataset", table, "--epochs", 1, "--trials", 1, "--no-retrain"]
    reading = ["--no-header", "--delimiter", ";", "--label-column", "last", "--transpose"]
    folder = tmp_path / "search"
    run([*words, *reading, "--only", "learning_rate", "--out", folder])
    options = datasets.ReadOptions(header=False, delimiter=";", label_column="last", transpose=True)
    splits = datasets.load(table, options=options)
    found = Search(folder).read_record().identity.dataset
    assert found.fingerprint == splits.fingerprint
    # A process that has no rows yet reads the same ones.
    source = DataSource(source=str(table), fingerprint=splits.fingerprint, options=options)
    recipe = recipes.override(recipes.get("mlp"), ["epochs=1", "batch_size=128"])
    result = perform(Job(id="0000", recipe=recipe, dataset=source), tmp_path / "0000")
    assert result.status == "completed", result.message


def run(words, code=0):
    done = forked.run(*words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def records(search):
    return [
        {k: v for k, v in trial.to_json().items() if k not in OF_THE_CLOCK}
        for trial in search.read_trials()
    ]


def figures(search):
    best = search.read_best().to_json()
    best["retrained"] = {k: v for k, v in best["retrained"].items() if k not in OF_THE_CLOCK}
    models = [Run(folder).model.read_bytes() for folder in (search.best_run, search.retrained_run)]
    return records(search), best, models


def processes_of(folder):
    """Processes whose working directory or arguments lead to the search."""
    found = subprocess.run(
        ["ps", "-eo", "pid,stat,args"], capture_output=True, text=True
    ).stdout.splitlines()
    return [
        line for line in found if str(folder) in line and " Z" not in line and "pytest" not in line
    ]


def kill_when(words, ready, folder, seconds=300):
    """Start the command; SIGKILL it when `ready()`; wait until nothing of it is left."""
    process = subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + seconds
    while process.poll() is None and not ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    ended = process.poll()
    process.kill()
    process.wait()
    deadline = time.monotonic() + seconds
    while processes_of(folder):
        assert time.monotonic() < deadline, processes_of(folder)
        time.sleep(0.02)
    return ended


def test_help_and_wrong_arguments_answer_at_once(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    expected = {
        "--help": "",
        "nope": "'nope' is neither a model nor a recipe: expected one of mlp, cnn-v1",
        "mlp --algorithm best": (
            "--algorithm 'best': expected one of random, bayesian, hyperband, grid"
        ),
        "mlp --set lerning_rate=1": "did you mean learning_rate?",
        "mlp --set seed=1": "--set seed: a search takes it from --seed",
        "mlp --set checkpoint_monitor=loss": "a search chooses on validation",
        "mlp --budget soon": "--budget 'soon': expected a time such as 90s, 30m or 2h",
        "mlp --address here:1": "it needs --engine ray",
        "mlp --trials 0": "--trials",
        f"mlp --out {tmp_path}": "exists and is no search",
    }
    if importlib.util.find_spec("ray") is None:
        expected["mlp --engine ray"] = "--engine ray needs Ray"
    answers = answering.run([f"tune {words}" for words in expected], tmp_path)
    for answer, said in zip(answers, expected.values(), strict=True):
        assert (answer.code, answer.heavy) == (2 if said else 0, []), answer
        assert len(answer.said) == (1 if said else 0) and said in "".join(answer.said)


def test_train_takes_a_recipe_from_a_file_or_a_name(tmp_path):
    assert "name a recipe, or give one with --recipe" in run(["train"], 2).stderr
    assert (
        "name a recipe, or give one with --recipe"
        in run(["train", "mlp", "--recipe", "a"], 2).stderr
    )
    assert "cannot be read" in run(["train", "--recipe", tmp_path / "none.json"], 2).stderr
    (tmp_path / "a.json").write_text(
        json.dumps({"recipe": {"name": "a", "model": "mlp", "speed": 3}})
    )
    assert "not a recipe: speed=3" in run(["train", "--recipe", tmp_path / "a.json"], 2).stderr


@pytest.mark.slow
def test_a_search_killed_and_gone_on_with_and_its_recipe_trained(tmp_path):
    search = Search(tmp_path / "s")
    words = tune(search.folder, "--trials", 3, "--only", "learning_rate", "--only", "augment.flip")
    history = Run(search.trial_folder("0001")).history
    assert kill_when(words, history.exists, search.folder) is None
    before = search.read_trials()
    assert [trial.status for trial in before] == ["completed", "running"]
    assert "a search is already there: add --resume" in run(words, 2).stderr
    done = run([*words, "--resume"])
    trials = search.read_trials()
    assert trials[0] == before[0] and len(trials) == 3
    for name in ("values", "seed", "thresholds", "started"):
        assert getattr(trials[1], name) == getattr(before[1], name)
    assert not search.rows.exists() and not processes_of(search.folder)

    best = search.read_best()
    assert f"best: trial {best.trial}, val_accuracy {best.score:.4f}" in done.stdout
    pasted = re.search(r"^Recipe\($.*?^\)$", done.stdout, re.MULTILINE | re.DOTALL).group()
    recipe = eval(pasted, {"Recipe": Recipe, "Augmentation": Augmentation})
    assert recipe == recipes.from_json(best.recipe.to_json())
    trained = run(["train", "--recipe", search.best, "--out", tmp_path / "run"])
    assert "validation accuracy" in trained.stdout
    assert Run(tmp_path / "run").model.read_bytes() == Run(search.best_run).model.read_bytes()


def test_ctrl_c_leaves_what_can_be_gone_on_with(tmp_path):
    search = Search(tmp_path / "s")
    words = tune(search.folder, "--trials", 2)
    process = subprocess.Popen(
        [*PROGRAM, *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not Run(search.trial_folder("0000")).exists:
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert (
        f"stopped; {search.folder} has every trial; resume with" in said and "Traceback" not in said
    )
    assert re.search(r"fashion-nn tune mlp .*--resume$", said, re.MULTILINE)
    assert not processes_of(search.folder)
    assert [trial.status for trial in search.read_trials()] == ["running"]


ALGORITHMS = {
    "random": ["--trials", 3],
    # The surrogate proposes the last of them.
    "bayesian": ["--trials", 5, "--only", "learning_rate", "--only", "augment.flip"],
    "grid": ["--trials", 3],
    "hyperband": [],
}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_killed_again_and_again_it_ends_as_if_it_never_was(algorithm, tmp_path):
    words = ["--algorithm", algorithm, "--seed", 5, *ALGORITHMS[algorithm]]
    whole, killed = Search(tmp_path / "whole"), Search(tmp_path / "killed")
    run(tune(whole.folder, *words))
    trials = whole.read_trials()
    again = [*tune(killed.folder, *words), "--resume"]
    # At the first trial's begin, at the first epoch and the end of every third, and while the best
    # is trained again.
    moments = [killed.trial_record("0000").exists]
    for trial in trials[1::3]:
        id = trial.id
        moments += [
            lambda id=id: Run(killed.trial_folder(id)).history.exists(),
            lambda id=id: (
                killed.trial_record(id).exists()
                and '"ended": null' not in killed.trial_record(id).read_text()
            ),
        ]
    moments += [
        lambda: Run(killed.trials / f"{whole.read_best().trial}-retrained").history.exists()
    ]
    for ready in moments:
        seen = [trial.id for trial in killed.read_trials()] if killed.exists else []
        assert kill_when(again, ready, killed.folder) is None
        assert [trial.id for trial in killed.read_trials()][: len(seen)] == seen
    run(again)
    assert figures(killed) == figures(whole)
    assert [path.name for path in sorted(killed.trials.iterdir())] == [
        path.name for path in sorted(whole.trials.iterdir())
    ]
    print(f"{algorithm}: {len(moments)} kills, {len(trials)} trials")


@pytest.mark.slow
def test_several_at_once_killed_lose_and_double_nothing(tmp_path):
    search = Search(tmp_path / "s")
    words = [*tune(search.folder, "--trials", 6, "--workers", 2), "--resume"]
    for id in ("0001", "0003"):
        assert kill_when(words, Run(search.trial_folder(id)).history.exists, search.folder) is None
        running = [trial for trial in search.read_trials() if trial.status == "running"]
        assert len(running) == 2
    run(words)
    trials = search.read_trials()
    assert [trial.id for trial in trials] == [f"{n:04d}" for n in range(6)]
    assert all(trial.status in runs.DONE for trial in trials)
    alone = Search(tmp_path / "alone")
    run(tune(alone.folder, "--trials", 6, "--workers", 2))
    # Random settings do not depend on results, and figures not on kills; only the median rule looks
    # back.
    assert [t.values for t in trials] == [t.values for t in alone.read_trials()]
    assert [t.history for t in trials[:5]] == [t.history for t in alone.read_trials()[:5]]


@pytest.mark.slow
def test_twenty_trials_keep_the_memory_flat(tmp_path):
    search = Search(tmp_path / "s")
    words = tune(search.folder, "--trials", 20, "--epochs", 1, "--no-retrain")
    process = subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    parent, server, ended = {}, {}, -1
    while process.poll() is None:
        done = (
            sum(trial.status != "running" for trial in search.read_trials()) if search.exists else 0
        )
        if done != ended and done in (5, 12, 19):
            children = subprocess.run(
                ["pgrep", "-P", str(process.pid)], capture_output=True, text=True
            ).stdout.split()
            parent[done], server[done] = resident(process.pid), resident(children[0])
        ended = done
        time.sleep(0.1)
    assert process.returncode == 0
    trials = [
        trial.peak_memory_bytes >> 20 for trial in search.read_trials() if trial.peak_memory_bytes
    ]
    print(
        f"resident MiB, by number of trials: search {parent}, server {server}; trials {trials[0]},"
        f" …, {trials[-1]}"
    )
    # Of 14 trials, each of some 100 MiB: one that stayed would be seen.
    assert parent[19] < parent[5] + 20 and server[19] < server[5] + 20
    assert max(trials[10:]) < max(trials[:10]) + 50


def resident(pid):
    """MiB that the process holds in memory."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))
