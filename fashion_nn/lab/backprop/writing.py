"""A worked exercise as a person would write it: plain text, or Markdown with LaTeX that GitHub
renders.

Both come from the same lines: a symbol, the formula behind it, and the number, column or matrix.
Numbers have six digits, and a matrix of more than `MOST` rows or columns is shortened with dots.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fashion_nn.lab.backprop.activations import ACTIVATIONS, Array
from fashion_nn.lab.backprop.criteria import Criterion, criterion
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.sheet import Parameters, threshold
from fashion_nn.lab.backprop.tracing import Trace, WorkedQuery

MOST = 10
"""Rows and columns of a matrix that are written out; a larger one is shortened with dots."""

WIDTH = 110
"""Columns of text that blocks beside each other may take."""

Texts = tuple[str, str]
"""The same as plain text and as LaTeX (a remark: as Markdown)."""


@dataclass(frozen=True)
class Line:
    """One quantity: its symbol, the formula behind it, and its value."""

    symbol: Texts
    formula: Texts | None
    value: Array | float
    substituted: str = ""
    """LaTeX of the formula with the numbers in it."""


@dataclass(frozen=True)
class Section:
    """A part of the solution, such as the forward pass."""

    heading: str
    rows: Sequence[tuple[Line, ...]]
    """The lines of a row stand beside each other."""
    remarks: list[Texts] = field(default_factory=list)


def text(trace: Trace, title: str = "exercise") -> str:
    """The trace in plain text, two matrices side by side where they fit into `WIDTH` columns."""
    lines = [f"{title}: {_summary(trace)}"]
    for section in sections(trace):
        lines += ["", section.heading, *(f"  {remark}" for remark, _ in section.remarks)]
        lines += [
            f"  {line}".rstrip()
            for row in section.rows
            for line in _side_by_side([_block(one) for one in row])
        ]
    return "\n".join(lines)


def markdown(trace: Trace, title: str = "exercise") -> str:
    """The trace in Markdown; the equations of a row are one `math` block."""
    lines = [f"# {title}", "", f"{_summary(trace)}."]
    for section in sections(trace):
        lines += ["", f"## {section.heading}"]
        lines += [part for _, remark in section.remarks for part in ("", f"{remark}.")]
        for row in section.rows:
            lines += ["", "```math", r", \qquad ".join(map(_equation, row)), "```"]
    return "\n".join(lines)


def _equation(line: Line) -> str:
    parts = (
        line.symbol[1],
        line.formula[1] if line.formula else "",
        line.substituted,
        _latex(line.value),
    )
    return " = ".join(part for part in parts if part)


def _summary(trace: Trace) -> str:
    exercise = trace.exercise
    count = len(exercise.samples)
    over = f", {exercise.reduction} over {count} samples" if count > 1 else ""
    layers = "-".join(map(str, exercise.layers))
    return f"{layers} network, {', '.join(exercise.activations)}; {exercise.loss}{over}"


def sections(trace: Trace) -> list[Section]:
    """The solution in the order in which it is worked; the first section is what is given."""
    sections = [
        _given(trace),
        _forward(trace),
        _backward(trace),
        _gradients(trace),
        _updates(trace),
    ]
    return [*sections, _query(trace, trace.query)] if trace.query else sections


def _given(trace: Trace) -> Section:
    exercise = trace.exercise
    rows: list[tuple[Line, ...]] = [
        (
            Line(("a[0] = x", "a^{[0]} = x"), None, exercise.inputs),
            Line(("t", "t"), None, exercise.targets),
        )
    ]
    for layer, (weight, bias) in enumerate(
        zip(exercise.weight_matrices, exercise.bias_vectors, strict=True), start=1
    ):
        rows.append((Line(_at("W", layer), None, weight), Line(_at("b", layer), None, bias)))
    return Section("Given", [*rows, (Line(("η", r"\eta"), None, exercise.learning_rate),)])


def _forward(trace: Trace) -> Section:
    exercise = trace.exercise
    remarks = []
    for name in dict.fromkeys(exercise.activations):
        f = ACTIVATIONS[name]
        lead = "f'(z) = " if f.slope else ""
        latex = rf"f(z) = {f.latex_formula},\quad {lead}{f.latex_derivative}"
        remarks.append(
            (f"{name}: f(z) = {f.formula}, {lead}{f.derivative}", f"{name}: $`{latex}`$")
        )
    parameters = Parameters(exercise.weight_matrices, exercise.bias_vectors)
    rows = _passed(
        exercise, exercise.inputs, parameters, zip(trace.nets, trace.outputs, strict=True)
    )
    loss = _criterion(exercise)
    formula = _of_output_layer(exercise, loss.formula, loss.latex)
    return Section("Forward", [*rows, (Line(("E", "E"), formula, trace.loss_before),)], remarks)


def _passed(
    exercise: Exercise,
    below: Array,
    parameters: Parameters,
    passed: Iterable[tuple[Array, Array]],
    new: str = "",
) -> list[tuple[Line, ...]]:
    """A row for each layer of a forward pass with its net and output; `new` marks the parameters
    after the step.
    """
    rows: list[tuple[Line, ...]] = []
    mark = r"_{\mathrm{new}}" if new else ""
    layers = zip(exercise.activations, *parameters, passed, strict=True)
    for layer, (name, weight, bias, (net, output)) in enumerate(layers, start=1):
        f = ACTIVATIONS[name]
        small = max(weight.shape + below.shape) <= 6
        substituted = f"{_latex(weight)} {_latex(below)} + {_latex(bias)}" if small else ""
        formula = (
            f"{new}W[{layer}] a[{layer - 1}] + {new}b[{layer}]",
            f"W^{{[{layer}]}}{mark} a^{{[{layer - 1}]}} + b^{{[{layer}]}}{mark}",
        )
        applied = f"{f.symbol}(z[{layer}])", rf"{f.latex}\left(z^{{[{layer}]}}\right)"
        rows.append(
            (
                Line(_at("z", layer), formula, net, substituted),
                Line(_at("a", layer), applied, output),
            )
        )
        below = output
    return rows


def _criterion(exercise: Exercise) -> Criterion:
    return criterion(exercise.loss, exercise.activations[-1])


def _of_output_layer(exercise: Exercise, plain: str, latex: str) -> Texts:
    """A formula of the loss, with the nets and outputs of the last layer, over all samples."""
    count = len(exercise.samples)
    plain = re.sub(r"\b([az])\b", rf"\1[{exercise.depth}]", plain)
    latex = re.sub(r"\b([az])\b", rf"\1^{{[{exercise.depth}]}}", latex)
    if exercise.reduction == "mean" and count > 1:
        return f"1/{count} · ({plain})", rf"\tfrac{{1}}{{{count}}} \cdot \left({latex}\right)"
    return plain, latex


def _backward(trace: Trace) -> Section:
    exercise = trace.exercise
    depth = exercise.depth
    count = len(exercise.samples)
    remarks: list[Texts] = []
    if exercise.reduction == "mean" and count > 1:
        remark = f"δ = ∂E/∂z of the mean over the samples, so it has the factor 1/{count}"
        remarks.append((remark, remark))
    if exercise.loss == "softmax-cross-entropy" and not np.allclose(
        exercise.targets.sum(axis=0), 1
    ):
        remark = "the targets do not sum to 1: t is subtracted from softmax times the sum of t"
        remarks.append((remark, remark))
    loss = _criterion(exercise)
    delta = _of_output_layer(exercise, loss.delta_formula, loss.latex_delta)
    rows = [(Line(_at("δ", depth), delta, trace.deltas[-1]),)]
    for layer in range(depth - 1, 0, -1):
        f = ACTIVATIONS[exercise.activations[layer - 1]]
        back = f"W[{layer + 1}]ᵀ δ[{layer + 1}]"
        latex = rf"\left(W^{{[{layer + 1}]}}\right)^T \delta^{{[{layer + 1}]}}"
        if f.slope:
            times = (
                f"({back}) ∘ {f.symbol}'(z[{layer}])",
                rf"{latex} \circ {f.latex}'\left(z^{{[{layer}]}}\right)",
            )
        else:
            times = f"J(z[{layer}]) {back}", rf"J\left(z^{{[{layer}]}}\right) {latex}"
        rows.append((Line(_at("δ", layer), times, trace.deltas[layer - 1]),))
    return Section("Backward", rows, remarks)


def _gradients(trace: Trace) -> Section:
    rows = []
    for layer in range(trace.exercise.depth, 0, -1):
        weights = (
            f"δ[{layer}] a[{layer - 1}]ᵀ",
            rf"\delta^{{[{layer}]}} \left(a^{{[{layer - 1}]}}\right)^T",
        )
        biases = _at("δ", layer)
        if len(trace.exercise.samples) > 1:
            biases = f"Σ δ[{layer}]", rf"\sum_{{\mathrm{{samples}}}} \delta^{{[{layer}]}}"
        of_weights = Line(_slope("W", layer), weights, trace.weight_gradients[layer - 1])
        rows.append((of_weights, Line(_slope("b", layer), biases, trace.bias_gradients[layer - 1])))
    return Section("Gradients", rows)


def _updates(trace: Trace) -> Section:
    rows: list[tuple[Line, ...]] = []
    for layer in range(trace.exercise.depth, 0, -1):
        row = []
        for letter, values in (("W", trace.updated_weights), ("b", trace.updated_biases)):
            plain, latex = _at(letter, layer)
            gradient, latex_gradient = _slope(letter, layer)
            formula = f"{plain} - η {gradient}", rf"{latex} - \eta\,{latex_gradient}"
            row.append(
                Line((f"new {plain}", rf"{latex}_{{\mathrm{{new}}}}"), formula, values[layer - 1])
            )
        rows.append(tuple(row))
    return Section(
        "Update", [*rows, (Line(("new E", r"E_{\mathrm{new}}"), None, trace.loss_after),)]
    )


def _query(trace: Trace, query: WorkedQuery) -> Section:
    x = np.array(trace.exercise.query)
    parameters = Parameters(trace.updated_weights, trace.updated_biases)
    rows = _passed(
        trace.exercise, x, parameters, zip(query.nets, query.outputs, strict=True), new="new "
    )
    given = (Line(("a[0] = x", "a^{[0]} = x"), None, x),)
    verdict = _class(trace.exercise, query)
    return Section("Query, with the new parameters", [given, *rows], [(verdict, verdict)])


def _class(exercise: Exercise, query: WorkedQuery) -> str:
    if query.chosen is None:
        return "no class: the single output is a regression"
    units = exercise.layers[-1]
    if units > 1:
        return (
            f"class {query.chosen + 1} of {units} (query_class {query.chosen}): the largest output"
        )
    middle = f"{'above' if query.chosen else 'not above'} {threshold(exercise):g}"
    return f"class {query.chosen} of 0 and 1: the output {number(query.outputs[-1][0])} is {middle}"


def _at(letter: str, layer: int) -> Texts:
    return f"{letter}[{layer}]", f"{letter.replace('δ', chr(92) + 'delta')}^{{[{layer}]}}"


def _slope(letter: str, layer: int) -> Texts:
    plain, latex = _at(letter, layer)
    return f"∂E/∂{plain}", rf"\frac{{\partial E}}{{\partial {latex}}}"


def number(value: float) -> str:
    """Six digits, as on paper."""
    return f"{value + 0.0:.6g}"


def _cells(value: Array | float) -> list[list[str]]:
    matrix = np.asarray(value)
    matrix = matrix[:, None] if matrix.ndim == 1 else np.atleast_2d(matrix)
    rows, columns = (_shown(count) for count in matrix.shape)
    return [
        [
            "…" if row is None or column is None else number(matrix[row, column])
            for column in columns
        ]
        for row in rows
    ]


def _shown(count: int) -> list[int | None]:
    """Which of `count` rows or columns are shown; None are the dots."""
    return list(range(count)) if count <= MOST else [*range(MOST - 3), None, count - 2, count - 1]


def _latex(value: Array | float) -> str:
    if np.ndim(value) == 0:
        return _latex_number(number(float(value)))
    rows = [" & ".join(_latex_number(cell) for cell in row) for row in _cells(value)]
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def _latex_number(text: str) -> str:
    mantissa, e, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else text.replace("…", r"\cdots")


def _block(line: Line) -> list[str]:
    """The line as a block of text: the symbol and formula before the middle of the bracketed
    matrix.
    """
    words = (
        " = ".join(
            part for part in (line.symbol[0], line.formula[0] if line.formula else "") if part
        )
        + " = "
    )
    if np.ndim(line.value) == 0:
        return [words + number(float(line.value))]
    cells = _cells(line.value)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    middle = (len(rows) - 1) // 2
    return [
        (words if index == middle else " " * len(words)) + left + row + right
        for index, (row, (left, right)) in enumerate(zip(rows, _brackets(len(rows)), strict=True))
    ]


def _brackets(rows: int) -> Sequence[tuple[str, str]]:
    if rows == 1:
        return [("[", "]")]
    return [("⎡", "⎤"), *[("⎢", "⎥")] * (rows - 2), ("⎣", "⎦")]


def _side_by_side(blocks: list[list[str]]) -> list[str]:
    """Blocks beside each other with their middles on one line; below each other where that is too
    wide.
    """
    if sum(len(block[0]) + 5 for block in blocks) > WIDTH:
        return [line for block in blocks for line in block]
    above = [(len(block) - 1) // 2 for block in blocks]
    padded = []
    for block, own in zip(blocks, above, strict=True):
        blank = [" " * len(block[0])]
        lines = blank * (max(above) - own) + block
        padded.append(lines)
    height = max(map(len, padded))
    padded = [lines + [" " * len(lines[0])] * (height - len(lines)) for lines in padded]
    return ["     ".join(parts) for parts in zip(*padded, strict=True)]
