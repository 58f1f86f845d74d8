"""Claims that wait for a training: figures read from run folders and from files that other commands wrote.

Read are `models/<name>` (a run folder), `results/dcn.json` and `results/mlp.json` (every epoch of the four
configurations of report 002, and of the dense network of report 003 over seeds; both written by `fashion-nn compare
RUN... --histories FILE`), and `results/baselines.json` (logistic regression in folds).
"""

import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import fashion_nn
from fashion_nn import runs
from fashion_nn.ledger import figures, protocols, texts
from fashion_nn.ledger.findings import DIFFERS, MATCH, Check, Claim, Finding, statement, waiting
from fashion_nn.ledger.studies import above, mean_sd
from fashion_nn.ledger.traces import wording

_Z = 1.96  # 95 %
# Column of a history → of a stored one.
_STORED = {"accuracy": "train_accuracy", "loss": "loss", "val_accuracy": "valid_accuracy", "val_loss": "valid_loss"}


@lru_cache
def run_of(name: str) -> runs.Run | None:
    """A complete run folder in models/, here or beside the package; None where there is none."""
    for root in (Path("models"), Path(fashion_nn.__file__).parents[1] / "models"):
        run = runs.Run(root / name)
        if run.complete:
            return run
    return None


def of_run(name: str, words: str | Sequence[str], criterion: Callable[[dict, list, Claim], tuple]) -> Check:
    """A statement about the training of a recipe: from its metrics, its history, and the claim."""

    def check(claim: Claim) -> Finding:
        run = run_of(name)
        if run is None:
            return waiting(f"needs a trained models/{name}: fashion-nn train {name}")
        holds, measured, why = criterion(run.read_metrics(), run.read_history(), claim)
        return statement(holds, measured, why, evidence=f"fashion-nn evaluate models/{name}")

    return wording(words, check)


def of_seeds(name: str, words: str, criterion: Callable[[list[list[dict[str, float]]], Claim], tuple]) -> Check:
    """A statement about the training of a recipe: from its histories, one a seed, and the claim."""

    def check(claim: Claim) -> Finding:
        found = histories(name)
        if not found:
            return waiting(f"needs a trained models/{name}: fashion-nn train {name}")
        holds, measured, why = criterion(found, claim)
        return statement(holds, measured, why, evidence=f"fashion-nn train {name} --set seed={len(found) - 1}")

    return wording(words, check)


def histories(name: str) -> list[list[dict[str, float]]]:
    """The histories of a recipe's trainings, seeds 0, 1, …: those of `results/<name>.json`, or that of its run."""
    stored, run = protocols.stored(name), run_of(name)
    if stored:
        trained = stored["configurations"][name]["runs"]
        return [[{ours: row[theirs] for ours, theirs in _STORED.items()} for row in one["history"]] for one in trained]
    return [run.read_history()] if run else []


def valid_accuracies(name: str) -> list[float]:
    """Validation accuracy of the kept epoch of each training that `histories` gives."""
    stored, run = protocols.stored(name), run_of(name)
    if stored:
        trained = stored["configurations"][name]["runs"]
        return [one["history"][one["kept_epoch"] - 1]["valid_accuracy"] for one in trained]
    return [run.read_metrics()["valid"]["accuracy"]] if run else []


def accuracy(name: str, *, train: bool = False) -> Check:
    """A printed accuracy in per cent against that of the kept model on its validation rows.

    Both are shares of a sample: they agree when a test of two proportions, on as many rows as ours, does not tell them
    apart at 95 %, beyond half a unit of the printed figure's last digit. Where the recipe was trained with several
    seeds (`results/<name>.json`), ours is their mean, and their scatter widens the band.

    Args:
        train: against the training accuracy of the last epoch instead.
    """

    def check(claim: Claim) -> Finding:
        run = run_of(name)
        if run is None:
            return waiting(f"needs a trained models/{name}: fashion-nn train {name}")
        metrics, history = run.read_metrics(), run.read_history()
        n, scatter = metrics["valid"]["n"], 0.0
        seeds, evidence = valid_accuracies(name), f"fashion-nn evaluate models/{name}"
        if train:
            ours, measured = history[-1]["accuracy"], 100 * history[-1]["accuracy"]
            n = run.read_record()["dataset"]["rows"]["train"]
            why = f"{measured:.2f} % of {n:,} training rows in the last of {len(history)} epochs, dropout on"
        elif len(seeds) > 1:
            ours, scatter, measured = (
                statistics.fmean(seeds),
                statistics.stdev(seeds),
                mean_sd([100 * x for x in seeds]),
            )
            why = f"{100 * ours:.2f} ± {100 * scatter:.2f} % on {n:,} validation rows, {len(seeds)} seeds, 0 to "
            why += f"{len(seeds) - 1}"
            evidence = f"fashion-nn train {name} --set seed={len(seeds) - 1}"
        else:
            ours, measured = metrics["valid"]["accuracy"], 100 * metrics["valid"]["accuracy"]
            low, high = (100 * bound for bound in metrics["valid"]["interval"])
            why = f"{measured:.2f} % on {n:,} validation rows (95 %: {low:.2f} to {high:.2f}), one run of "
            why += f"{len(history)} epochs"
        (figure,) = figures.read(claim.quoted)
        printed = figure.value / 100
        of_rows = (ours * (1 - ours) + max(printed * (1 - printed), 0)) / n
        # One printed run against the mean of ours.
        margin = _Z * (of_rows + scatter**2 * (1 + 1 / len(seeds))) ** 0.5 + (figure.unit or 1) / 200
        return Finding(
            MATCH if abs(ours - printed) <= margin else DIFFERS,
            measured,
            f"{why}; the band is ±{100 * margin:.2f} points",
            evidence=evidence,
        )

    return check


