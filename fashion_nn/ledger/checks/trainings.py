"""Claims about the training of a recipe: from its run folder, or from stored curves over seeds.

The run folder is `models/<name>`; a claim waits if there is none. `results/<name>.json` has every
epoch of the trainings with several seeds; `fashion-nn compare RUN... --histories FILE` writes it.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from fashion_nn import runs
from fashion_nn.ledger import protocols, quotations
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import FEWEST_SEEDS, Criterion, share_taken
from fashion_nn.ledger.findings import (
    Check,
    Finding,
    Measured,
    Outcome,
    Spread,
    Verdict,
    only_for,
    plain,
    waiting,
)
from fashion_nn.pages.histories import Training

Epoch = Mapping[str, float]
"""A row of a history: measure → value."""
History = Sequence[Epoch]

_Z = 1.96  # 95 %
_NEAR_EPOCHS = 10
_PLAUSIBLE = (80.0, 100.0)
"""Accuracies in per cent that a network may reach on Fashion-MNIST."""
# Column of a history → of a stored one.
_STORED = {
    "accuracy": "train_accuracy",
    "loss": "loss",
    "val_accuracy": "valid_accuracy",
    "val_loss": "valid_loss",
}


@lru_cache
def run_of(name: str) -> runs.Run | None:
    """A complete run folder in models/, here or beside the package; None if there is none."""
    for root in (runs.MODELS, runs.CHECKOUT_MODELS):
        run = runs.Run(root / name)
        if run.complete:
            return run
    return None


def of_run(
    name: str,
    words: str | Sequence[str],
    criterion: Callable[[runs.Metrics, History, Claim], Outcome],
) -> Check:
    """A statement about the training of a recipe: from its metrics and its history."""

    def judge(claim: Claim) -> Finding:
        run = run_of(name)
        if run is None:
            return _untrained(name)
        outcome = criterion(run.read_metrics(), run.read_history(), claim)
        outcome = replace(outcome, seeds=1)
        return _unless_cut(name, run, outcome.finding(_of_one(name)))

    return Check(only_for(words, judge))


def of_seeds(
    name: str, words: str, criterion: Callable[[Sequence[History], Claim], Outcome]
) -> Check:
    """A statement about the training of a recipe: from its histories, one for each seed."""

    def judge(claim: Claim) -> Finding:
        found = histories(name)
        if not found:
            return _untrained(name)
        outcome = replace(criterion(found, claim), n=len(found), seeds=len(found))
        return _with_seeds(name, outcome.finding(_of_seeds(name, len(found))))

    return Check(only_for(words, judge))


def _unless_cut(name: str, run: runs.Run, finding: Finding) -> Finding:
    """The finding, but for a training that was stopped by a budget of time: it waits."""
    record = run.read_record()
    if record.stopped_because != "budget":
        return finding
    planned = (record.recipe.model_extra or {}).get("epochs")
    words = f"needs the whole training of {name}: it was cut at {len(run.read_history())} of "
    words += f"{planned} epochs"
    return _as_waiting(finding, words)


def _with_seeds(name: str, finding: Finding) -> Finding:
    """The finding, if it rests on three seeds at least."""
    if finding.seeds >= FEWEST_SEEDS:
        return finding
    words = f"needs {FEWEST_SEEDS} seeds of {name}, has {finding.seeds}"
    return _as_waiting(finding, words)


def _as_waiting(finding: Finding, words: str) -> Finding:
    """The finding as one that waits, with what it says so far."""
    why = f"{words}; so far: {finding.why}" if finding.why else words
    return replace(finding, verdict=Verdict.WAITING, why=why, slip=None)


def _untrained(name: str) -> Finding:
    return waiting(f"needs a trained models/{name}: fashion-nn train {name}")


def _of_one(name: str) -> str:
    return f"fashion-nn evaluate models/{name}"


def _of_seeds(name: str, seeds: int) -> str:
    return f"fashion-nn train {name} --set seed={seeds - 1}"


def _stored_runs(name: str) -> Sequence[Training]:
    """The stored trainings of a recipe, seeds 0, 1, …; empty without such a file."""
    stored = protocols.trainings(name)
    return stored.configurations[name].runs if stored else ()


def histories(name: str) -> list[History]:
    """The histories of a recipe's trainings, seeds 0, 1, …; without stored ones, that of its
    run.
    """
    stored = _stored_runs(name)
    if stored:
        return [[_epoch(row.figures) for row in one.history] for one in stored]
    run = run_of(name)
    return [run.read_history()] if run else []


def _epoch(row: Mapping[str, float]) -> Epoch:
    return {ours: row[theirs] for ours, theirs in _STORED.items()}


def valid_accuracies(name: str) -> list[float]:
    """Validation accuracy of the best epoch of each training that `histories` gives."""
    stored = _stored_runs(name)
    if stored:
        return [one.history[one.kept_epoch - 1].figures["valid_accuracy"] for one in stored]
    run = run_of(name)
    return [run.read_metrics().of_valid().accuracy] if run else []


@dataclass(frozen=True)
class Share:
    """An accuracy of ours, as a share of rows.

    Attributes:
        value: the accuracy, 0 to 1.
        rows: number of rows that it is a share of.
        measured: what the entry shows, in per cent.
        words: what was measured, in words.
        evidence: the command that shows it.
        scatter: standard deviation over the seeds; 0 for one run.
        seeds: number of seeds.
    """

    value: float
    rows: int
    measured: Measured
    words: str
    evidence: str
    scatter: float = 0.0
    seeds: int = 1

    def margin(self, printed: float) -> float:
        """How far a printed accuracy, 0 to 1, may be from ours: 95 % of one run against our
        mean.
        """
        variances = self.value * (1 - self.value) + max(printed * (1 - printed), 0)
        of_seeds = self.scatter**2 * (1 + 1 / self.seeds)
        return _Z * (variances / self.rows + of_seeds) ** 0.5


def accuracy(name: str, *, train: bool = False) -> Check:
    """A printed accuracy in per cent against that of the saved model on its validation rows.

    Both are shares of a sample: they agree if a test of two proportions, on as many rows as ours,
    does not tell them apart at 95 %, beyond half a unit of the printed number's last digit. If the
    recipe was trained with several seeds (`results/<name>.json`), ours is their mean, and their
    scatter widens the band.

    Args:
        train: compare with the training accuracy of the last epoch instead.
    """

    def judge(claim: Claim) -> Finding:
        run = run_of(name)
        if run is None:
            return _untrained(name)
        ours = _of_training(name, run) if train else _of_validation(name, run)
        finding = _unless_cut(name, run, _near(claim, ours))
        if finding.verdict == Verdict.WAITING:
            return finding
        return _with_seeds(name, finding)

    return Check(judge)


def _near(claim: Claim, ours: Share) -> Finding:
    """Whether a printed accuracy is near ours."""
    (number,) = quotations.read(claim.quoted)
    printed = number.value / 100
    margin = ours.margin(printed) + (number.unit or 1) / 200
    holds = abs(ours.value - printed) <= margin
    low, high = (100 * (ours.value + sign * margin) for sign in (-1, 1))
    taken = share_taken([(low, high)], *_PLAUSIBLE)
    turns = f"a printed value outside {low:.1f} to {high:.1f}, a band that takes {taken:.0%} of "
    turns += "those from {:g} to {:g} %".format(*_PLAUSIBLE)
    return Finding(
        Verdict.MATCH if holds else Verdict.DIFFERS,
        plain(ours.measured),
        ours.words,
        None,
        ours.evidence,
        "no test of two proportions at 95 %, scatter of seeds included, tells the two apart",
        turns,
        ours.rows,
        ours.seeds,
    )


def _of_training(name: str, run: runs.Run) -> Share:
    """The training accuracy of the last epoch."""
    history = run.read_history()
    share = history[-1]["accuracy"]
    rows = run.read_record().dataset.rows["train"]
    words = f"{100 * share:.2f} % of {rows:,} training rows "
    words += f"in the last of {len(history)} epochs, dropout on"
    return Share(share, rows, 100 * share, words, _of_one(name))


def _of_validation(name: str, run: runs.Run) -> Share:
    """The validation accuracy: the mean over the seeds, or that of the run if there is one seed."""
    valid = run.read_metrics().of_valid()
    found = valid_accuracies(name)
    if len(found) > 1:
        mean = statistics.fmean(found)
        scatter = statistics.stdev(found)
        words = f"{100 * mean:.2f} ± {100 * scatter:.2f} % on {valid.n:,} validation rows, "
        words += f"{len(found)} seeds, 0 to {len(found) - 1}"
        measured = Spread.of([100 * each for each in found])
        evidence = _of_seeds(name, len(found))
        return Share(mean, valid.n, measured, words, evidence, scatter, len(found))
    low, high = valid.interval
    words = f"{100 * valid.accuracy:.2f} % on {valid.n:,} validation rows "
    words += f"(95 %: {100 * low:.2f} to {100 * high:.2f}), "
    words += f"one run of {len(run.read_history())} epochs"
    return Share(valid.accuracy, valid.n, 100 * valid.accuracy, words, _of_one(name))


def near_epoch(words: str, epoch_of: Callable[[History], int]) -> Check:
    """An epoch, give or take ten: the median over the seeds."""

    def criterion(found: Sequence[History], claim: Claim) -> Outcome:
        epochs = [epoch_of(history) for history in found]
        ours = statistics.median(epochs)
        printed = quotations.first(claim.quoted.replace("th", ""))
        run = len(found[0])
        near = (printed - _NEAR_EPOCHS, printed + _NEAR_EPOCHS)
        share = share_taken([near], 1, run)
        rule = Criterion(
            f"the median over the seeds is at most {_NEAR_EPOCHS} epochs from the printed one",
            f"a median outside {near[0]:g} to {near[1]:g}, {share:.0%} of the {run} epochs",
            lambda epoch: near[0] <= epoch <= near[1],
            printed,
            near[1] + 1,
        )
        why = f"epochs {', '.join(map(str, epochs))}, by seed"
        return rule.outcome(float(ours), ours, why=why)

    return of_seeds("mlp", words, criterion)


def plateau(history: History) -> int:
    """The first epoch from which on the best validation accuracy is within half a point of the
    end.
    """
    best = np.maximum.accumulate([row["val_accuracy"] for row in history])
    return int(np.argmax(best >= best[-1] - 0.005)) + 1


def best_epoch(history: History) -> int:
    """The epoch with the highest validation accuracy, counted from 1."""
    return int(np.argmax([row["val_accuracy"] for row in history])) + 1
