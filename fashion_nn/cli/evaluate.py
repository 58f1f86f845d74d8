"""fashion-nn evaluate: measure runs on their test images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fashion_nn import console, runs
from fashion_nn.cli import own_code
from fashion_nn.cli.common import accuracy, loader, render_json
from fashion_nn.cli.options import AsJson, DataDir, DatasetOfRun, Folders, TestCsv, examples
from fashion_nn.cli.reading import Reading, reads_data
from fashion_nn.measures import balanced_accuracy
from fashion_nn.measures.columns import PROBABILISTIC, sentence
from fashion_nn.runs import Run

if TYPE_CHECKING:
    from fashion_nn.measures import Scores

EXAMPLES = examples(
    "fashion-nn evaluate models/mlp",
    "fashion-nn evaluate models/mlp models/cnn-v2 --json",
)


@reads_data
def evaluate(
    folders: Folders,
    dataset: DatasetOfRun = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
    as_json: AsJson = False,
    code: own_code.Code = None,
    *,
    reading: Reading,
) -> None:
    """Measure runs on their test images.

    Measures the accuracy with a 95 % interval, the log loss, the calibration and the figures of
    each class, and draws pictures. Each evaluation on the test set is logged in the run folder.
    """
    opened = [runs.open_run(folder) for folder in folders]
    for run in opened:
        run.read_metrics()  # An incomplete run is refused before the first is measured.
    builders = [own_code.of_run(run, code) for run in opened]
    from fashion_nn import evaluation, pages

    results: list[dict[str, Any]] = []
    load = loader(dataset, data_dir, test, reading.options())
    for run, builder in zip(opened, builders, strict=True):
        splits = load(run)
        with console.work_bar("near duplicates") as progress:
            scores = evaluation.evaluate(run, splits, progress, builder)
        pages.write_card(run)
        balanced = balanced_accuracy(scores.per_class)
        results.append({"run": str(run.folder), **scores.to_json(), "balanced_accuracy": balanced})
        if not as_json:
            print_scores(run, splits.class_names, scores)
    if as_json:
        print(render_json(results[0] if len(results) == 1 else results))


def print_scores(run: Run, class_names: Sequence[str], found: "Scores") -> None:
    """Print the figures of one run on the test split."""
    first, *others = PROBABILISTIC
    test = accuracy(found.accuracy, found.interval, found.n)
    print(f"{run.folder}: test {test}, {sentence(found, [first])}")
    balanced = balanced_accuracy(found.per_class)
    print(f"balanced accuracy {balanced:.4f}, {sentence(found, others)}")
    _print_stored(run)
    rows = [
        (name, f"{each.precision:.4f}", f"{each.recall:.4f}", f"{each.f1:.4f}", each.support)
        for name, each in zip(class_names, found.per_class, strict=True)
    ]
    console.table(("class", "precision", "recall", "F1", "n"), rows)
    print(f"pictures: {run.figure('confusion')}, {run.figure('mistakes')}")


def _print_stored(run: Run) -> None:
    """Print the figures that only metrics.json has."""
    stored = run.read_metrics().test
    if stored is None:
        return
    clean = stored.without_near_duplicates
    if clean and clean.accuracy is not None and clean.interval is not None:
        found = accuracy(clean.accuracy, clean.interval, clean.n)
        print(f"without near duplicates of training images: {found}")
    scaled = stored.temperature
    if scaled:
        before = scaled.log_loss_before
        losses = f"{scaled.log_loss:.4f}"
        if before is not None:
            losses = f"{before:.4f} becomes {losses} (both in double precision)"
        print(
            f"with temperature {scaled.value:.3f}, fitted on validation: "
            f"log loss {losses}, "
            f"expected calibration error {scaled.calibration_error:.4f}"
        )
