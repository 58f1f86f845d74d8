"""The ways in which a student may have gone on, each as a sheet of unrounded numbers.

After a mistake there is one branch for each error that explains it: its sheet has what the error
gives to all digits, because a student who computes without rounding goes on with that and not with
the rounded number on paper. The next terms show which branch it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.marking.case import Finding, Fits
from fashion_nn.lab.backprop.marking.precision import Mask, Precision
from fashion_nn.lab.backprop.sheet import Sheet, Source, Term

MOST_BRANCHES = 40

BLURRED = 10
"""Number of sheets that tell how far rounded numbers may lead."""

MOST_BLURRED = 20_000
"""Numbers of an exercise above which there is no blurred sheet."""


@dataclass
class Branch:
    """One way to have gone on.

    Attributes:
        sheet: the unrounded terms.
        choices: by the number of the mistake, the finding that it assumes.
        explained: number of later entries that follow from it.
    """

    sheet: Sheet
    choices: dict[int, Finding] = field(default_factory=dict)
    explained: int = 0

    def follow(self, term: Term, fits: Fits, otherwise: Array) -> None:
        """Go on to the next term, which has no new mistake.

        Args:
            otherwise: what the student has where this branch does not lead to the answer.
        """
        own = self.sheet.compute(term)
        explained = fits(own)
        self.explained += int(explained.sum())
        self.sheet[term] = np.where(explained, own, otherwise)


def branch_off(
    branches: Sequence[Branch],
    number: int,
    found: Sequence[Finding],
    term: Term,
    answer: Array,
    hidden: Sequence[Term],
    fits: Fits,
) -> list[Branch]:
    """The branches after mistake `number`, which is in this term: one for each finding, one for the
    number as it is written, and one for a mistake that has no effect.
    """
    new = []
    for finding in found:
        if finding.candidate is not None:
            parent = _parent(branches, finding.candidate.base)
            sheet = _after(finding, term, answer, hidden, fits)
            new.append(Branch(sheet, parent.choices | {number: finding}, parent.explained))
    first = branches[0]
    written = next((finding for finding in found if finding.candidate is None), found[0])
    for has_effect in (True, False):
        sheet = first.sheet.copy()
        own = sheet.compute(term)
        if has_effect:
            own = np.where(fits(own), own, answer)
        sheet[term] = own
        new.append(Branch(sheet, first.choices | {number: written}, first.explained))
    if term.key == "outputs":
        new = [
            Branch(branch.sheet.copy(source=source), branch.choices, branch.explained)
            for branch in new
            for source in Source
        ]
    return new[:MOST_BRANCHES]


def _parent(branches: Sequence[Branch], base: Sheet) -> Branch:
    return next((branch for branch in branches if branch.sheet is base), branches[0])


def _after(
    finding: Finding, term: Term, answer: Array, hidden: Sequence[Term], fits: Fits
) -> Sheet:
    """The sheet of a student who made this error."""
    candidate = finding.candidate
    if candidate is None:
        raise ValueError("only a candidate says how the student goes on")
    sheet = candidate.base.copy(exercise=candidate.exercise() if candidate.exercise else None)
    if candidate.made_in != term:
        carry(sheet, finding, hidden)
    own = sheet.compute(term) if candidate.exercise is None else candidate.base.compute(term)
    otherwise = np.where(fits(own), own, answer)
    sheet[term] = np.where(fits(candidate.value), candidate.value, otherwise)
    return sheet


def carry(sheet: Sheet, finding: Finding, hidden: Sequence[Term]) -> None:
    """Take over what an error made of terms that the answer does not show, and what follows."""
    made = finding.candidate.made if finding.candidate else {}
    for term in reversed(hidden[: hidden.index(finding.made_in) + 1]):
        sheet[term] = made[term] if term in made else sheet.compute(term)


class Blurred:
    """Sheets with numbers anywhere between the written and the unrounded ones: what a student may
    get who computes now with these and now with those.
    """

    def __init__(self, exercise: Exercise, precision: Precision):
        self._precision = precision
        self._rng = np.random.default_rng(0)
        size = sum(weight.size for weight in exercise.weight_matrices)
        size += sum(exercise.layers) * len(exercise.samples)
        count = BLURRED if size <= MOST_BLURRED else 0
        sources = [list(Source)[number % 3] for number in range(count)]
        self.sheets = [Sheet(exercise, source=source) for source in sources]

    def near(self, term: Term, answer: Array, unit: Array) -> Mask:
        """Which entries lie in the range of the sheets, widened by half and by one unit."""
        if not self.sheets or term.key == "query_class":
            return np.zeros(answer.shape, np.bool_)
        values = np.array([self._computed(sheet, term) for sheet in self.sheets])
        low = values.min(axis=0)
        high = values.max(axis=0)
        margin = 0.5 * (high - low) + unit
        return (answer >= low - margin) & (answer <= high + margin)

    def _computed(self, sheet: Sheet, term: Term) -> Array:
        """The term, where nets are rounded on the way to it that no sheet shows."""
        if term.key not in {"loss_after", "query_output"}:
            return sheet.compute(term)
        other = sheet.copy()
        for layer in range(1, sheet.exercise.depth + 1):
            size = np.abs(sheet[Term("nets", layer)]).max(axis=1)
            share = self._rng.uniform(-1.5, 1.5, size.shape)
            biases = Term("updated_biases", layer)
            other[biases] = sheet[biases] + share * self._precision.unit(size)
        return other.compute(term)

    def keep(self, term: Term, answer: Array, exact: Array, unit: Array) -> None:
        """Go on to the next term: `exact` is what the student may have had before rounding."""
        for sheet in self.sheets:
            share = self._rng.uniform(-0.25, 1.25, answer.shape)
            blurred = answer + share * (exact - answer)
            blurred += np.where(exact == answer, unit * self._rng.uniform(-0.6, 0.6, unit.shape), 0)
            is_class = term.key == "query_class"
            blurred = answer if is_class else blurred
            sheet[term] = np.where(np.isnan(answer), sheet.compute(term), blurred)

    def compute(self, term: Term) -> None:
        """Go on over a term that the answer does not show."""
        for sheet in self.sheets:
            sheet[term] = sheet.compute(term)

    def adopt(self, finding: Finding, hidden: Sequence[Term]) -> None:
        for sheet in self.sheets:
            carry(sheet, finding, hidden)


def first_fitting(values: Iterator[Array], fits: Fits, answer: Array) -> Array:
    """In each entry the first of the values that fits the answer, else the answer."""
    chosen = answer.copy()
    open_ = np.ones(answer.shape, np.bool_)
    for value in values:
        taken = open_ & fits(value)
        chosen = np.where(taken, value, chosen)
        open_ &= ~taken
    return chosen
