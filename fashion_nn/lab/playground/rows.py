"""The trainings that report 003 tabulates, as settings, and how to repeat each over several
seeds.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError
from fashion_nn.lab.playground.settings import FEATURES, Settings, changed
from fashion_nn.lab.playground.training import Fit, train_seeds
from fashion_nn.lab.progress import Progress, part_of
from fashion_nn.measures import mean_sd

_SINES = ("x1", "x2", "sin_x1", "sin_x2")


@dataclass(frozen=True)
class Row:
    """One printed row: its settings, its epochs, and the report's system that it is about."""

    settings: Settings
    epochs: int
    system: str


@dataclass(frozen=True)
class Summary:
    """A measure over seeds: mean, standard deviation (n - 1), median, and the value of each
    seed.
    """

    mean: float
    sd: float
    median: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Summary":
        mean, sd = mean_sd(values)
        return cls(mean, sd, statistics.median(values), tuple(values))


@dataclass(frozen=True)
class Rerun:
    """One set-up over several seeds. `feature_strength` and `test_accuracy` (None for regression)
    are medians.
    """

    settings: Settings
    epochs: int
    seeds: tuple[str, ...]
    train_loss: Summary
    test_loss: Summary
    test_accuracy: float | None
    feature_strength: Mapping[str, float]
    seconds: float

    def to_json(self) -> JsonObject:
        """The same as plain Python values."""
        return asdict(self)


def rows(name: str) -> dict[str, Row]:
    """One row by its name, or all rows of a table by `table-1` to `table-4`.

    Raises:
        InputError: no such row; the line lists those that there are.
    """
    found = {known: row for known, row in ROWS.items() if name in (known, known.partition("/")[0])}
    if not found:
        raise InputError(
            f"no row {name!r}: expected table-1, ..., table-4 or one of {', '.join(ROWS)}"
        )
    return found


def rerun(
    row: Row,
    *,
    seeds: Sequence[str | int] = range(16),
    progress: Progress | None = None,
    **changes: Any,
) -> Rerun:
    """Train a row again from each seed; `changes` are settings by name, for where the report
    contradicts itself.
    """
    return summarise(
        train_seeds(changed(row.settings, **changes), seeds, epochs=row.epochs, progress=progress)
    )


def train_rows(
    planned: Mapping[str, Row],
    *,
    seeds: Sequence[str | int] | None = None,
    progress: Progress | None = None,
) -> dict[str, list[Fit]]:
    """Train each row from every one of the seeds, or from its own; `progress` counts epochs of all
    rows.
    """
    total = sum(row.epochs for row in planned.values())
    before = 0
    fits: dict[str, list[Fit]] = {}
    for name, row in planned.items():
        part = part_of(progress, before, total)
        fits[name] = train_seeds(
            row.settings, seeds or [row.settings.seed], epochs=row.epochs, progress=part
        )
        before += row.epochs
    return fits


def as_table(found: Mapping[str, Fit | Rerun]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of text for trainings or reruns by name."""
    columns = (
        "run",
        "network",
        "epochs",
        "train loss",
        "test loss",
        "test accuracy",
        "strength of the features",
    )
    rows = []
    for name, one in found.items():
        if isinstance(one, Fit):
            losses = [f"{one.train_loss:.3f}", f"{one.test_loss:.3f}"]
            accuracies = one.accuracy()
            accuracy = accuracies.test if accuracies else None
            strength: Mapping[str, float] = one.feature_strength()
        else:
            losses = [
                f"{loss.mean:.3f} ± {loss.sd:.3f}" for loss in (one.train_loss, one.test_loss)
            ]
            accuracy = one.test_accuracy
            strength = one.feature_strength
        network = f"{one.settings.activation} {'-'.join(map(str, one.settings.shape))}"
        features = " ".join(f"{feature} {value:.2f}" for feature, value in strength.items())
        share = "" if accuracy is None else f"{accuracy:.3f}"
        rows.append(
            (name or one.settings.dataset, network, str(one.epochs), *losses, share, features)
        )
    return columns, rows


def summarise(fits: Sequence[Fit]) -> Rerun:
    """Several trainings of one set-up together: means, standard deviations and medians."""
    accuracies = [accuracy.test for fit in fits if (accuracy := fit.accuracy())]
    strengths = [fit.feature_strength() for fit in fits]
    first = fits[0]
    return Rerun(
        settings=first.settings,
        epochs=first.epochs,
        seeds=tuple(fit.settings.seed for fit in fits),
        train_loss=Summary.of([fit.train_loss for fit in fits]),
        test_loss=Summary.of([fit.test_loss for fit in fits]),
        test_accuracy=statistics.median(accuracies) if accuracies else None,
        feature_strength={
            name: statistics.median(one[name] for one in strengths) for name in strengths[0]
        },
        seconds=first.seconds,
    )


def _row(
    system: int,
    dataset: str,
    epochs: int,
    layers: int,
    units: int,
    activation: str = "sigmoid",
    **given: Any,
) -> Row:
    settings = Settings(
        dataset=dataset,
        hidden=(units,) * layers,
        activation=activation,
        learning_rate=0.1,
        batch_size=10,
        split=0.7,
        **given,
    )
    return Row(settings, epochs, f"S003-{system}")


def _regularised(system: int, dataset: str, kind: str) -> Row:
    epochs, layers = (1000, 3) if dataset == "spiral" else (250, 2)
    return _row(
        system,
        dataset,
        epochs,
        layers,
        5,
        features=FEATURES,
        regularization=kind,
        regularization_rate=0.01,
    )


# Layers as the tables print them; the text says two hidden layers of five for every spiral.
ROWS: Mapping[str, Row] = {
    "table-1/circle": _row(1, "circle", 306, 2, 5, features=("x1^2", "x2^2")),
    "table-1/gauss": _row(2, "gauss", 70, 2, 5),
    "table-1/xor": _row(3, "xor", 390, 2, 5, features=("x1x2",)),
    "table-1/spiral": _row(4, "spiral", 700, 3, 5, features=_SINES),
    "table-2/xor-l1": _regularised(5, "xor", "L1"),
    "table-2/circle-l1": _regularised(6, "circle", "L1"),
    "table-2/gauss-l1": _regularised(7, "gauss", "L1"),
    "table-2/spiral-l1": _regularised(8, "spiral", "L1"),
    "table-2/xor-l2": _regularised(9, "xor", "L2"),
    "table-2/circle-l2": _regularised(10, "circle", "L2"),
    "table-2/gauss-l2": _regularised(11, "gauss", "L2"),
    "table-2/spiral-l2": _regularised(12, "spiral", "L2"),
    "table-3/xor-relu-4x5": _row(13, "xor", 40, 4, 5, "relu"),
    "table-3/xor-sigmoid-2x5": _row(14, "xor", 300, 2, 5),
    "table-3/xor-tanh-2x5": _row(15, "xor", 64, 2, 5, "tanh"),
    "table-3/xor-sigmoid-2x10": _row(16, "xor", 28, 2, 10),
    "table-3/circle-sigmoid-2x5": _row(17, "circle", 760, 2, 5),
    "table-3/circle-relu-2x10": _row(18, "circle", 177, 2, 10, "relu"),
    "table-3/circle-relu-3x10": _row(19, "circle", 177, 3, 10, "relu"),
    "table-3/circle-relu-4x5": _row(20, "circle", 38, 4, 5, "relu"),
    "table-4/spiral": _row(21, "spiral", 700, 3, 5, features=_SINES),
}

SYSTEMS = frozenset(row.system for row in ROWS.values())
"""The report's systems that the rows are about."""
