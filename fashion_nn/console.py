"""What the command line shows: progress and notes on stderr, results on stdout."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from fashion_nn.core.text import duration
from fashion_nn.errors import InputError
from fashion_nn.measures import maximised
from fashion_nn.measures.columns import PROBABILISTIC, sentence
from fashion_nn.runs import EnsembleOptions

if TYPE_CHECKING:
    from fashion_nn.baselines import Study
    from fashion_nn.grading import Check
    from fashion_nn.measures import Scores
    from fashion_nn.runs import Run, Search, TrialRecord
    from fashion_nn.training import Outcome
    from fashion_nn.tuning.search import Standing
    from fashion_nn.zoo import LayerRow, Parameters

err = Console(stderr=True, highlight=False, soft_wrap=True)


class TrainingBar:
    """Draws a training: a bar for the running epoch on a terminal, and a line for each complete one."""

    def __init__(self, name: str, epochs: int):
        self.name, self.epochs = name, epochs
        self.stop_requested = False
        self._bar: Progress | None = None

    def __enter__(self) -> "TrainingBar":
        # An interrupt in the midst of TensorFlow's code surfaces as any error; so the step is finished first.
        self._handler = signal.signal(signal.SIGINT, self._request_stop)
        if err.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=err, transient=True)
            self._task = self._bar.add_task(self.name)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._handler)
        if self._bar:
            self._bar.stop()

    def _request_stop(self, *_: object) -> None:
        self.stop_requested = True
        signal.signal(signal.SIGINT, self._handler)  # a second Ctrl-C stops at once

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        if self._bar:
            description = f"{self.name} epoch {epoch}/{self.epochs} loss {loss:.4f}"
            self._bar.update(self._task, completed=step, total=steps, description=description)

    def epoch(self, row: dict[str, float], improved: bool, seconds: float) -> None:
        parts = [f"{self.name} epoch {row['epoch']:>3}/{self.epochs}"]
        parts += [f"{key} {row[key]:.4f}" for key in ("loss", "accuracy", "val_loss", "val_accuracy") if key in row]
        note("  ".join([*parts, f"{seconds:.1f} s"]) + ("  best so far" if improved else ""))


@contextmanager
def training_bars() -> Iterator[Callable[[str, int], TrainingBar]]:
    """Yield a function that starts the bar of the next training, after ending the one before."""
    with ExitStack() as bars:

        def start(name: str, epochs: int) -> TrainingBar:
            bars.close()
            return bars.enter_context(TrainingBar(name, epochs))

        yield start


class SearchBar:
    """Draws a search: a bar with the best so far on a terminal, and a line for each trial that has ended."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def __enter__(self) -> "SearchBar":
        if err.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[left]}"),
            )
            self._bar = Progress(*columns, console=err, transient=True)
            self._task = self._bar.add_task("search", total=None, left="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, standing: "Standing", ended: "TrialRecord | None") -> None:
        best = standing.best
        if ended:
            parts = [f"trial {ended.id}  {ended.status}"]
            if ended.score is not None:
                parts.append(f"{standing.objective} {ended.score:.4f}")
            parts += [f"{ended.epochs_run} epochs", f"{ended.seconds:.1f} s"]
            parts += [ended.message] if ended.message and ended.score is None else []
            note("  ".join(parts) + ("  best so far" if best and best.id == ended.id else ""))
        if self._bar:
            shown = f"best {best.score:.4f} ({best.id})" if best else "no result yet"
            doing = "training the best again" if standing.retraining else f"{standing.running} running"
            left = standing.seconds_left
            self._bar.update(
                self._task,
                description=f"trials, {doing}, {shown}",
                completed=standing.done,
                total=standing.of,
                left="" if left is None else f"{duration(left)} left",
            )


@contextmanager
def work_bar(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback (done, total) that draws a bar on a terminal and nothing elsewhere."""
    if not err.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> None:
    """Print rows; a column whose cells are all numbers, or text of digits, stands to the right."""
    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for i, name in enumerate(columns):
        right = all(_numeric(row[i]) for row in rows)
        drawn.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    # Piped output is for programs: as wide as the table needs.
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(drawn, markup=False)


def details(lines: Sequence[tuple[str, str]]) -> None:
    """Print one thing: a line as a heading, then names and their texts, and an empty line."""
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print(f"{name:{width}}  {text}" if name else text)
    print()


def note(text: str) -> None:
    """Print a line for people, on stderr."""
    err.print(text, markup=False)


def _numeric(cell: object) -> bool:
    return isinstance(cell, int | float) or str(cell)[:1].isdigit()


def load_tensorflow() -> None:
    """Import TensorFlow without its log lines, those too that it prints before a log level counts."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import keras  # noqa: F401
        import tensorflow

        tensorflow.get_logger().setLevel("ERROR")
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def info(found: dict[str, Any]) -> None:
    """Print what `datasets.info` found."""
    pixels = found["pixels"]
    height, width = found["image_shape"]
    official = f"the training rows of {found['official']}, byte for byte" if found["official"] else "none known"
    print(f"name         {found['name']}")
    print(f"images       {height} x {width} pixels, uint8")
    print(f"pixels       mean {pixels['mean']:.4f}, sd {pixels['sd']:.4f}, zeros {pixels['zeros']:.1%} (scale 0 to 1)")
    print(f"fingerprint  {found['fingerprint']}")
    print(f"these are    {official}")
    print(
        f"looks like   {found['recognised']['name'] or 'nothing known'} ({found['recognised']['score']:.1%} of images)"
    )
    print(f"split        {found['split']['id']}, seed {found['split']['seed']}\n")
    parts = list(found["counts"])
    rows = [(name, *(found["class_counts"][part][i] for part in parts)) for i, name in enumerate(found["classes"])]
    table(("class", *parts), [*rows, ("all", *found["counts"].values())])
    for warning in found["warnings"]:
        note(f"warning: {warning}")


def duplicates(found: dict[str, Any]) -> None:
    """Print what `duplicates.check` found."""
    exact = [(kind, pairs, found["exact_same_label"][kind]) for kind, pairs in found["exact"].items()]
    table(("equal images", "pairs", "with one label"), exact)
    kinds = {"near_train": "train near train", "near_test": "test near test", "near": "test near train"}
    near = []
    for key, title in kinds.items():
        for threshold, counts in found.get(key, {}).items():
            images, same_label = counts.values()
            near.append((title, threshold, images, same_label))
    print()
    table(("images with a near twin", "RMS distance up to", "images", "nearest has the same label"), near)


def layers(rows: Sequence["LayerRow"], totals: "Parameters") -> None:
    """Print a model's layer table."""
    shapes = [str(row.output_shape) for row in rows]
    table(
        ("layer", "type", "output shape", "parameters"),
        [(row.name, row.type, shape, row.parameters) for row, shape in zip(rows, shapes, strict=True)],
    )
    print(f"\nparameters: {totals.total:,}, trainable {totals.trainable:,}, not trainable {totals.non_trainable:,}")


def trained(outcome: "Outcome") -> None:
    """Print how a training ended and where it is."""
    run = outcome.run
    line = f"kept epoch {outcome.best_epoch}, stopped by {outcome.stopped_because}"
    valid = outcome.metrics.valid
    if valid:
        line += f"; validation {accuracy(valid.accuracy, valid.interval, valid.n)}"
    print(line)
    print(f"{run.folder}: {', '.join(sorted(path.name for path in run.folder.iterdir() if path.suffix != '.npz'))}")


def scores(run: "Run", class_names: Sequence[str], found: "Scores") -> None:
    """Print the figures of one run on the test split."""
    first, *others = PROBABILISTIC
    test = accuracy(found.accuracy, found.interval, found.n)
    print(f"{run.folder}: test {test}, {sentence(found, [first])}")
    print(sentence(found, others))
    stored = run.read_metrics().test
    clean = stored and stored.without_near_duplicates
    if clean and clean.accuracy is not None and clean.interval is not None:
        print(f"without near duplicates of training images: {accuracy(clean.accuracy, clean.interval, clean.n)}")
    scaled = stored and stored.temperature
    if scaled:
        print(
            f"with temperature {scaled.value:.3f}, fitted on validation: log loss {scaled.log_loss:.4f}, "
            f"expected calibration error {scaled.calibration_error:.4f}"
        )
    rows = [
        (name, f"{each.precision:.4f}", f"{each.recall:.4f}", f"{each.f1:.4f}", each.support)
        for name, each in zip(class_names, found.per_class, strict=True)
    ]
    table(("class", "precision", "recall", "F1", "n"), rows)
    print(f"pictures: {run.figure('confusion')}, {run.figure('mistakes')}")


def searched(search: "Search", trials: Sequence["TrialRecord"], python: str) -> None:
    """Print how a search ended: its best trials, the retraining, the best settings as Python, and where it is."""
    best, objective = search.read_best(), search.read_record().identity.objective
    sign = -1 if maximised(objective) else 1
    ranked = sorted((trial for trial in trials if trial.score is not None), key=lambda trial: sign * trial.known_score)
    rows = [
        (
            trial.id,
            f"{trial.known_score:.4f}",
            trial.status,
            trial.epochs_run,
            f"{trial.seconds or 0.0:.1f}",
            _values(trial),
        )
        for trial in ranked[:_SHOWN_TRIALS]
    ]
    table(("trial", objective, "status", "epochs", "s", "values"), rows)
    counts = Counter(trial.status for trial in trials)
    trial_word = "trial" if len(trials) == 1 else "trials"
    print(f"\n{len(trials)} {trial_word}: {', '.join(f'{count} {status}' for status, count in counts.items())}")
    print(f"best: trial {best.trial}, {objective} {best.score:.4f}")
    again = best.retrained
    if again and again.score is not None:
        print(f"the same settings with a fresh seed, {again.seed}: {objective} {again.score:.4f}")
    elif again:
        print(f"the same settings with a fresh seed: {again.status}: {again.message}")
    print(f"\n{python}\n")
    print(f"{search.folder}: train it with `fashion-nn train --recipe {search.best}`")


_SHOWN_TRIALS = 5


def _values(trial: "TrialRecord") -> str:
    return " ".join(f"{name.removeprefix('options.')}={value}" for name, value in trial.values.items())


def study(found: "Study") -> None:
    """Print what the cross-validation of a baseline found."""
    result = found.to_json()
    rows, listed = [], "as_listed" in result["points"][0]
    for point in result["points"]:
        folds = point["folds"]
        fit, score = (sum(folds[key]) / len(folds[key]) for key in ("fit_seconds", "score_seconds"))
        row = [point["components"] or "all pixels", f"{100 * point.get('explained_variance', 1):.1f}"]
        row += [f"{100 * point['mean_accuracy']:.2f} ± {100 * point['sd_accuracy']:.2f}", f"{fit:.2f}", f"{score:.3f}"]
        row += [max(folds["iterations"]), "yes" if all(folds["converged"]) else "no"]
        if listed:
            row += [_difference(point.get("pca_on_all_rows")), _difference(point["as_listed"])]
        rows.append(row)
    columns = ["components", "variance %", "accuracy % ± sd", "fit s", "score s", "iterations", "converged"]
    columns += ["components of all rows", "and as listed"] if listed else []
    table(columns, rows)
    if listed:
        print("the last two columns are differences of the mean accuracy, in points")
    print(f"n={found.rows:,}, {len(folds['n'])} folds, {duration(found.seconds)}; seconds are means over folds")


def _difference(variant: dict[str, Any] | None) -> str:
    return "-" if variant is None else f"{100 * variant['mean_difference']:+.3f}"


def ensemble(run: "Run") -> None:
    """Print of what an ensemble is made and how good it is on the rows that chose its weights."""
    options = run.read_record().recipe.options
    measured = run.read_metrics()
    losses = measured.weights_chosen_on
    if not isinstance(options, EnsembleOptions) or losses is None:
        raise InputError(f"{run.folder}: no ensemble: expected a run that `fashion-nn ensemble` wrote")
    rows = [(each.run, f"{each.weight:.4f}", f"{each.valid_accuracy:.4f}") for each in options.members]
    table(("member", "weight", "validation accuracy"), rows)
    used = "averaged" if options.mirror else "not used"
    plain = f"{losses.log_loss_plain:.4f} without"
    print(f"mirror images {used}: log loss {plain}, {losses.log_loss_mirrored:.4f} with")
    valid = measured.of_valid()
    print(f"{run.folder}: validation {accuracy(valid.accuracy, valid.interval, valid.n)}")
    print("these rows chose the weights: `fashion-nn evaluate` measures on others")


def accuracy(value: float, interval: Sequence[float], n: int) -> str:
    low, high = interval
    return f"accuracy {value:.4f} (95 % interval {low:.4f} to {high:.4f}, n={n:,})"


def check(found: "Check") -> None:
    """Print one grading check."""
    expected = "" if found.verdict == "not applicable" else f" (expected {found.expected})"
    print(f"{found.verdict:<5} {found.name}: {found.value}{expected}")
