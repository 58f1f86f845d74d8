"""The main job on real digits, through the commands a user types: data, train, evaluate, export,
submit.
"""

import gzip
import io
import json
import re
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import answering
import forked
import numpy as np
import pytest

from fashion_nn import datasets, runs, submission
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.core import reading

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = "batch_size=32 epochs=5 optimizer=adam momentum=0 nesterov=false learning_rate=0.003"
SETTINGS += " options.dropout_1=0 options.dropout_2=0 options.dropout_3=0"
QUICK = [word for setting in SETTINGS.split() for word in ("--set", setting)]
SHIPPED = (
    ROOT / "models" / "mlp" / "model.keras"
)  # with an .onnx, so it answers without starting TensorFlow

pytestmark = pytest.mark.usefixtures("forked_models")


def command(*words, cwd, expect=0, script=None):
    """Run `fashion-nn` (or another script of the checkout) as a user would."""
    done = forked.run(*words, cwd=cwd, script=script and ROOT / script)
    assert done.returncode == expect, done.stderr
    if expect == 2:
        *_, last = done.stderr.splitlines()
        assert last.startswith("error: ") and "Traceback" not in done.stderr
    return done


def called(*words, cwd, expect=0):
    """Run `fashion-nn` in this process, where TensorFlow may be loaded already; return what it
    printed.
    """
    with chdir(cwd), redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        assert run_command(app, [*map(str, words)]) == expect, err.getvalue()
    return err.getvalue() if expect else out.getvalue()


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with a trained run on digits, and the digits as CSV."""
    folder = tmp_path_factory.mktemp("work")
    command("train", "mlp", "--dataset", "digits", *QUICK, cwd=folder)
    called("data", "export", "digits", "--out", "csv", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def run(work):
    return runs.open_run(work / "models" / "mlp-digits-seed0")


@pytest.fixture(scope="module")
def evaluated(work, run):
    return json.loads(called("evaluate", run.folder, "--json", cwd=work))


@pytest.fixture(scope="module")
def submitted(work, run):
    """What `submit.py` said, and the labels it wrote for the digits' test table."""
    words = ("--model", run.model, "--test", "csv/digits_test.csv", "--out", "out.csv")
    done = command(*words, cwd=work, script="submit.py")
    return done, labels_in(work / "out.csv")


def labels_in(path, column=1):
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=int)[:, column]


def test_train_leaves_model_history_card_and_pictures(run):
    for path in (run.model, run.history, run.card, run.figure("curves"), run.figure("weights")):
        assert path.stat().st_size > 100, path
    assert run.read_metrics().valid.accuracy > 0.5


def test_evaluate_prints_and_keeps_the_same_figures(work, run, evaluated):
    assert {"accuracy", "interval", "log_loss", "n"} <= set(evaluated)
    assert evaluated["n"] == 359
    low, high = evaluated["interval"]
    assert low < evaluated["accuracy"] < high
    stored = run.metrics.read_bytes()
    assert json.loads(stored)["test"]["accuracy"] == evaluated["accuracy"]
    openings = len(run.openings.read_text().splitlines())
    text = called("evaluate", run.folder, cwd=work)
    assert f"accuracy {evaluated['accuracy']:.4f}" in text
    assert run.metrics.read_bytes() == stored
    assert len(run.openings.read_text().splitlines()) == openings + 1
    assert run.figure("confusion").exists() and run.figure("mistakes").exists()
    assert "| test | 359 |" in run.card.read_text()


def test_submit_scores_exactly_what_evaluate_said(work, submitted, evaluated):
    done, labels = submitted
    assert "pixels as 0..255 (the model takes uint8)" in done.stderr
    lines = (work / "out.csv").read_text().splitlines()
    assert lines[0] == "ImageId,Label"
    assert [line.split(",")[0] for line in lines[1:]] == [str(i) for i in range(1, 360)]
    truth = labels_in(work / "csv" / "digits_test.csv", column=0)
    assert (labels == truth).mean() == evaluated["accuracy"]


def test_grading_mode_takes_the_best_model_and_checks_the_file(work, run, evaluated):
    done = command(
        "--grade",
        "--test",
        "csv/digits_test.csv",
        "--out",
        "graded.csv",
        cwd=work,
        script="submit.py",
    )
    assert f"model: models/{run.name}/model.keras, the best saved one for digits" in done.stderr
    assert re.search(r"PASS +file: +359 rows", done.stdout)
    truth = labels_in(work / "csv" / "digits_test.csv", column=0)
    assert (labels_in(work / "graded.csv") == truth).mean() == evaluated["accuracy"]


def test_h5_export_is_the_same_model(work, run, submitted):
    assert called("export", run.folder, "--format", "h5", cwd=work).strip() == str(
        run.folder / "model.h5"
    )
    recorded = run.read_metrics().exports["h5"]
    assert recorded.sha256 == reading.sha256(run.folder / "model.h5")
    assert recorded.images == recorded.labels_equal == 143
    assert recorded.max_abs_difference <= 1e-6
    words = ("--model", run.folder / "model.h5", "--test", "csv/digits_test.csv", "--out", "h5.csv")
    command(*words, cwd=work, script="submit.py")
    assert (work / "h5.csv").read_bytes() == (work / "out.csv").read_bytes()