def near_epoch(words: str, epoch_of: Callable[[list[dict[str, float]]], int]) -> Check:
    """An epoch, give or take a fifth of the epochs that were run: the median over the seeds."""

    def criterion(found: list[list[dict[str, float]]], claim: Claim) -> tuple:
        epochs = [epoch_of(history) for history in found]
        ours = statistics.median(epochs)
        (figure,) = figures.read(claim.quoted.replace("th", ""))
        band = len(found[0]) // 5
        why = f"median of epochs {', '.join(map(str, epochs))}, by seed; the band is ±{band} epochs"
        return abs(ours - figure.value) <= band, ours, why

    return of_seeds("mlp", words, criterion)


def plateau(history: list[dict[str, float]]) -> int:
    """The first epoch from which the best validation accuracy so far is within half a point of the best of all."""
    best = np.maximum.accumulate([row["val_accuracy"] for row in history])
    return int(np.argmax(best >= best[-1] - 0.005)) + 1


def best_epoch(history: list[dict[str, float]]) -> int:
    return int(np.argmax([row["val_accuracy"] for row in history])) + 1


# --- report 002's convolutional network

DCN = ("relu-xavier-adam", "sigmoid-he-sgd", "tanh-xavier-adagrad", "leaky-relu-he-adam")
Curves = dict[str, list[dict[str, Any]]]
"""Configuration → its runs."""


def dcn(words: str | Sequence[str], criterion: Callable[[Curves, Claim], tuple]) -> Check:
    """A statement about the four configurations; `words` must stand in the quotation."""

    def check(claim: Claim) -> Finding:
        found = protocols.stored("dcn")
        if found is None:
            return waiting("needs results/dcn.json: the four configurations are trained on MNIST elsewhere")
        curves = {name: found["configurations"][f"dcn-{name}"]["runs"] for name in DCN}
        holds, measured, why = criterion(curves, claim)
        slip = "" if holds else _with_variants(curves, claim, criterion)
        return statement(holds, measured, why, slip=slip, evidence=found.get("command", ""))

    return wording(words, check)


def _with_variants(curves: Curves, claim: Claim, criterion: Callable[[Curves, Claim], tuple]) -> str:
    """Under which settings that the report does not state the claim would hold, of those that were trained."""
    variants = (protocols.stored("dcn-variants") or {"configurations": {}})["configurations"]
    fits = []
    for label, trained in variants.items():
        name, _, changes = label.removeprefix("dcn-").partition(" ")
        if name in curves and criterion(curves | {name: trained["runs"]}, claim)[0]:
            fits.append(f"it holds if {name} had {changes}, which the report does not say")
    return "; ".join(fits)


def at_end(curves: Curves, measure: str) -> dict[str, dict[str, float]]:
    """Mean and scatter of a measure: of the kept model (test_...), or of the last epoch."""
    return {name: mean_sd(values) for name, values in _ends(curves, measure).items()}


def _ends(curves: Curves, measure: str) -> dict[str, list[float]]:
    return {
        name: [run[measure] if measure.startswith("test_") else run["history"][-1][measure] for run in each]
        for name, each in curves.items()
    }


def extreme(measure: str, name: str, largest: bool) -> Callable[[Curves, Claim], tuple]:
    """Whether a configuration has the largest (or smallest) mean of a measure, beyond the scatter of the seeds."""

    def criterion(curves: Curves, _: Claim) -> tuple:
        ends = _ends(curves, measure)
        others = [values for other, values in ends.items() if other != name]
        holds = all(above(ends[name], o) if largest else above(o, ends[name]) for o in others)
        order = sorted(ends, key=lambda each: statistics.fmean(ends[each]), reverse=largest)
        return holds, at_end(curves, measure), f"{measure}, best first: {', '.join(order)}"

    return criterion


