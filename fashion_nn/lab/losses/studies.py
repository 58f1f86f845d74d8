"""Comparisons of networks over seeds: those of report 000, and the one that report 003 argues
for.
"""

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from os import PathLike

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError
from fashion_nn.lab.losses.functions import BINARY
from fashion_nn.lab.losses.training import Curve, Plan, load_task, train_seeds
from fashion_nn.lab.progress import Progress, part_of
from fashion_nn.measures import MeanSd, mean_sd


@dataclass(frozen=True)
class Study:
    """A comparison of networks.

    Attributes:
        plans: the networks by label.
        runs: number of seeds.
        classes: the two classes to tell apart; None for all classes.
        flipped: share of the training labels that are replaced by a wrong class.
        source: where the reports have it.
    """

    title: str
    plans: Mapping[str, Plan]
    runs: int
    classes: tuple[int, int] | None = (4, 9)
    flipped: float = 0.0
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """On which images a study runs, and how long.

    Attributes:
        dataset: mnist, digits, or any other that `fashion_nn.datasets` loads.
        images: number of training images.
        valid_images: number of validation images.
        runs: number of seeds; None for the study's own.
        epochs: None for the study's own.
        data_dir: folder of the data sets.
    """

    dataset: str = "mnist"
    images: int = 1000
    valid_images: int = 1000
    runs: int | None = None
    epochs: int | None = None
    data_dir: str | PathLike[str] | None = None


@dataclass(frozen=True)
class StudyResult:
    """What a study found: the curves of each label, one for each seed."""

    name: str
    title: str
    task: str
    images: int
    valid_images: int
    flipped: float
    curves: Mapping[str, tuple[Curve, ...]] = field(repr=False)

    def final(self, label: str, measure: str) -> MeanSd:
        """Mean and standard deviation (n - 1) over the seeds of a measure at the end."""
        return mean_sd([getattr(curve, measure)[-1] for curve in self.curves[label]])

    def relative(self, label: str, epoch: int) -> MeanSd:
        """Mean and standard deviation of the training loss at an epoch as a share of that at the
        start.
        """
        return mean_sd([curve.relative(epoch) for curve in self.curves[label]])

    @property
    def measures_shown(self) -> tuple[str, ...]:
        """The measures that the table shows."""
        shown = ("train_loss", "train_error", "valid_loss", "valid_error")
        return (*shown, "saturated", "freed") if self.name == "saturation" else shown

    def to_json(self) -> JsonObject:
        """Everything as plain Python values, with a summary of each label."""
        summary = {
            label: {measure: self.final(label, measure)._asdict() for measure in MEASURES}
            for label in self.curves
        }
        return {**asdict(self), "summary": summary}


MEASURES = (
    "train_loss",
    "train_error",
    "true_error",
    "valid_loss",
    "valid_error",
    "saturated",
    "freed",
)

STUDIES: Mapping[str, Study] = {
    "bad-initialisation": Study(
        "Training from a very bad start (weights of standard deviation 10)",
        {name: Plan(loss=name, init_sd=10) for name in BINARY},
        runs=6,
        source="report 000, figure 3",
    ),
    "flipped-labels": Study(
        "Training with 10 % of the labels flipped",
        {name: Plan(loss=name) for name in BINARY},
        runs=3,
        flipped=0.1,
        source="report 000, figures 4 and 5",
    ),
    "saturation": Study(
        "Saturated hidden units: softsign against logistic (weights of standard deviation 10)",
        {
            name: Plan(loss="logistic-cross-entropy", hidden=name, init_sd=10)
            for name in ("softsign", "logistic")
        },
        runs=6,
        source="report 000, part 2.3",
    ),
    "squared-error": Study(
        "The same classifier by cross-entropy and by squared error",
        {
            name: Plan(loss=name, epochs=100)
            for name in ("softmax-cross-entropy", "softmax-squared-error")
        },
        runs=5,
        classes=None,
        source="report 003, why not MSE",
    ),
}


def run_study(
    name: str, options: StudyOptions | None = None, *, progress: Progress | None = None
) -> StudyResult:
    """Train every network of a study from seeds 0, 1, ... on the same images and the same flipped
    labels.

    Args:
        name: a key of `STUDIES`.
        options: which images, and how long.
        progress: called with (epochs done, epochs) of all trainings together.

    Raises:
        InputError: another name, or numbers below 1.
    """
    if name not in STUDIES:
        raise InputError(f"study {name!r}: expected one of {', '.join(STUDIES)}")
    study = STUDIES[name]
    options = options or StudyOptions()
    runs = study.runs if options.runs is None else options.runs
    if runs < 1:
        raise InputError(f"runs {runs}: expected at least 1")
    plans = study.plans
    if options.epochs is not None:
        plans = {label: replace(plan, epochs=options.epochs) for label, plan in plans.items()}
    task = load_task(
        options.dataset,
        classes=study.classes,
        images=options.images,
        valid_images=options.valid_images,
        flipped=study.flipped,
        data_dir=options.data_dir,
    )
    total = runs * sum(plan.epochs for plan in plans.values())
    curves: dict[str, tuple[Curve, ...]] = {}
    before = 0
    for label, plan in plans.items():
        part = part_of(progress, before, total)
        curves[label] = tuple(train_seeds(task, plan, range(runs), progress=part))
        before += runs * plan.epochs
    return StudyResult(
        name, study.title, task.name, len(task.x), len(task.valid_x), task.flipped, curves
    )


def as_table(found: StudyResult) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of text: each label at the end, mean ± standard deviation over the seeds."""
    columns = (
        "network",
        "runs",
        "epochs",
        "start loss",
        "train loss",
        "train error",
        "valid loss",
        "valid error",
    )
    rows = []
    for label, curves in found.curves.items():
        start = statistics.fmean(curve.train_loss[0] for curve in curves)
        ends = [
            "{:.4f} ± {:.4f}".format(*found.final(label, measure))
            for measure in found.measures_shown
        ]
        rows.append((label, str(len(curves)), str(curves[0].epoch[-1]), f"{start:.3f}", *ends))
    extra = ("saturated", "freed") if found.name == "saturation" else ()
    return (*columns, *extra), rows
