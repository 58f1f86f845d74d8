"""The whole way from raw images to a graded prediction file, in minutes, on the packaged digits."""

import shutil
from pathlib import Path

from fashion_nn import console, datasets, evaluation, pages, recipes, runs, submission, training
from fashion_nn.grading import check_file
from fashion_nn.runs import Run

DATASET = "digits"
RECIPES = {
    # 1,300 images make only five batches of 256. Smaller batches need less momentum to be stable,
    # and moving averages that adapt within a few hundred steps.
    "mlp": ["batch_size=64", "momentum=0.9", "epochs=60"],
    "cnn-v2": ["batch_size=32", "epochs=8", "options.bn_momentum=0.9"],
}


def run(folder: Path) -> Run:
    """Train the MLP and a shortened CNN v2, and make predictions with the better of the two.

    Args:
        folder: for runs, data and pictures; an earlier demonstration in it is replaced.

    Returns:
        The better run.
    """
    if folder.exists():
        console.note(f"replacing {folder}, which an earlier demonstration left")
        shutil.rmtree(folder)
    splits = datasets.load(DATASET)
    console.note(f"{DATASET}: {len(splits.train)} rows to train, {len(splits.valid)} to validate")
    for name, settings in RECIPES.items():
        recipe = recipes.override(recipes.get(name), settings)
        with console.TrainingBar(name, recipe.epochs) as progress:
            outcome = training.run(recipe, splits, folder / name, progress=progress)
        pages.describe_training(outcome.run, splits)
    best = submission.best_run(folder, DATASET, splits.image_shape)
    for found in runs.find(folder):
        console.scores(found, splits.class_names, evaluation.evaluate(found, splits))
        pages.write_card(found)
    _, test = datasets.export(DATASET, folder / "data")
    predictions = submission.predict(best.model, test)
    submission.write(predictions, best.predictions)
    console.check(check_file(best.predictions, submission.expectation(predictions)))
    print(f"better on validation  {best.name}, card {best.card}")
    print(f"test images           {test}")
    print(f"predictions           {best.predictions}")
    print(f"pictures              {' '.join(str(path) for path in sorted(folder.glob('*/*.png')))}")
    return best