def first_epochs(curves: Curves, measure: str = "valid_accuracy", epoch: int = 1) -> dict[str, float]:
    """Mean of a measure over the seeds at an epoch."""
    return {name: statistics.fmean(run["history"][epoch - 1][measure] for run in each) for name, each in curves.items()}


def epochs_until(curves: Curves, share: float = 0.9) -> dict[str, float]:
    """Mean epoch at which the training loss has made this share of its way from the first epoch's to the lowest."""
    found = {}
    for name, each in curves.items():
        epochs = []
        for run in each:
            losses = np.array([row["loss"] for row in run["history"]])
            goal = losses[0] - share * (losses[0] - losses.min())
            epochs.append(int(np.argmax(losses <= goal)) + 1)
        found[name] = statistics.fmean(epochs)
    return found


def roughness(curves: Curves, measure: str = "valid_loss") -> dict[str, float]:
    """How often a curve turns back: share of the steps between epochs in which it rises, mean over the seeds."""
    return {
        name: statistics.fmean(float((np.diff([row[measure] for row in run["history"]]) > 0).mean()) for run in each)
        for name, each in curves.items()
    }


def some_accuracy() -> Check:
    """A final test accuracy that is printed without its configuration: whether it is one of ours, within 95 %.

    Both are shares of 10,000 images, and runs scatter: from seed to seed, or, where there is one seed, as the steps of
    the validation accuracy over its last five epochs do.
    """

    def criterion(curves: Curves, claim: Claim) -> tuple:
        (figure,) = figures.read(claim.quoted)
        p, ends = figure.value / 100, at_end(curves, "test_accuracy")
        margins = {}
        for name, end in ends.items():
            last = [row["valid_accuracy"] for row in curves[name][0]["history"][-5:]]
            scatter = end["sd"] if end["n"] > 1 or len(last) < 3 else float(np.diff(last).std(ddof=1)) / 2**0.5
            margins[name] = _Z * ((p * (1 - p) + end["mean"] * (1 - end["mean"])) / 10_000 + scatter**2) ** 0.5
        fits = [name for name, end in ends.items() if abs(end["mean"] - p) <= margins[name]]
        bands = ", ".join(f"{name} {100 * ends[name]['mean']:.2f} ± {100 * margins[name]:.2f}" for name in ends)
        return bool(fits), ends, f"within the band of {' and '.join(fits) or 'none'}: {bands}"

    return dcn(".", criterion)


# --- logistic regression in five folds


def _points() -> dict[int | None, dict[str, Any]] | None:
    found = protocols.stored("baselines") or {}
    if not {"pca-logreg", "logreg"} <= set(found):
        return None
    points = [point for name in ("pca-logreg", "logreg") for point in found[name]["cross_validation"]["points"]]
    # As the report did it, where that was measured: components fitted on all rows, 100 iterations.
    return {point["components"]: point.get("as_listed", point)["folds"] for point in points}


def folds(words: str, criterion: Callable[[dict[int | None, dict[str, Any]], Claim], tuple]) -> Check:
    """A statement about the cross-validated accuracies by number of components (None: all pixels)."""

    def check(claim: Claim) -> Finding:
        points = _points()
        if points is None:
            return waiting("needs results/baselines.json: the cross-validation is run elsewhere")
        holds, measured, why = criterion(points, claim)
        return statement(holds, measured, why, evidence="fashion-nn baseline pca-logreg")

    return wording(words, check)


def fold_score() -> Check:
    """A fold's printed score: a fraction k/n of a fold; then ours, within three standard deviations of a fold."""

    def check(claim: Claim) -> Finding:
        found = texts.fraction(claim.quoted.strip())
        if found is None:
            return Finding(DIFFERS, None, "no fraction k/n with n from 11,950 to 12,050 is printed so")
        k, n = found
        words = f"{k}/{n}; folds of the official training split have {texts.OFFICIAL_FOLD:,}"
        points = _points()
        if points is None:
            return waiting(f"it is {words}; our own folds: needs results/baselines.json", f"{k}/{n}")
        ours = points[None]["accuracy"]
        mean = statistics.fmean(ours)
        band = 3 * (mean * (1 - mean) / n) ** 0.5
        verdict = MATCH if abs(k / n - mean) <= band else DIFFERS
        why = f"the printed score is {words}; our folds are within ±{band:.4f} of {mean:.4f} if it holds"
        return Finding(verdict, mean_sd(ours), why, evidence="fashion-nn baseline logreg")

    return check
