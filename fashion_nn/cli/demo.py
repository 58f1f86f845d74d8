"""fashion-nn demo: from raw images to a graded prediction file, on packaged digits."""

from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import console, datasets, recipes, runs
from fashion_nn.cli.common import accuracy
from fashion_nn.cli.grade import print_checks
from fashion_nn.cli.options import MODELS, Models, examples
from fashion_nn.core import writing
from fashion_nn.runs import Run

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

EXAMPLES = examples("fashion-nn demo", "fashion-nn demo --models /tmp/models")

DATASET = "digits"
RECIPES = {
    # 1,300 images make only five batches of 256. Smaller batches need less momentum to be stable,
    # and moving averages that adapt within a few hundred steps.
    "mlp": ["batch_size=64", "momentum=0.9", "epochs=60"],
    "cnn-v2": ["batch_size=32", "epochs=8", "options.bn_momentum=0.9"],
}


def demo(models: Models = MODELS) -> None:
    """Train two models on embedded data and submit with the better.

    This takes some minutes and needs no download. It leaves models/demo with both run folders, a
    page of the better one and a prediction file, and replaces that folder if it is there.
    """
    console.load_tensorflow()
    from fashion_nn import pages, submission

    folder = models / "demo"
    if folder.exists():
        console.note(f"replacing {folder}, which an earlier demonstration left")
        writing.remove_folder(folder)
    splits = datasets.load(DATASET)
    console.note(f"{DATASET}: {len(splits.train)} rows to train, {len(splits.valid)} to validate")
    _train(splits, folder)
    best = submission.best_run(folder, DATASET, splits.image_shape)
    _evaluate(splits, folder)
    _, test = datasets.export(DATASET, folder / "data")
    _submit(best, test)
    print(f"better on validation  {best.name}, card {best.card}")
    print(f"its page              {pages.write_run_page(best, splits)}")
    print(f"test images           {test}")
    print(f"predictions           {best.predictions}")


def _train(splits: "Splits", folder: Path) -> None:
    from fashion_nn import pages, training

    for name, settings in RECIPES.items():
        recipe = recipes.override(recipes.get(name), settings)
        with console.TrainingBar(name, recipe.epochs, every_epoch=False) as progress:
            outcome = training.run(recipe, splits, folder / name, progress=progress)
        pages.describe_training(outcome.run, splits)


def _evaluate(splits: "Splits", folder: Path) -> None:
    from fashion_nn import evaluation, pages

    for run in runs.find(folder, note=console.note):
        found = evaluation.evaluate(run, splits).scores
        print(f"{run.name:<8} test {accuracy(found.accuracy, found.interval, found.n)}")
        pages.write_card(run)


def _submit(best: Run, test: Path) -> None:
    """Write a prediction file with the model of `best`, and print its check."""
    from fashion_nn import submission
    from fashion_nn.grading import check_file

    predictions = submission.predict(best.model, test)
    submission.write(predictions, best.predictions)
    print_checks([check_file(best.predictions, submission.expectation(predictions))])
