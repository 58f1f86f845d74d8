"""Claims about report 002's convolutional network: its four configurations, from the stored curves
of their trainings.

The curves are in `results/dcn.json`, and those with settings that the report does not state in
`results/dcn-variants.json`; `fashion-nn compare RUN... --histories FILE` writes such files.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from fashion_nn.ledger import claims, protocols, quotations
from fashion_nn.ledger.checks.seeds import spreads
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import FEWEST_SEEDS, in_order, share_taken
from fashion_nn.ledger.criteria import Criterion as Rule
from fashion_nn.ledger.findings import Check, Finding, Outcome, Slip, Spread, only_for, waiting
from fashion_nn.pages.histories import Training

NAMES = ("relu-xavier-adam", "sigmoid-he-sgd", "tanh-xavier-adagrad", "leaky-relu-he-adam")
Curves = Mapping[str, Sequence[Training]]
"""Configuration → its runs, one for each seed."""
Criterion = Callable[[Curves, Claim], Outcome]

Values = Mapping[str, Sequence[float]]
"""Configuration → a value for each seed."""

_TEST_IMAGES = 10_000
_UNIFORM = math.log(10)


def dcn(words: str | Sequence[str], criterion: Criterion) -> Check:
    """A statement about the four configurations; `words` must stand in the quotation.

    It waits for three seeds of each: from one seed nobody knows how far runs scatter.
    """

    def judge(claim: Claim) -> Finding:
        found = protocols.trainings("dcn")
        if found is None:
            why = "needs results/dcn.json: the four configurations are trained on MNIST elsewhere"
            return waiting(why)
        curves = {name: found.configurations[f"dcn-{name}"].runs for name in NAMES}
        outcome = criterion(curves, claim)
        seeds = min(map(len, curves.values()))
        if seeds < FEWEST_SEEDS:
            why = f"needs {FEWEST_SEEDS} seeds of each of the four configurations, has {seeds}"
            return replace(
                waiting(why, outcome.measured, found.command or ""),
                criterion=outcome.criterion,
                turns=outcome.turns,
                seeds=seeds,
            )
        if outcome.answer is False and not outcome.slip:
            outcome = replace(outcome, slip=_with_variants(curves, claim, criterion))
        return replace(outcome, seeds=seeds).finding(found.command or "")

    return Check(only_for(words, judge))


def _with_variants(curves: Curves, claim: Claim, criterion: Criterion) -> Slip | None:
    """The settings, among those that were trained and that the report does not state, with which
    the claim holds.
    """
    found = protocols.trainings("dcn-variants")
    fits = []
    for label, trained in found.configurations.items() if found else ():
        name, _, changes = label.removeprefix("dcn-").partition(" ")
        if name in curves and criterion({**curves, name: trained.runs}, claim).holds:
            fits.append(f"it holds if {name} had {changes}, which the report does not say")
    return Slip("; ".join(fits)) if fits else None


def at_end(curves: Curves, measure: str) -> dict[str, Spread]:
    """Mean and deviation of a measure: of the saved model (test_...), or of the last epoch."""
    return spreads(ends_of(curves, measure))


def ends_of(curves: Curves, measure: str) -> dict[str, list[float]]:
    return {name: [_end(run, measure) for run in runs] for name, runs in curves.items()}


def _end(run: Training, measure: str) -> float:
    of_saved = measure.startswith("test_")
    return getattr(run, measure) if of_saved else run.history[-1].figures[measure]


def extreme(measure: str, name: str, largest: bool) -> Criterion:
    """Whether a configuration has the largest (or smallest) mean of a measure."""
    others = [other for other in NAMES if other != name]
    pairs = [(other, name) if largest else (name, other) for other in others]
    rule = in_order(measure, pairs)

    def criterion(curves: Curves, _: Claim) -> Outcome:
        ends = ends_of(curves, measure)
        order = sorted(ends, key=lambda each: statistics.fmean(ends[each]), reverse=largest)
        return rule.outcome(ends, spreads(ends), why=f"best first: {', '.join(order)}", n=len(ends))

    return criterion


def first_epochs(curves: Curves, measure: str = "valid_accuracy") -> Values:
    """A measure after the first epoch, for each seed."""
    return _values(curves, lambda run: run.history[0].figures[measure])


def epochs_until(curves: Curves) -> Values:
    """The epoch at which the training loss has made 90 % of its way down, for each seed.

    The way begins at ln 10, the loss of equal probabilities for ten classes: one that begins at
    the end of the first epoch would call a network slow that has learnt nearly everything by then.
    """

    def epoch(run: Training) -> float:
        losses = np.array([row.loss for row in run.history])
        goal = _UNIFORM - 0.9 * (_UNIFORM - losses.min())
        return int(np.argmax(losses <= goal)) + 1

    return _values(curves, epoch)


def roughness(curves: Curves, measure: str = "valid_loss") -> Values:
    """Share of the steps between epochs in which a curve rises, for each seed."""

    def rising(run: Training) -> float:
        steps = np.diff([row.figures[measure] for row in run.history])
        return float((steps > 0).mean())

    return _values(curves, rising)


def _values(curves: Curves, value: Callable[[Training], float]) -> Values:
    return {name: [value(run) for run in runs] for name, runs in curves.items()}


def some_accuracy(ids: Sequence[str]) -> Check:
    """One of several final test accuracies that are printed without their configurations.

    They hold if each can be that of another configuration: within 95 % of one further run.

    Args:
        ids: the claims that quote them.
    """

    def criterion(curves: Curves, claim: Claim) -> Outcome:
        ends = ends_of(curves, "test_accuracy")
        bands = {name: _band(values) for name, values in ends.items()}
        quoted = [claim.quoted if id == claim.id else claims.by_id(id).quoted for id in ids]
        printed = [quotations.first(text) / 100 for text in quoted]
        words = ", ".join(
            f"{name} {100 * a:.2f} to {100 * b:.2f}" for name, (a, b) in bands.items()
        )
        taken = share_taken(list(bands.values()), _LOWEST, _HIGHEST)
        turns = f"accuracies outside the bands, which take {taken:.0%} of those from "
        turns += f"{100 * _LOWEST:g} to {100 * _HIGHEST:g} %"
        why = f"bands: {words}"
        found = replace(_ASSIGNED.outcome((printed, bands), spreads(ends)), turns=turns, why=why)
        return replace(found, n=len(printed))

    return dcn(".", criterion)


_LOWEST = 0.97
_HIGHEST = 0.9999
Bands = Mapping[str, tuple[float, float]]


def _assigned(found: tuple[Sequence[float], Bands]) -> bool:
    """Whether each accuracy lies in the band of another configuration."""
    printed, bands = found
    return any(
        all(low <= value <= high for value, (low, high) in zip(printed, chosen, strict=True))
        for chosen in permutations(bands.values(), len(printed))
    )


_ASSIGNED: Rule[tuple[Sequence[float], Bands]] = Rule(
    "the printed accuracies lie in the bands of different configurations: 95 % of one further run",
    "accuracies outside the bands",
    _assigned,
    ([0.98, 0.99], {"one": (0.97, 0.985), "other": (0.985, 0.995)}),
    ([0.98, 0.981], {"one": (0.97, 0.985), "other": (0.985, 0.995)}),
)


def _band(values: Sequence[float]) -> tuple[float, float]:
    """Where 95 % of further runs lie: the scatter of the seeds, and that of the test images."""
    mean = statistics.fmean(values)
    if len(values) < FEWEST_SEEDS:
        return mean, mean
    from scipy.stats import t

    factor = float(t.ppf(0.975, len(values) - 1)) * (1 + 1 / len(values)) ** 0.5
    scatter = max(statistics.stdev(values), (mean * (1 - mean) / _TEST_IMAGES) ** 0.5)
    return mean - factor * scatter, mean + factor * scatter
