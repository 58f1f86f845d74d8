"""How long a class takes, beside a plain loop over `keras.models.load_model`.

    python benchmarks/class_grading.py [--models 200] [--files 100] [--rows 10000] [--workers 2]

The models have the size of `mlp` and different weights; the prediction files have one label a row.
The images are those of the test split of Fashion-MNIST if that is at hand, and every model is then
also tried on 2,000 validation rows; otherwise they are made up.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

SIDE = 28


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("models", 200), ("files", 100), ("rows", 10_000), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        test, truth = _write_table(folder / "test.csv", given.rows)
        hand_ins = folder / "class"
        hand_ins.mkdir()
        _write_models(hand_ins, given.models)
        _write_predictions(hand_ins, given.files, truth)
        print(f"{given.models} models, {given.files} files, {given.rows:,} rows, ", end="")
        print(f"{given.workers} workers")
        before = _processor_seconds()
        seconds, errors = _grade(hand_ins, test, folder / "out", given.workers)
        before = _show(f"graded, {errors} errors", seconds, before)
        seconds, _ = _grade(hand_ins, test, folder / "out", given.workers)
        before = _show("again, all results stored", seconds, before)
        _show("plain loop over load_model", _plain(hand_ins, test), before)


def _processor_seconds() -> float:
    """Of this process and of all that it has started, as far as they have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _show(what: str, seconds: float, before: float) -> float:
    """Print what something took; the processor seconds until now."""
    now = _processor_seconds()
    print(f"{what}: {seconds:.1f} s, {now - before:.1f} processor seconds")
    return now


def _write_table(path: Path, rows: int) -> tuple[Path, np.ndarray]:
    images, truth = _images(rows)
    header = ",".join(["label", *(f"pixel{number}" for number in range(SIDE**2))])
    table = np.column_stack([truth, images.reshape(rows, -1)])
    np.savetxt(path, table, fmt="%d", delimiter=",", header=header, comments="")
    return path, truth


def _images(rows: int) -> tuple[np.ndarray, np.ndarray]:
    from fashion_nn import datasets

    if datasets.at_hand("fashion_mnist"):
        test = datasets.load("fashion_mnist").test.take(np.arange(rows))
        return test.images, test.labels
    print("made-up images: Fashion-MNIST is not at hand")
    random = np.random.default_rng(0)
    return random.integers(0, 256, (rows, SIDE, SIDE)), random.integers(0, 10, rows)


def _write_models(folder: Path, count: int) -> None:
    from fashion_nn import zoo

    model = zoo.build("mlp", classes=10)
    random = np.random.default_rng(1)
    weights = model.get_weights()
    for number in range(count):
        model.set_weights([each + random.normal(0, 0.01, each.shape) for each in weights])
        model.save(folder / f"model{number:03}.keras")


def _write_predictions(folder: Path, count: int, truth: np.ndarray) -> None:
    random = np.random.default_rng(2)
    for number in range(count):
        others = random.integers(0, 10, len(truth))
        labels = np.where(random.random(len(truth)) < 0.9, truth, others)
        rows = "".join(f"{row},{label}\n" for row, label in enumerate(labels, start=1))
        (folder / f"file{number:03}.csv").write_text("ImageId,Label\n" + rows)


def _grade(folder: Path, test: Path, out: Path, workers: int) -> tuple[float, int]:
    from fashion_nn import grading
    from fashion_nn.grading.course import outputs
    from fashion_nn.grading.course.running import Pace

    start = time.monotonic()
    reference = grading.read_reference(test, grading.Sources(labels=test))
    grades = grading.grade_class(folder, reference, out, pace=Pace(workers))
    outputs.write(grades, reference, out)
    errors = sum(hand_in.verdict == "ERROR" for hand_in in grades.hand_ins)
    return time.monotonic() - start, errors


def _plain(folder: Path, test: Path) -> float:
    """What a script without any safety takes: load, predict, compare."""
    import keras

    start = time.monotonic()
    table = np.loadtxt(test, delimiter=",", skiprows=1, dtype=np.uint8)
    images = table[:, 1:].reshape(-1, SIDE, SIDE)
    for path in sorted(folder.glob("*.keras")):
        model = keras.models.load_model(path)
        (model.predict(images, batch_size=1000, verbose=0).argmax(axis=1) == table[:, 0]).mean()
    for path in sorted(folder.glob("*.csv")):
        labels = np.loadtxt(path, delimiter=",", skiprows=1, dtype=int)[:, 1]
        (labels == table[:, 0]).mean()
    return time.monotonic() - start


if __name__ == "__main__":
    main()
