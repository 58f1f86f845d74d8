"""A grade in plain text: the first mistake in full, then the verdict on each term."""

import numpy as np

from fashion_nn.lab.backprop.marking.answers import label, place
from fashion_nn.lab.backprop.marking.marks import Grade, Mark, Mistake
from fashion_nn.lab.backprop.marking.precision import ENOUGH
from fashion_nn.lab.backprop.writing import number


def describe(grade: Grade, title: str = "exercise") -> str:
    """The grade in plain text."""
    counts = grade.counts
    first = grade.first_wrong
    lines = [
        f"{title}: {len(grade.marks)} terms answered, {counts['right']} right, {counts['wrong']}"
        f" wrong, {counts['follows']} that follow from a mistake"
    ]
    if first:
        lines += ["", f"first wrong term: {describe_mistake(first)}"]
    if grade.coarsest:
        term = label(grade.coarsest.term)
        shown = grade.coarsest.digits
        lines += [
            "",
            f"rounding: terms are right to {shown} digits or more, the coarsest is {term}",
        ]
    lines.append("")
    width = max(len(label(mark.term)) for mark in grade.marks)
    for mark in grade.marks:
        lines.append(f"{label(mark.term):{width}}  {_verdict(mark)}")
        lines += [
            f"{'':{width}}  {describe_mistake(other)}"
            for other in mark.mistakes
            if other is not first
        ]
    return "\n".join(lines)


def _verdict(mark: Mark) -> str:
    if mark.verdict == "wrong":
        causes = dict.fromkeys(mistake.cause or "no known error" for mistake in mark.mistakes)
        return f"wrong: {', '.join(causes)}"
    verdict = "follows from an earlier mistake" if mark.verdict == "follows" else "right"
    if mark.digits is None:
        return verdict
    if mark.decimals is not None and mark.digits < ENOUGH:
        return f"{verdict}, within rounding to {mark.decimals} decimals"
    return f"{verdict}, within rounding to {mark.digits} digits"


def describe_mistake(mistake: Mistake) -> str:
    """Where a mistake is, by how much, and the error behind it."""
    where = place(mistake.term, mistake.entry)
    if mistake.entries > 1:
        where += f" (and {mistake.entries - 1} more)"
    if not np.isnan(mistake.answered):
        gap = number(mistake.error)
        where += f": {number(mistake.answered)} in place of {number(mistake.right)}, off by {gap}"
        if not np.isclose(mistake.expected, mistake.right):
            where += f" ({number(mistake.expected)} would follow from the terms before it)"
    made_in = mistake.made_in
    made = "" if made_in == mistake.term else f" in {label(made_in)}, which is not shown"
    also = f" ({' or '.join(mistake.also)} would give the same)" if mistake.also else ""
    return f"{where}; {mistake.cause or 'unknown error'}{made}: {mistake.detail}{also}"
