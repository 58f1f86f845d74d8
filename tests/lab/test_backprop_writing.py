"""The written trace: what stands in the text, and LaTeX that is well formed."""

import re

import numpy as np
import pytest

from fashion_nn.lab.backprop import from_json, load, trace, write_markdown, write_text
from fashion_nn.lab.backprop.criteria import PAIRS
from fashion_nn.lab.backprop.exercise import built_in


def test_the_text_has_each_step_with_its_formula():
    text = write_text(trace(load("report-004/1")), "report-004/1")
    for part in (
        "report-004/1: 5-3-2 network",
        "z[1] = W[1] a[0] + b[1] = ⎢0.2⎥",
        "a[2] = σ(z[2]) = ⎡0.541144⎤",
        "E = ½ Σ (a[2] - t)² = 0.251693",
        "δ[2] = (a[2] - t) ∘ σ'(z[2]) = ⎡-0.113937⎤",
        "∂E/∂W[2] = δ[2] a[1]ᵀ = ⎡-0.0626465  -0.0626465  -0.0626465⎤",
        "new W[1] = W[1] - η ∂E/∂W[1] =",
        "new E = 0.196123",
        "class 1 of 2 (query_class 0): the largest output",
    ):
        assert part in text


def test_noise_of_float64_is_written_as_zero():
    text = write_text(trace(load("report-004/3")))
    assert "e-1" not in text and "⎡0  0⎤" in text


def test_the_class_of_a_single_output():
    text = write_text(trace(load("report-001/sigmoid")))
    assert "class 1 of 0 and 1: the output 0.605964 is above 0.5" in text


def test_a_large_matrix_is_shortened():
    values = {
        "layers": [40, 1],
        "activations": ["tanh"],
        "weights": 0.01,
        "loss": "half-squared-error",
    }
    values |= {"learning_rate": 1.0, "samples": [{"x": [1] * 40, "target": [1]}]}
    text = write_text(trace(from_json(values)))
    assert "…" in text and max(map(len, text.splitlines())) < 130


# What GitHub's MathJax knows without packages of its own; \operatorname is not among them.
COMMANDS = {
    "begin",
    "end",
    "frac",
    "tfrac",
    "left",
    "right",
    "partial",
    "delta",
    "eta",
    "sigma",
    "tanh",
    "max",
}
COMMANDS |= {"sum", "ln", "cdot", "circ", "quad", "qquad", "mathrm", "le", "cdots"}


def brackets_are_closed(line):
    return line.count("⎡") == line.count("⎤") and line.count("⎣") == line.count("⎦")


@pytest.mark.parametrize("name", built_in())
def test_brackets_stand_in_pairs(name):
    assert all(brackets_are_closed(line) for line in write_text(trace(load(name))).splitlines())


def every_pair():
    values = {
        "layers": [2, 3, 2],
        "weights": 0.3,
        "biases": 0.1,
        "learning_rate": 0.1,
        "reduction": "mean",
    }
    values |= {
        "samples": [{"x": [1, 2], "target": [0, 1]}, {"x": [-2, 1e-9], "target": [1, 0]}],
        "query": [1, 1],
    }
    for loss, activation in PAIRS:
        yield from_json(values | {"loss": loss, "activations": ["softmax", activation]})


@pytest.mark.parametrize(
    "exercise", list(every_pair()), ids=lambda e: f"{e.loss}-{e.activations[-1]}"
)
def test_markdown_is_well_formed(exercise):
    markdown = write_markdown(trace(exercise), "mine")
    assert markdown.startswith("# mine\n")
    assert "@" not in markdown and "@" not in write_text(trace(exercise))
    fences = [line for line in markdown.splitlines() if line.startswith("```")]
    assert fences == ["```math", "```"] * (len(fences) // 2)
    blocks = re.findall(r"```math\n(.*?)\n```", markdown, re.DOTALL) + re.findall(
        r"\$`(.*?)`\$", markdown
    )
    for block in blocks:
        assert "\n" not in block and block.isascii()
        assert block.count("{") == block.count("}")
        assert block.count(r"\left") == block.count(r"\right")
        assert block.count(r"\begin{bmatrix}") == block.count(r"\end{bmatrix}")
        assert not re.search(r"\d[eE][+-]?\d", block)  # 1e-05 is no number in LaTeX
    commands = {name for block in blocks for name in re.findall(r"\\([A-Za-z]+)", block)}
    assert commands <= COMMANDS


def test_markdown_numbers_are_those_of_the_trace():
    worked = trace(load("2b"))
    markdown = write_markdown(worked)
    block = next(line for line in markdown.splitlines() if line.startswith(r"\delta^{[3]} ="))
    numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", block.split("begin{bmatrix}")[1])]
    assert numbers == pytest.approx(np.ravel(worked.deltas[2]), rel=1e-5)
