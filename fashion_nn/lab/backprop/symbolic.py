"""The algebra of networks of linear units: the one layer to which they are equal, and the
regression.

A network of identity units is one linear map, y = W' x + b', whatever its layers are. With a
sigmoid on its single output it is a logistic regression, P(Y = 1 | X) = 1 / (1 + e^-(β x + β0)).
The symbols are numbered as in report 001 (by unit: w31 leads to unit 3 from the first unit below
it, b3 is its bias) or as in report 003 (by connection: w1, w2, … from the first input, then from
the second, and so on).

Source: report 001, questions 1 and 2; report 003, sample question 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING, Literal

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.exercise import Exercise

if TYPE_CHECKING:
    from sympy import Expr, Matrix, Symbol

Numbering = Literal["units", "connections"]

MAX_CONNECTIONS = 200
"""With more symbols the algebra is no longer readable."""


@dataclass(frozen=True)
class Symbols:
    """The parameters of a network as symbols: columns `inputs` and `biases`, matrices outputs ×
    inputs.
    """

    inputs: "Matrix"
    weights: "tuple[Matrix, ...]"
    biases: "tuple[Matrix, ...]"

    @property
    def parameters(self) -> "list[Symbol]":
        """Weights and biases layer by layer, without the biases that are 0."""
        matrices = [
            matrix for pair in zip(self.weights, self.biases, strict=True) for matrix in pair
        ]
        return [symbol for matrix in matrices for symbol in matrix if symbol != 0]


@dataclass(frozen=True)
class Linear:
    """A network of linear units: the units of each layer as expressions, and the one layer it is
    equal to.
    """

    symbols: Symbols
    layers: "tuple[Matrix, ...]"
    """Each unit in terms of the units below it; hidden units are h1, h2, …"""
    expanded: "Matrix"
    """The outputs multiplied out, in the inputs."""
    weight: "Matrix"
    """W', outputs × inputs."""
    bias: "Matrix"
    """b', one column."""


@dataclass(frozen=True)
class Regression:
    """A network of linear units with one output, read as a regression of the target on the
    inputs.
    """

    kind: Literal["linear", "logistic"]
    linear: Linear
    units: tuple[str, ...]
    """L (linear) or S (sigmoid) for each unit, hidden ones first."""
    coefficients: "tuple[Expr, ...]"
    """β1, β2, …, one an input."""
    intercept: "Expr"
    prediction: "Expr"
    """Y of linear regression, P(Y = 1 | X) of logistic regression."""
    loss: "Expr"
    """½ (ŷ - y)² or the binary cross-entropy, in the parameters, the inputs and the target y."""
    gradients: "dict[Symbol, Expr]"
    """∂E by each parameter, simplified: (ŷ - y) times what the chain rule leaves, with ŷ as a
    symbol.
    """


def symbols(sizes: Sequence[int], *, numbering: Numbering = "units", bias: bool = True) -> Symbols:
    """The parameters of a network with these layers of units, input first.

    Raises:
        InputError: fewer than two layers, or too many connections to be read.
    """
    from sympy import Matrix, Symbol, zeros

    if len(sizes) < 2 or min(sizes) < 1 or sum(a * b for a, b in pairwise(sizes)) > MAX_CONNECTIONS:
        raise InputError(
            f"layers {list(sizes)}: expected two or more, with at most {MAX_CONNECTIONS}"
            " connections"
        )
    inputs = Matrix([Symbol(f"x{number}") for number in range(1, sizes[0] + 1)])
    unit = count(1)
    connection = count(1)
    weights = []
    biases = []
    joint = "_" if max(sum(sizes[1:]), *sizes) > 9 else ""
    for below, above in pairwise(sizes):
        numbers = [next(unit) for _ in range(above)]
        if numbering == "units":
            names = [
                [f"w{number}{joint}{source}" for source in range(1, below + 1)]
                for number in numbers
            ]
        else:
            by_source = [[f"w{next(connection)}" for _ in range(above)] for _ in range(below)]
            names = [list(row) for row in zip(*by_source, strict=True)]
        weights.append(Matrix(above, below, [Symbol(name) for row in names for name in row]))
        biases.append(
            Matrix([Symbol(f"b{number}") for number in numbers]) if bias else zeros(above, 1)
        )
    return Symbols(inputs, tuple(weights), tuple(biases))


def collapse(sizes: Sequence[int], *, numbering: Numbering = "units", bias: bool = True) -> Linear:
    """The network of identity units with these layers, and the single layer W' x + b' that it is
    equal to.

    Raises:
        InputError: see `symbols`.
    """
    from sympy import Matrix, Symbol, expand, eye, zeros

    known = symbols(sizes, numbering=numbering, bias=bias)
    layers = []
    below = known.inputs
    hidden = count(1)
    weight = eye(sizes[0])
    offset = zeros(sizes[0], 1)
    for w, b in zip(known.weights, known.biases, strict=True):
        layers.append(w * below + b)
        below = Matrix([Symbol(f"h{next(hidden)}") for _ in range(w.rows)])
        weight = (w * weight).applyfunc(expand)
        offset = (w * offset + b).applyfunc(expand)
    expanded = (weight * known.inputs + offset).applyfunc(expand)
    return Linear(known, tuple(layers), expanded, weight, offset)


