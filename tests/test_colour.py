"""Images in colour, and images that are not square, through every command: from the training to the
grade.
"""

import json
import struct

import coloured
import forked
import numpy as np
import pytest

from fashion_nn import datasets, runs

pytestmark = pytest.mark.usefixtures("forked_models")

SETTINGS = "batch_size=32 epochs=8 optimizer=adam momentum=0 nesterov=false learning_rate=0.003"
SETTINGS += " options.dropout_1=0 options.dropout_2=0 options.dropout_3=0 augment.brightness=0.1"
QUICK = [word for setting in SETTINGS.split() for word in ("--set", setting)]


def command(*words, cwd, expect=0):
    done = forked.run(*words, cwd=cwd)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with coloured digits as tables, and a run that was trained on them."""
    folder = tmp_path_factory.mktemp("colour")
    coloured.write_csv(folder / "train.csv", coloured.digits(900))
    coloured.write_csv(folder / "test.csv", coloured.digits(200, first=900))
    data = ["--dataset", "train.csv", "--test", "test.csv"]
    command("train", "mlp", *data, *QUICK, "--out", "models/run", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def run(work):
    return runs.open_run(work / "models" / "run")


def test_a_run_in_colour_is_trained_evaluated_and_described(work, run):
    assert run.read_record().dataset.image_shape == (8, 8, 3)
    # The run knows where its data was.
    found = json.loads(command("evaluate", run.folder, "--json", cwd=work).stdout)
    assert found["n"] == 200 and found["accuracy"] > 0.5
    assert "colour images of 8 x 8 pixels" in run.card.read_text()
    assert "n x 8 x 8 x 3, raw pixels" in run.card.read_text()
    command("report", run.folder, cwd=work)
    page = run.page.read_text()
    assert "8 × 8 × 3" in page and "3 channels" in page


def test_its_exports_predict_the_same(work, run):
    command("export", run.folder, "--format", "h5", cwd=work)
    assert run.read_metrics().exports["h5"].max_abs_difference <= 1e-6


def test_a_table_in_colour_is_predicted_and_graded(work, run):
    words = ["--model", run.model, "--test", "test.csv", "--out", "out.csv", "--grade"]
    done = command("submit", *words, "--dataset", "train.csv", cwd=work)
    for check in ("file", "canary", "feeding", "sentinel"):
        assert f"PASS  {check}:" in done.stdout, done.stdout
    # Labels of other rows are found without the true ones.
    header, *rows = (work / "out.csv").read_text().splitlines()
    labels = [row.split(",")[1] for row in rows]
    shifted = [f"{number},{label}" for number, label in enumerate(labels[7:] + labels[:7], start=1)]
    (work / "shifted.csv").write_text("\n".join([header, *shifted, ""]))
    words = ["grade", "shifted.csv", "--test", "test.csv", "--train", "train.csv"]
    graded = command(*words, "--labels", "test.csv", cwd=work, expect=3).stdout
    assert "FAIL  sentinel" in graded and "score:" in graded, graded


def test_a_model_for_grey_images_refuses_the_table_in_one_line(work, tmp_path):
    from fashion_nn import zoo

    zoo.build("mlp", image_shape=(8, 8)).save(tmp_path / "grey.keras")
    words = ["--model", tmp_path / "grey.keras", "--test", "test.csv", "--out", "grey.csv"]
    said = command("submit", *words, cwd=work, expect=2).stderr
    assert "error: " in said and "takes grey images, got images in colour" in said
    assert not (work / "grey.csv").exists()


def write_idx(path, values):
    header = struct.pack(f">{1 + values.ndim}I", 0x800 + values.ndim, *values.shape)
    path.write_bytes(header + values.tobytes())


@pytest.mark.slow  # by parts: tests/core/test_images.py and tests/zoo/test_zoo.py
def test_images_that_are_not_square_from_the_training_to_the_page(tmp_path):
    folder = tmp_path / "oblong"
    folder.mkdir()
    for part, rows in (
        ("train", coloured.digits(600, (10, 16))),
        ("t10k", coloured.digits(200, (10, 16), first=900)),
    ):
        write_idx(folder / f"{part}-images-idx3-ubyte", rows.images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", rows.labels.astype(np.uint8))
    words = ["train", "mlp", "--dataset", folder, "--out", "run", *QUICK]
    command(*words, cwd=tmp_path)
    command("evaluate", "run", cwd=tmp_path)
    command("report", "run", cwd=tmp_path)
    run = runs.open_run(tmp_path / "run")
    assert run.read_record().dataset.image_shape == (10, 16)
    assert run.read_metrics().test.accuracy > 0.5


def coloured_files(folder, layout, of_train, of_test):
    """The path of coloured digits in the layout of CIFAR-10 or MedMNIST."""
    side = {"cifar": 32, "medmnist.npz": 28}[layout]
    train, test = coloured.in_colour(of_train, side, 0), coloured.in_colour(of_test, side, 1)
    if layout == "cifar":
        coloured.write_cifar(folder / layout, train, test)
    else:
        valid = train.take(np.arange(len(train) // 10))
        coloured.write_medmnist(folder / layout, train, valid, test)
    return folder / layout, (side, side, 3)


@pytest.mark.parametrize("layout", ["cifar", "medmnist.npz"])
def test_files_in_the_layouts_of_coloured_data_sets(tmp_path, layout):
    digits = datasets.load("digits")
    path, shape = coloured_files(tmp_path, layout, digits.valid, digits.test)
    splits = datasets.load(path)
    assert splits.image_shape == shape
    expected = coloured.in_colour(digits.test, shape[0], 1)
    np.testing.assert_array_equal(splits.test.images, expected.images)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["cifar", "medmnist.npz"])
def test_coloured_mnist_is_learned_and_submitted(tmp_path, real_data, layout):
    mnist = datasets.load("mnist", data_dir=real_data)
    few = mnist.train.take(np.arange(6000))
    path, shape = coloured_files(tmp_path, layout, few, mnist.test.take(np.arange(1000)))
    quick = ["--set", "epochs=2", "--set", "batch_size=64", "--out", "run"]
    command("train", "sprint", "--dataset", path, *quick, cwd=tmp_path)
    found = json.loads(command("evaluate", "run", "--json", cwd=tmp_path).stdout)
    assert runs.open_run(tmp_path / "run").read_record().dataset.image_shape == shape
    assert found["n"] == 1000 and found["accuracy"] > 0.9
    coloured.write_csv(tmp_path / "test.csv", datasets.load(path).test)
    words = ["--model", "run/model.keras", "--test", "test.csv", "--out", "out.csv"]
    command("submit", *words, cwd=tmp_path)
    labels = np.loadtxt(tmp_path / "out.csv", delimiter=",", skiprows=1, dtype=int)[:, 1]
    right = (labels == datasets.load(path).test.labels).mean()
    assert right == pytest.approx(found["accuracy"])