def test_formats_and_compressed_tables(work):
    common = ("--model", SHIPPED, "--engine", "onnx")
    command(
        *common,
        "--test",
        "csv/digits_test.csv",
        "--out",
        "kaggle.csv",
        cwd=work,
        script="submit.py",
    )
    packed = gzip.compress((work / "csv" / "digits_test.csv").read_bytes())
    (work / "packed.csv.gz").write_bytes(packed)
    words = ("--test", "packed.csv.gz", "--out", "plain.txt", "--format", "plain")
    command(*common, *words, cwd=work, script="submit.py")
    plain = (work / "plain.txt").read_text().split()
    assert len(plain) == 359
    assert [int(label) for label in plain] == labels_in(work / "kaggle.csv").tolist()


def test_a_sample_gives_header_and_ids(work, run, submitted):
    ids = [f"{7 * i}" for i in range(1, 360)]
    (work / "sample.csv").write_text("id,class\n" + "".join(f"{name},0\n" for name in ids))
    words = ("--model", run.model, "--test", "csv/digits_test.csv", "--out", "sampled.csv")
    command(*words, "--sample", "sample.csv", cwd=work, script="submit.py")
    labels = submitted[1].tolist()
    expected = ["id,class", *(f"{name},{label}" for name, label in zip(ids, labels, strict=True))]
    assert (work / "sampled.csv").read_text().splitlines() == expected


def few(work):
    """A labelled CSV of the first 100 training rows."""
    lines = (work / "csv" / "digits_train.csv").read_text().splitlines(keepends=True)
    (work / "few.csv").write_text("".join(lines[:101]))
    return work / "few.csv"


def test_training_from_a_csv_for_a_submission(work):
    """The second of the budget is over when TensorFlow is loaded: there is still a model, and
    --grade finds it.
    """
    words = ["--test", "csv/digits_test.csv", "--models", "trained"]
    train = ["--train", few(work), "--out", "trained.csv", "--budget", "1s"]
    done = command(*words, *train, cwd=work, script="submit.py")
    assert "sprint: left out, because" in done.stderr
    assert len(labels_in(work / "trained.csv")) == 359
    (made,) = runs.find(work / "trained")
    record = made.read_record()
    assert record.predicts
    valid = made.read_metrics().of_valid()
    assert f"expected accuracy {valid.accuracy:.4f} (95 % interval" in done.stdout
    assert f"n={valid.n}): measured on validation rows" in done.stdout
    grade = ["--grade", "--out", "graded.csv"]
    graded = forked.run(*words, *grade, cwd=work, script=ROOT / "submit.py")
    assert f"{made.model.relative_to(work)}, trained for these images" in graded.stderr
    assert (work / "graded.csv").read_text() == (work / "trained.csv").read_text()


def test_ctrl_c_keeps_the_best_model_and_says_how_to_go_on(work):
    import signal

    words = [
        "train",
        "mlp",
        "--dataset",
        "digits",
        "--out",
        "stopped",
        "--set",
        "epochs=100000",
        "--set",
        "patience=none",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "fashion_nn", *words], cwd=work, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if "epoch   3/" in line:
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait() == 130
    assert "Traceback" not in rest
    assert "stopped has the best model so far" in rest
    assert f"fashion-nn {' '.join(words)} --resume" in rest
    assert (work / "stopped" / "model.keras").exists()
    command("evaluate", "stopped", cwd=work, expect=2)


