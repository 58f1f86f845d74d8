"""How well `fashion-nn lab backprop --check` finds the one error in a student's answers.

    python benchmarks/checker.py [--exercises 2000] [--json FILE] [--docs docs/lab.md]

Some minutes. Random exercises are worked in plain NumPy, each with one of 14 slips, and shown to 3
to 8 digits or decimals, rounded or cut; nothing here uses the package's own rules or slips. A slip
counts only if it shows: it has to change the first term that it touches by more than one unit of
the last place. As many exercises again are worked without a slip.
"""

import argparse
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import numpy as np
from checker_exercises import TERMS, UPDATES, Given, draw, work

from fashion_nn.core.reading import between_marks
from fashion_nn.core.writing import write_atomic
from fashion_nn.lab.backprop import from_json, grade

MARKS = ("<!-- checker: made by benchmarks/checker.py -->", "<!-- end of checker -->")
SEED = 20_240_901
NOISE = 1e-12
"""Numbers below it are written as 0: sums that cancel but for the last bits of a float64."""


@dataclass(frozen=True)
class Slip:
    """One slip.

    Attributes:
        cause: how the checker names it, and a part of the detail that it gives.
        hooks: from the exercise and a source of chance to what the student does otherwise, and
            to the term where it shows first; None if the exercise has no place for the slip.
    """

    name: str
    cause: str
    detail: str
    hooks: Callable[[Given, np.random.Generator], tuple[dict[str, Any], tuple[str, int]] | None]


# --- The slips


def _sign_of_output_delta(given: Given, rng: np.random.Generator) -> Any:
    depth = given.depth
    return {"delta": lambda layer, d: -d if layer == depth else d}, ("deltas", depth)


def _sign_of_hidden_delta(given: Given, rng: np.random.Generator) -> Any:
    return {"delta": lambda layer, d: -d if layer == 1 else d}, ("deltas", 1)


def _factor_two(given: Given, rng: np.random.Generator) -> Any:
    depth = given.depth
    return {"delta": lambda layer, d: 2 * d if layer == depth else d}, ("deltas", depth)


def _no_slope_in_output(given: Given, rng: np.random.Generator) -> Any:
    if given.loss != "half-squared-error" or given.activations[-1] == "identity":
        return None
    depth = given.depth
    return {"slope": lambda k, s, a: np.ones_like(a) if k == depth else s}, ("deltas", depth)


def _no_slope_in_hidden(given: Given, rng: np.random.Generator) -> Any:
    return {"slope": lambda k, s, a: np.ones_like(a) if k == 1 else s}, ("deltas", 1)


def _another_slope(given: Given, rng: np.random.Generator) -> Any:
    if given.activations[0] != "tanh":
        return None
    return {"slope": lambda k, s, a: a * (1 - a) if k == 1 else s}, ("deltas", 1)


def _updated_weights_back(given: Given, rng: np.random.Generator) -> Any:
    def back(layer: int, weight: np.ndarray, delta: np.ndarray, output: np.ndarray) -> np.ndarray:
        return weight - given.rate * delta @ output.T if layer == 1 else weight

    return {"back": back}, ("deltas", 1)


def _output_misread(given: Given, rng: np.random.Generator) -> Any:
    depth = given.depth
    unit = int(rng.integers(len(given.t)))
    column = int(rng.integers(given.t.shape[1]))
    place = int(rng.integers(1, 3))
    digit = int(rng.integers(1, 10))

    def output(layer: int, a: np.ndarray) -> np.ndarray:
        if layer != depth:
            return a
        a = a.copy()
        value = given.show(a[unit, column])
        a[unit, column] = given.show(_with_digit(value, place, digit))
        return a

    return {"output": output}, ("outputs", depth)


def _with_digit(value: float, place: int, digit: int) -> float:
    """The value with another digit at this decimal place; values above 1 keep their first."""
    scaled = math.floor(abs(value) * 10**place) % 10
    return value + math.copysign(1, value) * (digit - scaled) / 10**place


def _weight_miscopied(given: Given, rng: np.random.Generator) -> Any:
    layer = int(rng.integers(1, given.depth + 1))
    weight = given.weights[layer - 1]
    row, column = (int(rng.integers(size)) for size in weight.shape)
    place = int(rng.integers(1, 3))
    weight[row, column] = round(_with_digit(weight[row, column], place, int(rng.integers(10))), 2)
    return ({}, ("nets", layer)) if weight[row, column] else None


