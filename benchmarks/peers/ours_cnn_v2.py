"""CNN v2 trained by `fashion_nn.training`, everything included: an epoch for each line read.

    python ours_cnn_v2.py DATA.npz float32|mixed_bfloat16 SEED BN_MOMENTUM [KEY=VALUE]...

DATA.npz has images, labels, valid_images, valid_labels. Answers each line with one of JSON.
"""

import json
import sys
import tempfile

import numpy as np

from fashion_nn import recipes, training, zoo
from fashion_nn.datasets import Split, Splits, fingerprint

data, precision, seed, momentum, *settings = sys.argv[1:]


class EpochForEachLine:
    """Tells each epoch's figures and holds the training until the next line; ends it when there is
    none.
    """

    stop_requested = False

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        pass

    def epoch(self, row: dict[str, float], improved: bool, seconds: float) -> None:
        print(json.dumps({"loss": row["loss"], "val_accuracy": row["val_accuracy"]}), flush=True)
        wait()


def wait() -> None:
    if not sys.stdin.readline():
        sys.exit()


with np.load(data) as file:
    train, valid = (Split(file[f"{part}images"], file[f"{part}labels"]) for part in ("", "valid_"))
splits = Splits(
    name="benchmark",
    class_names=tuple("0123456789"),
    train=train,
    valid=valid,
    test=None,
    valid_indices=np.arange(len(valid)),
    split_seed=0,
    validation_fraction=0.1,
    fingerprint=fingerprint(train.images, train.labels),
)
endless = ["epochs=100000", "patience=none", f"seed={seed}", f"precision={precision}"]
recipe = recipes.override(
    recipes.get("cnn-v2"), [*endless, f"options.bn_momentum={momentum}", *settings]
)
print(json.dumps({"parameters": zoo.build("cnn-v2").count_params()}), flush=True)
wait()
with tempfile.TemporaryDirectory() as folder:
    training.run(recipe, splits, folder, progress=EpochForEachLine())