def wrong(path, **changes):
    """A copy of the digits' test table with single lines changed; line 0 is the header."""
    lines = path.read_text().splitlines()
    for number, text in changes.get("lines", {}).items():
        lines[number] = text(lines[number])
    return "\n".join(lines[: changes.get("keep")]) + "\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lines": {5: lambda line: line.rsplit(",", 1)[0]}}, "784"),
        ({"lines": {9: lambda line: line.rsplit(",", 1)[0] + ",256"}}, "256"),
        ({"lines": {0: lambda line: line.replace("pixel5,", "pixel6,")}}, "pixel6"),
        ({"keep": 1}, "no data row"),
    ],
)
def test_a_broken_table_is_one_line_and_no_file(work, run, tmp_path, change, said):
    (tmp_path / "broken.csv").write_text(wrong(work / "csv" / "digits_test.csv", **change))
    (tmp_path / "out.csv").write_text("older")
    done = command(
        "--model",
        run.model,
        "--test",
        "broken.csv",
        "--out",
        "out.csv",
        cwd=tmp_path,
        script="submit.py",
        expect=2,
    )
    assert "broken.csv" in done.stderr and said in done.stderr
    assert (tmp_path / "out.csv").read_text() == "older"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--test csv/digits_test.csv --out x.csv", "no model: give --model FILE, or --grade"),
        ("--test csv/digits_test.csv --out x.csv --model nowhere.keras", "no such model file"),
        (
            "--test csv/digits_test.csv --out x.csv --model csv/digits_test.csv",
            "suffix '.csv' is not a model's",
        ),
        ("--test csv/digits_test.csv --out x.csv --model fake.keras", "not that of a .keras file"),
        ("--test nowhere.csv --out x.csv --model MODEL", "nowhere.csv"),
        ("--test csv/digits_test.csv --out csv/digits_test.csv --model MODEL", "is an input"),
        ("--test csv/digits_test.csv --out csv --model MODEL", "is a folder"),
        (
            "--test csv/digits_test.csv --out x.csv --model MODEL --format json",
            "expected one of kaggle, plain",
        ),
        (
            "--test csv/digits_test.csv --out x.csv --model MODEL --scale 7",
            "expected one of auto, 0-1, 0-255",
        ),
        ("--test csv/digits_test.csv --out x.csv --model MODEL --budget 3m", "it needs --train"),
        (
            "--test csv/digits_test.csv --out x.csv --train csv/digits_train.csv --budget soon",
            "such as 90s, 30m or 2h",
        ),
        (
            "--test csv/digits_test.csv --out x.csv --train csv/digits_train.csv --grade",
            "leave out --model and --grade",
        ),
        (
            "--test csv/digits_test.csv --out x.csv --grade --models empty",
            "no complete run on digits",
        ),
        (
            "--test csv/digits_test.csv --out x.csv --model MODEL --sample short.csv",
            "the sample has 1 ids",
        ),
        (
            "--test csv/digits_test.csv --out x.csv --model MODEL --sample wide.csv",
            "is not `id,label`",
        ),
    ],
)
def test_wrong_arguments_of_submit(work, run, words, said):
    (work / "fake.keras").write_text("not a model")
    (work / "short.csv").write_text("id,label\n1,0\n")
    (work / "wide.csv").write_text("id,label,more\n1,0,0\n")
    words = [str(run.model) if word == "MODEL" else word for word in words.split()]
    printed = called("submit", *words, cwd=work, expect=2)
    *_, last = printed.splitlines()
    assert last.startswith("error: ") and said in last
    assert not (work / "x.csv").exists()


def test_the_best_model_excludes_runs_that_saw_the_stored_validation_rows(work, run):
    from fashion_nn.errors import InputError

    root = work / "candidates"
    for name, accuracy, change in [
        ("good", 0.6, {}),
        ("better", 0.9, {"fraction": 0.2}),
        ("other", 0.8, {"seed": 1}),
    ]:
        copy = runs.Run(root / name)
        shutil.copytree(run.folder, copy.folder)
        copy.write_split(run.read_split().model_copy(update=change))
        measured = copy.read_metrics()
        valid = measured.valid.model_copy(update={"accuracy": accuracy})
        copy.write_metrics(measured.model_copy(update={"valid": valid}))
    assert submission.best_run(root, "digits", (28, 28)).name == "good"
    with pytest.raises(InputError, match="no complete run on mnist"):
        submission.best_run(root, "mnist", (28, 28))


WRONG = {
    "train nope": "unknown recipe 'nope'",
    "train mlp --set epohcs=3": "unknown key 'epohcs'",
    "train mlp --dataset nope": "nope",
    "trian mlp": "No such command 'trian'",
    "train mlp --nope": "No such option",
    "train": "name a recipe, or give one with --recipe",
    "models nope": "unknown model 'nope'",
    "evaluate nope": "no such run folder",
    "evaluate .": "not a run folder",
    "export nope --format h5": "no such run folder",
    "export nope --format pdf": "expected one of h5, keras, onnx",
    "data info nope": "nope",
    "data export nope --out x": "nope",
}


def test_a_wrong_argument_answers_at_once(tmp_path):
    for answer, said in zip(answering.run([*WRONG], tmp_path), WRONG.values(), strict=True):
        assert (answer.code, answer.heavy, len(answer.said)) == (2, [], 1), answer
        assert said in answer.said[0]


def test_an_existing_run_folder_is_refused_before_anything_else(work, run):
    done = command("train", "mlp", "--dataset", "digits", cwd=work, expect=2)
    assert "a run is already there: add --resume" in done.stderr


def test_images_below_a_models_minimum(tmp_path, monkeypatch, capsys):
    header = "label," + ",".join(f"pixel{i}" for i in range(64))
    digits = datasets.load("digits")
    rows = (
        f"{label}," + ",".join(map(str, image[2:26:3, 2:26:3].ravel().tolist()))
        for image, label in zip(digits.train.images[:100], digits.train.labels[:100], strict=True)
    )
    (tmp_path / "small.csv").write_text("\n".join([header, *rows]) + "\n")
    monkeypatch.chdir(tmp_path)
    assert run_command(app, ["train", "cnn-v2", "--dataset", "small.csv"]) == 2
    assert "cnn-v2 needs images of at least 22 x 22 pixels, got 8 x 8" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()