def _bias_of_another_layer(given: Given, rng: np.random.Generator) -> Any:
    depth = given.depth
    layer = int(rng.integers(1, depth + 1))
    other = int(rng.choice([k for k in range(1, depth + 1) if k != layer]))
    row = int(rng.integers(len(given.biases[layer - 1])))
    taken = float(rng.choice(given.biases[other - 1]))

    def bias(at: int, b: np.ndarray) -> np.ndarray:
        return np.where(np.arange(len(b)) == row, taken, b) if at == layer else b

    return {"bias": bias}, ("nets", layer)


def _no_bias(given: Given, rng: np.random.Generator) -> Any:
    layer = int(rng.integers(1, given.depth + 1))
    return {"bias": lambda at, b: np.zeros_like(b) if at == layer else b}, ("nets", layer)


def _step_added(given: Given, rng: np.random.Generator) -> Any:
    return {"step": lambda key, k, old, g: old + given.rate * g}, (UPDATES[0], given.depth)


def _no_rate(given: Given, rng: np.random.Generator) -> Any:
    return {"step": lambda key, k, old, g: old - g}, (UPDATES[0], given.depth)


def _bias_not_updated(given: Given, rng: np.random.Generator) -> Any:
    def step(key: str, layer: int, old: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        return old if (key, layer) == (UPDATES[1], 1) else old - given.rate * gradient

    return {"step": step}, (UPDATES[1], 1)


SLIPS = (
    Slip("sign of δ[L]", "sign lost", "", _sign_of_output_delta),
    Slip("sign of δ[1]", "sign lost", "", _sign_of_hidden_delta),
    Slip("factor 2 in δ[L]", "wrong factor", "", _factor_two),
    Slip("f′ missing in δ[L]", "f′ missing", "", _no_slope_in_output),
    Slip("f′ missing in δ[1]", "f′ missing", "", _no_slope_in_hidden),
    Slip("f′ of sigmoid for tanh", "wrong f′", "", _another_slope),
    Slip("updated W[2] in δ[1]", "transposed or wrong weight", "updated", _updated_weights_back),
    Slip("a[L] misread", "misprint", "", _output_misread),
    Slip("digit of a weight miscopied", "number miscopied", "", _weight_miscopied),
    Slip("bias of another layer", "wrong bias", "", _bias_of_another_layer),
    Slip("bias left out", "bias missing", "", _no_bias),
    Slip("step added", "sign lost", "", _step_added),
    Slip("learning rate left out", "wrong step", "learning rate", _no_rate),
    Slip("b[1] not updated", "wrong step", "not updated", _bias_not_updated),
)


# --- What a student shows


@dataclass(frozen=True)
class Display:
    """To how many digits or decimals numbers are written, rounded or cut."""

    places: int
    decimals: bool
    cut: bool

    def __call__(self, value: float) -> float:
        if not math.isfinite(value):
            return value
        if abs(value) < NOISE:
            return 0.0
        # Without the last bits of a float, which would cut 0.3 to 0.299.
        number = Decimal(f"{value:.13g}")
        unit = Decimal(1).scaleb(-self._decimals(number))
        return float(number.quantize(unit, rounding=ROUND_DOWN if self.cut else ROUND_HALF_EVEN))

    def unit(self, value: float) -> float:
        """One unit of the last place that is shown of this number."""
        return 10.0 ** -self._decimals(Decimal(f"{value:.13g}")) if abs(value) >= NOISE else NOISE

    def _decimals(self, number: Decimal) -> int:
        return self.places if self.decimals else self.places - 1 - number.adjusted()

    def everything(self, values: dict[str, Any]) -> dict[str, Any]:
        def show(value: Any) -> Any:
            if isinstance(value, list):
                return [show(inner) for inner in value]
            return self(value)

        return {key: show(_plain(value)) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [array.tolist() for array in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def differing(right: dict, found: dict, depth: int, display: Display) -> Iterator[tuple[str, int]]:
    """Terms that differ by more than one unit of what is shown, in the order of computation."""
    up = range(1, depth + 1)
    down = range(depth, 0, -1)
    order = [(key, layer) for layer in up for key in ("nets", "outputs")]
    order += [("deltas", layer) for layer in down]
    order += [(key, layer) for layer in down for key in TERMS[3:]]
    order += [(key, layer) for layer in down for key in UPDATES]
    for key, layer in order:
        pairs = zip(right[key][layer - 1].flat, found[key][layer - 1].flat, strict=True)
        if any(
            abs(display(b) - a) > 1.001 * max(display.unit(a), display.unit(b)) for a, b in pairs
        ):
            yield key, layer


# --- The measurement


def measure(exercises: int) -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    rows = []
    while len(rows) < exercises:
        slip = SLIPS[len(rows) % len(SLIPS)]
        row = one(rng, slip)
        if row:
            rows.append(row)
    right = [_right(rng) for _ in range(exercises)]
    named = [slip.name for slip in SLIPS]
    by_slip = [_summary([row for row in rows if row["slip"] == name]) for name in named]
    return {
        "seed": SEED,
        "exercises": exercises,
        "slips": [{"slip": name, **row} for name, row in zip(named, by_slip, strict=True)],
        "all": _summary(rows),
        "right_called_right": float(np.mean(right)),
    }


def _summary(rows: list[dict]) -> dict[str, float]:
    keys = ("first", "named", "further")
    return {"exercises": len(rows)} | {
        key: float(np.mean([row[key] for row in rows])) for key in keys
    }


def _display(rng: np.random.Generator) -> Display:
    return Display(int(rng.integers(3, 9)), bool(rng.random() < 0.5), bool(rng.random() < 0.5))


def one(rng: np.random.Generator, slip: Slip) -> dict[str, Any] | None:
    """One exercise with this slip; None if the slip has no place in it or does not show."""
    values, given = draw(rng)
    display = _display(rng)
    right = work(given, {})
    given.show = display
    made = slip.hooks(given, rng)
    if made is None:
        return None
    hooks, (key, layer) = made
    found = work(given, hooks)
    if next(differing(right, found, given.depth, display), None) != (key, layer):
        return None
    grades = grade(from_json(values), display.everything(found)).to_json()
    first = grades["first_wrong"]
    repeated = set(UPDATES) if slip.name in ("step added", "learning rate left out") else set()
    wrong = [mark for mark in grades["terms"] if mark["verdict"] == "wrong"]
    return {
        "slip": slip.name,
        "first": bool(first) and (first["key"], first["layer"]) == (key, layer),
        "named": bool(first) and _is_named(slip, first),
        "further": any(
            (mark["key"], mark["layer"]) != (key, layer) and mark["key"] not in repeated
            for mark in wrong
        ),
    }


def _is_named(slip: Slip, first: dict[str, Any]) -> bool:
    """Whether this is the slip that is named, or one of those that give the same numbers."""
    is_first = first["slip"] == slip.cause and slip.detail in first["detail"]
    return is_first or slip.cause in first["also"]


def _right(rng: np.random.Generator) -> bool:
    values, given = draw(rng)
    shown = _display(rng).everything(work(given, {}))
    return grade(from_json(values), shown).to_json()["verdict"] == "right"


def table(found: dict[str, Any]) -> str:
    lines = [
        "| slip | exercises | first wrong term found | slip named | false further mistake |",
        "|---|---|---|---|---|",
    ]
    for row in (*found["slips"], {"slip": "**all**", **found["all"]}):
        shares = " | ".join(f"{100 * row[key]:.1f} %" for key in ("first", "named", "further"))
        lines.append(f"| {row['slip']} | {row['exercises']} | {shares} |")
    share = 100 * found["right_called_right"]
    last = f"Of {found['exercises']:,} answers without a slip, {share:.2f} % are called right."
    return "\n".join([*lines, "", last])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exercises", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", type=Path)
    arguments = parser.parse_args()
    found = measure(arguments.exercises)
    print(table(found))
    if arguments.json:
        write_atomic(arguments.json, json.dumps(found, indent=1) + "\n")
    if arguments.docs:
        write_atomic(arguments.docs, between_marks(arguments.docs, MARKS, f"{table(found)}\n"))


if __name__ == "__main__":
    main()
