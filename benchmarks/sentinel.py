"""What the shipped sentinel says of correct and of wrong label files for the test rows of
Fashion-MNIST.

    python benchmarks/sentinel.py

A few minutes. The limits were set on validation rows beforehand (benchmarks/build_sentinel.py);
none moves here. Wrong files are made from the labels of models that are correct in the rows above
them.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from fashion_nn import datasets
from fashion_nn.grading import checks, sentinel

PUBLISHED = Path(__file__).parents[1] / "models" / "mlp" / "model.keras"
Labels = np.ndarray
Predict = Callable[[np.ndarray], Labels]


def models(splits: datasets.Splits) -> dict[str, Predict]:
    """By name, from images with pixels 0 to 1 (float32) to labels: correct classifiers without
    scaling of theirs.
    """
    train = _flat(splits.train.images / np.float32(255))
    pca = PCA(60, random_state=0).fit(train[::4])
    reduced = pca.transform(train)
    published = keras.Sequential(
        [keras.Input((28, 28)), *keras.models.load_model(PUBLISHED, compile=False).layers[1:]]
    )
    found: dict[str, Predict] = {
        "published mlp": (
            lambda images: published.predict(images, batch_size=1000, verbose=0).argmax(axis=1)
        )
    }
    for name, classifier, rows, table in (
        ("support vectors", SVC(C=5, gamma=0.02), 15_000, reduced),
        ("extra trees", ExtraTreesClassifier(100, random_state=0, n_jobs=-1), 54_000, train),
        ("5 neighbours", KNeighborsClassifier(5), 54_000, reduced),
        ("1 neighbour", KNeighborsClassifier(1), 54_000, train),
        ("logistic regression", LogisticRegression(C=0.1, max_iter=60), 54_000, train),
        ("dense network", MLPClassifier((256, 64), max_iter=12, random_state=3), 54_000, train),
        ("dense, 10,000 rows", MLPClassifier((64,), max_iter=12, random_state=4), 10_000, train),
    ):
        classifier.fit(table[:rows], splits.train.labels[:rows])
        form = (lambda images: pca.transform(_flat(images))) if table is reduced else _flat
        found[name] = lambda images, fitted=classifier, form=form: fitted.predict(form(images))
    return found


def wrong_files(images: np.ndarray, predict: Predict) -> Iterator[tuple[str, Labels]]:
    """The slips that a sentinel is for, made with one model."""
    labels, rng = predict(images), np.random.default_rng(0)
    yield "rows shuffled", rng.permutation(labels)
    yield "shifted by one row", np.roll(labels, 1)
    yield "images transposed", predict(images.transpose(0, 2, 1))
    yield "images inverted", predict(1 - images)
    yield "pixels 0 to 255 instead of 0 to 1", predict(images * 255)
    yield "pixels divided by 255 twice", predict(images / 255)
    yield "labels from 1", labels + 1
    for share in (0.05, 0.02, 0.01, 0.005):
        yield f"{share:.1%} of rows misaligned", misaligned(labels, share, rng)


def misaligned(labels: Labels, share: float, rng: np.random.Generator) -> Labels:
    """`labels` with this share of rows permuted among themselves."""
    rows = rng.choice(len(labels), round(share * len(labels)), replace=False)
    changed = labels.copy()
    changed[rows] = labels[rng.permutation(rows)]
    return changed


def power(
    labels: Labels, probabilities: np.ndarray, limits: sentinel.Limits, tries: int = 200
) -> None:
    """Print how often misaligned rows are suspected."""
    print(
        "\nshare of rows misaligned, and in how many of 200 draws that is not a PASS (10,000 rows)"
    )
    for share in (0.0, 0.0025, 0.005, 0.0075, 0.01, 0.02):
        draws = [misaligned(labels, share, np.random.default_rng(seed)) for seed in range(tries)]
        suspected = sum(
            checks.sentinel.judge(draw, probabilities, limits).verdict != "PASS" for draw in draws
        )
        print(f"  {share:7.2%}  {suspected / tries:7.1%}")


def main() -> None:
    warnings.filterwarnings("ignore")
    splits, found = datasets.load("fashion_mnist"), sentinel.shipped()
    limits, truth = found.limits(), splits.test.labels
    started = time.perf_counter()
    probabilities = found.baseline.probabilities(splits.test.images)
    print(f"10,000 rows scored in {time.perf_counter() - started:.2f} s; {limits}\n")
    images = splits.test.images / np.float32(255)
    print(f"{'file':52} accuracy    below     mean    class  verdict")

    def show(name: str, labels: Labels) -> None:
        rates = sentinel.measure(labels, probabilities)
        verdict = sentinel.judge(rates, limits)
        figures = f"{(labels == truth).mean():8.4f} {rates.below:8.4f} {rates.mean:8.3f}"
        figures += f" {rates.over_representation:8.2f}"
        print(f"{name:52} {figures}  {verdict}", flush=True)

    made = models(splits)
    show("correct: true labels", truth)
    for name, predict in made.items():
        show(f"correct: {name}", predict(images))
    mixed, rng = made["published mlp"](images), np.random.default_rng(1)
    for share in (0.3, 0.6):
        show(
            f"correct: {share:.0%} of the published mlp's mistakes put right",
            np.where(rng.random(10_000) < share, truth, mixed),
        )
    for name in ("published mlp", "dense network", "support vectors"):
        for slip, labels in wrong_files(images, made[name]):
            show(f"{name}: {slip}", labels)
    for slip, labels in (
        ("shuffled", rng.permutation(truth)),
        ("2.0% misaligned", misaligned(truth, 0.02, rng)),
    ):
        show(f"true labels: {slip}", labels)
    if datasets.at_hand("mnist"):
        mnist = datasets.load("mnist").test
        show("true labels of MNIST", mnist.labels)
        show("published mlp: fed MNIST", made["published mlp"](mnist.images / np.float32(255)))
    power(made["published mlp"](images), probabilities, limits)


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


if __name__ == "__main__":
    main()
