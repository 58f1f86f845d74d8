"""Printed formulas: arithmetic and nothing else."""

import pytest

from fashion_nn.ledger.checks.formulas import FormulaError, parse, real


def test_a_formula_as_it_is_printed():
    w, x, b = real("w11"), real("x1"), real("b")
    assert parse("w11x1 + b") == w * x + b
    assert parse("2(x1 + 1)^2 / 4") == (x + 1) ** 2 / 2
    assert parse("0.5 x1") == 0.5 * x


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x1 +",
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "x1.__class__",
        "[x1 for x1 in y]",
        "'text'",
        "True",
        "9^9^9^9",
        "(9^20)^9^20",
        "(" * 900,
        "1 + " * 300 + "1",
        "x1\0",
        "1" * 5000,
        "x1 if y else z",
    ],
)
def test_what_is_no_formula(text):
    with pytest.raises(FormulaError):
        parse(text)
