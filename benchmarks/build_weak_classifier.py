"""Make fashion_nn/datasets/weak_classifier_mnist.npz from the training rows of MNIST; half a
minute.

    python benchmarks/build_weak_classifier.py [OUT.npz]

That for Fashion-MNIST is in the file of its sentinel, which `build_sentinel.py` makes.
"""

import io
import json
import sys
from pathlib import Path

import numpy as np

from fashion_nn import datasets
from fashion_nn.core.writing import write_atomic
from fashion_nn.datasets import weak_classifier

OUT = Path(weak_classifier.__file__).with_name("weak_classifier_mnist.npz")


def main() -> None:
    splits = datasets.load("mnist")
    made = weak_classifier.fit(splits.train.images, splits.train.labels, splits.classes)
    provenance = {
        "script": "benchmarks/build_weak_classifier.py",
        "dataset": splits.name,
        "fingerprint": splits.fingerprint,
        "split": splits.split_id,
        "versions": {"numpy": np.__version__},
    }
    content = io.BytesIO()
    np.savez(
        content,
        weights=made.weights,
        bias=made.bias,
        image_shape=np.array(made.image_shape),
        provenance=np.array(json.dumps(provenance, sort_keys=True)),
    )
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    write_atomic(out, content.getvalue())
    right = made.probabilities(splits.valid.images).argmax(axis=1) == splits.valid.labels
    print(f"{out}: {out.stat().st_size:,} bytes, {right.mean():.4f} of the validation rows right")


if __name__ == "__main__":
    main()
