"""Are models fed the pixels that they were trained on? One small network, trained in twelve ways.

    python benchmarks/feeding.py [--json benchmarks/feeding.json] [--folder FOLDER]

Some minutes. Each network is trained by plain Keras on MNIST and on Fashion-MNIST, saved, and
opened as a file of unknown origin three times: with the data set at hand, without it, and as if the
images were of no known data set, for which the package has no weak classifier either. The accuracy
of the labels is compared with that of Keras on pixels that are prepared as in the training.

Needs both data sets (FASHION_NN_DATA).
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from fashion_nn import datasets, inference
from fashion_nn.core.writing import write_atomic
from fashion_nn.datasets import weak_classifier
from fashion_nn.inference.scaling import deciding
from fashion_nn.runs import Environment

if TYPE_CHECKING:
    import keras

DATA = ("mnist", "fashion_mnist")
SITUATIONS = ("at hand", "not at hand", "unknown")
EPOCHS = 2
Prepare = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Way:
    """How pixels are prepared for a network.

    prepare: what the script does with uint8 pixels before it calls the network.
    front: the name of the first layer, and its arguments; None if there is no such layer.
    scale: the one on which the network has to be fed.
    """

    prepare: str
    scale: str
    front: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float32"


WAYS = {
    "pixels / 255": Way("unit", "0-1"),
    "pixels as they are": Way("raw", "0-255"),
    "pixels / 127.5 - 1": Way("signed", "-1-1"),
    "standardised by the data's mean and deviation": Way("standardised", "standardised"),
    "pixels / 255, then `Normalization`": Way("unit", "0-1", "Normalization", {"axis": None}),
    "pixels as they are, then `Normalization`": Way(
        "raw", "0-255", "Normalization", {"axis": None}
    ),
    "`Rescaling(1/255)`": Way("raw", "0-255", "Rescaling", {"scale": 1 / 255}),
    "`Rescaling(1/127.5, -1)`": Way(
        "raw", "0-255", "Rescaling", {"scale": 1 / 127.5, "offset": -1}
    ),
    "pixels / 255, then `Rescaling(2, -1)`": Way(
        "unit", "0-1", "Rescaling", {"scale": 2, "offset": -1}
    ),
    "pixels as they are, then `BatchNormalization`": Way("raw", "0-255", "BatchNormalization"),
    "1 - pixels / 255": Way("inverted", "inverted-0-1"),
    "integers, then `Rescaling(1/255)`": Way(
        "integers", "0-255", "Rescaling", {"scale": 1 / 255}, "uint8"
    ),
}


def preparations(mean: float, deviation: float) -> dict[str, Prepare]:
    """What a script does with pixels, uint8 (n, h, w), by the name in `Way.prepare`."""
    return {
        "unit": lambda images: images.astype("float32") / 255,
        "raw": lambda images: images.astype("float32"),
        "signed": lambda images: images.astype("float32") / 127.5 - 1,
        "standardised": lambda images: (images.astype("float32") / 255 - mean) / deviation,
        "inverted": lambda images: 1 - images.astype("float32") / 255,
        "integers": lambda images: images,
    }


def trained(way: Way, images: np.ndarray, labels: np.ndarray) -> "keras.Model":
    """A network of 64 hidden units after two epochs on images that are prepared already."""
    import keras

    keras.utils.set_random_seed(0)
    layers: list[keras.layers.Layer] = [keras.Input((28, 28), dtype=way.dtype)]
    if way.front:
        front = getattr(keras.layers, way.front)(**way.arguments)
        if way.front == "Normalization":
            front.adapt(images)
        layers.append(front)
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dense(64, "relu"),
        keras.layers.Dense(10, "softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images, labels, batch_size=64, epochs=EPOCHS, verbose=0)
    return model


@contextmanager
def situation(name: str) -> Iterator[None]:
    """Hide the data set, and for "unknown" the weak classifier too, for the block."""
    deciding._cache.clear()
    with ExitStack() as stack:
        if name != "at hand":
            stack.enter_context(mock.patch.object(datasets, "at_hand", return_value=False))
        if name == "unknown":
            stack.enter_context(mock.patch.object(weak_classifier, "shipped", return_value=None))
        yield


def opened(path: Path, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """What is decided about the file at `path`, and how many of its labels are right."""
    with inference.open_model(path) as predictor:
        answer = predictor.answer(images)
        decision = predictor.decision
    assert decision is not None, "nobody asked for a scale"
    return {
        **decision.to_json(),
        "warning": decision.warning(),
        "accuracy": float((answer.labels == labels).mean()),
    }


def measure(folder: Path) -> list[dict[str, Any]]:
    """Train each network in `folder`, unless it is there, and open it in each situation."""
    import keras

    rows = []
    for data in DATA:
        splits = datasets.load(data)
        record = datasets.DATASETS[data]
        prepare = preparations(record.mean, record.deviation)
        for number, (name, way) in enumerate(WAYS.items()):
            path = folder / f"{data}-{number}.keras"
            prepared = prepare[way.prepare]
            if not path.exists():
                model = trained(way, prepared(splits.train.images), splits.train.labels)
                model.save(path)
            model = keras.models.load_model(path)
            answers = model.predict(prepared(splits.test.images), batch_size=1000, verbose=0)
            row = {
                "data": data,
                "way": name,
                "expected": way.scale,
                "keras": float((answers.argmax(axis=1) == splits.test.labels).mean()),
            }
            for each in SITUATIONS:
                with situation(each):
                    row[each] = opened(path, splits.test.images, splits.test.labels)
            rows.append(row)
            print(json.dumps(row), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="where the networks are kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = {
            "epochs": EPOCHS,
            "rows": measure(folder),
            "environment": Environment.here().to_json(),
        }
    if arguments.json:
        write_atomic(arguments.json, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
