"""Claims about report 002's convolutional network: its four configurations, from the stored curves
of their trainings.

The curves are in `results/dcn.json`, and those with settings that the report does not state in
`results/dcn-variants.json`; `fashion-nn compare RUN... --histories FILE` writes such files.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fashion_nn.ledger import protocols, quotations
from fashion_nn.ledger.checks.seeds import above, spreads
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Finding, Outcome, Spread, only_for, waiting

NAMES = ("relu-xavier-adam", "sigmoid-he-sgd", "tanh-xavier-adagrad", "leaky-relu-he-adam")
TrainedRun = Mapping[str, Any]
Curves = Mapping[str, Sequence[TrainedRun]]
"""Configuration → its runs, one for each seed."""
Criterion = Callable[[Curves, Claim], Outcome]

_Z = 1.96  # 95 %
_TEST_IMAGES = 10_000
_RECENT = 5  # epochs whose scatter stands in for that over seeds


def dcn(words: str | Sequence[str], criterion: Criterion) -> Check:
    """A statement about the four configurations; `words` must stand in the quotation."""

    def judge(claim: Claim) -> Finding:
        found = protocols.stored("dcn")
        if found is None:
            why = "needs results/dcn.json: the four configurations are trained on MNIST elsewhere"
            return waiting(why)
        curves = {name: found["configurations"][f"dcn-{name}"]["runs"] for name in NAMES}
        outcome = criterion(curves, claim)
        if not outcome.holds:
            slip = _with_variants(curves, claim, criterion)
            outcome = Outcome(False, outcome.measured, outcome.why, slip)
        return outcome.finding(found.get("command", ""))

    return Check(only_for(words, judge))


def _with_variants(curves: Curves, claim: Claim, criterion: Criterion) -> str:
    """The settings, among those that were trained and that the report does not state, with which
    the claim holds.
    """
    found = protocols.stored("dcn-variants") or {"configurations": {}}
    fits = []
    for label, trained in found["configurations"].items():
        name, _, changes = label.removeprefix("dcn-").partition(" ")
        if name in curves and criterion({**curves, name: trained["runs"]}, claim).holds:
            fits.append(f"it holds if {name} had {changes}, which the report does not say")
    return "; ".join(fits)


def at_end(curves: Curves, measure: str) -> dict[str, Spread]:
    """Mean and deviation of a measure: of the saved model (test_...), or of the last epoch."""
    return spreads(_ends(curves, measure))


def _ends(curves: Curves, measure: str) -> dict[str, list[float]]:
    return {name: [_end(run, measure) for run in runs] for name, runs in curves.items()}


def _end(run: TrainedRun, measure: str) -> float:
    return run[measure] if measure.startswith("test_") else run["history"][-1][measure]


def extreme(measure: str, name: str, largest: bool) -> Criterion:
    """Whether a configuration has the largest (or smallest) mean of a measure, beyond the scatter
    of the seeds.
    """

    def criterion(curves: Curves, _: Claim) -> Outcome:
        ends = _ends(curves, measure)
        own = ends[name]
        others = [values for other, values in ends.items() if other != name]
        holds = all(above(own, values) if largest else above(values, own) for values in others)
        order = sorted(ends, key=lambda each: statistics.fmean(ends[each]), reverse=largest)
        return Outcome(holds, spreads(ends), f"{measure}, best first: {', '.join(order)}")

    return criterion


def first_epochs(curves: Curves, measure: str = "valid_accuracy") -> dict[str, float]:
    """Mean of a measure over the seeds after the first epoch."""
    return _means(curves, lambda run: run["history"][0][measure])


def epochs_until(curves: Curves, share: float = 0.9) -> dict[str, float]:
    """Mean epoch at which the training loss has made this share of its way from the first epoch to
    the lowest.
    """

    def epoch(run: TrainedRun) -> float:
        losses = np.array([row["loss"] for row in run["history"]])
        goal = losses[0] - share * (losses[0] - losses.min())
        return int(np.argmax(losses <= goal)) + 1

    return _means(curves, epoch)


def roughness(curves: Curves, measure: str = "valid_loss") -> dict[str, float]:
    """Share of the steps between epochs in which a curve rises, mean over the seeds."""

    def rising(run: TrainedRun) -> float:
        steps = np.diff([row[measure] for row in run["history"]])
        return float((steps > 0).mean())

    return _means(curves, rising)


def _means(curves: Curves, value: Callable[[TrainedRun], float]) -> dict[str, float]:
    return {name: statistics.fmean(map(value, runs)) for name, runs in curves.items()}


def some_accuracy() -> Check:
    """A final test accuracy that is printed without its configuration: whether it is one of ours,
    within 95 %.

    Both are shares of 10,000 images, and runs scatter: from seed to seed, or, if there is one seed,
    as the steps of the validation accuracy over its last five epochs do.
    """

    def criterion(curves: Curves, claim: Claim) -> Outcome:
        (number,) = quotations.read(claim.quoted)
        printed = number.value / 100
        ends = at_end(curves, "test_accuracy")
        margins = {name: _margin(printed, ends[name], curves[name]) for name in ends}
        fits = [name for name in ends if abs(ends[name].mean - printed) <= margins[name]]
        bands = ", ".join(
            f"{name} {100 * end.mean:.2f} ± {100 * margins[name]:.2f}" for name, end in ends.items()
        )
        why = f"within the band of {' and '.join(fits) or 'none'}: {bands}"
        return Outcome(bool(fits), ends, why)

    return dcn(".", criterion)


def _margin(printed: float, end: Spread, runs: Sequence[TrainedRun]) -> float:
    """How far a printed accuracy may be from our mean."""
    recent = [row["valid_accuracy"] for row in runs[0]["history"][-_RECENT:]]
    scatter = end.sd
    if end.n == 1 and len(recent) > 2:
        scatter = float(np.diff(recent).std(ddof=1)) / 2**0.5
    of_images = (printed * (1 - printed) + end.mean * (1 - end.mean)) / _TEST_IMAGES
    return _Z * (of_images + scatter**2) ** 0.5
