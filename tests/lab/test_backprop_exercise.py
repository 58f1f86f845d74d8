"""Exercises: their JSON form, and one clear line for each malformed one."""

import json

import numpy as np
import pytest

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.exercise import built_in, from_json, load

GOOD = {
    "layers": [5, 3, 2],
    "activations": ["sigmoid", "sigmoid"],
    "weights": 0.1,
    "biases": 0.0,
    "loss": "half-squared-error",
    "learning_rate": 1.0,
    "reduction": "sum",
    "samples": [{"x": [1, 1, 0, 0, 0], "target": [1, 0]}],
    "query": [1, 0, 0, 0, 1],
}


def test_the_documented_form():
    exercise = from_json(GOOD)
    assert exercise == from_json(exercise.to_json()) == load("report-004/1")
    np.testing.assert_array_equal(exercise.weight_matrices[0], np.full((3, 5), 0.1))
    np.testing.assert_array_equal(exercise.inputs, [[1], [1], [0], [0], [0]])


def test_a_layer_may_have_a_number_or_a_matrix():
    exercise = from_json(
        GOOD | {"weights": [0.2, [[1, 2, 3], [4, 5, 6]]], "biases": [[1, 2, 3], 0.5]}
    )
    np.testing.assert_array_equal(exercise.weight_matrices[0], np.full((3, 5), 0.2))
    np.testing.assert_array_equal(exercise.weight_matrices[1], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(exercise.bias_vectors[0], [1, 2, 3])
    np.testing.assert_array_equal(exercise.bias_vectors[1], [0.5, 0.5])


MALFORMED = [
    ({"layers": [5]}, "layers: got"),
    ({"layers": [5, 0, 2]}, "layers.1: got 0, expected greater than or equal to 1"),
    ({"layers": [5, 3.5, 2]}, "layers.1: got 3.5, expected a valid integer"),
    ({"activations": ["sigmoid"]}, "3 layers of units need 2"),
    ({"activations": ["sigmod", "sigmoid"]}, 'activations.0: got "sigmod".*did you mean sigmoid'),
    ({"weights": "0.1"}, 'weights: got "0.1", expected a number'),
    ({"weights": True}, "weights: got true, expected a number"),
    ({"weights": float("nan")}, "weights: got NaN, expected a finite number"),
    ({"weights": 10**400}, "expected a finite number"),
    ({"weights": [0.1]}, "weights: expected one number or 2 entries, one a layer, got 1"),
    (
        {"weights": [0.1, [[1, 2], [3, 4], [5, 6]]]},
        r"layer 2 needs 2 × 3 \(outputs × inputs\), got 3 × 2: transpose it",
    ),
    (
        {"weights": [0.1, [[1, 2, 3], [4, 5]]]},
        "layer 2 needs 2 × 3 .*, got rows of different lengths",
    ),
    ({"weights": [0.1, [1, 2, 3]]}, "layer 2 needs one number or a matrix"),
    ({"weights": [0.1, [[1, 2, "x"], [4, 5, 6]]]}, "layer 2 needs .* expected a number"),
    ({"biases": [[1, 2], 0]}, "biases: layer 1 needs 3 numbers, one a unit, got 2"),
    ({"loss": "mse"}, 'loss: got "mse", expected one of half-squared-error'),
    (
        {"loss": "softmax-cross-entropy"},
        "softmax-cross-entropy needs softmax or identity outputs, got sigmoid",
    ),
    ({"loss": "softsign-cross-entropy"}, "needs softsign or identity outputs, got sigmoid"),
    (
        {"activations": ["tanh", "tanh"], "loss": "binary-cross-entropy"},
        "needs sigmoid or softmax outputs, got tanh",
    ),
    (
        {"loss": "binary-cross-entropy", "samples": [{"x": [1] * 5, "target": [2, 0]}]},
        "targets in 0..1, got",
    ),
    ({"learning_rate": -1}, "learning_rate: got -1"),
    ({"reduction": "average"}, 'reduction: got "average", expected one of sum, mean'),
    ({"samples": []}, "samples: got"),
    (
        {"samples": [{"x": [1, 1], "target": [1, 0]}]},
        "samples.0.x: the input layer has 5 units, got 2 numbers",
    ),
    (
        {"samples": [{"x": [1] * 5, "target": [1]}]},
        "samples.0.target: the output layer has 2 units",
    ),
    ({"samples": [{"x": [1] * 5}]}, "samples.0.target is missing"),
    (
        {"samples": [{"x": [1] * 5, "target": [1, 0], "y": 1}]},
        "unknown key 'samples.0.y': expected x, target",
    ),
    ({"query": [1]}, "query: the input layer has 5 units, got 1 numbers"),
    ({"layer": [5, 3]}, "unknown key 'layer'.*did you mean layers"),
    ({"layers": [10**6, 10**6, 2]}, "too many for an exercise"),
]


@pytest.mark.parametrize("change, message", MALFORMED)
def test_malformed_exercises_are_refused_in_one_line(change, message):
    with pytest.raises(InputError, match=message) as caught:
        from_json(GOOD | change)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "key", ["layers", "activations", "weights", "loss", "learning_rate", "samples"]
)
def test_missing_keys_are_named(key):
    with pytest.raises(InputError, match=f"{key} is missing"):
        from_json({name: value for name, value in GOOD.items() if name != key})


@pytest.mark.parametrize(
    "content, message",
    [
        ("[1]", "expected a JSON object"),
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "nested deeper"),
        ('{"layers": [1], "layers": [2]}', "'layers' stands twice"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
    ],
)
def test_broken_files(tmp_path, content, message):
    path = tmp_path / "exercise.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message):
        load(str(path))


def test_a_file_and_its_absence(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(GOOD))
    assert load(str(path)) == from_json(GOOD)
    with pytest.raises(InputError, match="cannot be read"):
        load(str(tmp_path / "other.json"))


def test_names():
    for name in built_in():
        assert load(name).depth >= 1
    assert load("2b") == load("report-004/2b")
    with pytest.raises(InputError, match="report-001/linear or report-003/linear"):
        load("linear")
    with pytest.raises(
        InputError, match=r"unknown exercise 'report-004/2c'.*did you mean report-004/2"
    ):
        load("report-004/2c")
