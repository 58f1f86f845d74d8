"""The algebra of linear units: collapse and regression, against the network that computes with
numbers.
"""

import numpy as np
import pytest

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop import from_json, load, trace
from fashion_nn.lab.backprop.symbolic import collapse, describe, regression, symbols


def values_of(known, exercise):
    """The exercise's numbers for the symbols."""
    numbers = {}
    for matrices, arrays in (
        (known.weights, exercise.weight_matrices),
        (known.biases, exercise.bias_vectors),
    ):
        for matrix, array in zip(matrices, arrays, strict=True):
            numbers |= {
                symbol: value
                for symbol, value in zip(matrix, array.ravel(), strict=True)
                if symbol != 0
            }
    return numbers | dict(zip(known.inputs, exercise.inputs[:, 0], strict=True))


def test_the_collapse_of_report_001():
    linear = collapse((2, 2, 1))
    assert [str(unit) for layer in linear.layers for unit in layer] == [
        "b1 + w11*x1 + w12*x2",
        "b2 + w21*x1 + w22*x2",
        "b3 + h1*w31 + h2*w32",
    ]
    assert [str(weight) for weight in linear.weight] == ["w11*w31 + w21*w32", "w12*w31 + w22*w32"]
    assert str(linear.bias[0]) == "b1*w31 + b2*w32 + b3"


@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (2, 3, 2), (2, 1, 4, 3), (4, 2, 2, 2, 1)])
@pytest.mark.parametrize("numbering", ["units", "connections"])
def test_one_layer_computes_what_the_layers_do(sizes, numbering):
    rng = np.random.default_rng(0)
    exercise = from_json(
        {
            "layers": list(sizes),
            "activations": ["identity"] * (len(sizes) - 1),
            "weights": [
                rng.normal(size=shape).tolist() for shape in zip(sizes[1:], sizes, strict=False)
            ],
            "biases": [rng.normal(size=size).tolist() for size in sizes[1:]],
            "loss": "half-squared-error",
            "learning_rate": 0.0,
            "samples": [{"x": rng.normal(size=sizes[0]).tolist(), "target": [0] * sizes[-1]}],
        }
    )
    linear = collapse(sizes, numbering=numbering)
    numbers = values_of(linear.symbols, exercise)
    weight, bias, y = (
        np.array(m.subs(numbers), np.float64) for m in (linear.weight, linear.bias, linear.expanded)
    )
    np.testing.assert_allclose(weight @ exercise.inputs + bias, trace(exercise).outputs[-1])
    np.testing.assert_allclose(y, trace(exercise).outputs[-1])


def test_names_stay_distinct_where_a_number_has_two_digits():
    known = symbols((12, 11))
    assert len(set(known.parameters)) == 12 * 11 + 11
    assert str(known.weights[0][0, 10]) == "w1_11" and str(known.weights[0][10, 0]) == "w11_1"


@pytest.mark.parametrize(
    "kind, name", [("linear", "report-003/linear"), ("logistic", "report-003/logistic")]
)
def test_the_regressions_of_report_003(kind, name):
    import sympy

    known, exercise = regression(kind), load(name)
    assert known.units == ("L", "L", "L" if kind == "linear" else "S")
    assert [str(beta) for beta in known.coefficients] == ["w1*w5 + w2*w6", "w3*w5 + w4*w6"]
    numbers = values_of(known.linear.symbols, exercise)
    assert [float(beta.subs(numbers)) for beta in known.coefficients] == pytest.approx([0.17, 0.39])
    worked = trace(exercise)
    predicted = worked.outputs[-1].item()
    assert float(known.prediction.subs(numbers)) == pytest.approx(predicted)
    target = {sympy.Symbol("y"): 1.0}
    assert float(known.loss.subs(numbers | target)) == pytest.approx(worked.loss_before)
    numeric = {}
    for matrix, gradient in zip(known.linear.symbols.weights, worked.weight_gradients, strict=True):
        numeric |= dict(zip(matrix, gradient.ravel(), strict=True))
    for parameter, gradient in known.gradients.items():
        shown = float(gradient.subs(numbers | target | {sympy.Symbol("ŷ"): predicted}))
        by_loss = float(sympy.diff(known.loss, parameter).subs(numbers | target))
        assert shown == pytest.approx(numeric[parameter]) == pytest.approx(by_loss)


def test_biases_become_the_intercept():
    assert (
        str(regression("linear", numbering="units", bias=True).intercept) == "b1*w31 + b2*w32 + b3"
    )


def test_description():
    text = describe(load("report-003/logistic"), "mine")
    assert text.startswith("mine: 2-2-1 network")
    for line in (
        "β1 = w1*w5 + w2*w6",
        "units L, L, S",
        "∂E/∂w2 = w6*x1*(ŷ - y)",
        "z = h1*w5 + h2*w6",
    ):
        assert line in text
    assert "b' = b1*w31 + b2*w32 + b3" in describe(load("report-001/linear"))


@pytest.mark.parametrize("name", ["report-001/sigmoid", "report-002/derivation"])
def test_what_is_not_linear_does_not_collapse(name):
    with pytest.raises(InputError, match="only linear units collapse"):
        describe(load(name), name)


@pytest.mark.parametrize("sizes", [(2,), (2, 0), (100, 100)])
def test_sizes_that_nobody_can_read(sizes):
    with pytest.raises(InputError, match="layers"):
        symbols(sizes)
