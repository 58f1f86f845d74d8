"""A recipe trained as `fashion-nn train` does it, from the files of Fashion-MNIST; a line of JSON
after each epoch.

    python ours_to_files.py FOLDER RECIPE [KEY=VALUE]...

The run is left in FOLDER/run. FOLDER/epoch-1.keras and so on are what it would have left had it
ended after that epoch: the best model so far on the validation rows.
"""

import json
import shutil
import sys
from pathlib import Path

from fashion_nn import datasets, recipes, training
from fashion_nn.runs import Run

folder, name, *settings = sys.argv[1:]
target = Run(Path(folder) / "run")


class KeepEachEpoch:
    stop_requested = False

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        pass

    def epoch(self, row: dict[str, float], improved: bool, seconds: float) -> None:
        shutil.copy(target.model, Path(folder) / f"epoch-{row['epoch']}.keras")
        print(json.dumps({"loss": row["loss"], "val_accuracy": row["val_accuracy"]}), flush=True)


recipe = recipes.override(recipes.get(name), settings)
training.run(recipe, datasets.load("fashion_mnist"), target.folder, progress=KeepEachEpoch())
