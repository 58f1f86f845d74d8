"""Make fashion_nn/datasets/sentinel_fashion_mnist.npz from the training rows of Fashion-MNIST;
about four minutes.

    python benchmarks/build_sentinel.py [OUT.npz]

The baseline is fitted to the 54,000 training rows. Its limits are measured on the 6,000 stored
validation rows, by the label files of a dozen classifiers of scikit-learn that were fitted to
training rows; the test rows are not read.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, LinearSVC

from fashion_nn import datasets
from fashion_nn.datasets import Splits, weak_classifier
from fashion_nn.grading import sentinel

OUT = Path(weak_classifier.__file__).with_name("sentinel_fashion_mnist.npz")


def peers(splits: Splits):
    """Yield name, classifier, form of the images and number of training rows of each correct
    file.
    """
    for components, neighbours, rows in ((None, 1, 20_000), (60, 1, 54_000), (60, 5, 54_000)):
        yield (
            f"{neighbours}-NN {components or 784}",
            KNeighborsClassifier(neighbours),
            components,
            rows,
        )
    yield "logistic regression", LogisticRegression(C=0.01, max_iter=40), None, 20_000
    yield "logistic regression 60", LogisticRegression(max_iter=60), 60, 54_000
    yield "linear SVM", LinearSVC(C=0.01, max_iter=200), None, 10_000
    yield "SVM", SVC(C=5, gamma=0.02), 60, 15_000
    yield "forest", RandomForestClassifier(60, random_state=0, n_jobs=-1), None, 20_000
    yield (
        "forest 60",
        RandomForestClassifier(60, max_depth=14, random_state=0, n_jobs=-1),
        60,
        54_000,
    )
    for rows, epochs in ((5_000, 10), (5_000, 30), (54_000, 1), (54_000, 2), (54_000, 8)):
        net = MLPClassifier((128,), max_iter=epochs, random_state=0)
        yield f"dense network, {rows:,} rows, {epochs} epochs", net, None, rows
    deep = MLPClassifier((256, 128, 64), max_iter=2, learning_rate_init=3e-3, random_state=0)
    yield "deeper network, 2 epochs", deep, None, 54_000


def label_files(splits: Splits) -> dict[str, np.ndarray]:
    """The labels, int64 (6000,), that each peer gives the validation rows."""
    tables = {None: (_flat(splits.train.images), _flat(splits.valid.images))}
    pca = PCA(60, random_state=0).fit(tables[None][0][::4])
    tables[60] = tuple(map(pca.transform, tables[None]))
    order = np.random.default_rng(0).permutation(len(splits.train))
    files = {"true labels": splits.valid.labels}
    for name, classifier, form, rows in peers(splits):
        train, valid = tables[form]
        chosen = order[:rows]
        files[name] = classifier.fit(train[chosen], splits.train.labels[chosen]).predict(valid)
    return files


def main() -> None:
    warnings.filterwarnings("ignore")  # those that did not converge are just weaker peers
    splits = datasets.load("fashion_mnist")
    made = weak_classifier.fit(splits.train.images, splits.train.labels, splits.classes)
    provenance = {
        "script": "benchmarks/build_sentinel.py",
        "dataset": splits.name,
        "fingerprint": splits.fingerprint,
        "split": splits.split_id,
        "rows": {"train": len(splits.train), "valid": len(splits.valid)},
        "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    }
    probabilities = made.probabilities(splits.valid.images)
    found = sentinel.with_correct(
        made, label_files(splits), splits.valid.labels, probabilities, provenance=provenance
    )
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    sentinel.save(found, out)
    print(f"{'correct file':34} accuracy    below     mean    class")
    for name, row in zip(found.names, found.correct, strict=True):
        print(f"{name:34} {row[0]:8.4f} {row[1]:8.4f} {row[2]:8.4f} {row[3]:8.3f}")
    print(found.limits())
    print(f"{out}: {out.stat().st_size:,} bytes")


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


if __name__ == "__main__":
    main()