def regression(
    kind: Literal["linear", "logistic"],
    sizes: Sequence[int] = (2, 2, 1),
    *,
    numbering: Numbering = "connections",
    bias: bool = False,
) -> Regression:
    """The network of linear units, with a sigmoid on its output if `kind` is logistic, as a
    regression.

    Raises:
        InputError: more than one output, or see `symbols`.
    """
    from sympy import Symbol, diff, exp, factor, log

    if sizes[-1] != 1:
        raise InputError(f"a regression has one output, got {sizes[-1]}")
    linear = collapse(sizes, numbering=numbering, bias=bias)
    net = linear.expanded[0]
    target = Symbol("y")
    predicted = Symbol("ŷ")
    if kind == "linear":
        prediction = net
        loss = (net - target) ** 2 / 2
    else:
        prediction = exp(net) / (1 + exp(net))
        loss = -target * log(prediction) - (1 - target) * log(1 - prediction)
    # Both losses have ∂E/∂z = ŷ - y at the net of the output.
    gradients = {p: (predicted - target) * factor(diff(net, p)) for p in linear.symbols.parameters}
    units = ("L",) * (sum(sizes[1:]) - 1) + ("L" if kind == "linear" else "S",)
    return Regression(
        kind, linear, units, tuple(linear.weight), linear.bias[0], prediction, loss, gradients
    )


def describe(exercise: Exercise, title: str = "exercise") -> str:
    """The algebra of an exercise with linear units, in plain text.

    Raises:
        InputError: a hidden unit is not linear, or the output is neither linear nor a single
            sigmoid.
    """
    *hidden, last = exercise.activations
    logistic = last == "sigmoid" and exercise.layers[-1] == 1
    if any(name != "identity" for name in hidden) or not (last == "identity" or logistic):
        raise InputError(
            f"{title}: only linear units collapse: expected identity (a single output may be"
            f" sigmoid), got {', '.join(exercise.activations)}"
        )
    bias = any(vector.any() for vector in exercise.bias_vectors)
    numbering: Numbering = "units" if bias else "connections"
    linear = collapse(exercise.layers, numbering=numbering, bias=bias)
    lines = [
        f"{title}: {'-'.join(map(str, exercise.layers))} network, {', '.join(exercise.activations)}"
    ]
    lines += ["", "Units", *(f"  {name} = {value}" for name, value in _units(linear, logistic))]
    lines += [
        "",
        "Multiplied out",
        *(f"  {n} = {e}" for n, e in _named("z" if logistic else "y", linear.expanded)),
    ]
    lines += ["", "One layer: y = W' x + b'"]
    for row in range(linear.weight.rows):
        of = str(row + 1) if linear.weight.rows > 1 else ""
        for column in range(linear.weight.cols):
            lines.append(f"  w{of}{column + 1}' = {linear.weight[row, column]}")
        if bias:
            lines.append(f"  b{of}' = {linear.bias[row]}")
    if exercise.layers[-1] == 1:
        lines += _regression_lines(
            "logistic" if logistic else "linear", exercise.layers, numbering, bias
        )
    return "\n".join(lines)


def _units(linear: Linear, logistic: bool) -> list[tuple[str, "Expr"]]:
    hidden = [unit for layer in linear.layers[:-1] for unit in layer]
    named = [(f"h{number}", unit) for number, unit in enumerate(hidden, start=1)]
    return named + _named("z" if logistic else "y", linear.layers[-1])


def _named(letter: str, column: "Matrix") -> list[tuple[str, "Expr"]]:
    return [
        (f"{letter}{row + 1}" if len(column) > 1 else letter, column[row])
        for row in range(len(column))
    ]


def _regression_lines(
    kind: Literal["linear", "logistic"], sizes: Sequence[int], numbering: Numbering, bias: bool
) -> list[str]:
    from sympy import Symbol

    known = regression(kind, sizes, numbering=numbering, bias=bias)
    betas = [Symbol(f"β{number}") for number in range(1, sizes[0] + 1)]
    sum_ = " + ".join(
        [*(["β0"] if bias else []), *(f"{beta} x{n}" for n, beta in enumerate(betas, start=1))]
    )
    model = f"Y = {sum_}" if kind == "linear" else f"P(Y = 1 | x) = e^z / (1 + e^z), z = {sum_}"
    lines = ["", f"As {kind} regression, units {', '.join(known.units)}", f"  {model}"]
    if bias:
        lines.append(f"  β0 = {known.intercept}")
    lines += [f"  {beta} = {value}" for beta, value in zip(betas, known.coefficients, strict=True)]
    loss = "½ (ŷ - y)²" if kind == "linear" else "-y ln ŷ - (1 - y) ln(1 - ŷ), ŷ = P(Y = 1 | x)"
    lines += ["", f"Gradients of E = {loss}"]
    return lines + [
        f"  ∂E/∂{parameter} = {gradient}".replace("-y + ŷ", "ŷ - y")
        for parameter, gradient in known.gradients.items()
    ]
