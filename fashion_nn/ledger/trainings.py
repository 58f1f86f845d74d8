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
from fashion_nn.ledger import protocols, quotations
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Finding, Outcome, Spread, Verdict, only_for, plain, waiting

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


def of_run(name: str, words: str | Sequence[str], criterion: Callable[[runs.Metrics, list, Claim], Outcome]) -> Check:
    """A statement about the training of a recipe: from its metrics, its history, and the claim."""

    def check(claim: Claim) -> Finding:
        run = run_of(name)
        if run is None:
            return waiting(f"needs a trained models/{name}: fashion-nn train {name}")
        outcome = criterion(run.read_metrics(), run.read_history(), claim)
        return outcome.finding(f"fashion-nn evaluate models/{name}")

    return Check(only_for(words, check))


def of_seeds(name: str, words: str, criterion: Callable[[list[list[dict[str, float]]], Claim], Outcome]) -> Check:
    """A statement about the training of a recipe: from its histories, one a seed, and the claim."""

    def check(claim: Claim) -> Finding:
        found = histories(name)
        if not found:
            return waiting(f"needs a trained models/{name}: fashion-nn train {name}")
        outcome = criterion(found, claim)
        return outcome.finding(f"fashion-nn train {name} --set seed={len(found) - 1}")

    return Check(only_for(words, check))


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
    return [run.read_metrics().of_valid().accuracy] if run else []


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
        valid = run.read_metrics().of_valid()
        history = run.read_history()
        n = valid.n
        scatter = 0.0
        seeds = valid_accuracies(name)
        evidence = f"fashion-nn evaluate models/{name}"
        measured: Any
        if train:
            ours = history[-1]["accuracy"]
            measured = 100 * ours
            n = run.read_record().dataset.rows["train"]
            why = f"{measured:.2f} % of {n:,} training rows in the last of {len(history)} epochs, dropout on"
        elif len(seeds) > 1:
            ours = statistics.fmean(seeds)
            scatter = statistics.stdev(seeds)
            measured = plain(Spread.of([100 * each for each in seeds]))
            why = f"{100 * ours:.2f} ± {100 * scatter:.2f} % on {n:,} validation rows, {len(seeds)} seeds, 0 to "
            why += f"{len(seeds) - 1}"
            evidence = f"fashion-nn train {name} --set seed={len(seeds) - 1}"
        else:
            ours = valid.accuracy
            measured = 100 * ours
            low, high = (100 * bound for bound in valid.interval)
            why = f"{measured:.2f} % on {n:,} validation rows (95 %: {low:.2f} to {high:.2f}), one run of "
            why += f"{len(history)} epochs"
        (figure,) = quotations.read(claim.quoted)
        printed = figure.value / 100
        of_rows = (ours * (1 - ours) + max(printed * (1 - printed), 0)) / n
        # One printed run against the mean of ours.
        margin = _Z * (of_rows + scatter**2 * (1 + 1 / len(seeds))) ** 0.5 + (figure.unit or 1) / 200
        return Finding(
            Verdict.MATCH if abs(ours - printed) <= margin else Verdict.DIFFERS,
            measured,
            f"{why}; the band is ±{100 * margin:.2f} points",
            evidence=evidence,
        )

    return Check(check)


def near_epoch(words: str, epoch_of: Callable[[list[dict[str, float]]], int]) -> Check:
    """An epoch, give or take a fifth of the epochs that were run: the median over the seeds."""

    def criterion(found: list[list[dict[str, float]]], claim: Claim) -> Outcome:
        epochs = [epoch_of(history) for history in found]
        ours = statistics.median(epochs)
        (figure,) = quotations.read(claim.quoted.replace("th", ""))
        band = len(found[0]) // 5
        why = f"median of epochs {', '.join(map(str, epochs))}, by seed; the band is ±{band} epochs"
        return Outcome(abs(ours - figure.value) <= band, ours, why)

    return of_seeds("mlp", words, criterion)


def plateau(history: list[dict[str, float]]) -> int:
    """The first epoch from which the best validation accuracy so far is within half a point of the best of all."""
    best = np.maximum.accumulate([row["val_accuracy"] for row in history])
    return int(np.argmax(best >= best[-1] - 0.005)) + 1


def best_epoch(history: list[dict[str, float]]) -> int:
    return int(np.argmax([row["val_accuracy"] for row in history])) + 1
