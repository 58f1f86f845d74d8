"""The comparisons of report 000, and the two that report 003 argues: which loss, which activation, over seeds."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from typing import Any

from fashion_nn.errors import InputError
from fashion_nn.lab.losses.functions import BINARY
from fashion_nn.lab.losses.training import Curve, Plan, load_task, train_seeds


@dataclass(frozen=True)
class StudyPlan:
    """What a study compares: the networks by label, on which classes, from how many seeds, for how long."""

    title: str
    plans: Mapping[str, Plan]
    runs: int
    classes: tuple[int, int] | None = (4, 9)
    flipped: float = 0.0
    source: str = ""


@dataclass(frozen=True)
class Study:
    """What it found: the curves of each label, one a seed."""

    name: str
    title: str
    task: str
    images: int
    valid_images: int
    flipped: float
    curves: Mapping[str, tuple[Curve, ...]] = field(repr=False)

    def final(self, label: str, measure: str) -> tuple[float, float]:
        """Mean and standard deviation (n - 1) over the seeds of a measure at the end."""
        return _mean_sd([getattr(curve, measure)[-1] for curve in self.curves[label]])

    def relative(self, label: str, epoch: int) -> tuple[float, float]:
        """Mean and standard deviation of the training loss at an epoch as a share of that at the start."""
        return _mean_sd([curve.relative(epoch) for curve in self.curves[label]])

    def to_json(self) -> dict[str, Any]:
        """Everything as plain Python values, with a summary of each label."""
        summary = {
            label: {measure: dict(zip(("mean", "sd"), self.final(label, measure), strict=True)) for measure in MEASURES}
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

STUDIES: Mapping[str, StudyPlan] = {
    "bad-initialisation": StudyPlan(
        "Training from a very bad start (weights of standard deviation 10)",
        {name: Plan(loss=name, init_sd=10) for name in BINARY},
        runs=6,
        source="report 000, figure 3",
    ),
    "flipped-labels": StudyPlan(
        "Training with 10 % of the labels flipped",
        {name: Plan(loss=name) for name in BINARY},
        runs=3,
        flipped=0.1,
        source="report 000, figures 4 and 5",
    ),
    "saturation": StudyPlan(
        "Saturated hidden units: softsign against logistic (weights of standard deviation 10)",
        {name: Plan(loss="logistic-cross-entropy", hidden=name, init_sd=10) for name in ("softsign", "logistic")},
        runs=6,
        source="report 000, part 2.3",
    ),
    "squared-error": StudyPlan(
        "The same classifier by cross-entropy and by squared error",
        {name: Plan(loss=name, epochs=100) for name in ("softmax-cross-entropy", "softmax-squared-error")},
        runs=5,
        classes=None,
        source="report 003, why not MSE",
    ),
}


def study(
    name: str,
    *,
    dataset: str = "mnist",
    images: int = 1000,
    valid_images: int = 1000,
    runs: int | None = None,
    epochs: int | None = None,
    data_dir: str | PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Study:
    """Run a study: every network of it from seeds 0, 1, ... on the same images and the same flipped labels.

    Args:
        name: a key of `STUDIES`.
        dataset: mnist, digits, or any other that `fashion_nn.datasets` loads.
        runs, epochs: instead of the study's own.
        progress: called with (epochs done, epochs) of all trainings together.
    Raises:
        InputError: another name, or numbers below 1.
    """
    if name not in STUDIES:
        raise InputError(f"study {name!r}: expected one of {', '.join(STUDIES)}")
    plan = STUDIES[name]
    count = plan.runs if runs is None else runs
    if count < 1:
        raise InputError(f"runs {count}: expected at least 1")
    changed = {} if epochs is None else {"epochs": epochs}
    plans = {label: Plan(**{**asdict(one), **changed}) for label, one in plan.plans.items()}
    task = load_task(
        dataset,
        classes=plan.classes,
        images=images,
        valid_images=valid_images,
        flipped=plan.flipped,
        data_dir=data_dir,
    )
    total = count * sum(one.epochs for one in plans.values())
    curves, before = {}, 0
    for label, one in plans.items():
        offset = before
        step = progress and (lambda done, _, offset=offset: progress(offset + done, total))
        curves[label] = tuple(train_seeds(task, one, range(count), progress=step))
        before += count * one.epochs
    return Study(name, plan.title, task.name, len(task.x), len(task.valid_x), task.flipped, curves)


def as_table(found: Study) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of text: each label at the end, mean ± standard deviation over the seeds."""
    columns = ("network", "runs", "epochs", "start loss", "train loss", "train error", "valid loss", "valid error")
    lines = []
    for label, curves in found.curves.items():
        start = statistics.fmean(curve.train_loss[0] for curve in curves)
        ends = ["{:.4f} ± {:.4f}".format(*found.final(label, measure)) for measure in columns_measured(found)]
        lines.append((label, str(len(curves)), str(curves[0].epoch[-1]), f"{start:.3f}", *ends))
    extra = ("saturated", "freed") if found.name == "saturation" else ()
    return (*columns, *extra), lines


def columns_measured(found: Study) -> tuple[str, ...]:
    """The measures that a study's table shows."""
    shown = ("train_loss", "train_error", "valid_loss", "valid_error")
    return (*shown, "saturated", "freed") if found.name == "saturation" else shown


def _mean_sd(values: list[float]) -> tuple[float, float]:
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0
