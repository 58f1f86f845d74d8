"""Exercises drawn at random: every activation, every loss that goes with the output, both
reductions.
"""

import numpy as np

from fashion_nn.lab.backprop.activations import ACTIVATIONS
from fashion_nn.lab.backprop.criteria import PAIRS
from fashion_nn.lab.backprop.exercise import Exercise, from_json


def draw(rng: np.random.Generator) -> Exercise:
    loss, output = PAIRS[rng.integers(len(PAIRS))]
    layers = rng.integers(1, 6, size=rng.integers(2, 6)).tolist()
    if output == "softmax":
        layers[-1] = max(layers[-1], 2)
    shapes = list(zip(layers[1:], layers, strict=False))
    samples = [
        {
            "x": rng.normal(size=layers[0]).tolist(),
            "target": _target(rng, loss, layers[-1]).tolist(),
        }
        for _ in range(rng.integers(1, 5))
    ]
    return from_json(
        {
            "layers": layers,
            "activations": [*rng.choice(list(ACTIVATIONS), len(layers) - 2).tolist(), output],
            "weights": [rng.normal(size=shape).tolist() for shape in shapes],
            "biases": [rng.normal(size=outputs).tolist() for outputs, _ in shapes],
            "loss": loss,
            "learning_rate": rng.uniform(0.01, 1),
            "reduction": str(rng.choice(["sum", "mean"])),
            "samples": samples,
            "query": rng.normal(size=layers[0]).tolist(),
        }
    )


def _target(rng: np.random.Generator, loss: str, units: int) -> np.ndarray:
    if "cross-entropy" not in loss:
        return rng.normal(size=units)
    if loss == "softmax-cross-entropy":
        return (
            np.eye(units)[rng.integers(units)]
            if rng.random() < 0.5
            else rng.dirichlet(np.ones(units))
        )
    return (
        rng.integers(0, 2, units).astype(float) if rng.random() < 0.5 else rng.uniform(size=units)
    )
